/* Nothing but the rounding of cuda/output.cuh, for test_output.py. */
#include "output.cuh"

extern "C" __global__ void written(const float *values, int count, real_out *out)
{
    for (int i = threadIdx.x; i < count; i += blockDim.x) out[i] = Output::of(values[i]);
}

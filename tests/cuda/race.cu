/* A race, and none where BARRIER is 1, for test_races.py. */
#include "common.cuh"

extern "C" __global__ void race(float *out)
{
    DYNAMIC_SHARED(float, tile);
    tile[threadIdx.x] = (float)threadIdx.x;
    if (BARRIER) __syncthreads();
    out[threadIdx.x] = tile[(threadIdx.x + 1) % blockDim.x];
}

/* Holds the logarithms of mels to a range below the loudest of their row: out = max(out, loudest - range),
 * for `count` values of each row, in place; only what changes is written.
 *
 * Compiled for: OUTPUT. Grid: (any, batch); block: any. `loudest`: as mel.cu and mel_lanes.cu tell it. Bytes:
 * 4 a value (2 in 16 bits), and those changed once more. Rounding keeps the order of numbers, so that what
 * was rounded before is what it would be if it were rounded now. */
#include "mel_values.cuh"

constexpr int TOGETHER = 4; /* loads on their way before the first is looked at */

extern "C" __global__ void mel_range(real_out *out, int count, const int *loudest, float range)
{
    const real_out least = Output::of(unordered(loudest[blockIdx.y]) - range);
    real_out *row = out + (size_t)blockIdx.y * count;
    const int threads = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += TOGETHER * threads) {
        real_out value[TOGETHER];
#pragma unroll
        for (int n = 0; n < TOGETHER; n++) value[n] = i + n * threads < count ? row[i + n * threads] : least;
#pragma unroll
        for (int n = 0; n < TOGETHER; n++)
            if (Output::back(value[n]) < Output::back(least)) row[i + n * threads] = least;
    }
}

/* STFT as in stft.cu, of sizes that two DFTs in registers make up (lanes.cuh).
 *
 * Compiled for: as lanes.cuh, and OUTPUT. Grid: (ceil(frames / FRAMES), batch); block: THREADS. A frame's
 * bins lie side by side in memory and FRAMES apart in shared memory; a warp copies one frame at a time. */
#include "lanes.cuh"
#include "output.cuh"

extern "C" __global__ void __launch_bounds__(THREADS)
    stft_lanes(const float *audio, int length, int frames, int offset, const float4 *window,
               const float4 *twiddle, complex_out *out)
{
    DYNAMIC_SHARED(float2, rows);
    const int first = blockIdx.x * FRAMES, count = min(FRAMES, frames - first);
    transformed(audio + (size_t)blockIdx.y * length, length, first, count, offset, window, twiddle, rows,
                [](int, float2 *row, const float2 *z) {
#pragma unroll
                    for (int i = 0; i < B; i++) row[i * FRAMES] = z[i];
                });
    complex_out *to = out + ((size_t)blockIdx.y * frames + first) * BINS;
    for (int bin = threadIdx.x % 32; bin < BINS; bin += 32) {
        const bool mirrored = bin % A > A / 2;
        const int row = mirrored ? A - bin % A : bin % A, value = mirrored ? B - 1 - bin / A : bin / A;
        const float2 *from = rows + row * STEP + value * FRAMES;
        for (int frame = threadIdx.x / 32; frame < count; frame += THREADS / 32) {
            const float2 x = from[frame];
            to[frame * BINS + bin] = Output::of(mirrored ? conj(x) : x);
        }
    }
}

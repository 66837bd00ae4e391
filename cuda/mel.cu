/* Mel spectra: float32 (batch, length) -> float32 (batch, frames, N_MELS), with log where LOG is 1:
 * log10(max(mel, floor)).
 *
 * Compiled for: N_FFT (factors 2, 3, 5), HOP, FRAMES a block, N_MELS, POWER (1 or 2), LOG (0 or 1).
 * Grid: (ceil(frames / FRAMES), batch); block: any. Shared memory: 2 x FRAMES x PITCH x 8 bytes.
 * The triangle of band m is weight[start[m] .. start[m + 1] - 1] over the bins from low[m] on. Everything
 * between samples and mels stays in shared memory: 4 bytes a sample are read (once from memory), 4 N_MELS /
 * HOP written.
 *
 * `loudest` (one a row, null where nobody asks) becomes the largest logarithm of the row, as an ordered
 * integer. */
#include "frames.cuh"

/* A float's bits as an integer of the same order, and back. */
__device__ inline int ordered(float x)
{
    const int bits = __float_as_int(x);
    return bits >= 0 ? bits : bits ^ 0x7fffffff;
}
__device__ inline float unordered(int x)
{
    return __int_as_float(x >= 0 ? x : x ^ 0x7fffffff);
}

extern "C" __global__ void mel(const float *audio, int length, int frames, int offset, const float *window,
                               const float2 *twiddle, const float2 *root, const int *low, const int *start,
                               const float *weight, float floor, int *loudest, float *out)
{
    DYNAMIC_SHARED(float2, buffer);
    const int first = blockIdx.x * FRAMES, count = min(FRAMES, frames - first);
    const float *signal = audio + (size_t)blockIdx.y * length;
    float2 *other = buffer + FRAMES * PITCH;
    const float2 *points = spectra(signal, length, window, twiddle, first, count, offset, buffer, other);
    float *energy = (float *)(points == buffer ? other : buffer);
    for (int i = threadIdx.x; i < count * BINS; i += blockDim.x) {
        const float2 x = bin(points + i / BINS * PITCH, root, i % BINS);
        const float squared = x.x * x.x + x.y * x.y;
        energy[i] = POWER == 2 ? squared : sqrtf(squared);
    }
    __syncthreads();
    float *row = out + ((size_t)blockIdx.y * frames + first) * N_MELS;
    float highest = -3.4e38f;
    for (int i = threadIdx.x; i < count * N_MELS; i += blockDim.x) {
        const int m = i % N_MELS;
        const float *bins = energy + i / N_MELS * BINS + low[m];
        float sum = 0.f;
        for (int k = start[m]; k < start[m + 1]; k++) sum += weight[k] * bins[k - start[m]];
        if (LOG) sum = log10f(fmaxf(sum, floor));
        highest = fmaxf(highest, sum);
        row[i] = sum;
    }
    if (LOG && loudest) atomicMax(loudest + blockIdx.y, ordered(highest));
}

/* In place: gain x max(L, loudest - decades) + offset, for `count` values of each row. */
extern "C" __global__ void dynamic_range(float *values, int count, const int *loudest, float decades,
                                         float gain, float offset)
{
    float *row = values + (size_t)blockIdx.y * count;
    const float least = loudest ? unordered(loudest[blockIdx.y]) - decades : -3.4e38f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
        row[i] = gain * fmaxf(row[i], least) + offset;
}

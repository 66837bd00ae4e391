/* Mel spectra as in mel.cu, of sizes that two DFTs in registers make up (lanes.cuh).
 *
 * Compiled for: as lanes.cuh, and N_MELS, POWER (1 or 2), LOG (0 or 1), OUTPUT. Grid: (ceil(frames / FRAMES),
 * batch); block: THREADS. Shared memory: as lanes.cuh; FRAMES x BINS powers take the place of the samples,
 * and then FRAMES x (N_MELS + 1) values that of the rows.
 *
 * band[m]: first bin, begin and end of its weights, in fours (zeros fill them up, within the bins). gain is
 * of the logarithm to the base 2. */
#include "lanes.cuh"
#include "mel_values.cuh"

/* Powers of row k's bins, bin by bin. Of rows 0 and A / 2, whose second half is the first once more, that
 * counts. */
__device__ inline void powers_of(int k, const float2 *z, float *powers)
{
    float *up = powers + k * FRAMES, *down = powers - k * FRAMES;
#pragma unroll
    for (int i = 0; i < B; i++) {
        const float squared = z[i].x * z[i].x + z[i].y * z[i].y;
        (i < B / 2 ? up[A * i * FRAMES] : down[(N_FFT - A * i) * FRAMES]) =
            POWER == 2 ? squared : sqrtf(squared);
    }
}

/* Of four frames side by side: the band's sums of `powers`, which begin at the first of them. */
__device__ inline void sums_of(int4 band, const float4 *weight, const float *powers, float sum[4])
{
    const float4 *power = (const float4 *)(powers + band.x * FRAMES);
#pragma unroll 1
    for (int i = band.y; i < band.z; i++) {
        const float4 w = weight[i];
        const float each[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
        for (int n = 0; n < 4; n++, power += FRAMES / 4) {
            sum[0] += each[n] * power->x, sum[1] += each[n] * power->y;
            sum[2] += each[n] * power->z, sum[3] += each[n] * power->w;
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
    mel_lanes(const float *audio, int length, int frames, int offset, const float4 *window,
              const float4 *twiddle, const int4 *band, const float4 *weight, float floor, float gain,
              float shift, int *loudest, real_out *out)
{
    DYNAMIC_SHARED(float2, rows);
    const int first = blockIdx.x * FRAMES, count = min(FRAMES, frames - first);
    float *powers = (float *)(rows + SAMPLES_AT), *values = (float *)rows, highest = -3.4e38f;
    transformed(audio + (size_t)blockIdx.y * length, length, first, count, offset, window, twiddle, rows,
                [=](int k, float2 *, const float2 *z) { powers_of(k, z, powers + threadIdx.x % FRAMES); });
    const int four = threadIdx.x % (FRAMES / 4) * 4;
    for (int m = threadIdx.x / (FRAMES / 4); m < N_MELS; m += THREADS / (FRAMES / 4)) {
        float sum[4] = {};
        sums_of(band[m], weight, powers + four, sum);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float value = LOG ? gain * log2_approximately(fmaxf(sum[i], floor)) + shift : sum[i];
            values[(four + i) * (N_MELS + 1) + m] = value;
            if (four + i < count) highest = fmaxf(highest, value);
        }
    }
    if (LOG && loudest) tell_loudest(highest, loudest + blockIdx.y);
    __syncthreads();
    real_out *to = out + ((size_t)blockIdx.y * frames + first) * N_MELS;
    for (int f = threadIdx.x / 32; f < count; f += THREADS / 32)
#pragma unroll
        for (int m = threadIdx.x % 32; m < N_MELS; m += 32)
            to[f * N_MELS + m] = Output::of(values[f * (N_MELS + 1) + m]);
}

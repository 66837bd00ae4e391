/* Frames as Kaldi's compute-fbank-feats takes them (feature-window.cc, ProcessWindow), into spectra: the mean
 * of the frame is removed, then each sample loses 0.97 of the one before it (the first, of itself), then come
 * the window and N_FFT - WINDOW zeros. Frames lie whole within the signal (snip_edges); nothing is reflected.
 *
 * Shared memory as in frames.cuh. The means are summed in the second buffer before it holds any spectrum, in
 * an order that neither the block's size nor the frame's place changes. */
#pragma once
#include "frames.cuh"

constexpr float EMPHASIS = 0.97f; /* Kaldi's default, preemph-coeff */
constexpr int PARTS = 32;         /* sums of a frame that are taken side by side */

/* The mean of frame f into mean[f * PARTS]. */
__device__ inline void frame_means(const float *signal, int count, float *mean)
{
    static_assert(PARTS <= 2 * PITCH, "the sums have no room");
    for (int i = threadIdx.x; i < count * PARTS; i += blockDim.x) {
        const float *frame = signal + i / PARTS * HOP;
        float sum = 0.f;
        for (int n = i % PARTS; n < WINDOW; n += PARTS) sum += frame[n];
        mean[i] = sum;
    }
    __syncthreads();
    for (int half = PARTS / 2; half; half /= 2) {
        for (int i = threadIdx.x; i < count * half; i += blockDim.x) {
            float *sum = mean + i / half * PARTS + i % half;
            sum[0] = (sum[0] + sum[half]) * (half == 1 ? 1.f / WINDOW : 1.f);
        }
        __syncthreads();
    }
}

/* Frames first .. first + count - 1, transformed; the buffer that holds the points. */
__device__ inline float2 *kaldi_spectra(const float *signal, const float *window, const float2 *twiddle,
                                        int first, int count, float2 *a, float2 *b)
{
    const float *from = signal + first * HOP, *mean = (const float *)b;
    frame_means(from, count, (float *)b);
    const auto sample = [=](int frame, int n) {
        const float *x = from + frame * HOP, middle = mean[frame * PARTS];
        return n < WINDOW ? window[n] * ((x[n] - middle) - EMPHASIS * (x[n ? n - 1 : 0] - middle)) : 0.f;
    };
    return transformed(sample, twiddle, count, a, b);
}

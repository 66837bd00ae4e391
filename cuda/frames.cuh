/* Frames of a signal into spectra, in shared memory: gather, window, real FFT.
 *
 * A frame of even N_FFT is packed into N_FFT / 2 complex points; an odd one is transformed with imaginary
 * parts of zero. Shared memory: two buffers of FRAMES x PITCH complex points. */
#pragma once
#include "fft.cuh"

constexpr bool PACKED = N_FFT % 2 == 0;
constexpr int POINTS = PACKED ? N_FFT / 2 : N_FFT;
constexpr int BINS = N_FFT / 2 + 1;
constexpr int PITCH = POINTS + 1; /* odd in words of 8 bytes: frames start in different banks */

/* Sample `n` of frame `frame`, windowed; offset is N_FFT / 2 where frames are centred. */
__device__ inline float windowed(const float *signal, int length, const float *window, int frame, int n,
                                 int offset)
{
    const int at = frame * HOP + n - offset;
    return window[n] * signal[(unsigned)at < (unsigned)length ? at : reflected(at, length)];
}

/* `count` frames, of which sample n is sample(frame, n), into `a`, transformed; the buffer that holds the
 * points. */
template <typename Sample>
__device__ float2 *transformed(Sample sample, const float2 *twiddle, int count, float2 *a, float2 *b)
{
    for (int i = threadIdx.x; i < count * POINTS; i += blockDim.x) {
        const int frame = i / POINTS, k = i % POINTS;
        const int n = PACKED ? 2 * k : k;
        a[frame * PITCH + k] = make_float2(sample(frame, n), PACKED ? sample(frame, n + 1) : 0.f);
    }
    __syncthreads();
    return fft<POINTS, PITCH>(a, b, twiddle, count);
}

/* Frames first .. first + count - 1, windowed and transformed. */
__device__ inline float2 *spectra(const float *signal, int length, const float *window, const float2 *twiddle,
                                  int first, int count, int offset, float2 *a, float2 *b)
{
    const auto sample = [=](int frame, int n) {
        return windowed(signal, length, window, first + frame, n, offset);
    };
    return transformed(sample, twiddle, count, a, b);
}

/* Bin k of the real transform from the points of the packed one; root[k] = exp(-2 pi i k / N_FFT). */
__device__ inline float2 bin(const float2 *points, const float2 *root, int k)
{
    if (!PACKED) return points[k];
    const float2 z = points[k == POINTS ? 0 : k], mirror = conj(points[k == 0 ? 0 : POINTS - k]);
    return scaled(add(add(z, mirror), by_minus_i(mul(root[k], sub(z, mirror)))), 0.5f);
}

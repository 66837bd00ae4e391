/* Real DFTs of FRAMES frames at a time, a frame in each lane: all lanes do the same to frames of their own,
 * so that what belongs to a place in the frame (window, twiddles, filters) is one word for all of them.
 *
 * N_FFT = A x B, both even and at most 32. Sample n of a frame is row n / B and column n % B. Real DFTs of A
 * points go down the columns, two at a time as one complex DFT, and B points along what A / 2 + 1 rows are
 * left of them (the others are their conjugates), so that each sample goes through shared memory twice: bin
 * k1 + A k2 is value k2 of row k1 (Cooley and Tukey, 1965). A group of FRAMES threads does a pair of columns,
 * or a row.
 *
 * Compiled for: N_FFT, COLUMN and ROW (A and B), HOP (even), FRAMES (16: half a warp, whose complex numbers
 * are all banks once), THREADS. Shared memory: SAMPLES_AT x 8 bytes, and then the samples of a block's frames
 * with PAD floats after every hop. */
#pragma once
#include "small_dft.cuh"

constexpr int A = COLUMN, B = ROW;

static_assert(A * B == N_FFT && A % 2 == 0 && B % 2 == 0 && HOP % 2 == 0,
              "both parts and the hop must be even");

constexpr int BINS = N_FFT / 2 + 1, ROWS = A / 2 + 1, GROUPS = THREADS / FRAMES;
constexpr int STEP = B * FRAMES + 1; /* from row to row; odd: neighbouring bins lie in different banks */
constexpr int SAMPLES_AT = (ROWS * STEP + 1) / 2 * 2; /* complex; a multiple of 16 bytes */
constexpr int PAD =
    HOP % 4 == 2 ? 0 : 2; /* floats after every hop, so that frames begin in different banks */

constexpr int FOURS = ((FRAMES - 1) * HOP + N_FFT + 4 * THREADS - 1) / (4 * THREADS); /* of a thread */
constexpr int TOGETHER = FOURS < 8 ? FOURS : 8; /* of them are on their way before the first is looked at */

/* Samples begin .. begin + span - 1 of the signal, reflected at its ends, with PAD floats after every hop. */
__device__ inline void take_samples(const float *signal, int length, int begin, int span, float *samples)
{
    const float *from = signal + begin;
    if (HOP % 4 == 0 && begin >= 0 && begin + span <= length && (size_t)from % sizeof(float4) == 0) {
#pragma unroll 1
        for (int first = 4 * threadIdx.x; first < span; first += 4 * TOGETHER * THREADS) {
            float4 x[TOGETHER];
#pragma unroll
            for (int n = 0; n < TOGETHER; n++)
                if (first + 4 * n * THREADS < span) x[n] = *(const float4 *)(from + first + 4 * n * THREADS);
#pragma unroll
            for (int n = 0; n < TOGETHER; n++) {
                const int i = first + 4 * n * THREADS;
                float2 *to = (float2 *)(samples + i + PAD * ((unsigned)i / HOP));
                if (i < span) to[0] = make_float2(x[n].x, x[n].y), to[1] = make_float2(x[n].z, x[n].w);
            }
        }
    } else {
        for (int i = threadIdx.x; i < span; i += THREADS) {
            const int at = begin + i;
            samples[i + PAD * (i / HOP)] =
                signal[(unsigned)at < (unsigned)length ? at : reflected(at, length)];
        }
    }
}

/* Columns into rows. window[j][i]: half of the window at rows 2 i and 2 i + 1 of columns 2 j and 2 j + 1;
 * twiddle[j][k - 1]: exp(-2 pi i k n / N_FFT) for n = 2 j and 2 j + 1, of the last row twice that. */
__device__ inline void columns(const float *samples, const float4 *window, const float4 *twiddle,
                               float2 *rows)
{
    const int frame = threadIdx.x % FRAMES;
    for (int j = threadIdx.x / FRAMES; j < B / 2; j += GROUPS) {
        const float *x = samples + frame * (HOP + PAD) + 2 * j;
        const float4 *weights = window + j * (A / 2), *turns = twiddle + j * (A / 2);
        float2 z[A];
#pragma unroll
        for (int i = 0; i < A; i += 2) {
            const float4 w = weights[i / 2];
            const int pads[2] = {HOP % B ? (B * i + 2 * j) / HOP : B * i / HOP,
                                 HOP % B ? (B * (i + 1) + 2 * j) / HOP : B * (i + 1) / HOP};
            const float2 upper = *(const float2 *)(x + B * i + PAD * pads[0]),
                         lower = *(const float2 *)(x + B * (i + 1) + PAD * pads[1]);
            z[i] = make_float2(upper.x * w.x, upper.y * w.y);
            z[i + 1] = make_float2(lower.x * w.z, lower.y * w.w);
        }
        Dft<A>::run(z);
        float2 *to = rows + 2 * j * FRAMES + frame;
        to[0] = make_float2(2.f * z[0].x, 0.f), to[FRAMES] = make_float2(2.f * z[0].y, 0.f);
#pragma unroll
        for (int k = 1; k <= A / 2; k++) {
            const float4 w = turns[k - 1];
            const float2 even = make_float2(w.x, w.y), odd = make_float2(w.z, w.w), mirror = conj(z[A - k]);
            const bool last = k == A / 2;
            to[k * STEP] = last ? scaled(even, z[k].x) : mul(add(z[k], mirror), even);
            to[k * STEP + FRAMES] = last ? scaled(odd, z[k].y) : mul(by_minus_i(sub(z[k], mirror)), odd);
        }
    }
}

/* Rows into bins: give(k, row, z) gets the B bins of row k, and may write over its own lane's places of it,
 * which are row[0], row[FRAMES] .. row[(B - 1) FRAMES], and over the samples. */
template <typename Give> __device__ inline void bins_of_rows(float2 *rows, Give give)
{
    for (int k = threadIdx.x / FRAMES; k < ROWS; k += GROUPS) {
        float2 *row = rows + k * STEP + threadIdx.x % FRAMES, z[B];
#pragma unroll
        for (int n = 0; n < B; n++) z[n] = row[n * FRAMES];
        Dft<B>::run(z);
        give(k, row, z);
    }
}

/* `count` frames from `first` on of a signal: samples into bins. */
template <typename Give>
__device__ inline void transformed(const float *signal, int length, int first, int count, int offset,
                                   const float4 *window, const float4 *twiddle, float2 *rows, Give give)
{
    float *samples = (float *)(rows + SAMPLES_AT);
    take_samples(signal, length, first * HOP - offset, (count - 1) * HOP + N_FFT, samples);
    __syncthreads();
    columns(samples, window, twiddle, rows);
    __syncthreads();
    bins_of_rows(rows, give);
    __syncthreads();
}

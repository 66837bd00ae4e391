/* Complex FFT of FRAMES rows of POINTS points in shared memory, by all threads of a block.
 *
 * Stockham's self-sorting form (Swarztrauber, "FFT algorithms for vector computers", 1984) of radices 4, 2, 3
 * and 5: every pass reads one buffer and writes the other, in natural order at the end, without bit reversal.
 * A butterfly is the work of one thread; FRAMES x POINTS / radix of them a pass.
 *
 * Twiddles: twiddle[k] = exp(-2 pi i k / POINTS), k < POINTS, made in float64 by the host. */
#pragma once
#include "common.cuh"

template <int RADIX> struct Butterfly;

template <> struct Butterfly<2> {
    static __device__ void run(float2 *a)
    {
        float2 t = a[1];
        a[1] = sub(a[0], t);
        a[0] = add(a[0], t);
    }
};

template <> struct Butterfly<4> {
    static __device__ void run(float2 *a)
    {
        float2 b0 = add(a[0], a[2]), b1 = sub(a[0], a[2]), b2 = add(a[1], a[3]),
               b3 = by_minus_i(sub(a[1], a[3]));
        a[0] = add(b0, b2), a[1] = add(b1, b3), a[2] = sub(b0, b2), a[3] = sub(b1, b3);
    }
};

template <> struct Butterfly<3> {
    static __device__ void run(float2 *a)
    {
        const float s = 0.866025403784438647f; /* sin(2 pi / 3) */
        float2 t = add(a[1], a[2]), d = scaled(by_minus_i(sub(a[1], a[2])), s),
               m = sub(a[0], scaled(t, 0.5f));
        a[0] = add(a[0], t), a[1] = add(m, d), a[2] = sub(m, d);
    }
};

template <> struct Butterfly<5> {
    static __device__ void run(float2 *a)
    {
        const float c1 = 0.309016994374947424f,
                    c2 = -0.809016994374947424f;                            /* cos(2 pi / 5), cos(4 pi / 5) */
        const float s1 = 0.951056516295153572f, s2 = 0.587785252292473129f; /* sin(2 pi / 5), sin(4 pi / 5) */
        float2 t1 = add(a[1], a[4]), t2 = add(a[2], a[3]), d1 = sub(a[1], a[4]), d2 = sub(a[2], a[3]);
        float2 m1 = add(add(a[0], scaled(t1, c1)), scaled(t2, c2)),
               m2 = add(add(a[0], scaled(t1, c2)), scaled(t2, c1));
        float2 e1 = by_minus_i(add(scaled(d1, s1), scaled(d2, s2))),
               e2 = by_minus_i(sub(scaled(d1, s2), scaled(d2, s1)));
        a[0] = add(a[0], add(t1, t2));
        a[1] = add(m1, e1), a[4] = sub(m1, e1), a[2] = add(m2, e2), a[3] = sub(m2, e2);
    }
};

/* One pass: LEFT points are still to be transformed, STRIDE are done (LEFT x STRIDE = POINTS). */
template <int POINTS, int LEFT, int RADIX, int PITCH>
__device__ void fft_pass(const float2 *from, float2 *to, const float2 *twiddle, int frames)
{
    const int STRIDE = POINTS / LEFT, REST = LEFT / RADIX;
    for (int i = threadIdx.x; i < frames * (POINTS / RADIX); i += blockDim.x) {
        const int frame = i / (POINTS / RADIX), butterfly = i % (POINTS / RADIX);
        const int p = butterfly / STRIDE, q = butterfly % STRIDE;
        const float2 *in = from + frame * PITCH + q + STRIDE * p;
        float2 *out = to + frame * PITCH + q + STRIDE * RADIX * p;
        float2 a[RADIX];
#pragma unroll
        for (int j = 0; j < RADIX; j++) a[j] = in[STRIDE * REST * j];
        Butterfly<RADIX>::run(a);
        out[0] = a[0];
#pragma unroll
        for (int k = 1; k < RADIX; k++)
            out[STRIDE * k] = LEFT == RADIX ? a[k] : mul(a[k], twiddle[STRIDE * p * k]);
    }
    __syncthreads();
}

__host__ __device__ constexpr int radix_of(int left)
{
    return left % 4 == 0 ? 4 : left % 2 == 0 ? 2 : left % 3 == 0 ? 3 : 5;
}

/* Passes from LEFT points on; the buffer that holds the spectrum. */
template <int POINTS, int PITCH, int LEFT = POINTS>
__device__ float2 *fft(float2 *from, float2 *to, const float2 *twiddle, int frames)
{
    static_assert(LEFT % radix_of(LEFT) == 0, "only factors 2, 3 and 5");
    fft_pass<POINTS, LEFT, radix_of(LEFT), PITCH>(from, to, twiddle, frames);
    if constexpr (LEFT == radix_of(LEFT))
        return to;
    else
        return fft<POINTS, PITCH, LEFT / radix_of(LEFT)>(to, from, twiddle, frames);
}

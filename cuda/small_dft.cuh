/* DFTs of 2 to 32 points (factors 2, 3, 5) in the registers of a thread, in natural order: every index and
 * every factor is known when the code is compiled. */
#pragma once
#include "fft.cuh"

__host__ __device__ constexpr double taylor(double x, double term, int first)
{
    double sum = term;
    for (int i = first; i < first + 30; i += 2) sum += term *= -x * x / (i * (i + 1));
    return sum;
}

/* cos and sin of 2 pi k / N. */
template <int N> struct Turns {
    float cos[N], sin[N];
    __host__ __device__ constexpr Turns() : cos(), sin()
    {
        for (int k = 0; k < N; k++) {
            const double x = 6.283185307179586477 * (2 * k > N ? k - N : k) / N;
            cos[k] = (float)taylor(x, 1, 1), sin[k] = (float)taylor(x, x, 2);
        }
    }
};

/* a exp(-2 pi i k / N). */
template <int N> __device__ inline float2 turned(float2 a, int k)
{
    constexpr Turns<N> turns;
    k %= N;
    if (k == 0) return a;
    if (4 * k == N) return by_minus_i(a);
    if (2 * k == N) return make_float2(-a.x, -a.y);
    if (8 * k == N) return scaled(make_float2(a.x + a.y, a.y - a.x), turns.cos[k]);
    if (8 * k == 3 * N) return scaled(make_float2(a.x - a.y, a.x + a.y), turns.cos[k]);
    return make_float2(a.x * turns.cos[k] + a.y * turns.sin[k], a.y * turns.cos[k] - a.x * turns.sin[k]);
}

__host__ __device__ constexpr bool coprime(int a, int b)
{
    return b == 0 ? a == 1 : coprime(b, a % b);
}

/* P DFTs of Q points after Q of P: by the prime factor algorithm (Good, 1958), which needs no turns in
 * between, where P and Q have no common factor, else by Cooley and Tukey's. */
template <int N> struct Dft {
    static __device__ void run(float2 *a)
    {
        const int P = radix_of(N), Q = N / P;
        if constexpr (Q == 1) {
            Butterfly<N>::run(a);
        } else {
            constexpr bool GOOD = coprime(P, Q);
            float2 b[N];
#pragma unroll
            for (int q = 0; q < Q; q++) {
                float2 t[P];
#pragma unroll
                for (int p = 0; p < P; p++) t[p] = a[GOOD ? (Q * p + P * q) % N : q + Q * p];
                Butterfly<P>::run(t);
#pragma unroll
                for (int k = 0; k < P; k++) b[k * Q + q] = GOOD ? t[k] : turned<N>(t[k], q * k);
            }
#pragma unroll
            for (int k = 0; k < P; k++) Dft<Q>::run(b + k * Q);
#pragma unroll
            for (int k = 0; k < N; k++) a[k] = b[GOOD ? k % P * Q + k % Q : k % P * Q + k / P];
        }
    }
};

/* The DFTs in the registers of a thread, for test_lanes.py. */
#include "small_dft.cuh"

template <int POINTS> __device__ void one(const float2 *x, float2 *out)
{
    float2 a[POINTS];
    for (int n = 0; n < POINTS; n++) a[n] = x[n];
    Dft<POINTS>::run(a);
    for (int k = 0; k < POINTS; k++) out[k] = a[k];
}

template <int... POINTS> __device__ void pick(int points, const float2 *x, float2 *out)
{
    ((points == POINTS ? one<POINTS>(x, out) : void()), ...);
}

extern "C" __global__ void small_dft(int points, const float2 *x, float2 *out)
{
    pick<2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 24, 25, 27, 30, 32>(points, x, out);
}

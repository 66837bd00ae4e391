/* What all kernels share. The same text compiles with NVRTC, with nvcc, and as plain C++ for tests without a
 * GPU, where one thread of the host stands for one of the device (tests/cuda/emulate.h). */
#pragma once

#ifdef EMULATE
#    include "emulate.h"
#else
#    define DYNAMIC_SHARED(type, name) extern __shared__ type name[]
#endif

/* Index of a sample that reflection without repeating the edge puts outside of 0 .. length - 1. */
__device__ inline int reflected(int i, int length)
{
    while (i < 0 || i >= length) i = i < 0 ? -i : 2 * (length - 1) - i;
    return i;
}

__device__ inline float2 add(float2 a, float2 b)
{
    return make_float2(a.x + b.x, a.y + b.y);
}
__device__ inline float2 sub(float2 a, float2 b)
{
    return make_float2(a.x - b.x, a.y - b.y);
}
__device__ inline float2 mul(float2 a, float2 b)
{
    return make_float2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
__device__ inline float2 scaled(float2 a, float s)
{
    return make_float2(a.x * s, a.y * s);
}
__device__ inline float2 conj(float2 a)
{
    return make_float2(a.x, -a.y);
}
__device__ inline float2 by_minus_i(float2 a)
{
    return make_float2(a.y, -a.x);
}

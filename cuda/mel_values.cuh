/* What the kernels of mel.cu and mel_lanes.cu do with a value at last, and how they tell the loudest of a
 * row. */
#pragma once
#include "output.cuh"

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

#ifndef EMULATE
/* Within 2^-22 of the result, or of 1 where that is smaller; x is no subnormal number. */
__device__ inline float log2_approximately(float x)
{
    float result;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}
#endif

/* The largest value of a row so far, of what all lanes of a warp have; few warps find that theirs is larger.
 */
__device__ inline void tell_loudest(float highest, int *loudest)
{
    for (int lanes = 16; lanes; lanes /= 2) highest = fmaxf(highest, __shfl_xor_sync(~0u, highest, lanes));
    if (threadIdx.x % 32 == 0 && ordered(highest) > __ldcg(loudest)) atomicMax(loudest, ordered(highest));
}

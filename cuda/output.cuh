/* How a result is written: OUTPUT 0, float32; 1, float16 (IEEE 754 binary16); 2, bfloat16 (the upper half of
 * binary32). Everything before is float32, and rounded once, to the nearest and of two the even, where it is
 * written. What float16 cannot hold, from 65520 on, becomes infinite. */
#pragma once
#include "common.cuh"

#ifndef EMULATE
__device__ inline unsigned short float16_bits(float x)
{
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}
__device__ inline float of_float16(unsigned short bits)
{
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}
#endif

/* In integers, for Turing has no instruction that does it. */
__device__ inline unsigned short bfloat16_bits(float x)
{
    const unsigned bits = (unsigned)__float_as_int(x);
    return x != x ? 0x7fff : (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

template <int FORMAT> struct Written {
    typedef unsigned short real;
    typedef ushort2 complex;
    static __device__ real of(float x) { return FORMAT == 1 ? float16_bits(x) : bfloat16_bits(x); }
    static __device__ complex of(float2 x) { return make_ushort2(of(x.x), of(x.y)); }
    static __device__ float back(real bits)
    {
        return FORMAT == 1 ? of_float16(bits) : __int_as_float((int)((unsigned)bits << 16));
    }
};

template <> struct Written<0> {
    typedef float real;
    typedef float2 complex;
    static __device__ real of(float x) { return x; }
    static __device__ complex of(float2 x) { return x; }
    static __device__ float back(real x) { return x; }
};

typedef Written<OUTPUT> Output;
typedef Output::real real_out;
typedef Output::complex complex_out;

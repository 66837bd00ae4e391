/* Products on tensor cores in nearly fp32: each factor is split into two TF32 numbers, big and small, and big
 * x big, big x small and small x big are added up in fp32 (Ootomo and Yokota, 2022,
 * doi 10.1177/10943420221090256). What is left out, small x small, is 2^-22 of the product. From compute
 * capability 8.0 on. */
#pragma once
#include "common.cuh"

#ifndef EMULATE
/* The nearest TF32 number (10 bits after the first), as the bits of a float. */
__device__ inline unsigned tf32_bits(float x)
{
    unsigned bits = 0;
#    if __CUDA_ARCH__ >= 800
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
#    endif
    return bits;
}

/* d (16 x 8) += a (16 x 8) b (8 x 8), by a warp. With g = lane / 4 and t = lane % 4, a lane holds of a: (g,
 * t), (g + 8, t), (g, t + 4), (g + 8, t + 4); of b: (t, g), (t + 4, g); of d: (g, 2t), (g, 2t + 1), (g + 8,
 * 2t), (g + 8, 2t + 1). */
__device__ inline void multiply_add(float d[4], const unsigned a[4], const unsigned b[2])
{
#    if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#    endif
}

/* The nearest float16 numbers, x in the lower half. */
__device__ inline unsigned float16_pair(float x, float y)
{
    unsigned pair = 0;
#    if __CUDA_ARCH__ >= 800
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(y), "f"(x));
#    endif
    return pair;
}
__device__ inline float2 of_float16_pair(unsigned pair)
{
    float2 x;
    asm("{.reg .b16 low, high;\n\tmov.b32 {low, high}, %2;\n\tcvt.f32.f16 %0, low;\n\tcvt.f32.f16 %1, high;}"
        : "=f"(x.x), "=f"(x.y)
        : "r"(pair));
    return x;
}

/* d (16 x 8) += a (16 x 16) b (16 x 8) in float16, sums in fp32. A lane holds pairs, the lower of two columns
 * of a, or rows of b, in the lower half. Of a: (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8); of b:
 * (2t, g), (2t + 8, g); of d as above. */
__device__ inline void multiply_add_float16(float d[4], const unsigned a[4], unsigned b, unsigned b_below)
{
#    if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b), "r"(b_below));
#    endif
}
#endif

/* x = big + small, but for 2^-22 of it. */
__device__ inline void split(float x, unsigned *big, unsigned *small)
{
    *big = tf32_bits(x);
    *small = tf32_bits(x - __int_as_float((int)*big));
}

__device__ inline void multiply_add_split(float d[4], const unsigned a[4], const unsigned a_small[4],
                                          const unsigned b[2], const unsigned b_small[2])
{
    multiply_add(d, a_small, b);
    multiply_add(d, a, b_small);
    multiply_add(d, a, b);
}

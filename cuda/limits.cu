/* What a device can do at most: copy, fp32 multiply-adds, and matrix products in TF32 and bf16 from
 * registers.
 *
 * `copy` moves `count` pieces of 16 bytes `repeats` times, past the first-level cache. The others do `rounds`
 * rounds of CHAINS independent operations a thread (or warp); what they compute is of no interest and is
 * written only where it is NaN, so that no compiler leaves it out. Matrix products are mma.sync, which every
 * architecture from 8.0 on has; Hopper's and Blackwell's own instructions (wgmma, tcgen05) go beyond. */
#include "common.cuh"

constexpr int CHAINS = 8;

extern "C" __global__ void copy(const float4 *from, float4 *to, size_t count, int repeats)
{
    const size_t step = (size_t)gridDim.x * blockDim.x, first = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    for (int r = 0; r < repeats; r++) {
        size_t i = first;
        for (; i + 3 * step < count;
             i += 4 * step) { /* four at once, so that memory always has enough to do */
            const float4 a = __ldcg(from + i), b = __ldcg(from + i + step);
            const float4 c = __ldcg(from + i + 2 * step), d = __ldcg(from + i + 3 * step);
            __stcg(to + i, a), __stcg(to + i + step, b);
            __stcg(to + i + 2 * step, c), __stcg(to + i + 3 * step, d);
        }
        for (; i < count; i += step) __stcg(to + i, __ldcg(from + i));
    }
}

extern "C" __global__ void fma32(float *out, float start, int rounds)
{
    float sum[CHAINS];
    for (int c = 0; c < CHAINS; c++) sum[c] = start + c + threadIdx.x;
#pragma unroll 16
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int c = 0; c < CHAINS; c++) sum[c] = sum[c] * start + 0.5f;
    }
    float all = 0.f;
    for (int c = 0; c < CHAINS; c++) all += sum[c];
    if (all != all) out[threadIdx.x] = all;
}

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#    define PRODUCT(shape, type, d, a, b)                                                                    \
        asm volatile("mma.sync.aligned." shape ".row.col.f32." type "." type                                 \
                     ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "                                                   \
                     "{%8,%9}, {%0,%1,%2,%3};"                                                               \
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                        \
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#else
#    define PRODUCT(shape, type, d, a, b) d[0] += a[0] * b[0]
#endif

#define MATRIX(name, shape, type)                                                                            \
    extern "C" __global__ void name(float *out, unsigned start, int rounds)                                  \
    {                                                                                                        \
        float sum[CHAINS][4] = {};                                                                           \
        unsigned a[4] = {start, start, start, start}, b[2] = {start, start};                                 \
        for (int r = 0; r < rounds; r++) {                                                                   \
            _Pragma("unroll") for (int c = 0; c < CHAINS; c++) PRODUCT(shape, type, sum[c], a, b);           \
        }                                                                                                    \
        float all = 0.f;                                                                                     \
        for (int c = 0; c < CHAINS; c++) all += sum[c][0] + sum[c][1] + sum[c][2] + sum[c][3];               \
        if (all != all) out[threadIdx.x] = all;                                                              \
    }

MATRIX(tf32, "m16n8k8", "tf32")
MATRIX(bf16, "m16n8k16", "bf16")

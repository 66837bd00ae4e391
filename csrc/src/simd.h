/* A float vector of parametric width, so that one kernel text serves every instruction set.
 *
 * CMake compiles each file in src/kernels/ once per set with -DAK_BUILD_<SET> and the matching machine flags.
 * Only the few operations that the vector extensions of GCC and Clang cannot express (fused multiply-add,
 * square root, minimum, shuffles) differ by set; they all live here.
 */
#ifndef AK_SIMD_H
#define AK_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AK_INLINE static inline __attribute__((always_inline))
/* Unrolls the loop that follows completely, n rounds at most: arrays in it then live in registers. */
#define AK_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#    define AK_UNROLL(n) AK_PRAGMA(clang loop unroll(full))
#else
#    define AK_UNROLL(n) AK_PRAGMA(GCC unroll n)
#endif

#define AK_PASTE_(a, b) a##_##b
#define AK_PASTE(a, b) AK_PASTE_(a, b)

/* From here on the pointer is what it is: else GCC works what it was made of into every address near it, up
 * to four instructions each. */
#define AK_FIXED(pointer) __asm__("" : "+r"(pointer))

#if defined(AK_BUILD_AVX512)
#    include <immintrin.h>
#    define AK_W 16
#    if defined(AK_BUILD_AMX)
#        define AK_SUFFIX amx /* see dispatch.h */
#    elif defined(AK_BUILD_SPLIT512)
#        define AK_SUFFIX split512
#    elif defined(AK_BUILD_ICELAKE)
#        define AK_SUFFIX icelake
#    else
#        define AK_SUFFIX avx512
#    endif
#elif defined(AK_BUILD_AVX2)
#    include <immintrin.h>
#    define AK_W 8
#    if defined(AK_BUILD_AVXVNNI)
#        define AK_SUFFIX avxvnni
#    else
#        define AK_SUFFIX avx2
#    endif
#elif defined(AK_BUILD_NEON)
#    include <arm_neon.h>
#    define AK_W 4
#    define AK_SUFFIX neon
#else
#    define AK_W 4
#    define AK_SUFFIX portable
#endif

/* f -> f_avx512 and so on: the name of an external symbol of a kernel file. */
#define AK_NAME(f) AK_PASTE(f, AK_SUFFIX)

typedef float v_f32 __attribute__((vector_size(4 * AK_W)));
typedef int32_t v_i32 __attribute__((vector_size(4 * AK_W)));
typedef float v_f32_any __attribute__((vector_size(4 * AK_W), aligned(4), may_alias));
typedef int32_t v_i32_any __attribute__((vector_size(4 * AK_W), aligned(4), may_alias));

AK_INLINE v_f32 v_load(const float *p) /* any alignment */
{
    return (v_f32) * (const v_f32_any *)p;
}

AK_INLINE void v_store(float *p, v_f32 v) /* any alignment */
{
    *(v_f32_any *)p = (v_f32_any)v;
}

AK_INLINE v_f32 v_set1(float x)
{
    return x - (v_f32){0}; /* x - 0 keeps every x, -0 and NaN included */
}

/* a * b + c, a * b - c, c - a * b: rounded once where the machine has FMA, twice in the portable build.
 * v_min and v_max give b where a is NaN. */
#if defined(AK_BUILD_AVX512)
AK_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
AK_INLINE v_f32 v_fms(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)_mm512_fmsub_ps((__m512)a, (__m512)b, (__m512)c);
}
AK_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
AK_INLINE v_f32 v_min(v_f32 a, v_f32 b)
{
    return (v_f32)_mm512_min_ps((__m512)a, (__m512)b);
}
AK_INLINE v_f32 v_max(v_f32 a, v_f32 b)
{
    return (v_f32)_mm512_max_ps((__m512)a, (__m512)b);
}
AK_INLINE v_f32 v_sqrt(v_f32 a)
{
    return (v_f32)_mm512_sqrt_ps((__m512)a);
}
#elif defined(AK_BUILD_AVX2)
AK_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
AK_INLINE v_f32 v_fms(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)_mm256_fmsub_ps((__m256)a, (__m256)b, (__m256)c);
}
AK_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
AK_INLINE v_f32 v_min(v_f32 a, v_f32 b)
{
    return (v_f32)_mm256_min_ps((__m256)a, (__m256)b);
}
AK_INLINE v_f32 v_max(v_f32 a, v_f32 b)
{
    return (v_f32)_mm256_max_ps((__m256)a, (__m256)b);
}
AK_INLINE v_f32 v_sqrt(v_f32 a)
{
    return (v_f32)_mm256_sqrt_ps((__m256)a);
}
#elif defined(AK_BUILD_NEON)
AK_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
AK_INLINE v_f32 v_fms(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)vfmaq_f32(vnegq_f32((float32x4_t)c), (float32x4_t)a, (float32x4_t)b);
}
AK_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c)
{
    return (v_f32)vfmsq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
AK_INLINE v_f32 v_min(v_f32 a, v_f32 b)
{
    return (v_f32)vminnmq_f32((float32x4_t)a, (float32x4_t)b);
}
AK_INLINE v_f32 v_max(v_f32 a, v_f32 b)
{
    return (v_f32)vmaxnmq_f32((float32x4_t)a, (float32x4_t)b);
}
AK_INLINE v_f32 v_sqrt(v_f32 a)
{
    return (v_f32)vsqrtq_f32((float32x4_t)a);
}
#else
AK_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c)
{
    return a * b + c;
}
AK_INLINE v_f32 v_fms(v_f32 a, v_f32 b, v_f32 c)
{
    return a * b - c;
}
AK_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c)
{
    return c - a * b;
}
AK_INLINE v_f32 v_min(v_f32 a, v_f32 b)
{
    v_i32 m = a < b;
    return (v_f32)((m & (v_i32)a) | (~m & (v_i32)b));
}
AK_INLINE v_f32 v_max(v_f32 a, v_f32 b)
{
    v_i32 m = a > b;
    return (v_f32)((m & (v_i32)a) | (~m & (v_i32)b));
}
AK_INLINE v_f32 v_sqrt(v_f32 a)
{
    for (int i = 0; i < AK_W; i++) a[i] = __builtin_sqrtf(a[i]);
    return a;
}
#endif

#endif

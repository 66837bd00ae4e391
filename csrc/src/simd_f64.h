/* A vector of doubles as wide as the float vector of simd.h: half as many lanes. */
#ifndef AK_SIMD_F64_H
#define AK_SIMD_F64_H

#include "simd.h"

#define AK_W64 (AK_W / 2)

typedef double v_f64 __attribute__((vector_size(8 * AK_W64)));
typedef double v_f64_any __attribute__((vector_size(8 * AK_W64), aligned(8), may_alias));
typedef float v_f32_half __attribute__((vector_size(4 * AK_W64)));

AK_INLINE v_f64 v_load64(const double *p)
{
    return (v_f64) * (const v_f64_any *)p;
}

AK_INLINE void v_store64(double *p, v_f64 v)
{
    *(v_f64_any *)p = (v_f64_any)v;
}

AK_INLINE v_f64 v_set1_64(double x)
{
    return x - (v_f64){0};
}

/* a * b + c, a * b - c, c - a * b; the product of two floats is exact in double, so that only sums of longer
 * factors differ where the machine has no fused form. */
#if defined(AK_BUILD_AVX512)
AK_INLINE v_f64 v_fma64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
AK_INLINE v_f64 v_fms64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)_mm512_fmsub_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
AK_INLINE v_f64 v_fnma64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)_mm512_fnmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
#elif defined(AK_BUILD_AVX2)
AK_INLINE v_f64 v_fma64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
AK_INLINE v_f64 v_fms64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)_mm256_fmsub_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
AK_INLINE v_f64 v_fnma64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)_mm256_fnmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
#elif defined(AK_BUILD_NEON)
AK_INLINE v_f64 v_fma64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
AK_INLINE v_f64 v_fms64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)vfmaq_f64(vnegq_f64((float64x2_t)c), (float64x2_t)a, (float64x2_t)b);
}
AK_INLINE v_f64 v_fnma64(v_f64 a, v_f64 b, v_f64 c)
{
    return (v_f64)vfmsq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
#else
AK_INLINE v_f64 v_fma64(v_f64 a, v_f64 b, v_f64 c)
{
    return a * b + c;
}
AK_INLINE v_f64 v_fms64(v_f64 a, v_f64 b, v_f64 c)
{
    return a * b - c;
}
AK_INLINE v_f64 v_fnma64(v_f64 a, v_f64 b, v_f64 c)
{
    return c - a * b;
}
#endif

AK_INLINE v_f64 v_sqrt64(v_f64 a)
{
    for (int i = 0; i < AK_W64; i++) a[i] = __builtin_sqrt(a[i]);
    return a;
}

/* AK_W64 floats, rounded. */
AK_INLINE void v_store_narrowed(float *p, v_f64 v)
{
    v_f32_half x = __builtin_convertvector(v, v_f32_half);
    memcpy(p, &x, sizeof x);
}

/* AK_W64 floats. */
AK_INLINE v_f64 v_load_widened(const float *p)
{
    v_f32_half x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, v_f64);
}

#endif

/* The natural logarithm of a vector of positive normal numbers, within 1 ulp (infinity and NaN stay). */
#ifndef AK_VLOG_H
#define AK_VLOG_H

#include "simd.h"

/* x = 2^e m with sqrt(1/2) <= m < sqrt(2); ln(m) by the polynomial of Cephes' logf. ln 2 is added in two
 * parts, of which e times the first is exact. */
AK_INLINE v_f32 v_log(v_f32 x)
{
    const int32_t root_half = 0x3f3504f3; /* the bits of sqrt(1/2) */
    v_i32 bits = (v_i32)x - root_half;
    v_f32 e = __builtin_convertvector(bits >> 23, v_f32);
    v_f32 f = (v_f32)((bits & 0x7fffff) + root_half) - 1.0f;
    v_f32 y = v_set1(7.0376836292e-2f), z = f * f;
    y = v_fma(y, f, v_set1(-1.1514610310e-1f));
    y = v_fma(y, f, v_set1(1.1676998740e-1f));
    y = v_fma(y, f, v_set1(-1.2420140846e-1f));
    y = v_fma(y, f, v_set1(1.4249322787e-1f));
    y = v_fma(y, f, v_set1(-1.6668057665e-1f));
    y = v_fma(y, f, v_set1(2.0000714765e-1f));
    y = v_fma(y, f, v_set1(-2.4999993993e-1f));
    y = v_fma(y, f, v_set1(3.3333331174e-1f));
    y = y * f * z;
    y = v_fma(e, v_set1(-2.12194440e-4f), y);
    y = v_fnma(z, v_set1(0.5f), y);
    y = v_fma(e, v_set1(0.693359375f), f + y);
    v_i32 finite = x < __builtin_inff(); /* false for NaN too */
    return (v_f32)(((v_i32)y & finite) | ((v_i32)x & ~finite));
}

#endif

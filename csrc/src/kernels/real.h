/* What the text of the FFT calls a real number: a float, or, in the files that define AK_DOUBLE, a double, of
 * which a vector has half as many. There, names of simd.h mean those of simd_f64.h. */
#ifndef AK_REAL_H
#define AK_REAL_H

#include "simd.h"

#if defined(AK_DOUBLE)
#    include "simd_f64.h"
#    define AK_LANES AK_W64
#    define v_load v_load64
#    define v_store v_store64
#    define v_set1 v_set1_64
#    define v_fma v_fma64
#    define v_fms v_fms64
#    define v_fnma v_fnma64
#    define v_sqrt v_sqrt64
#    define ak_halves_forward ak_double_forward
#    define ak_halves_inverse ak_double_inverse
#    define ak_middle_pass ak_double_middle_pass
typedef double ak_real;
typedef v_f64 v_real;
#else
#    define AK_LANES AK_W
typedef float ak_real;
typedef v_f32 v_real;
#endif

AK_INLINE v_real v_const(double x)
{
    return v_set1((ak_real)x);
}

#endif

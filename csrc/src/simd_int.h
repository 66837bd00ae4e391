/* Integer lanes beside the float vector of simd.h: masks, narrow loads and stores, half precision.
 *
 * v_i32 doubles as a mask: a comparison of vectors gives -1 in the lanes where it holds and 0 elsewhere.
 */
#ifndef AK_SIMD_INT_H
#define AK_SIMD_INT_H

#include "simd.h"

typedef uint32_t v_u32 __attribute__((vector_size(4 * AK_W)));

#define AK_NARROW 4 /* vectors that narrow loads and stores move at once: AVX2 packs four in one go */

AK_INLINE v_i32 v_bits(v_f32 x)
{
    return (v_i32)x;
}

AK_INLINE v_f32 v_abs(v_f32 x)
{
    return (v_f32)(v_bits(x) & 0x7fffffff);
}

AK_INLINE v_f32 v_where(v_i32 mask, v_f32 yes, v_f32 no)
{
    return (v_f32)((mask & (v_i32)yes) | (~mask & (v_i32)no));
}

AK_INLINE v_f32 v_from_int(v_i32 x)
{
    return __builtin_convertvector(x, v_f32);
}

AK_INLINE v_i32 v_min_int(v_i32 a, v_i32 b)
{
#if defined(AK_BUILD_AVX512)
    return (v_i32)_mm512_min_epi32((__m512i)a, (__m512i)b);
#elif defined(AK_BUILD_AVX2)
    return (v_i32)_mm256_min_epi32((__m256i)a, (__m256i)b);
#elif defined(AK_BUILD_NEON)
    return (v_i32)vminq_s32((int32x4_t)a, (int32x4_t)b);
#else
    v_i32 less = a < b;
    return (less & a) | (~less & b);
#endif
}

/* Round half to even; |x| < 2^22. The integer lies in the low bits of the sum. */
#define AK_ROUND_MAGIC 12582912.0f /* 1.5 * 2^23 */

AK_INLINE v_i32 v_round_int(v_f32 x)
{
    return v_bits(x + AK_ROUND_MAGIC) - 0x4b400000;
}

AK_INLINE int v_any(v_i32 mask)
{
#if defined(AK_BUILD_AVX512)
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(AK_BUILD_AVX2)
    return _mm256_movemask_ps((__m256)mask) != 0;
#elif defined(AK_BUILD_NEON)
    return vmaxvq_u32((uint32x4_t)mask) != 0;
#else
    return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
#endif
}

/* AK_NARROW vectors of values in 0 .. 255, in order, to AK_NARROW * AK_W bytes. */
AK_INLINE void v_store_u8(void *to, const v_i32 x[AK_NARROW])
{
#if defined(AK_BUILD_AVX512)
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i ab = _mm512_packus_epi32((__m512i)x[0], (__m512i)x[1]);
    __m512i cd = _mm512_packus_epi32((__m512i)x[2], (__m512i)x[3]);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(ab, cd)));
#elif defined(AK_BUILD_AVX2)
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i ab = _mm256_packus_epi32((__m256i)x[0], (__m256i)x[1]);
    __m256i cd = _mm256_packus_epi32((__m256i)x[2], (__m256i)x[3]);
    _mm256_storeu_si256((__m256i *)to, _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order));
#elif defined(AK_BUILD_NEON)
    uint16x8_t ab = vcombine_u16(vmovn_u32((uint32x4_t)x[0]), vmovn_u32((uint32x4_t)x[1]));
    uint16x8_t cd = vcombine_u16(vmovn_u32((uint32x4_t)x[2]), vmovn_u32((uint32x4_t)x[3]));
    vst1q_u8(to, vcombine_u8(vmovn_u16(ab), vmovn_u16(cd)));
#else
    for (int j = 0; j < AK_NARROW; j++)
        for (int i = 0; i < AK_W; i++) ((uint8_t *)to)[j * AK_W + i] = (uint8_t)x[j][i];
#endif
}

/* The same for values in -128 .. 127. */
AK_INLINE void v_store_i8(int8_t *to, const v_i32 x[AK_NARROW])
{
    v_i32 bytes[AK_NARROW];
    for (int j = 0; j < AK_NARROW; j++) bytes[j] = x[j] & 0xff;
    v_store_u8(to, bytes);
}

/* The low 16 bits of AK_NARROW vectors, in order. Values lie in -32768 .. 65535. */
AK_INLINE void v_store_u16(void *to, const v_i32 x[AK_NARROW])
{
#if defined(AK_BUILD_AVX512)
    for (int j = 0; j < AK_NARROW; j++)
        _mm256_storeu_si256((__m256i *)to + j, _mm512_cvtepi32_epi16((__m512i)x[j]));
#elif defined(AK_BUILD_AVX2)
    const __m256i low = _mm256_set1_epi32(0xffff);
    for (int j = 0; j < AK_NARROW; j += 2) {
        __m256i ab = _mm256_packus_epi32(_mm256_and_si256((__m256i)x[j], low),
                                         _mm256_and_si256((__m256i)x[j + 1], low));
        _mm256_storeu_si256((__m256i *)to + j / 2, _mm256_permute4x64_epi64(ab, 0xd8));
    }
#elif defined(AK_BUILD_NEON)
    for (int j = 0; j < AK_NARROW; j++) vst1_u16((uint16_t *)to + j * AK_W, vmovn_u32((uint32x4_t)x[j]));
#else
    for (int j = 0; j < AK_NARROW; j++)
        for (int i = 0; i < AK_W; i++) ((uint16_t *)to)[j * AK_W + i] = (uint16_t)x[j][i];
#endif
}

/* AK_W narrow integers widened. */
AK_INLINE v_i32 v_load_u8(const uint8_t *from)
{
#if defined(AK_BUILD_AVX512)
    return (v_i32)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
#elif defined(AK_BUILD_AVX2)
    return (v_i32)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
#else
    return (v_i32){from[0], from[1], from[2], from[3]};
#endif
}

AK_INLINE v_i32 v_load_i8(const int8_t *from)
{
#if defined(AK_BUILD_AVX512)
    return (v_i32)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)from));
#elif defined(AK_BUILD_AVX2)
    return (v_i32)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)from));
#else
    return (v_i32){from[0], from[1], from[2], from[3]};
#endif
}

AK_INLINE v_i32 v_load_i16(const int16_t *from)
{
#if defined(AK_BUILD_AVX512)
    return (v_i32)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)from));
#elif defined(AK_BUILD_AVX2)
    return (v_i32)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)from));
#elif defined(AK_BUILD_NEON)
    return (v_i32)vmovl_s16(vld1_s16(from));
#else
    return (v_i32){from[0], from[1], from[2], from[3]};
#endif
}

AK_INLINE v_i32 v_load_u16(const uint16_t *from)
{
    return v_load_i16((const int16_t *)from) & 0xffff;
}

#endif

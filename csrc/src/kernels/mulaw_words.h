/* 256-level mu-law for AVX2, in lanes of 16 bits: twice as many as of floats.
 *
 * The float w = 255 |x| + 1 is cut to the cell u, 13 bits of its fraction and 3 of its exponent, and
 *
 *     V = 8160 log2 w = u + 8160 (log2(1 + m) - m) - u / 256         m: the fraction
 *
 * is the code's magnitude in its upper 7 bits and 512ths of a step below. The middle term is m (1 - m) times
 * a cubic, fitted so that of all 65536 cells those whose code V does not tell are in the 512th below a step
 * or in the one above it: one in 266, whose samples are compared with the steps themselves.
 */
#ifndef AK_MULAW_WORDS_H
#define AK_MULAW_WORDS_H

#include "simd_int.h"

enum { WORDS = 32 }; /* samples at a time */

/* 16 x 8160 (log2(1 + m) - m) / (m (1 - m)) = CUBIC[0] - m (CUBIC[1] - m (CUBIC[2] - m CUBIC[3])) */
static const uint16_t CUBIC[4] = {57778, 34995, 19332, 5863};

AK_INLINE __m256i every_word(int x)
{
    return _mm256_set1_epi16((short)x);
}

typedef struct words {
    __m256i v, negative;
} words;

/* 16 samples; in the order in which AVX2 packs two vectors. */
AK_INLINE words words_of(const float *x, float step)
{
    const v_f32 one = v_set1(1.0f), up = v_set1(255.0f), least = v_set1(1.01f), below = v_set1(-step);
    v_f32 a = v_load(x), b = v_load(x + AK_W);
    v_i32 wa = v_bits(v_max(v_fma(v_abs(a), up, one), least)); /* away from the step at 0; NaN becomes 1.01 */
    v_i32 wb = v_bits(v_max(v_fma(v_abs(b), up, one), least));
    __m256i ua = _mm256_srli_epi32((__m256i)(wa - 0x3f800000), 10);
    __m256i ub = _mm256_srli_epi32((__m256i)(wb - 0x3f800000), 10);
    __m256i u = _mm256_packus_epi32(ua, ub); /* clips |x| > 1 */
    __m256i m = _mm256_slli_epi16(u, 3), rest = _mm256_xor_si256(m, every_word(-1));
    __m256i p = every_word(CUBIC[3]);
    for (int i = 2; i >= 0; i--) p = _mm256_sub_epi16(every_word(CUBIC[i]), _mm256_mulhi_epu16(m, p));
    p = _mm256_mulhi_epu16(p, _mm256_mulhi_epu16(m, rest));
    p = _mm256_srai_epi16(_mm256_sub_epi16(p, _mm256_srli_epi16(u, 4)), 4);
    return (words){_mm256_add_epi16(u, p), _mm256_packs_epi32((__m256i)(a <= below), (__m256i)(b <= below))};
}

/* 32 codes; bit i of the result: that of x[i] may be off by one. */
AK_INLINE uint32_t words_encode(const float *x, uint8_t *code, float step)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7), part = every_word(511);
    words a = words_of(x, step), b = words_of(x + WORDS / 2, step);
    __m256i magnitude = _mm256_packus_epi16(_mm256_srli_epi16(a.v, 9), _mm256_srli_epi16(b.v, 9));
    __m256i negative = _mm256_packs_epi16(a.negative, b.negative);
    __m256i codes = _mm256_xor_si256(_mm256_or_si256(magnitude, _mm256_set1_epi8(-128)), negative);
    _mm256_storeu_si256((__m256i *)(void *)code, _mm256_permutevar8x32_epi32(codes, order));
    __m256i from_a = _mm256_and_si256(_mm256_add_epi16(a.v, every_word(1)), part); /* 0 and 1: near a step */
    __m256i from_b = _mm256_and_si256(_mm256_add_epi16(b.v, every_word(1)), part);
    const __m256i least = every_word(2);
    __m256i near = _mm256_packs_epi16(_mm256_cmpgt_epi16(least, from_a), _mm256_cmpgt_epi16(least, from_b));
    return (uint32_t)_mm256_movemask_epi8(_mm256_permutevar8x32_epi32(near, order));
}

#endif

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

enum { WORDS = 64, CHAINS = WORDS / 16 }; /* samples at a time, and vectors of 16 of them */

/* 16 x 8160 (log2(1 + m) - m) / (m (1 - m)) = CUBIC[0] - m (CUBIC[1] - m (CUBIC[2] - m CUBIC[3])) */
static const uint16_t CUBIC[4] = {57778, 34995, 19332, 5863};

AK_INLINE __m256i every_word(int x)
{
    return _mm256_set1_epi16((short)x);
}

/* The cells of 16 samples, in the order in which AVX2 packs two vectors. Away from the step at 0, and clipped
 * at |x| = 1; those of NaN are the former. */
AK_INLINE __m256i cells_of(const float *x)
{
    const v_f32 one = v_set1(1.0f), up = v_set1(255.0f), least = v_set1(1.01f);
    v_i32 wa = v_bits(v_max(v_fma(v_abs(v_load(x)), up, one), least));
    v_i32 wb = v_bits(v_max(v_fma(v_abs(v_load(x + AK_W)), up, one), least));
    __m256i ua = _mm256_srli_epi32((__m256i)(wa - 0x3f800000), 10);
    __m256i ub = _mm256_srli_epi32((__m256i)(wb - 0x3f800000), 10);
    return _mm256_packus_epi32(ua, ub);
}

/* V of all samples. Step by step for all of them: each is one long chain of results, and of two chains in
 * turn most instructions that a core looks ahead to would wait. */
AK_INLINE void values_of(const float *x, __m256i *v)
{
    __m256i m[CHAINS], p[CHAINS];
    AK_UNROLL(4)
    for (int j = 0; j < CHAINS; j++) v[j] = cells_of(x + 16 * j);
    AK_UNROLL(4)
    for (int j = 0; j < CHAINS; j++) m[j] = _mm256_slli_epi16(v[j], 3), p[j] = every_word(CUBIC[3]);
    for (int i = 2; i >= 0; i--) {
        AK_UNROLL(4)
        for (int j = 0; j < CHAINS; j++)
            p[j] = _mm256_sub_epi16(every_word(CUBIC[i]), _mm256_mulhi_epu16(m[j], p[j]));
    }
    AK_UNROLL(4)
    for (int j = 0; j < CHAINS; j++) {
        m[j] = _mm256_mulhi_epu16(m[j], _mm256_xor_si256(m[j], every_word(-1)));
        p[j] = _mm256_mulhi_epu16(p[j], m[j]);
    }
    AK_UNROLL(4)
    for (int j = 0; j < CHAINS; j++) {
        p[j] = _mm256_srai_epi16(_mm256_sub_epi16(p[j], _mm256_srli_epi16(v[j], 4)), 4);
        v[j] = _mm256_add_epi16(v[j], p[j]);
    }
}

/* All bits of the samples that are negative, in the order of cells_of. */
AK_INLINE __m256i signs_of(const float *x, float step)
{
    const v_f32 below = v_set1(-step);
    return _mm256_packs_epi32((__m256i)(v_load(x) <= below), (__m256i)(v_load(x + AK_W) <= below));
}

/* All bits of the values next to a step. */
AK_INLINE __m256i near_step(__m256i v)
{
    __m256i part = _mm256_and_si256(_mm256_add_epi16(v, every_word(1)), every_word(511)); /* 0 and 1: near */
    return _mm256_cmpgt_epi16(every_word(2), part);
}

/* Which sample of 32 stands at byte i after vectors were packed twice. */
AK_INLINE int words_place(int i)
{
    int four = i % 32 / 4;
    return i / 32 * 32 + i % 4 + 4 * (four < 4 ? 2 * four : 2 * four - 7);
}

/* Codes; bit i of the result: that of x[words_place(i)] may be off by one. */
AK_INLINE uint64_t words_encode(const float *x, uint8_t *code, float step)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i v[CHAINS];
    uint64_t near = 0;
    values_of(x, v);
    AK_UNROLL(2)
    for (int j = 0; j < CHAINS; j += 2) {
        __m256i magnitude = _mm256_packus_epi16(_mm256_srli_epi16(v[j], 9), _mm256_srli_epi16(v[j + 1], 9));
        __m256i negative = _mm256_packs_epi16(signs_of(x + 16 * j, step), signs_of(x + 16 * j + 16, step));
        __m256i codes = _mm256_xor_si256(_mm256_or_si256(magnitude, _mm256_set1_epi8(-128)), negative);
        _mm256_storeu_si256((__m256i *)(void *)(code + 16 * j), _mm256_permutevar8x32_epi32(codes, order));
        __m256i both = _mm256_packs_epi16(near_step(v[j]), near_step(v[j + 1]));
        near |= (uint64_t)(uint32_t)_mm256_movemask_epi8(both) << (16 * j);
    }
    return near;
}

#endif

/* 256-level mu-law for AVX2, in lanes of 16 bits: twice as many as of floats.
 *
 * The float w = 255 |x| + 1, scaled so that its exponent field is 1 to 8, is cut to the cell u: the exponent,
 * and 12 bits of the fraction m. With
 *
 *     L = u + 4096 (log2(1 + m) - m)         V = 255 L / 256 = 4096 + 4080 log2 w
 *
 * the upper byte of V is 16 and the code's magnitude, the lower one 256ths of a step. The middle term is
 * m (1 - m) times a quadratic. Its coefficients and the scales of 255 |x| and of 1 were searched
 * (tools/fit_mulaw_words.py) until V told the code of every cell, save that of those whose lower byte is at
 * least NEAR, one in 85: their code is this one or the next. Such a sample is compared with the step itself.
 *
 * |x| > 1 is clipped by the bytes, which saturate. So do the cells from w = 2^15 on and of NaN, in one that
 * is near a step.
 */
#ifndef AK_MULAW_WORDS_H
#define AK_MULAW_WORDS_H

#include "mulaw_mend.h"
#include "simd_int.h"

#define SCALE 0x1p-126f                  /* from an exponent field of 127 to one of 1 */
#define PER_X (0x1.ff7e7ep+7f * SCALE)   /* 255 of |x| */
#define PER_ONE (0x1.00d3dcp+0f * SCALE) /* 1 */
#define CUBIC 28294                      /* 65536 (log2(1 + m) - m) / (m (1 - m)) = */
#define SQUARE 10215                     /*     CUBIC - m (SQUARE + 4096 (1 - m)) */
#define NEAR 253

enum { WORDS = 32, PAIR = 2 * WORDS }; /* samples of two vectors; those that are mended at a time */

typedef struct words {
    __m256i a, b; /* in the order in which AVX2 packs two vectors of floats each */
} words;

typedef struct constants {
    __m256 magnitude, per_x, per_one, negative;
    __m256i fraction, cubic, square, scale, halves, from_16, order, near;
} constants;

AK_INLINE __m256i every_word(int x)
{
    return _mm256_set1_epi16((short)x);
}

static constants make_constants(void)
{
    const __m128i halves = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    return (constants){.magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff)),
                       .per_x = _mm256_set1_ps(PER_X),
                       .per_one = _mm256_set1_ps(PER_ONE),
                       .negative = _mm256_set1_ps(-ak_mulaw_steps[0]),
                       .fraction = every_word(4095),
                       .cubic = every_word(CUBIC),
                       .square = every_word(SQUARE),
                       .scale = every_word(0xff00),
                       .halves = _mm256_broadcastsi128_si256(halves),
                       .from_16 = _mm256_set1_epi8(128 - 16),
                       .order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7),
                       .near = _mm256_set1_epi8(NEAR - 128)};
}

AK_INLINE __m256i cells_of_16(const constants *k, const float *x)
{
    __m256 a = _mm256_and_ps(_mm256_loadu_ps(x), k->magnitude);
    __m256 b = _mm256_and_ps(_mm256_loadu_ps(x + 8), k->magnitude);
    __m256i wa = _mm256_castps_si256(_mm256_fmadd_ps(a, k->per_x, k->per_one));
    __m256i wb = _mm256_castps_si256(_mm256_fmadd_ps(b, k->per_x, k->per_one));
    return _mm256_packus_epi32(_mm256_srli_epi32(wa, 11), _mm256_srli_epi32(wb, 11));
}

AK_INLINE words cells_of(const constants *k, const float *x)
{
    return (words){cells_of_16(k, x), cells_of_16(k, x + 16)};
}

/* V. The sum with u cannot pass 65535: the logarithm ends there, and its slope is below 1. */
AK_INLINE __m256i value_of(const constants *k, __m256i u)
{
    __m256i m = _mm256_slli_epi16(u, 4), rest = _mm256_andnot_si256(u, k->fraction);
    __m256i slope = _mm256_mulhi_epu16(m, _mm256_add_epi16(rest, k->square));
    __m256i bend = _mm256_mulhi_epu16(_mm256_mulhi_epu16(m, rest), _mm256_sub_epi16(k->cubic, slope));
    return _mm256_mulhi_epu16(_mm256_add_epi16(u, bend), k->scale);
}

AK_INLINE words values_of(const constants *k, words u)
{
    return (words){value_of(k, u.a), value_of(k, u.b)};
}

/* All bits of the samples that are negative, in the order of cells_of. */
AK_INLINE __m256i signs_of_16(const constants *k, const float *x)
{
    __m256 a = _mm256_cmp_ps(k->negative, _mm256_loadu_ps(x), _CMP_GE_OQ);
    __m256 b = _mm256_cmp_ps(k->negative, _mm256_loadu_ps(x + 8), _CMP_GE_OQ);
    return _mm256_packs_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b));
}

/* Codes; bit i of the result: that of x[words_places[i]] may be the next one, away from zero. */
AK_INLINE uint32_t codes_of(const constants *k, words v, const float *x, uint8_t *code)
{
    __m256i a = _mm256_shuffle_epi8(v.a, k->halves), b = _mm256_shuffle_epi8(v.b, k->halves);
    __m256i at = _mm256_unpackhi_epi64(a, b), part = _mm256_unpacklo_epi64(a, b);
    __m256i negative = _mm256_packs_epi16(signs_of_16(k, x), signs_of_16(k, x + 16));
    __m256i codes = _mm256_xor_si256(_mm256_adds_epu8(at, k->from_16), negative);
    _mm256_storeu_si256((__m256i *)(void *)code, _mm256_permutevar8x32_epi32(codes, k->order));
    return (uint32_t)_mm256_movemask_epi8(_mm256_subs_epu8(part, k->near)); /* upper bits: from NEAR on */
}

/* The sample of a pair that bit i stands for; 64: none, so any. */
static const uint8_t words_places[PAIR + 1] = {
    0,  1,  2,  3,  8,  9,  10, 11, 16, 17, 18, 19, 24, 25, 26, 27, 4,  5,  6,  7,  12, 13,
    14, 15, 20, 21, 22, 23, 28, 29, 30, 31, 32, 33, 34, 35, 40, 41, 42, 43, 48, 49, 50, 51,
    56, 57, 58, 59, 36, 37, 38, 39, 44, 45, 46, 47, 52, 53, 54, 55, 60, 61, 62, 63, 63};

/* Compares the samples that bits stand for with their steps. Most often there is one of them or none, and
 * what there is nobody could foresee; so one is looked at in any case, which a right code survives. */
AK_INLINE void mend(const float *x, uint8_t *code, uint64_t near)
{
    do {
        size_t i = words_places[_tzcnt_u64(near)];
        mend_at(x + i, code + i);
        near = _blsr_u64(near);
    } while (__builtin_expect(near != 0, 0));
}

AK_INLINE uint64_t encode_pair(const constants *k, const float *x, uint8_t *code)
{
    uint64_t near = codes_of(k, values_of(k, cells_of(k, x)), x, code);
    return near | (uint64_t)codes_of(k, values_of(k, cells_of(k, x + WORDS)), x + WORDS, code + WORDS)
                      << WORDS;
}

/* More than two pairs. Three vectors are on their way at any time, for each alone is one long chain of
 * results: signs and bytes of the first, the values of the second, the cells of the third. And a pair is
 * mended two pairs later, for codes that were just stored take long to be read. */
static void encode_run(const constants *k, const float *x, uint8_t *code, size_t pairs)
{
    uint64_t oldest = encode_pair(k, x, code), old = encode_pair(k, x + PAIR, code + PAIR);
    const float *ahead = x + 2 * PAIR;
    words v = values_of(k, cells_of(k, ahead)), u = cells_of(k, ahead + WORDS);
    for (pairs -= 2; pairs; pairs--, x += PAIR, code += PAIR) {
        const float *now = x + 2 * PAIR;
        ahead = pairs > 1 ? x + 3 * PAIR : x; /* the last has none to come */
        words next = cells_of(k, ahead), w = values_of(k, u);
        u = cells_of(k, ahead + WORDS);
        uint64_t near = codes_of(k, v, now, code + 2 * PAIR);
        v = values_of(k, next);
        near |= (uint64_t)codes_of(k, w, now + WORDS, code + 2 * PAIR + WORDS) << WORDS;
        mend(x, code, oldest);
        oldest = old;
        old = near;
    }
    mend(x, code, oldest);
    mend(x + PAIR, code + PAIR, old);
}

static void encode(const void *from, void *to, size_t count)
{
    const float *x = from;
    uint8_t *code = to;
    const constants made = make_constants(), *k = &made;
    AK_FIXED(k);
    if (count < 4 * PAIR) {
        for (size_t n; count; count -= n, x += n, code += n) {
            float in[PAIR] = {0};
            uint8_t out[PAIR];
            n = count < PAIR ? count : PAIR;
            memcpy(in, x, n * sizeof *in);
            mend(in, out, encode_pair(k, in, out));
            memcpy(code, out, n);
        }
        return;
    }
    /* Vectors that begin where vectors do; what lies before and behind belongs to pairs that are done twice
     * in part. */
    size_t head = (0 - (uintptr_t)x) / sizeof *x % AK_W, pairs = (count - head) / PAIR, tail = count - PAIR;
    if (head) mend(x, code, encode_pair(k, x, code));
    encode_run(k, x + head, code + head, pairs);
    if (head + pairs * PAIR < count) mend(x + tail, code + tail, encode_pair(k, x + tail, code + tail));
}

#endif

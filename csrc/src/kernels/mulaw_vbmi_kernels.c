/* 256-level mu-law, exact, where AVX-512 can look up bytes (VBMI: Ice Lake, Zen 4): 64 samples at a time.
 *
 * The float w = 255 |x| + 1 in [1, 256) is cut into 256 cells, each with one step of the code at most, so
 *
 *     code = what the cell begins with + (the 16 bits of w below the cell's number > those of its step)
 *
 * Three tables of 256 bytes lie in registers. Where the 16 bits are equal, once in some 10^5 samples, and for
 * NaN, the block is looked at again with the exact steps.
 */
#include "quantize.h"
#include "mulaw_tables.h"
#include "simd_int.h"

#define BLOCK 64
#define AHEAD 4096           /* bytes that samples are asked for ahead */
#define WRITE_AHEAD 2048     /* and that the lines they are written to are */
#define BELOW_ONE 0x3f7fffff /* the largest float below 1 */
#define INFINITE 0x7f800000

typedef struct bytes256 {
    __m512i part[4];
} bytes256;

AK_INLINE bytes256 load_table(const unsigned char *from)
{
    bytes256 t;
    for (int i = 0; i < 4; i++) t.part[i] = _mm512_loadu_si512(from + 64 * i);
    return t;
}

/* Ask for a block of samples that will be read, or written; it may lie behind the last. */
AK_INLINE void fetch_to_read(uintptr_t at)
{
    AK_UNROLL(4)
    for (int j = 0; j < 4; j++, at += 64) __builtin_prefetch((const void *)at, 0);
}

AK_INLINE void fetch_to_write(uintptr_t at)
{
    AK_UNROLL(4)
    for (int j = 0; j < 4; j++, at += 64) __builtin_prefetch((const void *)at, 1);
}

/* above: where at > 127 */
AK_INLINE __m512i look_up(const bytes256 *t, __m512i at, __mmask64 above)
{
    __m512i low = _mm512_permutex2var_epi8(t->part[0], at, t->part[1]);
    return _mm512_mask_mov_epi8(low, above, _mm512_permutex2var_epi8(t->part[2], at, t->part[3]));
}

/* Byte 4 i + 3 to i and byte 4 i + 2 to 32 + i; byte 4 i + 1 to i; i < 32, out of two vectors. */
typedef struct constants {
    __m512i upper, lower;
    bytes256 code, high, low;
} constants;

static constants make_constants(void)
{
    unsigned char upper[64], lower[64];
    for (int i = 0; i < 32; i++) {
        upper[i] = (unsigned char)(4 * i + 3);
        upper[32 + i] = (unsigned char)(4 * i + 2);
        lower[i] = lower[32 + i] = (unsigned char)(4 * i + 1);
    }
    return (constants){_mm512_loadu_si512(upper), _mm512_loadu_si512(lower), load_table(ak_mulaw_cells[0]),
                       load_table(ak_mulaw_cells[1]), load_table(ak_mulaw_cells[2])};
}

/* The code of x, given one that is off by one at most; 128 for NaN. */
static uint8_t mend(float x, uint8_t code)
{
    if (x != x) return 128;
    float a = x < 0 ? -x : x;
    int k = code < 128 ? 127 - code : code - 128;
    while (k < 127 && a >= ak_mulaw_steps[k + 1]) k++;
    while (k > 0 && a < ak_mulaw_steps[k]) k--;
    return (uint8_t)(code < 128 ? 127 - k : 128 + k);
}

static __attribute__((noinline, cold)) void mend_block(const float *x, uint8_t *code)
{
    for (int i = 0; i < BLOCK; i++) code[i] = mend(x[i], code[i]);
}

AK_INLINE void encode_block(const constants *c, const float *x, uint8_t *to)
{
    const __m512 first = _mm512_set1_ps(-ak_mulaw_steps[0]);
    __m512i w[4], top = _mm512_setzero_si512();
    __mmask16 negative[4];
    AK_UNROLL(4)
    for (int j = 0; j < 4; j++) {
        __m512 v = _mm512_loadu_ps(x + 16 * j);
        __m512i a = _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(0x7fffffff));
        negative[j] = _mm512_cmp_ps_mask(v, first, _CMP_LE_OQ);
        top = _mm512_max_epu32(top, a);
        a = _mm512_min_epu32(a, _mm512_set1_epi32(BELOW_ONE));
        __m512 f = _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_set1_ps(255.0f), _mm512_set1_ps(1.0f));
        w[j] = _mm512_slli_epi32(_mm512_castps_si512(f), 6); /* the cell's number in byte 3 */
    }
    __m512i ab = _mm512_permutex2var_epi8(w[0], c->upper, w[1]);
    __m512i cd = _mm512_permutex2var_epi8(w[2], c->upper, w[3]);
    __m512i cell = _mm512_inserti64x4(ab, _mm512_castsi512_si256(cd), 1);
    __m512i high = _mm512_shuffle_i64x2(ab, cd, 0xee);
    __m512i low =
        _mm512_inserti64x4(_mm512_permutex2var_epi8(w[0], c->lower, w[1]),
                           _mm512_castsi512_si256(_mm512_permutex2var_epi8(w[2], c->lower, w[3])), 1);

    __mmask64 above = _mm512_movepi8_mask(cell);
    __m512i step_high = look_up(&c->high, cell, above), step_low = look_up(&c->low, cell, above);
    __mmask64 level = _mm512_cmpeq_epu8_mask(high, step_high);
    __mmask64 beyond =
        _mm512_cmpgt_epu8_mask(high, step_high) | _mm512_mask_cmpgt_epu8_mask(level, low, step_low);
    __m512i code = look_up(&c->code, cell, above);
    code = _mm512_mask_sub_epi8(code, beyond, code, _mm512_set1_epi8(-1));
    __mmask64 minus =
        _mm512_kunpackd(_mm512_kunpackw(negative[3], negative[2]), _mm512_kunpackw(negative[1], negative[0]));
    _mm512_storeu_si512(to, _mm512_xor_si512(code, _mm512_movm_epi8(minus)));
    __mmask64 at_step = _mm512_mask_cmpeq_epu8_mask(level, low, step_low);
    __mmask16 nan = _mm512_cmpgt_epu32_mask(top, _mm512_set1_epi32(INFINITE));
    if (__builtin_expect((at_step | nan) != 0, 0)) mend_block(x, to);
}

static void encode(const void *from, void *to, size_t count)
{
    const float *x = from;
    uint8_t *code = to;
    const constants c = make_constants();
    for (; count >= BLOCK; count -= BLOCK, x += BLOCK, code += BLOCK) {
        fetch_to_read((uintptr_t)x + AHEAD);
        encode_block(&c, x, code);
    }
    if (count) {
        float in[BLOCK] = {0};
        uint8_t out[BLOCK];
        memcpy(in, x, count * sizeof *x);
        encode_block(&c, in, out);
        memcpy(code, out, count);
    }
}

/* ---- decoding --------------------------------------------------------------------------------------------
 *
 * The 128 magnitudes as four tables of 128 bytes; the bytes of 64 floats are then put side by side.
 */

typedef struct bytes128 {
    __m512i part[2];
} bytes128;

AK_INLINE void decode_block(const bytes128 table[4], const uint8_t *code, float *x)
{
    /* so that four bytes of one sample meet in the order of the samples */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i q = _mm512_permutexvar_epi32(order, _mm512_loadu_si512(code));
    __m512i sign = _mm512_andnot_si512(q, _mm512_set1_epi8(-128)); /* codes below 128 are negative */
    __mmask64 negative = _mm512_movepi8_mask(sign);
    __m512i at = _mm512_mask_sub_epi8(q, negative, _mm512_set1_epi8(-1), q), byte[4];
    AK_UNROLL(4)
    for (int b = 0; b < 4; b++) byte[b] = _mm512_permutex2var_epi8(table[b].part[0], at, table[b].part[1]);
    byte[3] = _mm512_or_si512(byte[3], sign);
    __m512i low0 = _mm512_unpacklo_epi8(byte[0], byte[1]), low1 = _mm512_unpackhi_epi8(byte[0], byte[1]);
    __m512i high0 = _mm512_unpacklo_epi8(byte[2], byte[3]), high1 = _mm512_unpackhi_epi8(byte[2], byte[3]);
    _mm512_storeu_si512(x, _mm512_unpacklo_epi16(low0, high0));
    _mm512_storeu_si512(x + 16, _mm512_unpackhi_epi16(low0, high0));
    _mm512_storeu_si512(x + 32, _mm512_unpacklo_epi16(low1, high1));
    _mm512_storeu_si512(x + 48, _mm512_unpackhi_epi16(low1, high1));
}

static void decode(const void *from, void *to, size_t count)
{
    const uint8_t *code = from;
    float *x = to;
    bytes128 table[4];
    AK_UNROLL(4)
    for (int b = 0; b < 4; b++)
        for (int i = 0; i < 2; i++) table[b].part[i] = _mm512_loadu_si512(ak_mulaw_bytes[b] + 64 * i);
    for (; count >= BLOCK; count -= BLOCK, x += BLOCK, code += BLOCK) {
        fetch_to_write((uintptr_t)x + WRITE_AHEAD);
        decode_block(table, code, x);
    }
    for (; count; count--) *x++ = ak_mulaw_values[*code++];
}

const ak_codec AK_NAME(ak_codec_mulaw) = {.encode = encode, .decode = decode};

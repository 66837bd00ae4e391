/* 256-level mu-law, exact, where AVX-512 can look up bytes (VBMI: Ice Lake, Zen 4): 64 samples at a time.
 *
 * The float y = |x| + a little more than 1 / 255 is cut into 128 cells, 16 to a doubling, and a cell into 256
 * parts. A code is the cell's number and a constant, less the marks of the cell, two of them, that the part
 * does not pass (mulaw_tables.h): two tables of 128 bytes. One sample in 128 lies in a part that is a mark,
 * and is compared with the step.
 *
 * The top bytes of x tell the signs. Negative floats of one such byte, SOME_NEGATIVE, have both codes of
 * silence; these and NaN are looked at one by one.
 */
#include "quantize.h"
#include "mulaw_mend.h"
#include "simd_int.h"

#define BLOCK 64
#define AHEAD 4096         /* bytes that samples are asked for ahead */
#define WRITE_AHEAD 2048   /* and that the lines they are written to are */
#define LOUDEST 0.98f      /* has the last code, and y < 1 */
#define SOME_NEGATIVE 0xa1 /* beyond -2^-59 to -2^-61: the step from code 128 to 127 lies there */
#define NAN_OR_HUGE 0x7f   /* or 0xff */

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

typedef struct bytes128 {
    __m512i part[2];
} bytes128;

AK_INLINE bytes128 load_table(const unsigned char from[128])
{
    return (bytes128){{_mm512_loadu_si512(from), _mm512_loadu_si512(from + 64)}};
}

AK_INLINE __m512i look_up(const bytes128 *t, __m512i at) /* by the lower seven bits */
{
    return _mm512_permutex2var_epi8(t->part[0], at, t->part[1]);
}

typedef struct constants {
    __m512i cut;               /* where part and cell begin in an even float, then in an odd one */
    __m512i cells, parts, top; /* where the bytes of all samples lie in two vectors */
    bytes128 first, second, odd;
} constants;

static constants make_constants(void)
{
    unsigned char cut[64], cells[64], parts[64], top[64], odd[128] = {0};
    for (int i = 0; i < 64; i++) {
        int vector = i / 16, lane = i % 16;
        cut[i] = (unsigned char)((i & 2 ? 32 : 0) + (i & 1 ? 19 : 11));
        parts[i] = (unsigned char)(vector / 2 * 64 + lane / 2 * 8 + vector % 2 * 4 + lane % 2 * 2);
        cells[i] = (unsigned char)(parts[i] + 1);
        top[i] = (unsigned char)(4 * (i % 32) + 3);
    }
    odd[SOME_NEGATIVE & 127] = odd[NAN_OR_HUGE] = 1;
    return (constants){.cut = _mm512_loadu_si512(cut),
                       .cells = _mm512_loadu_si512(cells),
                       .parts = _mm512_loadu_si512(parts),
                       .top = _mm512_loadu_si512(top),
                       .first = load_table(ak_mulaw_cells[0]),
                       .second = load_table(ak_mulaw_cells[1]),
                       .odd = load_table(odd)};
}

AK_INLINE __m512i level_of(__m512 x)
{
    enum { LESS_MAGNITUDE = 10 };
    __m512 a = _mm512_range_ps(x, _mm512_set1_ps(LOUDEST), LESS_MAGNITUDE); /* NaN becomes LOUDEST */
    return _mm512_castps_si512(_mm512_add_ps(a, _mm512_set1_ps(AK_MULAW_OFFSET)));
}

AK_INLINE __m512i tops_of(const constants *c, __m512 a, __m512 b)
{
    return _mm512_permutex2var_epi8(_mm512_castps_si512(a), c->top, _mm512_castps_si512(b));
}

/* Parts and cells of two vectors' samples, two bytes each, those of b in the upper half of every 8. */
typedef struct cut {
    __m512i ab, cd, top;
} cut;

/* Each step for all vectors before the next, as they should run: Zen 4 looks ahead less far than that. */
AK_INLINE cut cut_of(const constants *c, const float *x)
{
    const __mmask64 upper = 0xf0f0f0f0f0f0f0f0;
    __m512 v[4];
    __m512i y[4];
    AK_UNROLL(4)
    for (int j = 0; j < 4; j++) v[j] = _mm512_loadu_ps(x + 16 * j);
    AK_UNROLL(4)
    for (int j = 0; j < 4; j++) y[j] = level_of(v[j]);
    __m512i top = _mm512_mask_mov_epi64(tops_of(c, v[0], v[1]), 0xf0, tops_of(c, v[2], v[3]));
    __m512i ab = _mm512_multishift_epi64_epi8(c->cut, y[0]), cd = _mm512_multishift_epi64_epi8(c->cut, y[2]);
    ab = _mm512_mask_multishift_epi64_epi8(ab, upper, c->cut, y[1]);
    cd = _mm512_mask_multishift_epi64_epi8(cd, upper, c->cut, y[3]);
    return (cut){ab, cd, top};
}

typedef struct marked {
    __m512i cell, part, first, second, top, odd;
} marked;

AK_INLINE marked marks_of(const constants *c, cut s)
{
    __m512i cell = _mm512_permutex2var_epi8(s.ab, c->cells, s.cd);
    __m512i part = _mm512_permutex2var_epi8(s.ab, c->parts, s.cd);
    return (marked){
        cell, part, look_up(&c->first, cell), look_up(&c->second, cell), s.top, look_up(&c->odd, s.top)};
}

/* NaN, and what is silence or negative by a hair. */
static __attribute__((noinline, cold)) void encode_odd(const float *x, uint8_t *code, uint64_t odd)
{
    for (; odd; odd = _blsr_u64(odd)) {
        size_t i = _tzcnt_u64(odd);
        if (x[i] > -1 && x[i] < 1) code[i] = x[i] <= -ak_mulaw_steps[0] ? 127 : 128;
        if (x[i] != x[i]) code[i] = 128;
    }
}

/* Codes; bit i of the result: that of x[i] may be the next one, away from zero. */
AK_INLINE uint64_t codes_of(marked m, const float *x, uint8_t *to)
{
    const __m512i one_less = _mm512_set1_epi8(-1), last = one_less;
    __mmask64 low = _mm512_cmple_epu8_mask(m.part, m.first);
    __mmask64 middle = _mm512_cmple_epu8_mask(m.part, m.second);
    __m512i code = _mm512_add_epi8(m.cell, _mm512_set1_epi8(17));
    code = _mm512_mask_add_epi8(code, low, code, one_less);
    code = _mm512_mask_add_epi8(code, middle, code, one_less);
    __mmask64 negative = _mm512_cmpge_epu8_mask(m.top, _mm512_set1_epi8((char)SOME_NEGATIVE));
    _mm512_storeu_si512(to, _mm512_mask_sub_epi8(code, negative, last, code));
    __m512i nearer = _mm512_mask_mov_epi8(m.second, low, m.first); /* both, for one comparison */
    uint64_t near = _mm512_cmpeq_epi8_mask(m.part, nearer), odd = _mm512_test_epi8_mask(m.odd, m.odd);
    if (__builtin_expect(odd != 0, 0)) encode_odd(x, to, odd);
    return near;
}

AK_INLINE uint64_t encode_block(const constants *c, const float *x, uint8_t *to)
{
    return codes_of(marks_of(c, cut_of(c, x)), x, to);
}

/* One sample is looked at in any case, which a right code survives: see mulaw_words.h. */
AK_INLINE void mend(const float *x, uint8_t *code, uint64_t near)
{
    do {
        size_t i = _tzcnt_u64(near) % BLOCK;
        mend_at(x + i, code + i);
        near = _blsr_u64(near);
    } while (__builtin_expect(near != 0, 0));
}

/* At least two blocks. Three are on their way at any time, and a block is mended two blocks later, for codes
 * that were just stored take long to be read. */
static void encode_run(const constants *c, const float *x, uint8_t *code, size_t blocks)
{
    uint64_t oldest = encode_block(c, x, code), old = encode_block(c, x + BLOCK, code + BLOCK);
    const float *next = blocks > 2 ? x + 2 * BLOCK : x, *ahead = blocks > 3 ? x + 3 * BLOCK : x;
    marked m = marks_of(c, cut_of(c, next));
    cut s = cut_of(c, ahead);
    for (blocks -= 2; blocks; blocks--, x += BLOCK, code += BLOCK) {
        ahead = blocks > 2 ? x + 4 * BLOCK : x; /* the last two have none to come */
        fetch_to_read((uintptr_t)ahead + AHEAD);
        marked later = marks_of(c, s);
        s = cut_of(c, ahead);
        mend(x, code, oldest);
        uint64_t near = codes_of(m, x + 2 * BLOCK, code + 2 * BLOCK);
        m = later;
        oldest = old;
        old = near;
    }
    mend(x, code, oldest);
    mend(x + BLOCK, code + BLOCK, old);
}

static void encode(const void *from, void *to, size_t count)
{
    const float *x = from;
    uint8_t *code = to;
    const constants made = make_constants(), *c = &made;
    if (count < 4 * BLOCK) {
        for (; count >= BLOCK; count -= BLOCK, x += BLOCK, code += BLOCK)
            mend(x, code, encode_block(c, x, code));
        if (count) {
            float in[BLOCK] = {0};
            uint8_t out[BLOCK];
            memcpy(in, x, count * sizeof *in);
            mend(in, out, encode_block(c, in, out));
            memcpy(code, out, count);
        }
        return;
    }
    /* As in mulaw_words.h: vectors that begin where vectors do, and the ends twice in part. */
    size_t head = (0 - (uintptr_t)x) / sizeof *x % AK_W, blocks = (count - head) / BLOCK,
           tail = count - BLOCK;
    if (head) mend(x, code, encode_block(c, x, code));
    encode_run(c, x + head, code + head, blocks);
    if (head + blocks * BLOCK < count) mend(x + tail, code + tail, encode_block(c, x + tail, code + tail));
}

/* ---- decoding --------------------------------------------------------------------------------------------
 *
 * The 128 magnitudes as four tables of 128 bytes; the bytes of 64 floats are then put side by side.
 */

AK_INLINE void decode_block(const bytes128 table[4], const uint8_t *code, float *x)
{
    /* so that four bytes of one sample meet in the order of the samples */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i q = _mm512_permutexvar_epi32(order, _mm512_loadu_si512(code));
    __m512i sign = _mm512_andnot_si512(q, _mm512_set1_epi8(-128)); /* codes below 128 are negative */
    __mmask64 negative = _mm512_movepi8_mask(sign);
    __m512i at = _mm512_mask_sub_epi8(q, negative, _mm512_set1_epi8(-1), q), byte[4];
    AK_UNROLL(4)
    for (int b = 0; b < 4; b++) byte[b] = look_up(&table[b], at);
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
    for (int b = 0; b < 4; b++) table[b] = load_table(ak_mulaw_bytes[b]);
    for (; count >= BLOCK; count -= BLOCK, x += BLOCK, code += BLOCK) {
        fetch_to_write((uintptr_t)x + WRITE_AHEAD);
        decode_block(table, code, x);
    }
    for (; count; count--) *x++ = ak_mulaw_values[*code++];
}

const ak_codec AK_NAME(ak_codec_mulaw) = {.encode = encode, .decode = decode};

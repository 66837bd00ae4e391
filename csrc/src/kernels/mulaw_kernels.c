/* 256-level mu-law, exact.
 *
 * With u = 127.5 log256(1 + 255 |x|), a sample's code is 128 + floor(u), mirrored for negative samples. A
 * polynomial gives u to some 5e-5; only where that lies within NEAR of a step (one sample in five thousand)
 * is the sample compared with the steps themselves, which mulaw_tables.c holds as exact floats.
 */
#include "quantize.h"
#include "blocks.h"
#include "mulaw_tables.h"

#define PER_OCTAVE 15.9375f /* steps per doubling of 1 + 255 |x|: 127.5 / 8 */
#define NEAR 1.2e-4f        /* above the error of the polynomial and of the roundings together */

/* 15.9375 log2(1 + t) on [0, 1], Chebyshev, error 4e-5; less 0.5, so that rounding to the nearest integer
 * is floor. */
static const float poly[7] = {-0.499961058f, 22.9891031f, -11.4321724f, 7.24372909f,
                              -4.34611744f,  1.87445853f, -0.391561023f};

/* The code, and how far u lies from the middle between two steps: at most 0.5 (its sign means nothing). */
typedef struct coded {
    v_i32 code;
    v_f32 off_middle;
} coded;

/* x >= 1 as 2^e (1 + t) */
typedef struct parts {
    v_f32 exponent, t;
} parts;

#if defined(AK_BUILD_AVX512)
AK_INLINE parts split(v_f32 x)
{
    __m512 m = _mm512_getmant_ps((__m512)x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
    return (parts){(v_f32)_mm512_getexp_ps((__m512)x), (v_f32)m - 1.0f};
}
/* The nearest integer to u, and what is left of u. */
AK_INLINE coded round_off(v_f32 u)
{
    return (coded){(v_i32)_mm512_cvtps_epi32((__m512)u),
                   (v_f32)_mm512_reduce_ps((__m512)u, _MM_FROUND_NO_EXC)};
}
AK_INLINE v_f32 larger_magnitude(v_f32 a, v_f32 b)
{
    return (v_f32)_mm512_range_ps((__m512)a, (__m512)b, 0x0b); /* absolute maximum, sign cleared */
}
#else
AK_INLINE parts split(v_f32 x)
{
    v_i32 bits = v_bits(x) - 0x3f800000; /* the exponent without its bias */
    return (parts){v_from_int(bits >> 23), (v_f32)((bits & 0x7fffff) | 0x3f800000) - 1.0f};
}
AK_INLINE coded round_off(v_f32 u)
{
    v_f32 sum = u + AK_ROUND_MAGIC;
    return (coded){v_bits(sum) & 0xff, u - (sum - AK_ROUND_MAGIC)};
}
AK_INLINE v_f32 larger_magnitude(v_f32 a, v_f32 b)
{
    return v_max(v_abs(a), v_abs(b));
}
#endif

AK_INLINE coded encode_lanes(v_f32 x)
{
    v_f32 w = v_fma(v_abs(x), v_set1(255.0f), v_set1(1.0f));
    w = v_max(w, v_set1(1.01f)); /* below the first step, away from the step at 0; NaN becomes 1.01 */
    parts s = split(w);
    v_f32 p = v_set1(poly[6]);
    AK_UNROLL(6)
    for (int i = 5; i >= 0; i--) p = v_fma(p, s.t, v_set1(poly[i]));
    v_f32 u = v_fma(s.exponent, v_set1(PER_OCTAVE), p);
    coded c = round_off(v_min(u, v_set1(127.0f))); /* clips |x| > 1 */
    v_i32 negative = x <= -ak_mulaw_steps[0];
    c.code ^= (negative & 0xff) ^ 0x80; /* 128 + floor(u), or 127 - floor(u) */
    return c;
}

/* The code of x, given one that may be off by one. */
static uint8_t mend(float x, uint8_t code)
{
    float a = x < 0 ? -x : x;
    int k = code < 128 ? 127 - code : code - 128;
    while (k < 127 && a >= ak_mulaw_steps[k + 1]) k++;
    while (k > 0 && a < ak_mulaw_steps[k]) k--;
    return (uint8_t)(code < 128 ? 127 - k : 128 + k);
}

/* Mends the lanes near a step. */
static __attribute__((noinline)) void mend_block(const float *x, uint8_t *code)
{
    for (int j = 0; j < AK_NARROW; j++, x += AK_W, code += AK_W) {
        v_f32 off = v_abs(encode_lanes(v_load(x)).off_middle);
        if (!v_any(off > 0.5f - NEAR)) continue;
        for (int i = 0; i < AK_W; i++)
            if (off[i] > 0.5f - NEAR) code[i] = mend(x[i], code[i]);
    }
}

AK_INLINE void encode_block(const void *from, void *to)
{
    const float *x = from;
    v_i32 code[AK_NARROW];
    v_f32 off = {0};
    AK_UNROLL(4)
    for (int j = 0; j < AK_NARROW; j++) {
        coded c = encode_lanes(v_load(x + j * AK_W));
        code[j] = c.code;
        off = larger_magnitude(off, c.off_middle);
    }
    v_store_u8(to, code);
    if (__builtin_expect(v_any(off > 0.5f - NEAR), 0)) mend_block(x, to);
}

static void encode(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(float), to, 1, count, encode_block);
}

static void decode(const void *from, void *to, size_t count)
{
    const uint8_t *code = from;
    float *x = to;
    for (size_t i = 0; i < count; i++) x[i] = ak_mulaw_values[code[i]];
}

const ak_codec AK_NAME(ak_codec_mulaw) = {.encode = encode, .decode = decode};

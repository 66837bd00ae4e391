/* 256-level mu-law, exact.
 *
 * With u = 127.5 log256(1 + 255 |x|), a sample's code is 128 + floor(u), mirrored for negative samples. A
 * polynomial gives 65536 (128 + u) to some 4; only where that lies within NEAR of a step (one sample in four
 * thousand) is the sample compared with the steps themselves, which mulaw_tables.c holds as exact floats.
 * AVX2 has a way of its own: mulaw_words.h.
 */
#include "quantize.h"
#include "blocks.h"
#include "mulaw_tables.h"

#if defined(AK_BUILD_AVX2)
#    include "mulaw_words.h"
#else

/* The code of x, given one that may be off by one. Without branches, which would go either way. */
static uint8_t mend(float x, uint8_t code)
{
    float a = __builtin_fabsf(x);
    int sign = code < 128 ? 0xff : 0, k = (code ^ sign) - 128;
    int above = (a >= ak_mulaw_steps[k < 127 ? k + 1 : 127]) & (k < 127),
        below = (a < ak_mulaw_steps[k]) & (k > 0);
    return (uint8_t)((128 + k + above - below) ^ sign);
}

#    define UNIT 65536            /* of fixed point: a step of the code */
#    define PER_OCTAVE 1044480.0f /* UNIT times the steps per doubling of 1 + 255 |x|, 127.5 / 8 */
#    define NEAR 8                /* above the error of the polynomial and of the roundings together */

/* UNIT (128 + 15.9375 log2(m)) on [1, 2], Chebyshev, error 2.3 and as much again by rounding. */
static const float poly[7] = {0x1.3e8b48p+22f,  0x1.843b1ap+22f, -0x1.51fbe4p+22f, 0x1.9e4e96p+21f,
                              -0x1.3e3afep+20f, 0x1.13702ep+18f, -0x1.9a02bcp+14f};

/* Codes of COUNT vectors, and in the lanes of near_step less than 2 NEAR where they may be off by one. The
 * vectors go step by step together, for each alone waits for its own results most of the time. */
AK_INLINE void encode_lanes(const float *x, const int COUNT, v_i32 code[AK_NARROW],
                            v_i32 near_step[AK_NARROW])
{
    v_f32 w[AK_NARROW], m[AK_NARROW], p[AK_NARROW];
    AK_UNROLL(4)
    for (int j = 0; j < COUNT; j++) {
        w[j] = v_fma(v_abs(v_load(x + j * AK_W)), v_set1(255.0f), v_set1(1.0f));
        w[j] = v_max(w[j], v_set1(1.01f)); /* away from the step at 0; NaN becomes 1.01 */
        m[j] = (v_f32)((v_bits(w[j]) & 0x7fffff) | 0x3f800000);
        p[j] = v_set1(poly[6]);
    }
    for (int i = 5; i >= 0; i--) {
        AK_UNROLL(4)
        for (int j = 0; j < COUNT; j++) p[j] = v_fma(p[j], m[j], v_set1(poly[i]));
    }
    AK_UNROLL(4)
    for (int j = 0; j < COUNT; j++) {
        v_f32 exponent = v_from_int((v_bits(w[j]) - 0x3f800000) >> 23);
        v_i32 u = __builtin_convertvector(v_fma(exponent, v_set1(PER_OCTAVE), p[j]), v_i32);
        u = v_min_int(u, 255 * UNIT + UNIT / 2 - (v_i32){0}); /* clips |x| > 1 */
        v_i32 negative = v_load(x + j * AK_W) <= -ak_mulaw_steps[0];
        code[j] = (u >> 16) ^ (negative & 0xff);
        near_step[j] = (u + NEAR) & (UNIT - 1);
    }
}

/* Mends the lanes near a step. */
static __attribute__((noinline)) void mend_block(const float *x, uint8_t *code)
{
    for (int j = 0; j < AK_NARROW; j++, x += AK_W, code += AK_W) {
        v_i32 again[AK_NARROW], near_step[AK_NARROW];
        encode_lanes(x, 1, again, near_step);
        if (!v_any(near_step[0] < 2 * NEAR)) continue;
        for (int i = 0; i < AK_W; i++)
            if (near_step[0][i] < 2 * NEAR) code[i] = mend(x[i], code[i]);
    }
}

AK_INLINE void encode_block(const void *from, void *to)
{
    v_i32 code[AK_NARROW], near_step[AK_NARROW];
    encode_lanes(from, AK_NARROW, code, near_step);
    v_store_u8(to, code);
    v_i32 nearest = v_min_int(v_min_int(near_step[0], near_step[1]), v_min_int(near_step[2], near_step[3]));
    if (__builtin_expect(v_any(nearest < 2 * NEAR), 0)) mend_block(from, to);
}

static void encode(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(float), to, 1, count, encode_block);
}

#endif

typedef float four __attribute__((vector_size(16), aligned(4), may_alias)); /* one store for each four */

static void decode(const void *from, void *to, size_t count)
{
    const uint8_t *code = from;
    const float *value = ak_mulaw_values;
    float *x = to;
    for (; count >= 4; count -= 4, code += 4, x += 4)
        *(four *)(void *)x = (four){value[code[0]], value[code[1]], value[code[2]], value[code[3]]};
    for (; count; count--) *x++ = value[*code++];
}

const ak_codec AK_NAME(ak_codec_mulaw) = {.encode = encode, .decode = decode};

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

/* The code in the low 8 bits, and how far u lies from the middle between two steps: at most 0.5. */
typedef struct coded {
    v_i32 code;
    v_f32 off_middle;
} coded;

AK_INLINE coded encode_lanes(v_f32 x)
{
    v_f32 w = v_fma(v_abs(x), v_set1(255.0f), v_set1(1.0f));
    w = v_max(w, v_set1(1.01f));         /* below the first step, away from the step at 0; NaN becomes 1.01 */
    v_i32 bits = v_bits(w) - 0x3f800000; /* the exponent without its bias */
    v_f32 t = (v_f32)((bits & 0x7fffff) | 0x3f800000) - 1.0f;
    v_f32 p = v_set1(poly[6]);
    AK_UNROLL(6)
    for (int i = 5; i >= 0; i--) p = v_fma(p, t, v_set1(poly[i]));
    v_f32 u = v_fma(v_from_int(bits >> 23), v_set1(PER_OCTAVE), p);
    u = v_min(u, v_set1(127.0f)); /* clips |x| > 1 */

    const float magic = AK_ROUND_MAGIC + 128;
    v_f32 sum = u + magic;
    return (coded){v_bits(sum) ^ (x <= -ak_mulaw_steps[0]), v_abs(u - (sum - magic))};
}

static uint8_t encode_near(float x)
{
    float a = x < 0 ? -x : x;
    int low = 0, high = 128; /* steps[low] <= a < steps[high] */
    if (!(a < 1.0f)) a = a >= 1.0f ? 1.0f : 0.0f;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (a >= ak_mulaw_steps[middle])
            low = middle;
        else
            high = middle;
    }
    return (uint8_t)(x <= -ak_mulaw_steps[0] ? 127 - low : 128 + low);
}

/* The codes of the lanes near a step, again. */
static __attribute__((noinline)) void mend_block(const float *x, uint8_t *code)
{
    for (int j = 0; j < AK_NARROW; j++, x += AK_W, code += AK_W) {
        v_f32 off = encode_lanes(v_load(x)).off_middle;
        for (int i = 0; i < AK_W; i++)
            if (off[i] > 0.5f - NEAR) code[i] = encode_near(x[i]);
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
        off = v_max(off, c.off_middle);
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

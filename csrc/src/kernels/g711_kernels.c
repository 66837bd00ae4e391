/* G.711 mu-law and A-law, bit-exact.
 *
 * Both laws are floating point with a 3-bit exponent and a 4-bit fraction. So the magnitude is converted to a
 * float, whose exponent and top 4 fraction bits lie next to one another: shifted down by 19 they are the
 * code, but for a bias.
 */
#include "quantize.h"
#include "blocks.h"

#define FRACTION 19                     /* bits of a float's fraction below the top four */
#define EXPONENT(e) ((127 + (e)) << 4)  /* 2^e, shifted down by FRACTION */
#define HALF_STEP (1 << (FRACTION - 1)) /* a decoded value lies in the middle of its interval */
#define AS_FLOAT(code) ((v_f32)((code) << FRACTION | HALF_STEP))

AK_INLINE v_i32 min_i32(v_i32 a, int limit)
{
    v_i32 over = a > limit;
    return (a & ~over) | (limit & over);
}

/* What to do with the two bits below a mu-law magnitude of a negative sample: see ak_format. */
typedef enum rounding { G191, SUN } rounding;

/* 14-bit magnitude m: m + 33 = 2^(e + 5) (1 + fraction / 16 + ...), code e << 4 | fraction, all bits
 * inverted, sign bit set for positive samples. */
AK_INLINE v_i32 ulaw_encode(v_i32 pcm, rounding how)
{
    v_i32 negative = pcm >> 31;
    v_i32 m = how == G191 ? (pcm ^ negative) >> 2 : ((pcm >> 2) ^ negative) - negative;
    v_f32 biased = v_from_int(min_i32(m + 33, 8191));
    v_i32 code = (v_bits(biased) >> FRACTION) - EXPONENT(5);
    return code ^ (0xff ^ (negative & 0x80));
}

AK_INLINE v_i32 ulaw_decode(v_i32 code)
{
    v_i32 positive = -(code >> 7 & 1);
    v_f32 biased = AS_FLOAT((~code & 0x7f) + EXPONENT(5));
    v_i32 m = __builtin_convertvector(biased, v_i32) - 33;
    return ((m ^ ~positive) - ~positive) * 4;
}

/* 12-bit magnitude m: below 16 the code itself, else m = 2^(e + 3) (1 + fraction / 16 + ...); even bits are
 * inverted, sign bit set for positive samples. */
AK_INLINE v_i32 alaw_encode(v_i32 pcm)
{
    v_i32 negative = pcm >> 31;
    v_i32 m = (pcm ^ negative) >> 4, small = m < 16;
    v_i32 code = (v_bits(v_from_int(m)) >> FRACTION) - EXPONENT(3);
    return ((small & m) | (~small & code)) ^ (0xd5 ^ (negative & 0x80));
}

AK_INLINE v_i32 alaw_decode(v_i32 code)
{
    code ^= 0x55;
    v_i32 positive = -(code >> 7 & 1), body = code & 0x7f, small = body < 16;
    v_i32 m = __builtin_convertvector(AS_FLOAT(body + EXPONENT(3)) * 2.0f, v_i32); /* in half units */
    m = (small & (2 * body + 1)) | (~small & m);
    return ((m ^ ~positive) - ~positive) * 8;
}

/* 32768 x rounded half to even and saturated; NaN is 0. */
AK_INLINE v_i32 pcm_from_float(v_f32 x)
{
    x = (v_f32)(v_bits(x) & (x == x));
    return v_round_int(v_min(v_max(x * 32768.0f, v_set1(-32768.0f)), v_set1(32767.0f)));
}

AK_INLINE v_f32 float_from_pcm(v_i32 pcm)
{
    return v_from_int(pcm) * (1.0f / 32768.0f);
}

#define CODEC(law, encode_lanes, decode_lanes)                                                               \
    AK_INLINE void law##_encode_block(const void *from, void *to)                                            \
    {                                                                                                        \
        v_i32 code[AK_NARROW];                                                                               \
        for (int j = 0; j < AK_NARROW; j++)                                                                  \
            code[j] = encode_lanes(pcm_from_float(v_load((const float *)from + j * AK_W)));                  \
        v_store_u8(to, code);                                                                                \
    }                                                                                                        \
    AK_INLINE void law##_encode_i16_block(const void *from, void *to)                                        \
    {                                                                                                        \
        v_i32 code[AK_NARROW];                                                                               \
        for (int j = 0; j < AK_NARROW; j++)                                                                  \
            code[j] = encode_lanes(v_load_i16((const int16_t *)from + j * AK_W));                            \
        v_store_u8(to, code);                                                                                \
    }                                                                                                        \
    AK_INLINE void law##_decode_block(const void *from, void *to)                                            \
    {                                                                                                        \
        for (int j = 0; j < AK_NARROW; j++)                                                                  \
            v_store((float *)to + j * AK_W,                                                                  \
                    float_from_pcm(decode_lanes(v_load_u8((const uint8_t *)from + j * AK_W))));              \
    }                                                                                                        \
    AK_INLINE void law##_decode_i16_block(const void *from, void *to)                                        \
    {                                                                                                        \
        v_i32 pcm[AK_NARROW];                                                                                \
        for (int j = 0; j < AK_NARROW; j++)                                                                  \
            pcm[j] = decode_lanes(v_load_u8((const uint8_t *)from + j * AK_W));                              \
        v_store_u16(to, pcm);                                                                                \
    }                                                                                                        \
    static void law##_encode_run(const void *from, void *to, size_t count)                                   \
    {                                                                                                        \
        ak_each_block(from, sizeof(float), to, 1, count, law##_encode_block);                                \
    }                                                                                                        \
    static void law##_encode_i16_run(const void *from, void *to, size_t count)                               \
    {                                                                                                        \
        ak_each_block(from, sizeof(int16_t), to, 1, count, law##_encode_i16_block);                          \
    }                                                                                                        \
    static void law##_decode_run(const void *from, void *to, size_t count)                                   \
    {                                                                                                        \
        ak_each_block(from, 1, to, sizeof(float), count, law##_decode_block);                                \
    }                                                                                                        \
    static void law##_decode_i16_run(const void *from, void *to, size_t count)                               \
    {                                                                                                        \
        ak_each_block(from, 1, to, sizeof(int16_t), count, law##_decode_i16_block);                          \
    }                                                                                                        \
    const ak_codec AK_NAME(ak_codec_##law) = {.encode = law##_encode_run,                                    \
                                              .decode = law##_decode_run,                                    \
                                              .encode_i16 = law##_encode_i16_run,                            \
                                              .decode_i16 = law##_decode_i16_run};

#define ULAW_G191(pcm) ulaw_encode(pcm, G191)
#define ULAW_SUN(pcm) ulaw_encode(pcm, SUN)

CODEC(ulaw_g191, ULAW_G191, ulaw_decode)
CODEC(ulaw_sun, ULAW_SUN, ulaw_decode)
CODEC(alaw, alaw_encode, alaw_decode)

/* The plain 16-bit integers share the conversions. */
AK_INLINE void int16_encode_block(const void *from, void *to)
{
    v_i32 pcm[AK_NARROW];
    for (int j = 0; j < AK_NARROW; j++) pcm[j] = pcm_from_float(v_load((const float *)from + j * AK_W));
    v_store_u16(to, pcm);
}

AK_INLINE void int16_decode_block(const void *from, void *to)
{
    for (int j = 0; j < AK_NARROW; j++)
        v_store((float *)to + j * AK_W, float_from_pcm(v_load_i16((const int16_t *)from + j * AK_W)));
}

static void int16_encode(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(float), to, sizeof(int16_t), count, int16_encode_block);
}

static void int16_decode(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(int16_t), to, sizeof(float), count, int16_decode_block);
}

const ak_codec AK_NAME(ak_codec_int16) = {.encode = int16_encode, .decode = int16_decode};

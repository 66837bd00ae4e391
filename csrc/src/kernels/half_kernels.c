/* float16 and bfloat16, rounded half to even, NaN kept quiet: the same bits as the CPUs' own conversions. */
#include "quantize.h"
#include "blocks.h"

#define F32_INFINITY 0x7f800000
#define EXPONENT_GAP (112 << 23) /* the biases 127 and 15 apart */

/* ---- float16 ------------------------------------------------------------------------------------------ */

#if defined(AK_BUILD_AVX512)
AK_INLINE void store_f16(uint16_t *to, v_f32 x)
{
    _mm256_storeu_si256((__m256i *)to,
                        _mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
AK_INLINE v_f32 load_f16(const uint16_t *from)
{
    return (v_f32)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
}
#elif defined(AK_BUILD_AVX2)
AK_INLINE void store_f16(uint16_t *to, v_f32 x)
{
    _mm_storeu_si128((__m128i *)to,
                     _mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
AK_INLINE v_f32 load_f16(const uint16_t *from)
{
    return (v_f32)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
}
#elif defined(AK_BUILD_NEON)
AK_INLINE void store_f16(uint16_t *to, v_f32 x)
{
    vst1_u16(to, vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)x)));
}
AK_INLINE v_f32 load_f16(const uint16_t *from)
{
    return (v_f32)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
}
#else
/* In integers: normal numbers round by adding just under half a step, subnormal ones by adding 0.5, whose
 * last bit is float16's smallest step. */
AK_INLINE void store_f16(uint16_t *to, v_f32 x)
{
    v_i32 a = v_bits(x) & 0x7fffffff, sign = (v_bits(x) >> 16) & 0x8000;
    v_i32 normal = (a - EXPONENT_GAP + 0xfff + ((a >> 13) & 1)) >> 13;
    v_i32 subnormal = v_bits((v_f32)a + 0.5f) - 0x3f000000;
    v_i32 is_small = a<0x38800000, is_large = a >= 0x47800000, is_nan = a> F32_INFINITY;
    v_i32 h = (is_small & subnormal) | (~(is_small | is_large) & normal) | (is_large & 0x7c00) |
              (is_nan & (0x200 | ((a >> 13) & 0x3ff)));
    for (int i = 0; i < AK_W; i++) to[i] = (uint16_t)(h[i] | sign[i]);
}
AK_INLINE v_f32 load_f16(const uint16_t *from)
{
    v_i32 h = v_load_u16(from), body = h & 0x7fff;
    v_i32 is_small = body < 0x400, is_special = body >= 0x7c00, is_nan = body > 0x7c00;
    v_i32 normal = (body << 13) + EXPONENT_GAP + (is_special & EXPONENT_GAP);
    v_i32 subnormal = v_bits(v_from_int(body) * 0x1p-24f);
    v_i32 sign = (v_i32)((h & 0x8000) != 0) & INT32_MIN;
    return (v_f32)((is_small & subnormal) | (~is_small & normal) | (is_nan & 0x400000) | sign);
}
#endif

AK_INLINE void float16_encode_block(const void *from, void *to)
{
    for (int j = 0; j < AK_NARROW; j++)
        store_f16((uint16_t *)to + j * AK_W, v_load((const float *)from + j * AK_W));
}

AK_INLINE void float16_decode_block(const void *from, void *to)
{
    for (int j = 0; j < AK_NARROW; j++)
        v_store((float *)to + j * AK_W, load_f16((const uint16_t *)from + j * AK_W));
}

/* ---- bfloat16: the upper half of a float --------------------------------------------------------------- */

AK_INLINE v_i32 bfloat16_encode(v_f32 x)
{
    v_u32 bits = (v_u32)x, upper = bits >> 16;
    v_i32 is_nan = (v_i32)(bits & 0x7fffffff) > F32_INFINITY;
    v_u32 rounded = (bits + 0x7fff + (upper & 1)) >> 16;
    return (v_i32)(((v_u32)is_nan & (upper | 0x40)) | (~(v_u32)is_nan & rounded));
}

AK_INLINE void bfloat16_encode_block(const void *from, void *to)
{
    v_i32 code[AK_NARROW];
    for (int j = 0; j < AK_NARROW; j++) code[j] = bfloat16_encode(v_load((const float *)from + j * AK_W));
    v_store_u16(to, code);
}

AK_INLINE void bfloat16_decode_block(const void *from, void *to)
{
    for (int j = 0; j < AK_NARROW; j++)
        v_store((float *)to + j * AK_W, (v_f32)((v_u32)v_load_u16((const uint16_t *)from + j * AK_W) << 16));
}

static void float16_encode(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(float), to, sizeof(uint16_t), count, float16_encode_block);
}

static void float16_decode(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(uint16_t), to, sizeof(float), count, float16_decode_block);
}

static void bfloat16_encode_run(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(float), to, sizeof(uint16_t), count, bfloat16_encode_block);
}

static void bfloat16_decode(const void *from, void *to, size_t count)
{
    ak_each_block(from, sizeof(uint16_t), to, sizeof(float), count, bfloat16_decode_block);
}

const ak_codec AK_NAME(ak_codec_float16) = {.encode = float16_encode, .decode = float16_decode};
const ak_codec AK_NAME(ak_codec_bfloat16) = {.encode = bfloat16_encode_run, .decode = bfloat16_decode};

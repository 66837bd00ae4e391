/* 8-bit integers with scales. */
#include "quantize.h"
#include "blocks.h"

/* x / scale rounded half to even and clipped; NaN and 0 / 0 are 0. */
AK_INLINE v_i32 encode_lanes(v_f32 x, v_f32 scale)
{
    v_f32 q = x / scale;
    v_i32 keep = (q == q) & (scale != 0.0f);
    q = (v_f32)(v_bits(q) & keep);
    return v_round_int(v_min(v_max(q, v_set1(-127.0f)), v_set1(127.0f)));
}

/* scales: one for each element where each is set, else one for all. */
AK_INLINE void encode_any(const float *from, int8_t *to, size_t count, const float *scales, int each)
{
    v_i32 q[AK_NARROW];
    size_t i = 0;
    for (; i + AK_BLOCK <= count; i += AK_BLOCK) {
        AK_UNROLL(4)
        for (int j = 0; j < AK_NARROW; j++) {
            v_f32 scale = each ? v_load(scales + i + j * AK_W) : v_set1(*scales);
            q[j] = encode_lanes(v_load(from + i + j * AK_W), scale);
        }
        v_store_i8(to + i, q);
    }
    for (; i < count; i++)
        to[i] = (int8_t)encode_lanes(v_set1(from[i]), v_set1(each ? scales[i] : *scales))[0];
}

AK_INLINE void decode_any(const int8_t *from, float *to, size_t count, const float *scales, int each)
{
    size_t i = 0;
    for (; i + AK_W <= count; i += AK_W) {
        v_f32 scale = each ? v_load(scales + i) : v_set1(*scales);
        v_store(to + i, v_from_int(v_load_i8(from + i)) * scale);
    }
    for (; i < count; i++) to[i] = (float)from[i] * (each ? scales[i] : *scales);
}

static void encode(const float *from, int8_t *to, size_t count, float scale)
{
    encode_any(from, to, count, &scale, 0);
}

static void decode(const int8_t *from, float *to, size_t count, float scale)
{
    decode_any(from, to, count, &scale, 0);
}

static void encode_each(const float *from, int8_t *to, size_t count, const float *scales)
{
    encode_any(from, to, count, scales, 1);
}

static void decode_each(const int8_t *from, float *to, size_t count, const float *scales)
{
    decode_any(from, to, count, scales, 1);
}

/* max(a, |x|) without NaN: magnitudes order like their bits. */
AK_INLINE v_i32 raise_bits(v_i32 a, v_f32 x)
{
    v_i32 b = v_bits(x) & 0x7fffffff;
    v_i32 higher = (b > a) & (b <= 0x7f800000);
    return (higher & b) | (~higher & a);
}

static float peak(const float *from, size_t count, float start)
{
    v_i32 top[4];
    size_t i = 0;
    for (int j = 0; j < 4; j++) top[j] = v_bits(v_set1(start));
    for (; i + 4 * AK_W <= count; i += 4 * AK_W) {
        AK_UNROLL(4)
        for (int j = 0; j < 4; j++) top[j] = raise_bits(top[j], v_load(from + i + j * AK_W));
    }
    for (; i < count; i++) top[0] = raise_bits(top[0], v_set1(from[i]));
    for (int j = 1; j < 4; j++) top[0] = raise_bits(top[0], (v_f32)top[j]);
    v_f32 lanes = (v_f32)top[0];
    float result = lanes[0];
    for (int j = 1; j < AK_W; j++) result = lanes[j] > result ? lanes[j] : result;
    return result;
}

static void peak_each(const float *from, float *peaks, size_t count)
{
    size_t i = 0;
    for (; i + AK_W <= count; i += AK_W)
        v_store(peaks + i, (v_f32)raise_bits(v_bits(v_load(peaks + i)), v_load(from + i)));
    for (; i < count; i++) peaks[i] = ((v_f32)raise_bits(v_bits(v_set1(peaks[i])), v_set1(from[i])))[0];
}

const ak_int8_kernels AK_NAME(ak_int8_kernels) = {
    .encode = encode,
    .decode = decode,
    .encode_each = encode_each,
    .decode_each = decode_each,
    .peak = peak,
    .peak_each = peak_each,
};

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

/* max(a, |x|); a where x is NaN. */
AK_INLINE v_f32 raise_to(v_f32 a, v_f32 x)
{
    return v_max(v_abs(x), a);
}

AK_INLINE float largest_lane(v_f32 a)
{
#if defined(AK_BUILD_AVX512)
    return _mm512_reduce_max_ps((__m512)a);
#else
    float result = a[0];
    for (int l = 1; l < AK_W; l++) result = a[l] > result ? a[l] : result;
    return result;
#endif
}

static float peak(const float *from, size_t count, float start)
{
    v_f32 top[4];
    size_t i = 0;
    for (int j = 0; j < 4; j++) top[j] = v_set1(start);
    for (; i + 4 * AK_W <= count; i += 4 * AK_W) {
        AK_UNROLL(4)
        for (int j = 0; j < 4; j++) top[j] = raise_to(top[j], v_load(from + i + j * AK_W));
    }
    if (count >= AK_W) { /* the last vector overlaps the one before */
        for (; i + AK_W <= count; i += AK_W) top[0] = raise_to(top[0], v_load(from + i));
        top[1] = raise_to(top[1], v_load(from + count - AK_W));
    } else {
        for (; i < count; i++) top[0] = raise_to(top[0], v_set1(from[i]));
    }
    return largest_lane(raise_to(raise_to(top[0], top[1]), raise_to(top[2], top[3])));
}

static void peak_each(const float *from, float *peaks, size_t count)
{
    size_t i = 0;
    for (; i + AK_W <= count; i += AK_W) v_store(peaks + i, raise_to(v_load(peaks + i), v_load(from + i)));
    for (; i < count; i++) peaks[i] = raise_to(v_set1(peaks[i]), v_set1(from[i]))[0];
}

const ak_int8_kernels AK_NAME(ak_int8_kernels) = {
    .encode = encode,
    .decode = decode,
    .encode_each = encode_each,
    .decode_each = decode_each,
    .peak = peak,
    .peak_each = peak_each,
};

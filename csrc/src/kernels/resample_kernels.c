/* The direct filter: AK_GROUP successive outputs in the lanes, one broadcast input a step.
 *
 * A coefficient vector serves the same group of several periods, so that per step one load of coefficients
 * and one broadcast for each period feed one multiply-add for each. Neither input nor output is rearranged.
 */
#include "resample.h"
#include "simd.h"
#include "simd_f64.h"

#define VECTORS (AK_GROUP / AK_W)       /* of floats, in a group */
#define VECTORS64 (2 * AK_GROUP / AK_W) /* of doubles */

/* Periods at once: as many sums as registers allow, beside the coefficients and one input. */
#if defined(AK_BUILD_AVX512)
#    define SEVERAL AK_PERIODS
#    define SEVERAL64 10
#elif defined(AK_BUILD_AVX2)
#    define SEVERAL 6
#    define SEVERAL64 3
#elif defined(AK_BUILD_NEON)
#    define SEVERAL 6
#    define SEVERAL64 2
#else
#    define SEVERAL 2
#    define SEVERAL64 1
#endif

AK_INLINE void sums(const int periods, const float *table, size_t window, const float *in, size_t in_step,
                    float *out, size_t out_step)
{
    v_f32 sum[SEVERAL][VECTORS];
    AK_UNROLL(12)
    for (int s = 0; s < periods; s++) {
        AK_UNROLL(8)
        for (int v = 0; v < VECTORS; v++) sum[s][v] = (v_f32){0};
    }
    for (size_t k = 0; k < window; k++, table += AK_GROUP) {
        v_f32 h[VECTORS];
        AK_UNROLL(8)
        for (int v = 0; v < VECTORS; v++) h[v] = v_load(table + v * AK_W);
        AK_UNROLL(12)
        for (int s = 0; s < periods; s++) {
            v_f32 x = v_set1(in[(size_t)s * in_step + k]);
            AK_UNROLL(8)
            for (int v = 0; v < VECTORS; v++) sum[s][v] = v_fma(h[v], x, sum[s][v]);
        }
    }
    AK_UNROLL(12)
    for (int s = 0; s < periods; s++) {
        AK_UNROLL(8)
        for (int v = 0; v < VECTORS; v++) v_store(out + (size_t)s * out_step + v * AK_W, sum[s][v]);
    }
}

static void narrow(const void *table, size_t window, const float *in, size_t in_step, float *out,
                   size_t out_step, size_t count)
{
    for (; count >= SEVERAL; count -= SEVERAL, in += SEVERAL * in_step, out += SEVERAL * out_step)
        sums(SEVERAL, table, window, in, in_step, out, out_step);
    for (; count >= 2; count -= 2, in += 2 * in_step, out += 2 * out_step)
        sums(2, table, window, in, in_step, out, out_step);
    for (; count; count--, in += in_step, out += out_step) sums(1, table, window, in, in_step, out, out_step);
}

AK_INLINE void sums64(const int periods, const double *table, size_t window, const float *in, size_t in_step,
                      float *out, size_t out_step)
{
    v_f64 sum[SEVERAL64][VECTORS64];
    AK_UNROLL(12)
    for (int s = 0; s < periods; s++) {
        AK_UNROLL(8)
        for (int v = 0; v < VECTORS64; v++) sum[s][v] = (v_f64){0};
    }
    for (size_t k = 0; k < window; k++, table += AK_GROUP) {
        v_f64 h[VECTORS64];
        AK_UNROLL(8)
        for (int v = 0; v < VECTORS64; v++) h[v] = v_load64(table + v * AK_W / 2);
        AK_UNROLL(12)
        for (int s = 0; s < periods; s++) {
            v_f64 x = v_set1_64(in[(size_t)s * in_step + k]);
            AK_UNROLL(8)
            for (int v = 0; v < VECTORS64; v++) sum[s][v] = v_fma64(h[v], x, sum[s][v]);
        }
    }
    AK_UNROLL(12)
    for (int s = 0; s < periods; s++) {
        AK_UNROLL(8)
        for (int v = 0; v < VECTORS64; v++)
            v_store_narrowed(out + (size_t)s * out_step + v * AK_W / 2, sum[s][v]);
    }
}

static void wide(const void *table, size_t window, const float *in, size_t in_step, float *out,
                 size_t out_step, size_t count)
{
    for (; count >= SEVERAL64; count -= SEVERAL64, in += SEVERAL64 * in_step, out += SEVERAL64 * out_step)
        sums64(SEVERAL64, table, window, in, in_step, out, out_step);
    for (; count; count--, in += in_step, out += out_step)
        sums64(1, table, window, in, in_step, out, out_step);
}

AK_INLINE float sum_lanes(v_f32 a, v_f32 b)
{
    float sum = 0;
    a += b;
    for (int l = 0; l < AK_W; l++) sum += a[l];
    return sum;
}

/* Taps in the lanes: each output has coefficients of its own. */
static float narrow_blend(const void *low, const void *high, const float *in, size_t count, double fraction)
{
    const float *h = low, *g = high;
    v_f32 a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0};
    float a = 0, b = 0;
    size_t k = 0;
    for (; k + 2 * AK_W <= count; k += 2 * AK_W) {
        v_f32 x0 = v_load(in + k), x1 = v_load(in + k + AK_W);
        a0 = v_fma(v_load(h + k), x0, a0);
        a1 = v_fma(v_load(h + k + AK_W), x1, a1);
        b0 = v_fma(v_load(g + k), x0, b0);
        b1 = v_fma(v_load(g + k + AK_W), x1, b1);
    }
    for (; k < count; k++) {
        a += h[k] * in[k];
        b += g[k] * in[k];
    }
    a += sum_lanes(a0, a1);
    b += sum_lanes(b0, b1);
    return a + (float)fraction * (b - a);
}

static float wide_blend(const void *low, const void *high, const float *in, size_t count, double fraction)
{
    const double *h = low, *g = high;
    double a[4] = {0}, b[4] = {0}; /* several sums, for they wait on one another */
    for (size_t k = 0; k < count; k++) {
        a[k % 4] += h[k] * in[k];
        b[k % 4] += g[k] * in[k];
    }
    double low_sum = (a[0] + a[1]) + (a[2] + a[3]), high_sum = (b[0] + b[1]) + (b[2] + b[3]);
    return (float)(low_sum + fraction * (high_sum - low_sum));
}

static void shape(float *bins, const float *response, size_t kept, size_t total)
{
    v_f32 *b = (v_f32 *)(void *)bins;
    for (size_t k = 0; k < kept; k++) {
        v_f32 gain = v_set1(response[k]);
        b[2 * k] *= gain;
        b[2 * k + 1] *= gain;
    }
    for (size_t k = 2 * kept; k < 2 * total; k++) b[k] = (v_f32){0};
}

const ak_resample_kernels AK_NAME(ak_resample_kernels) = {
    .narrow = narrow,
    .wide = wide,
    .narrow_blend = narrow_blend,
    .wide_blend = wide_blend,
    .shape = shape,
};

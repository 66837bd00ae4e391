/* The direct filter: AK_GROUP successive outputs in the lanes, one broadcast input a step.
 *
 * A coefficient vector serves the same group of several periods, so that per step one load of coefficients
 * and one broadcast for each period feed one multiply-add for each. Neither input nor output is rearranged.
 */
#include "resample.h"
#include "simd.h"
#include "simd_f64.h"
#include "kernels/shape.h"

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

/* Taps in the lanes: each output has coefficients of its own. */
static float narrow_blend(const void *rows, size_t pitch, const float *in, size_t count, const double *weight)
{
    const float *h = rows;
    v_f32 sum[AK_ROWS] = {{0}}, all = {0};
    size_t whole = count - count % AK_W;
    for (size_t k = 0; k < whole; k += AK_W) {
        v_f32 x = v_load(in + k);
        AK_UNROLL(4)
        for (int r = 0; r < AK_ROWS; r++) sum[r] = v_fma(v_load(h + (size_t)r * pitch + k), x, sum[r]);
    }
    AK_UNROLL(4)
    for (int r = 0; r < AK_ROWS; r++) all = v_fma(v_set1((float)weight[r]), sum[r], all);
    AK_UNROLL(4)
    for (int n = AK_W / 2; n; n /= 2)
        for (int l = 0; l < n; l++) all[l] += all[l + n];
    float out = all[0];
    for (int r = 0; r < AK_ROWS; r++, h += pitch) {
        float rest = 0;
        for (size_t k = whole; k < count; k++) rest += h[k] * in[k];
        out += (float)weight[r] * rest;
    }
    return out;
}

static float wide_blend(const void *rows, size_t pitch, const float *in, size_t count, const double *weight)
{
    const double *h = rows;
    v_f64 sum[AK_ROWS] = {{0}}, all = {0};
    size_t whole = count - count % AK_W64;
    for (size_t k = 0; k < whole; k += AK_W64) {
        v_f64 x = v_load_widened(in + k);
        AK_UNROLL(4)
        for (int r = 0; r < AK_ROWS; r++) sum[r] = v_fma64(v_load64(h + (size_t)r * pitch + k), x, sum[r]);
    }
    AK_UNROLL(4)
    for (int r = 0; r < AK_ROWS; r++) all = v_fma64(v_set1_64(weight[r]), sum[r], all);
    AK_UNROLL(4)
    for (int n = AK_W64 / 2; n; n /= 2)
        for (int l = 0; l < n; l++) all[l] += all[l + n];
    double out = all[0];
    for (int r = 0; r < AK_ROWS; r++, h += pitch)
        for (size_t k = whole; k < count; k++) out += weight[r] * (h[k] * (double)in[k]);
    return (float)out;
}

const ak_resample_kernels AK_NAME(ak_resample_kernels) = {
    .narrow = narrow,
    .wide = wide,
    .narrow_blend = narrow_blend,
    .wide_blend = wide_blend,
    .shape = shape,
};

/* What follows the power spectrum, one frame per lane: filter bank, logarithm, DCT. */
#include "mel.h"
#include "kernels/vlog.h"

static void condition(const float *view, size_t n, size_t hop, size_t stride, int remove_mean,
                      float preemphasis, float *frame)
{
    v_f32 mean = {0};
    if (remove_mean) {
        for (size_t begin = 0; begin < n; begin += hop, view++)
            for (size_t r = 0; r < hop && begin + r < n; r++) mean += v_load(view + r * stride);
        view -= (n + hop - 1) / hop;
        mean *= 1.0f / (float)n;
    }
    v_f32 before = v_load(view) - mean, a = v_set1(preemphasis);
    for (size_t begin = 0; begin < n; begin += hop, view++)
        for (size_t r = 0; r < hop && begin + r < n; r++, frame += AK_W) {
            v_f32 x = v_load(view + r * stride) - mean;
            v_store(frame, v_fnma(a, before, x));
            before = x;
        }
}

AK_INLINE v_f32 one_band(const v_f32 *bins, const float *w, int width)
{
    v_f32 a = bins[0] * v_set1(w[0]), b = bins[1] * v_set1(w[1]);
    if (width == 2) return a + b;
    v_f32 c = bins[2] * v_set1(w[2]), d = bins[3] * v_set1(w[3]);
    for (int i = 1; i < width / 4; i++) {
        bins += 4;
        w += 4;
        a = v_fma(bins[0], v_set1(w[0]), a);
        b = v_fma(bins[1], v_set1(w[1]), b);
        c = v_fma(bins[2], v_set1(w[2]), c);
        d = v_fma(bins[3], v_set1(w[3]), d);
    }
    return (a + b) + (c + d);
}

AK_INLINE void run_of_bands(const v_f32 *bins, const int *start, const float *w, int width, int count,
                            v_f32 *mels)
{
    for (int m = 0; m < count; m++, w += width) mels[m] = one_band(bins + start[m], w, width);
}

static void bands(const ak_bands *t, const float *bins, float *mels)
{
    const v_f32 *in = (const v_f32 *)(const void *)bins;
    v_f32 *out = (v_f32 *)(void *)mels;
    const float *w = t->weights;
    const int *start = t->start;
    for (int i = 0; i < t->runs; i++) {
        int width = t->run_width[i], count = t->run_length[i];
        switch (width) {
        case 0:
            for (int m = 0; m < count; m++) out[m] = (v_f32){0};
            break;
        case 2:
            run_of_bands(in, start, w, 2, count, out);
            break;
        case 4:
            run_of_bands(in, start, w, 4, count, out);
            break;
        case 8:
            run_of_bands(in, start, w, 8, count, out);
            break;
        case 12:
            run_of_bands(in, start, w, 12, count, out);
            break;
        case 16:
            run_of_bands(in, start, w, 16, count, out);
            break;
        default: /* a multiple of 4, which the compiler is to know */
            run_of_bands(in, start, w, width / 4 * 4, count, out);
            break;
        }
        out += count;
        start += count;
        w += width * count;
    }
}

static void finish(const ak_finish *how, float *values, size_t vectors)
{
    v_f32 *v = (v_f32 *)(void *)values;
    v_f32 factor = v_set1(how->factor), least = v_set1(how->floor);
    v_f32 scale = v_set1(how->scale), shift = v_set1(how->shift);
    int linear = how->shift == 0 && how->scale == 1;
    if (how->factor != 0)
        for (size_t i = 0; i < vectors; i++) v[i] = factor * v_log(v_max(least, v[i]));
    for (size_t i = 0; i < vectors && !linear; i++) v[i] = (v[i] + shift) * scale;
}

static void project(const float *matrix, size_t channels, size_t mels, const float *in, float *out)
{
    const v_f32 *x = (const v_f32 *)(const void *)in;
    v_f32 *y = (v_f32 *)(void *)out;
    for (size_t c = 0; c < channels; c++, matrix += mels) {
        v_f32 even = {0}, odd = {0};
        size_t m = 0;
        for (; m + 2 <= mels; m += 2) {
            even = v_fma(x[m], v_set1(matrix[m]), even);
            odd = v_fma(x[m + 1], v_set1(matrix[m + 1]), odd);
        }
        if (m < mels) even = v_fma(x[m], v_set1(matrix[m]), even);
        y[c] = even + odd;
    }
}

static void store_channels(const float *from, size_t channels, float *to, ptrdiff_t stride, size_t count)
{
    for (size_t c = 0; c < channels; c++, from += AK_W, to += stride) {
        if (count == AK_W)
            v_store(to, v_load(from));
        else
            memcpy(to, from, count * sizeof(float));
    }
}

static float maximum(const float *x, size_t count)
{
    float most = -__builtin_inff();
    size_t i = 0;
    if (count >= 2 * AK_W) {
        v_f32 a = v_set1(most), b = a;
        for (; i + 2 * AK_W <= count; i += 2 * AK_W) {
            a = v_max(v_load(x + i), a);
            b = v_max(v_load(x + i + AK_W), b);
        }
        a = v_max(a, b);
        for (int l = 0; l < AK_W; l++) most = a[l] > most ? a[l] : most;
    }
    for (; i < count; i++) most = x[i] > most ? x[i] : most;
    return most;
}

static void clamp(float *x, size_t count, float least, float shift, float scale)
{
    v_f32 low = v_set1(least), add = v_set1(shift), times = v_set1(scale);
    size_t i = 0;
    for (; i + AK_W <= count; i += AK_W) v_store(x + i, (v_max(low, v_load(x + i)) + add) * times);
    for (; i < count; i++) x[i] = ((x[i] < least ? least : x[i]) + shift) * scale;
}

const ak_mel_kernels AK_NAME(ak_mel_kernels) = {
    .condition = condition,
    .bands = bands,
    .finish = finish,
    .project = project,
    .store_channels = store_channels,
    .maximum = maximum,
    .clamp = clamp,
};

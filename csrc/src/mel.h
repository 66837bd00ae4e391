/* The kernels behind ak_mel_*: frames in lanes, as in lanes.h. */
#ifndef AK_MEL_KERNELS_H
#define AK_MEL_KERNELS_H

#include "dispatch.h"

/* A filter bank by its bands. Each band is widened to 2 bins or a multiple of 4 with zero weights, and
 * filters of equal width that follow one another form a run, so that inner loops have fixed lengths. */
typedef struct ak_bands {
    int count; /* filters */
    int runs;
    int *run_width;  /* bins of each of the run's filters; 0: an empty filter */
    int *run_length; /* filters in the run */
    int *start;      /* first bin of each filter */
    float *weights;  /* of all filters behind one another */
} ak_bands;

/* What happens to each value: factor * ln(max(v, floor)) where factor is not 0; then (v + shift) * scale. */
typedef struct ak_finish {
    float factor, floor, shift, scale;
} ak_finish;

/* "vector" is W floats, aligned to its size. */
typedef struct ak_mel_kernels {
    /* One frame per lane, conditioned: reads sample j < n at view[(j % hop) * stride + j / hop], writes n
     * vectors: x[j] - preemphasis x[j - 1], after the mean was removed if asked. */
    void (*condition)(const float *view, size_t n, size_t hop, size_t stride, int remove_mean,
                      float preemphasis, float *frame);

    /* mels[m] = sum of weights * bins: bands->count vectors. */
    void (*bands)(const ak_bands *bands, const float *bins, float *mels);

    void (*finish)(const ak_finish *how, float *values, size_t vectors);

    /* out[c] = sum over m of matrix[c * mels + m] in[m], vectors */
    void (*project)(const float *matrix, size_t channels, size_t mels, const float *in, float *out);

    /* to[c * stride + l] = from[c * W + l] for l < count */
    void (*store_channels)(const float *from, size_t channels, float *to, ptrdiff_t stride, size_t count);

    /* The largest of count floats anywhere, NaN left out; x = (max(x, least) + shift) * scale for each. */
    float (*maximum)(const float *x, size_t count);
    void (*clamp)(float *x, size_t count, float least, float shift, float scale);
} ak_mel_kernels;

AK_DECLARE(const ak_mel_kernels, ak_mel_kernels)

#endif

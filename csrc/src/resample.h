/* What whole signals and streams share: the plan, and outputs computed from a stretch of input. */
#ifndef AK_RESAMPLE_INTERNAL_H
#define AK_RESAMPLE_INTERNAL_H

#include "crew.h"
#include "dispatch.h"
#include "resample_filter.h"

/* The same group of `count` successive periods:
 *     out[s * out_step + j] = sum over k < window of table[k * AK_GROUP + j] * in[s * in_step + k],
 * each sum in the order of k, so that an output's bits do not depend on count. */
typedef void (*ak_fir)(const void *table, size_t window, const float *in, size_t in_step, float *out,
                       size_t out_step, size_t count);

/* The sum over r < AK_ROWS of weight[r] times that over k < count of rows[r * pitch + k] in[k]. */
typedef float (*ak_blend)(const void *rows, size_t pitch, const float *in, size_t count,
                          const double *weight);

/* Bins k < kept times response[k], bins kept .. total - 1 zero; a bin is two vectors, re and im. */
typedef void (*ak_shape)(float *bins, const float *response, size_t kept, size_t total);

typedef struct ak_resample_kernels {
    ak_fir narrow;                     /* table of float, sums of float */
    ak_fir wide;                       /* table of double, sums of double */
    ak_blend narrow_blend, wide_blend; /* rows of float, of double */
    ak_shape shape;
} ak_resample_kernels;

AK_DECLARE(const ak_resample_kernels, ak_resample_kernels)

struct ak_resample {
    ak_crew *crew;
    ak_filter filter;
    ak_fir fir;
    ak_blend blend;             /* where filter.phases is not 0 */
    struct ak_overlap *overlap; /* NULL where the direct filter does all */
};

/* A stretch of input: samples start .. stop - 1 of the signal, at x. The signal is zero elsewhere, or the
 * outputs asked for do not reach beyond. */
typedef struct ak_stretch {
    const float *x;
    int64_t start, stop;
} ak_stretch;

/* Outputs of `samples` inputs, or -1 where that exceeds what offsets can hold. */
int64_t ak_resample_outputs(const ak_filter *filter, size_t samples);

/* Outputs from .. to - 1 of the signal, to out[0 ..]; from is a multiple of AK_GROUP. */
void ak_resample_direct(const ak_resample *plan, ak_stretch in, int64_t from, int64_t to, float *out);

#endif

/* The search of one codebook for some vectors.
 *
 * The score of codeword c for vector x is |c|^2 / 2 - x c, which orders codewords as their distances do.
 * Codewords are packed in panels of `columns`: panel p holds, for each d < dim, component d of codewords
 * p columns .. (p + 1) columns - 1 side by side. Missing codewords of the last panel score infinity.
 */
#ifndef AK_VQ_KERNELS_H
#define AK_VQ_KERNELS_H

#include "dispatch.h"

typedef struct ak_panels {
    const float *codewords;  /* panels x dim x columns, aligned */
    const float *half_norms; /* panels x columns, aligned */
    size_t panels, dim;
} ak_panels;

typedef struct ak_vq_best {
    float score, runner_up; /* the two lowest scores; equal where NaN made them meaningless */
    int32_t index;
} ak_vq_best;

typedef struct ak_vq_kernels {
    size_t columns;     /* codewords of a panel */
    size_t state_bytes; /* of a vector in `state` */
    /* The best codewords of `count` vectors; state: count * state_bytes, aligned. */
    void (*search)(const ak_panels *p, const float *x, size_t stride, size_t count, void *state,
                   ak_vq_best *best);
    /* All panels * columns scores of one vector, the same as search sees; scores is aligned. */
    void (*score)(const ak_panels *p, const float *x, float *scores);
    float (*square)(const float *x, size_t count);           /* |x|^2, about */
    void (*add)(float *to, const float *from, size_t count); /* to += from */
    /* left = from - codeword in float64, and rounded to float32; from is left where NULL. */
    void (*subtract)(double *left, float *rounded, const float *from, const float *codeword, size_t count);
} ak_vq_kernels;

AK_DECLARE(const ak_vq_kernels, ak_vq_kernels)

#endif

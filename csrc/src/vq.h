/* The parts of vector quantization: the plan, the float32 search of one codebook, the search of a block.
 *
 * The score of codeword c for vector x is |c|^2 / 2 - x c, which orders codewords as their distances do.
 * Codewords are packed in panels of `columns`: panel p holds, for each d < dim, component d of codewords
 * p columns .. (p + 1) columns - 1 side by side. Missing codewords of the last panel score infinity.
 */
#ifndef AK_VQ_KERNELS_H
#define AK_VQ_KERNELS_H

#include <audiokern/vq.h>
#include "crew.h"
#include "dispatch.h"
#include "vq_sieve.h"

#define AK_VQ_BLOCK 96 /* vectors of one task: a multiple of every kernel's rows */

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

struct ak_vq {
    ak_crew *crew;
    const ak_vq_kernels *kernels;
    const ak_sieve_kernels *sift; /* NULL where this instruction set has no sieve */
    size_t stages, size, dim;
    size_t panels; /* of a stage */
    float *codebooks;
    float *packed;     /* stages x panels x dim x columns */
    float *half_norms; /* stages x panels x columns */
    float *largest;    /* of each stage: the largest norm of a codeword */
    ak_sieve *sieves;  /* of each stage; NULL where sift is */
};

/* What one thread needs for a block. */
typedef struct ak_vq_desk {
    double *left;      /* AK_VQ_BLOCK x dim: what the stages so far left of the vectors */
    float *rounded;    /* the same in float32 */
    void *state;       /* of the search */
    ak_vq_best *best;  /* AK_VQ_BLOCK */
    float *scores;     /* of one vector */
    float *gathered;   /* AK_VQ_BLOCK x dim: vectors that the sieve does not settle */
    uint8_t *integers; /* of those sifted together */
    int32_t *sums;     /* of their products */
    float *lowest;     /* of their scores, by panel */
    uint32_t *marks;   /* panels with candidates */
} ak_vq_desk;

static inline const float *ak_vq_codeword(const ak_vq *p, size_t stage, int32_t index)
{
    return p->codebooks + (stage * p->size + (size_t)index) * p->dim;
}

/* The bytes of a desk, and the desk in so many bytes, aligned. */
size_t ak_vq_desk_bytes(const ak_vq *p);
ak_vq_desk ak_vq_desk_at(const ak_vq *p, void *scratch);

/* Nearest codewords of `count` <= AK_VQ_BLOCK vectors x, vector i at x + i stride. left: the same in float64,
 * row by row of dim, or NULL where x is exact; d->left is then free for use. */
void ak_vq_search_block(const ak_vq *p, size_t stage, const float *x, size_t stride, const double *left,
                        size_t count, ak_vq_desk *d, int32_t *indices);

#endif

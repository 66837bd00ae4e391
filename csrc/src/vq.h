/* The parts of vector quantization: the plan, the float32 search of one codebook, the search of a block.
 *
 * The score of codeword c for vector x is |c|^2 / 2 - x c, which orders codewords as their distances do.
 * Codewords are packed in panels of `columns`: panel p holds, for each d < dim, component d of codewords
 * p columns .. (p + 1) columns - 1 side by side. Missing codewords of the last panel score infinity.
 */
#ifndef AK_VQ_KERNELS_H
#define AK_VQ_KERNELS_H

#include <audiokern/vq.h>
#include "axes.h"
#include "crew.h"
#include "dispatch.h"
#include "memory.h"
#include "vq_sieve.h"

#define AK_VQ_BLOCK 48 /* vectors of one task: what is sifted together */

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
    float (*square)(const float *x, size_t count);                                 /* |x|^2, about */
    void (*add)(float *to, const float *from, size_t count);                       /* to += from */
    void (*take)(float *from, const float *what, const float *more, size_t count); /* from -= what + more */
    /* to, count x columns: the vectors x - m times a matrix of dim x columns; columns: a multiple of 32 */
    void (*turn)(const float *matrix, size_t columns, size_t dim, const float *mean, const float *x,
                 size_t stride, size_t count, float *to);
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
    float *packed;       /* stages x panels x dim x columns */
    float *half_norms;   /* stages x panels x columns */
    float *largest;      /* of each stage: the largest norm of a codeword */
    ak_sieve *sieves;    /* of each stage; NULL where sift is */
    ak_axes axes;        /* count is 0 where there are none */
    float *means;        /* stages x dim: of each codebook */
    float *turned;       /* stages x size x axes.count: codewords less their mean along the axes */
    float *turned_means; /* stages x axes.count: the means, too */
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
    uint64_t *marks;   /* panels with candidates */
    int32_t *places;   /* the candidates */
    float *turned;     /* AK_VQ_BLOCK x axes.count: what is left, less the codebook's mean, along the axes */
    float *drift;      /* AK_VQ_BLOCK: what that is off by, at most */
    float *norms;      /* AK_VQ_BLOCK: the length of what is left, less the mean */
} ak_vq_desk;

static inline const float *ak_vq_codeword(const ak_vq *p, size_t stage, int32_t index)
{
    return p->codebooks + (stage * p->size + (size_t)index) * p->dim;
}

static inline const float *ak_vq_turned(const ak_vq *p, size_t stage, int32_t index)
{
    return p->turned + (stage * p->size + (size_t)index) * p->axes.count;
}

/* Asks for floats that rarely are in the first two levels of cache. */
static inline void ak_vq_fetch(const float *from, size_t count)
{
    const size_t line = AK_ALIGN / sizeof(float);
    for (size_t i = 0; i < count && i < 16 * line; i += line) __builtin_prefetch(from + i);
}

/* The bytes of a desk, and the desk in so many bytes, aligned. */
size_t ak_vq_desk_bytes(const ak_vq *p);
ak_vq_desk ak_vq_desk_at(const ak_vq *p, void *scratch);

/* Finds axes for the codebooks where they pay, and the codewords along them (vq_turn.c). Errors:
 * AK_ERR_MEMORY. ak_vq_free_turns releases. */
ak_status ak_vq_make_turns(ak_vq *p);
void ak_vq_free_turns(ak_vq *p);

/* The sieve of a stage, of the components along the axes or of all. Errors: AK_ERR_MEMORY. */
ak_status ak_vq_make_sieve(ak_vq *p, size_t stage);

/* Turns a block of vectors for stage 0; takes the codewords that a stage chose from it, for the next. */
void ak_vq_turn(const ak_vq *p, const float *x, size_t stride, size_t count, ak_vq_desk *d);
void ak_vq_step(const ak_vq *p, size_t stage, size_t count, const int32_t *chosen, ak_vq_desk *d);

/* The row of vector i of the block, which is x, for a stage's sieve; bytes to q. */
void ak_vq_round(const ak_vq *p, size_t stage, const float *x, size_t i, const ak_vq_desk *d, uint8_t *q,
                 ak_sieve_row *row);

/* Nearest codewords of `count` <= AK_VQ_BLOCK vectors x, vector i at x + i stride. left: the same in float64,
 * row by row of dim, or NULL where x is exact; d->left is then free for use. */
void ak_vq_search_block(const ak_vq *p, size_t stage, const float *x, size_t stride, const double *left,
                        size_t count, ak_vq_desk *d, int32_t *indices);

#endif

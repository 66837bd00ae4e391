/* Plans for vector quantization, blocks of vectors through all stages, and the second look in float64. */
#include <audiokern/vq.h>
#include "crew.h"
#include "memory.h"
#include "vq.h"

#include <math.h>
#include <stdatomic.h>

#define BLOCK 96 /* vectors of one task: a multiple of every kernel's rows */

struct ak_vq {
    ak_crew *crew;
    const ak_vq_kernels *kernels;
    size_t stages, size, dim;
    size_t panels; /* of a stage */
    float *codebooks;
    float *packed;     /* stages x panels x dim x columns */
    float *half_norms; /* stages x panels x columns */
    float *largest;    /* of each stage: the largest norm of a codeword */
};

/* ---- plans -----------------------------------------------------------------------------------------------
 */

static void pack_codeword(ak_vq *p, size_t stage, size_t k)
{
    size_t columns = p->kernels->columns, padded = p->panels * columns;
    const float *c = p->codebooks + (stage * p->size + k) * p->dim;
    float *to = p->packed + stage * padded * p->dim + k / columns * columns * p->dim + k % columns;
    double square = 0;
    for (size_t d = 0; d < p->dim; d++) {
        to[d * columns] = c[d];
        square += (double)c[d] * c[d];
    }
    p->half_norms[stage * padded + k] = (float)(square / 2);
    float norm = (float)sqrt(square);
    if (!(norm <= p->largest[stage])) p->largest[stage] = norm;
}

static void pack(ak_vq *p)
{
    size_t padded = p->panels * p->kernels->columns;
    for (size_t s = 0; s < p->stages; s++) {
        for (size_t k = 0; k < p->size; k++) pack_codeword(p, s, k);
        for (size_t k = p->size; k < padded; k++) p->half_norms[s * padded + k] = INFINITY;
    }
}

/* What one thread needs for a block. */
typedef struct desk {
    double *left;     /* BLOCK x dim: what the stages so far left of the vectors */
    float *rounded;   /* the same in float32 */
    void *state;      /* of the search */
    ak_vq_best *best; /* BLOCK */
    float *scores;    /* of one vector */
} desk;

/* Where the desk's five parts begin; returns the bytes of all. */
static size_t part_desk(const ak_vq *p, size_t at[5])
{
    const size_t sizes[5] = {BLOCK * p->dim * sizeof(double), BLOCK * p->dim * sizeof(float),
                             BLOCK * p->kernels->state_bytes, BLOCK * sizeof(ak_vq_best),
                             p->panels * p->kernels->columns * sizeof(float)};
    size_t total = 0;
    for (int i = 0; i < 5; i++) {
        at[i] = total;
        total += ak_round_up(sizes[i], AK_ALIGN);
    }
    return total;
}

static desk take_desk(const ak_vq *p, void *scratch)
{
    size_t at[5];
    char *base = scratch;
    part_desk(p, at);
    return (desk){(void *)(base + at[0]), (void *)(base + at[1]), base + at[2], (void *)(base + at[3]),
                  (void *)(base + at[4])};
}

static int too_large(size_t stages, size_t size, size_t dim)
{
    const size_t most = SIZE_MAX / 4096; /* leaves room for padding, blocks and the size of a double */
    return size > INT32_MAX / 2 || size > most / stages || dim > most / stages / (size + 64);
}

ak_status ak_vq_create(ak_vq **plan, size_t stages, size_t size, size_t dim, const float *codebooks,
                       const ak_options *options)
{
    ak_options o = options ? *options : (ak_options){1, AK_ISA_AUTO};
    if (!plan || !codebooks) return AK_ERR_ARGUMENT;
    *plan = NULL;
    if (!stages || !size || !dim || too_large(stages, size, dim)) return AK_ERR_SIZE;
    ak_isa isa;
    ak_status status = ak_isa_choose(o.isa, &isa);
    if (status) return status;
    ak_vq *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    p->kernels = AK_SELECT(ak_vq_kernels, isa);
    p->stages = stages;
    p->size = size;
    p->dim = dim;
    p->panels = (size + p->kernels->columns - 1) / p->kernels->columns;
    size_t padded = stages * p->panels * p->kernels->columns;
    p->codebooks = ak_alloc(stages * size * dim * sizeof(float));
    p->packed = ak_alloc(padded * dim * sizeof(float));
    p->half_norms = ak_alloc(padded * sizeof(float));
    p->largest = ak_alloc(stages * sizeof(float));
    status = p->codebooks && p->packed && p->half_norms && p->largest ? AK_OK : AK_ERR_MEMORY;
    size_t at[5];
    if (!status) status = ak_crew_create(&p->crew, o.threads, part_desk(p, at));
    if (status) {
        ak_vq_destroy(p);
        return status;
    }
    memcpy(p->codebooks, codebooks, stages * size * dim * sizeof(float));
    pack(p);
    *plan = p;
    return AK_OK;
}

void ak_vq_destroy(ak_vq *p)
{
    if (!p) return;
    ak_crew_destroy(p->crew);
    free(p->codebooks);
    free(p->packed);
    free(p->half_norms);
    free(p->largest);
    free(p);
}

size_t ak_vq_work_bytes(const ak_vq *plan)
{
    return ak_crew_scratch_bytes(plan->crew);
}

/* ---- encoding --------------------------------------------------------------------------------------------
 */

typedef struct job {
    const ak_vq *plan;
    size_t count, stages;
    const float *vectors;
    size_t stride;
    int32_t *indices;
    ak_vq_layout layout;
} job;

/* A bound on the difference between two scores' errors: the rounding of `dim` multiply-adds, of the half norm
 * and of the vector itself, each below 2^-24 of the sum of the terms' magnitudes, or below the smallest float
 * where the terms themselves underflow. */
static float score_error(size_t dim, float square, float largest)
{
    double norm = sqrt((double)square + (double)dim * 0x1p-126); /* squares underflow, too */
    double terms = 1.0001 * norm * largest + 0.5 * (double)largest * largest;
    return (float)(2 * ((double)dim + 8) * (0x1p-24 * terms + 0x1p-149));
}

/* The nearest codeword in float64 among those whose scores are not above `limit`. */
static int32_t nearest_exactly(const ak_vq *p, size_t stage, const double *left, const float *scores,
                               float limit)
{
    const float *c = p->codebooks + stage * p->size * p->dim;
    double smallest = INFINITY;
    int32_t index = 0;
    for (size_t k = 0; k < p->size; k++) {
        if (scores[k] > limit) continue;
        double square = 0;
        for (size_t d = 0; d < p->dim; d++)
            square += (left[d] - c[k * p->dim + d]) * (left[d] - c[k * p->dim + d]);
        if (square < smallest) {
            smallest = square;
            index = (int32_t)k;
        }
    }
    return index;
}

static const float *codeword(const ak_vq *p, size_t stage, int32_t index)
{
    return p->codebooks + (stage * p->size + (size_t)index) * p->dim;
}

static ak_panels panels_of(const ak_vq *p, size_t stage)
{
    size_t padded = p->panels * p->kernels->columns;
    return (ak_panels){p->packed + stage * padded * p->dim, p->half_norms + stage * padded, p->panels,
                       p->dim};
}

/* Settles what float32 cannot: left is the vector in float64, or NULL where x is exact. */
static int32_t settle(const ak_vq *p, size_t stage, const float *x, const double *left, ak_vq_best best,
                      desk *d)
{
    float error = score_error(p->dim, p->kernels->square(x, p->dim), p->largest[stage]);
    if (best.runner_up - best.score > error) return best.index;
    ak_panels panels = panels_of(p, stage);
    p->kernels->score(&panels, x, d->scores);
    double *exact = d->left; /* free where left is NULL */
    if (!left) {
        for (size_t i = 0; i < p->dim; i++) exact[i] = x[i];
        left = exact;
    }
    return nearest_exactly(p, stage, left, d->scores, best.score + error);
}

static void encode_task(const void *context, void *scratch, size_t task)
{
    const job *j = context;
    const ak_vq *p = j->plan;
    desk d = take_desk(p, scratch);
    size_t first = task * BLOCK, count = j->count - first < BLOCK ? j->count - first : BLOCK;
    const float *vectors = j->vectors + first * j->stride;
    int32_t *indices = j->indices + first * j->layout.vector_stride;
    for (size_t s = 0; s < j->stages; s++) {
        ak_panels panels = panels_of(p, s);
        const float *x = s ? d.rounded : vectors;
        size_t stride = s ? p->dim : j->stride;
        p->kernels->search(&panels, x, stride, count, d.state, d.best);
        for (size_t i = 0; i < count; i++) {
            const double *left = s ? d.left + i * p->dim : NULL;
            d.best[i].index = settle(p, s, x + i * stride, left, d.best[i], &d);
            indices[i * j->layout.vector_stride + s * j->layout.stage_stride] = d.best[i].index;
        }
        for (size_t i = 0; i < count && s + 1 < j->stages; i++)
            p->kernels->subtract(d.left + i * p->dim, d.rounded + i * p->dim, s ? NULL : x + i * stride,
                                 codeword(p, s, d.best[i].index), p->dim);
    }
}

static ak_status check(const ak_vq *plan, size_t count, size_t stages, size_t stride, const void *vectors,
                       const void *indices)
{
    if (!plan) return AK_ERR_ARGUMENT;
    if (stages > plan->stages) return AK_ERR_SIZE;
    if (count && (!vectors || !indices)) return AK_ERR_ARGUMENT;
    return count > 1 && stride < plan->dim ? AK_ERR_SIZE : AK_OK;
}

ak_status ak_vq_encode(const ak_vq *plan, void *work, size_t count, const float *vectors, size_t stride,
                       size_t stages, int32_t *indices, ak_vq_layout layout)
{
    ak_status status = check(plan, count, stages, stride, vectors, indices);
    if (status) return status;
    job j = {plan, count, stages, vectors, stride, indices, layout};
    return ak_crew_run(plan->crew, work, encode_task, &j, (count + BLOCK - 1) / BLOCK);
}

/* ---- decoding --------------------------------------------------------------------------------------------
 */

typedef struct sum_job {
    const ak_vq *plan;
    size_t count, stages;
    const int32_t *indices;
    ak_vq_layout layout;
    float *vectors;
    size_t stride;
    atomic_int *bad;
} sum_job;

static int sum_codewords(const sum_job *j, size_t i, float *to)
{
    const ak_vq *p = j->plan;
    if (!j->stages) memset(to, 0, p->dim * sizeof(float));
    for (size_t s = 0; s < j->stages; s++) {
        int32_t index = j->indices[i * j->layout.vector_stride + s * j->layout.stage_stride];
        if (index < 0 || (size_t)index >= p->size) return 0;
        if (s)
            p->kernels->add(to, codeword(p, s, index), p->dim);
        else
            memcpy(to, codeword(p, s, index), p->dim * sizeof(float));
    }
    return 1;
}

static void decode_task(const void *context, void *scratch, size_t task)
{
    const sum_job *j = context;
    (void)scratch;
    size_t stop = (task + 1) * BLOCK < j->count ? (task + 1) * BLOCK : j->count;
    for (size_t i = task * BLOCK; i < stop; i++)
        if (!sum_codewords(j, i, j->vectors + i * j->stride)) atomic_store(j->bad, 1);
}

ak_status ak_vq_decode(const ak_vq *plan, void *work, size_t count, const int32_t *indices,
                       ak_vq_layout layout, size_t stages, float *vectors, size_t stride)
{
    ak_status status = check(plan, count, stages, stride, vectors, indices);
    if (status) return status;
    atomic_int bad = 0;
    sum_job j = {plan, count, stages, indices, layout, vectors, stride, &bad};
    status = ak_crew_run(plan->crew, work, decode_task, &j, (count + BLOCK - 1) / BLOCK);
    return !status && bad ? AK_ERR_ARGUMENT : status;
}

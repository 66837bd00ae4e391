/* Plans for vector quantization, and blocks of vectors through all stages. */
#include "memory.h"
#include "vq.h"

#include <math.h>
#include <stdatomic.h>

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

static ak_status make_sieves(ak_vq *p)
{
    ak_status status = AK_OK;
    if (!p->sift) return AK_OK;
    p->sieves = ak_alloc(p->stages * sizeof *p->sieves);
    if (!p->sieves) return AK_ERR_MEMORY;
    for (size_t s = 0; s < p->stages && !status; s++) status = ak_vq_make_sieve(p, s);
    return status;
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
    p->sift = ak_sieve_select(isa);
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
    if (!status) {
        memcpy(p->codebooks, codebooks, stages * size * dim * sizeof(float));
        pack(p);
        status = ak_vq_make_turns(p);
    }
    if (!status) status = make_sieves(p);
    if (!status) status = ak_crew_create(&p->crew, o.threads, ak_vq_desk_bytes(p));
    if (status) {
        ak_vq_destroy(p);
        return status;
    }
    *plan = p;
    return AK_OK;
}

void ak_vq_destroy(ak_vq *p)
{
    if (!p) return;
    ak_crew_destroy(p->crew);
    for (size_t s = 0; p->sieves && s < p->stages; s++) ak_sieve_free(&p->sieves[s]);
    free(p->sieves);
    ak_vq_free_turns(p);
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

static void encode_task(const void *context, void *scratch, size_t task)
{
    const job *j = context;
    const ak_vq *p = j->plan;
    ak_vq_desk d = ak_vq_desk_at(p, scratch);
    size_t first = task * AK_VQ_BLOCK;
    size_t count = j->count - first < AK_VQ_BLOCK ? j->count - first : AK_VQ_BLOCK;
    const float *vectors = j->vectors + first * j->stride;
    int32_t *indices = j->indices + first * j->layout.vector_stride, nearest[AK_VQ_BLOCK];
    if (p->axes.count) ak_vq_turn(p, vectors, j->stride, count, &d);
    for (size_t s = 0; s < j->stages; s++) {
        const float *x = s ? d.rounded : vectors;
        size_t stride = s ? p->dim : j->stride;
        ak_vq_search_block(p, s, x, stride, s ? d.left : NULL, count, &d, nearest);
        for (size_t i = 0; i < count; i++) {
            indices[i * j->layout.vector_stride + s * j->layout.stage_stride] = nearest[i];
            if (s + 1 == j->stages) continue;
            if (p->axes.count)
                ak_vq_fetch(ak_vq_turned(p, s, nearest[i]), p->axes.count); /* for ak_vq_step */
            p->kernels->subtract(d.left + i * p->dim, d.rounded + i * p->dim, s ? NULL : x + i * stride,
                                 ak_vq_codeword(p, s, nearest[i]), p->dim);
        }
        if (p->axes.count && s + 1 < j->stages) ak_vq_step(p, s, count, nearest, &d);
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
    return ak_crew_run(plan->crew, work, encode_task, &j, (count + AK_VQ_BLOCK - 1) / AK_VQ_BLOCK);
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
            p->kernels->add(to, ak_vq_codeword(p, s, index), p->dim);
        else
            memcpy(to, ak_vq_codeword(p, s, index), p->dim * sizeof(float));
    }
    return 1;
}

static void decode_task(const void *context, void *scratch, size_t task)
{
    const sum_job *j = context;
    (void)scratch;
    size_t stop = (task + 1) * AK_VQ_BLOCK < j->count ? (task + 1) * AK_VQ_BLOCK : j->count;
    for (size_t i = task * AK_VQ_BLOCK; i < stop; i++)
        if (!sum_codewords(j, i, j->vectors + i * j->stride)) atomic_store(j->bad, 1);
}

ak_status ak_vq_decode(const ak_vq *plan, void *work, size_t count, const int32_t *indices,
                       ak_vq_layout layout, size_t stages, float *vectors, size_t stride)
{
    ak_status status = check(plan, count, stages, stride, vectors, indices);
    if (status) return status;
    atomic_int bad = 0;
    sum_job j = {plan, count, stages, indices, layout, vectors, stride, &bad};
    status = ak_crew_run(plan->crew, work, decode_task, &j, (count + AK_VQ_BLOCK - 1) / AK_VQ_BLOCK);
    return !status && bad ? AK_ERR_ARGUMENT : status;
}

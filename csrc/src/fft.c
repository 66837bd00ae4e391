/* Real FFTs of rows: W rows at a time through the lanes of rfft.h. */
#include <audiokern/fft.h>
#include "crew.h"
#include "memory.h"
#include "rfft.h"

struct ak_fft_plan {
    const ak_rfft_kernels *kernels;
    ak_rfft forward, inverse;
    size_t width, n, bins;
    ak_crew *crew;
};

typedef struct job {
    const ak_fft_plan *plan;
    const float *from; /* strides in floats */
    float *to;
    ptrdiff_t from_stride, to_stride;
    size_t rows;
} job;

static size_t work_vectors(const ak_fft_plan *p)
{
    return p->forward.work > p->inverse.work ? p->forward.work : p->inverse.work;
}

static void forward_walk(const void *arg, void *scratch, ak_share *share)
{
    const job *g = arg;
    const ak_fft_plan *p = g->plan;
    float *samples = scratch, *work = samples + p->n * p->width;
    for (ak_place at; ak_share_next(share, &at);) {
        size_t row = at.block * p->width, count = g->rows - row < p->width ? g->rows - row : p->width;
        p->kernels->to_lanes(g->from + (ptrdiff_t)row * g->from_stride, g->from_stride, p->n, count, samples,
                             p->width, 0);
        p->kernels->forward(&p->forward, AK_BINS_COMPLEX, samples, NULL, NULL, work, NULL, NULL);
        p->kernels->from_lanes(work, 2 * p->bins, g->to + (ptrdiff_t)row * g->to_stride, g->to_stride, count,
                               0);
    }
}

static void inverse_walk(const void *arg, void *scratch, ak_share *share)
{
    const job *g = arg;
    const ak_fft_plan *p = g->plan;
    float *samples = scratch, *work = samples + p->n * p->width;
    for (ak_place at; ak_share_next(share, &at);) {
        size_t row = at.block * p->width, count = g->rows - row < p->width ? g->rows - row : p->width;
        p->kernels->to_lanes(g->from + (ptrdiff_t)row * g->from_stride, g->from_stride, 2 * p->bins, count,
                             work, p->width, 0);
        p->kernels->inverse(&p->inverse, NULL, work, work, samples);
        float *to = g->to + (ptrdiff_t)row * g->to_stride;
        p->kernels->from_lanes(samples, p->n, to, g->to_stride, count, 0);
    }
}

/* The same side by side: a block of `from` and `to` for each W transforms. */
static void forward_lanes_walk(const void *arg, void *scratch, ak_share *share)
{
    const job *g = arg;
    const ak_fft_plan *p = g->plan;
    size_t samples = p->n * p->width, values = 2 * p->bins * p->width;
    for (ak_place at; ak_share_next(share, &at);) {
        size_t b = at.block;
        float *to = g->to + b * values;
        float *work =
            !p->forward.chirped && ak_is_aligned(to) ? to : scratch; /* bins end at the start of work */
        p->kernels->forward(&p->forward, AK_BINS_COMPLEX, g->from + b * samples, NULL, NULL, work, NULL,
                            NULL);
        if (work != to) memcpy(to, work, values * sizeof(float));
    }
}

static void inverse_lanes_walk(const void *arg, void *scratch, ak_share *share)
{
    const job *g = arg;
    const ak_fft_plan *p = g->plan;
    float *samples = scratch, *work = samples + p->n * p->width;
    size_t values = 2 * p->bins * p->width;
    for (ak_place at; ak_share_next(share, &at);) {
        size_t b = at.block;
        const float *bins = g->from + b * values;
        float *to = g->to + b * p->n * p->width;
        if (p->inverse.chirped && !ak_is_aligned(bins)) bins = memcpy(work, bins, values * sizeof(float));
        float *x = ak_is_aligned(to) ? to : samples;
        p->kernels->inverse(&p->inverse, NULL, bins, work, x);
        if (x != to) memcpy(to, x, p->n * p->width * sizeof(float));
    }
}

static ak_status init(ak_fft_plan *p, int n, const ak_options *options)
{
    ak_isa isa;
    ak_status status = ak_isa_choose(options ? options->isa : AK_ISA_AUTO, &isa);
    if (status != AK_OK) return status;
    if (n < 1) return AK_ERR_ARGUMENT;
    p->kernels = AK_SELECT(ak_rfft_kernels, isa);
    p->width = (size_t)p->kernels->width;
    p->n = (size_t)n;
    p->bins = p->n / 2 + 1;
    if (p->n * p->width > INT32_MAX) return AK_ERR_SIZE;
    if ((status = ak_rfft_init(&p->forward, n, p->kernels->width, AK_FORWARD)) != AK_OK) return status;
    if ((status = ak_rfft_init(&p->inverse, n, p->kernels->width, AK_INVERSE)) != AK_OK) return status;
    size_t vectors = p->n + work_vectors(p);
    return ak_crew_create(&p->crew, options ? options->threads : 1, vectors * p->width * sizeof(float));
}

ak_status ak_fft_create(ak_fft_plan **plan, int n, const ak_options *options)
{
    if (!plan) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_fft_plan *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    ak_status status = init(p, n, options);
    if (status != AK_OK)
        ak_fft_destroy(p);
    else
        *plan = p;
    return status;
}

static ak_status run(const ak_fft_plan *p, ak_walker walker, job g, void *work)
{
    if (g.rows == 0) return AK_OK;
    if (!g.from || !g.to) return AK_ERR_ARGUMENT;
    g.plan = p;
    return ak_crew_walk(p->crew, work, walker, &g, 1, (g.rows + p->width - 1) / p->width, 2);
}

ak_status ak_fft_forward(const ak_fft_plan *plan, const float *x, ptrdiff_t x_stride, size_t rows,
                         float *spectrum, ptrdiff_t spectrum_stride, void *work)
{
    if (!plan) return AK_ERR_ARGUMENT;
    job g = {
        .from = x, .to = spectrum, .from_stride = x_stride, .to_stride = 2 * spectrum_stride, .rows = rows};
    return run(plan, forward_walk, g, work);
}

ak_status ak_fft_inverse(const ak_fft_plan *plan, const float *spectrum, ptrdiff_t spectrum_stride,
                         size_t rows, float *x, ptrdiff_t x_stride, void *work)
{
    if (!plan) return AK_ERR_ARGUMENT;
    job g = {
        .from = spectrum, .to = x, .from_stride = 2 * spectrum_stride, .to_stride = x_stride, .rows = rows};
    return run(plan, inverse_walk, g, work);
}

size_t ak_fft_lanes(const ak_fft_plan *plan)
{
    return plan ? plan->width : 0;
}

ak_status ak_fft_forward_lanes(const ak_fft_plan *plan, const float *x, size_t blocks, float *spectrum,
                               void *work)
{
    if (!plan) return AK_ERR_ARGUMENT;
    return run(plan, forward_lanes_walk, (job){.from = x, .to = spectrum, .rows = blocks * plan->width},
               work);
}

ak_status ak_fft_inverse_lanes(const ak_fft_plan *plan, const float *spectrum, size_t blocks, float *x,
                               void *work)
{
    if (!plan) return AK_ERR_ARGUMENT;
    return run(plan, inverse_lanes_walk, (job){.from = spectrum, .to = x, .rows = blocks * plan->width},
               work);
}

size_t ak_fft_work_bytes(const ak_fft_plan *plan)
{
    return plan ? ak_crew_scratch_bytes(plan->crew) : 0;
}

void ak_fft_destroy(ak_fft_plan *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    ak_rfft_free(&plan->forward);
    ak_rfft_free(&plan->inverse);
    free(plan);
}

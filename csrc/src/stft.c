/* The fast short-time Fourier transform: plan, and the walk of one task over its blocks of frames. */
#include <audiokern/stft.h>
#include "crew.h"
#include "framer.h"
#include "memory.h"

struct ak_stft_plan {
    ak_framer framer;
    ak_crew *crew;
};

typedef struct job {
    const ak_stft_plan *plan;
    ak_bins kind;
    const float *x;
    size_t samples, frames;
    ptrdiff_t x_stride;
    float *out; /* strides in floats */
    ptrdiff_t row_stride, frame_stride;
    int stream; /* past the cache */
} job;

static size_t bins(const ak_framer *f)
{
    return (size_t)f->config.n_fft / 2 + 1;
}

static size_t scratch_bytes(const ak_framer *f)
{
    return (ak_framer_floats(f) + (f->fft.work + bins(f)) * f->width) * sizeof(float);
}

static void stft_walk(const void *arg, void *scratch, ak_share *share)
{
    const job *g = arg;
    const ak_framer *f = &g->plan->framer;
    const ak_rfft_kernels *k = f->kernels;
    float *sheet = scratch;
    float *work = sheet + ak_framer_floats(f), *values = work + f->fft.work * f->width;
    size_t floats = bins(f) * (g->kind == AK_BINS_COMPLEX ? 2 : 1);
    int whole = !g->stream && g->frame_stride == (ptrdiff_t)floats;

    ak_walk walk;
    for (ak_place at; ak_share_next(share, &at);) {
        if (at.fresh)
            walk = ak_walk_start(f, g->x + (ptrdiff_t)at.row * g->x_stride, g->samples, at.block, sheet);
        const float *view = ak_walk_next(&walk);
        size_t first = at.block * f->width, left = g->frames - first;
        float *to = g->out + (ptrdiff_t)at.row * g->row_stride + (ptrdiff_t)first * g->frame_stride;
        size_t count = left < f->width ? left : f->width;
        ak_ahead ahead = ak_walk_ahead(&walk, to, whole ? floats * count * sizeof(float) : 0);
        k->forward(&f->fft, g->kind, view, f->offset, f->gain, work, values, &ahead);
        k->from_lanes(g->kind == AK_BINS_COMPLEX ? work : values, floats, to, g->frame_stride, count,
                      g->stream);
    }
    if (g->stream) k->settle();
}

/* A word of each huge page that is written, before anything else is. The system gives a page, and clears it,
 * when it is first written to, and what was just cleared is in the cache: a line that goes past the cache to
 * the same place has to drive it out first. Pages that are there already cost nothing. */
enum { HUGE_PAGE = (2 << 20) / sizeof(float) };

static size_t pages(const job *g)
{
    return g->frames * (size_t)g->frame_stride / HUGE_PAGE + 1; /* of a row that begins anywhere */
}

static void page_task(const void *arg, void *scratch, size_t task)
{
    const job *g = arg;
    volatile float *to = g->out + (ptrdiff_t)(task / pages(g)) * g->row_stride;
    size_t floats = g->frames * (size_t)g->frame_stride;
    size_t i = -((uintptr_t)to / sizeof(float)) % HUGE_PAGE + task % pages(g) * HUGE_PAGE;
    if (i < floats) to[i] = 0;
    (void)scratch;
}

/* Where vectors of 16 floats are computed in halves, a small transform is as fast in vectors of 8, half of it
 * stays in the first-level cache, and fewer rows of its output compete for a set. Measured on Zen 4: up to
 * 512 points. */
static ak_isa narrowed(ak_isa isa, const ak_stft_config *config)
{
    AK_IF_AVX2(
        if (isa == AK_ISA_AVX512 && config && config->n_fft <= 512 && ak_cpu_split512()) return AK_ISA_AVX2;)
    (void)config;
    return isa;
}

ak_status ak_stft_create(ak_stft_plan **plan, const ak_stft_config *config, const ak_options *options)
{
    if (!plan) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_isa isa;
    ak_status status = ak_isa_choose(options ? options->isa : AK_ISA_AUTO, &isa);
    if (status != AK_OK) return status;
    ak_stft_plan *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    status = ak_framer_init(&p->framer, config, narrowed(isa, config), AK_FORWARD);
    if (status == AK_OK)
        status = ak_crew_create(&p->crew, options ? options->threads : 1, scratch_bytes(&p->framer));
    if (status != AK_OK)
        ak_stft_destroy(p);
    else
        *plan = p;
    return status;
}

static ak_status run(const job *from, size_t rows, void *work)
{
    job g = *from;
    const ak_stft_plan *p = g.plan;
    const ak_framer *f = &p->framer;
    ak_status status = ak_stft_check_samples(&f->config, g.samples);
    if (status != AK_OK) return status;
    g.frames = ak_stft_frames(&f->config, g.samples);
    if (rows == 0 || g.frames == 0) return AK_OK;
    if (!g.x || !g.out) return AK_ERR_ARGUMENT;
    size_t floats = bins(f) * (g.kind == AK_BINS_COMPLEX ? 2 : 1);
    g.stream = rows * g.frames > f->kernels->stream_bytes / sizeof(float) / floats;
    if (g.stream && g.frame_stride == (ptrdiff_t)floats) { /* gaps are not ours to write to */
        status = ak_crew_run(p->crew, work, page_task, &g, rows * pages(&g));
        if (status != AK_OK) return status;
    }
    return ak_crew_walk(p->crew, work, stft_walk, &g, rows, (g.frames + f->width - 1) / f->width, 2);
}

ak_status ak_stft_execute(const ak_stft_plan *plan, const float *x, size_t rows, size_t samples,
                          ptrdiff_t x_stride, float *spectrum, ptrdiff_t row_stride, ptrdiff_t frame_stride,
                          void *work)
{
    if (!plan) return AK_ERR_ARGUMENT;
    job g = {.plan = plan, .kind = AK_BINS_COMPLEX, .x = x, .samples = samples, .x_stride = x_stride};
    g.out = spectrum;
    g.row_stride = 2 * row_stride;
    g.frame_stride = 2 * frame_stride;
    return run(&g, rows, work);
}

ak_status ak_stft_spectrogram(const ak_stft_plan *plan, int power, const float *x, size_t rows,
                              size_t samples, ptrdiff_t x_stride, float *values, ptrdiff_t row_stride,
                              ptrdiff_t frame_stride, void *work)
{
    if (!plan || power < 1 || power > 2) return AK_ERR_ARGUMENT;
    job g = {.plan = plan, .x = x, .samples = samples, .x_stride = x_stride};
    g.kind = power == 2 ? AK_BINS_POWER : AK_BINS_MAGNITUDE;
    g.out = values;
    g.row_stride = row_stride;
    g.frame_stride = frame_stride;
    return run(&g, rows, work);
}

size_t ak_stft_work_bytes(const ak_stft_plan *plan)
{
    return plan ? ak_crew_scratch_bytes(plan->crew) : 0;
}

void ak_stft_destroy(ak_stft_plan *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    ak_framer_free(&plan->framer);
    free(plan);
}

/* Resampling plans, and whole signals. */
#include "resample.h"
#include "memory.h"
#include "resample_overlap.h"

#define TILE 16384 /* outputs of one task, about */

/* The FFT, where the filter's stopband lets it leave out the bins beyond, and where it pays. */
static ak_status plan_overlap(ak_resample *p, const ak_resample_config *c, ak_isa isa)
{
    if ((unsigned)c->method >= AK_RESAMPLE_METHOD_COUNT) return AK_ERR_ARGUMENT;
    if (c->method == AK_RESAMPLE_DIRECT || c->quality == AK_RESAMPLE_LOW) return AK_OK;
    if (c->quality == AK_RESAMPLE_CUSTOM && c->stopband > 1) return AK_OK;
    p->overlap = ak_alloc(sizeof *p->overlap);
    if (!p->overlap) return AK_ERR_MEMORY;
    ak_status status = ak_overlap_init(p->overlap, &p->filter, isa);
    if (!status && p->overlap->n_in) return AK_OK;
    ak_overlap_release(p->overlap);
    free(p->overlap);
    p->overlap = NULL;
    return status;
}

ak_status ak_resample_create(ak_resample **plan, const ak_resample_config *config, const ak_options *options)
{
    ak_options o = options ? *options : (ak_options){1, AK_ISA_AUTO};
    if (!plan || !config) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_isa isa;
    ak_status status = ak_isa_choose(o.isa, &isa);
    if (status) return status;
    ak_resample *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    status = ak_filter_design(&p->filter, config);
    if (!status) status = plan_overlap(p, config, isa);
    if (!status)
        status = ak_crew_create(&p->crew, o.threads, p->overlap ? ak_overlap_scratch_bytes(p->overlap) : 0);
    if (status) {
        ak_resample_destroy(p);
        return status;
    }
    const ak_resample_kernels *kernels = AK_SELECT(ak_resample_kernels, isa);
    p->fir = p->filter.wide ? kernels->wide : kernels->narrow;
    p->blend = p->filter.wide ? kernels->wide_blend : kernels->narrow_blend;
    *plan = p;
    return AK_OK;
}

void ak_resample_destroy(ak_resample *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    if (plan->overlap) ak_overlap_release(plan->overlap);
    free(plan->overlap);
    ak_filter_release(&plan->filter);
    free(plan);
}

int64_t ak_resample_outputs(const ak_filter *f, size_t samples)
{
    const int64_t most = INT64_MAX / 16;
    if (samples > (size_t)most) return -1;
    int64_t whole = (int64_t)samples / f->down, rest = (int64_t)samples % f->down;
    if (whole > most / f->up) return -1;
    return whole * f->up + (rest * f->up + f->down - 1) / f->down;
}

size_t ak_resample_length(const ak_resample *plan, size_t samples)
{
    int64_t length = ak_resample_outputs(&plan->filter, samples);
    return length < 0 ? 0 : (size_t)length;
}

size_t ak_resample_reach(const ak_resample *plan)
{
    return plan->filter.reach;
}

size_t ak_resample_work_bytes(const ak_resample *plan)
{
    return ak_crew_scratch_bytes(plan->crew);
}

typedef struct job {
    const ak_resample *plan;
    size_t samples, length;
    const float *in;
    size_t in_stride;
    float *out;
    size_t out_stride;
    size_t tile, tiles; /* outputs (direct) or blocks (FFT) of a task; tasks of a channel */
} job;

static void tile_task(const void *context, void *scratch, size_t task)
{
    const job *j = context;
    (void)scratch;
    size_t channel = task / j->tiles, from = task % j->tiles * j->tile;
    size_t to = j->length - from < j->tile ? j->length : from + j->tile;
    ak_stretch in = {j->in + channel * j->in_stride, 0, (int64_t)j->samples};
    ak_resample_direct(j->plan, in, (int64_t)from, (int64_t)to, j->out + channel * j->out_stride + from);
}

static void group_task(const void *context, void *scratch, size_t task)
{
    const job *j = context;
    size_t channel = task / j->tiles, first = task % j->tiles * j->tile;
    ak_overlap_group(j->plan->overlap, scratch, j->in + channel * j->in_stride, j->samples, first,
                     j->out + channel * j->out_stride, j->length);
}

/* Whole periods, so that a tile's groups run together (AK_PERIODS of them in the widest kernel); enough tiles
 * to go round when there are threads. */
static size_t tile_of(const ak_resample *plan, size_t length, size_t channels)
{
    if (plan->filter.phases) return TILE;
    size_t period = (size_t)plan->filter.period_out, tile = ak_round_up(TILE, AK_PERIODS * period);
    size_t threads = (size_t)ak_crew_threads(plan->crew), wanted = 4 * threads;
    if (threads > 1 && channels < wanted && length / tile < wanted)
        tile = ak_round_up(length / wanted + 1, length / wanted / period > AK_PERIODS ? period : AK_GROUP);
    return tile;
}

/* Groups of blocks cost the same whether their lanes are full or not. */
static int fills_lanes(const ak_overlap *o, size_t length)
{
    size_t width = (size_t)o->kernels->width, blocks = (length + o->outputs - 1) / o->outputs;
    return 2 * blocks >= width * ((blocks + width - 1) / width);
}

ak_status ak_resample_execute(const ak_resample *plan, void *work, size_t channels, size_t samples,
                              const float *in, size_t in_stride, float *out, size_t out_stride)
{
    if (!plan) return AK_ERR_ARGUMENT;
    int64_t length = ak_resample_outputs(&plan->filter, samples);
    if (length < 0) return AK_ERR_SIZE;
    if (!channels || !length) return AK_OK;
    if (!in || !out) return AK_ERR_ARGUMENT;
    if (channels > 1 && (in_stride < samples || out_stride < (size_t)length)) return AK_ERR_SIZE;
    job j = {.plan = plan,
             .samples = samples,
             .length = (size_t)length,
             .in = in,
             .in_stride = in_stride,
             .out = out,
             .out_stride = out_stride};
    const ak_overlap *o = plan->overlap;
    if (o && fills_lanes(o, j.length)) {
        size_t blocks = (j.length + o->outputs - 1) / o->outputs;
        j.tile = (size_t)o->kernels->width;
        j.tiles = (blocks + j.tile - 1) / j.tile;
        return ak_crew_run(plan->crew, work, group_task, &j, channels * j.tiles);
    }
    j.tile = tile_of(plan, j.length, channels);
    j.tiles = (j.length + j.tile - 1) / j.tile;
    return ak_crew_run(plan->crew, work, tile_task, &j, channels * j.tiles);
}

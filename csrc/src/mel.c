/* Mel spectrograms and what is made of them: plan, and the walk of one task over its blocks of frames. */
#include <audiokern/mel.h>
#include "bands.h"
#include "crew.h"
#include "framer.h"
#include "memory.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>

#define PAD_BINS 3 /* that a band may read beyond the last bin */

struct ak_mel_plan {
    ak_framer framer;
    const ak_mel_kernels *kernels;
    ak_bands bands;
    ak_finish finish;
    float range;
    ak_bins kind;
    int conditioned, remove_mean; /* Kaldi */
    float preemphasis;
    int32_t *offset; /* of the conditioned frame, in the order of pass 0 */
    float *dct;
    size_t mels, bins, channels;
    float shift, scale; /* after the clamp below the maximum */
    ak_crew *crew;
};

/* The scratch of one task, in floats. */
typedef struct layout {
    size_t sheet, frame, work, bins, mels, channels, total;
} layout;

static layout lay_out(const ak_mel_plan *p)
{
    const ak_framer *f = &p->framer;
    size_t w = f->width;
    layout s = {.sheet = 0};
    s.frame = ak_framer_floats(f);
    s.work = s.frame + (p->conditioned ? (size_t)ak_stft_extent(&f->config) * w : 0);
    s.bins = s.work + f->fft.work * w;
    s.mels = s.bins + (p->bins + PAD_BINS) * w;
    s.channels = s.mels + p->mels * w;
    s.total = s.channels + (p->dct ? p->channels * w : 0);
    return s;
}

typedef struct job {
    const ak_mel_plan *plan;
    const float *x;
    size_t samples, frames;
    ptrdiff_t x_stride;
    float *values;
    ptrdiff_t row_stride, frame_stride, channel_stride;
    atomic_int
        *peaks; /* of each row the largest value so far, as ordered() has it; NULL where not asked for */
} job;

/* Floats as integers in the same order, and back. */
static int ordered(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? bits ^ INT32_MAX : bits;
}

static float unordered(int key)
{
    int32_t bits = key < 0 ? key ^ INT32_MAX : key;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void raise_peak(atomic_int *peak, float to)
{
    int key = ordered(to), old = atomic_load_explicit(peak, memory_order_relaxed);
    while (old < key && !atomic_compare_exchange_weak_explicit(peak, &old, key, memory_order_relaxed,
                                                               memory_order_relaxed)) {
    }
}

/* The largest of `count` frames in lanes. */
static float largest(const ak_mel_plan *p, const float *values, size_t count)
{
    size_t w = p->framer.width;
    if (count == w) return p->kernels->maximum(values, p->channels * w);
    float most = -INFINITY;
    for (size_t c = 0; c < p->channels; c++)
        for (size_t l = 0; l < count; l++) most = fmaxf(most, values[c * w + l]);
    return most;
}

static void store(const job *g, const float *from, float *to, size_t count)
{
    const ak_mel_plan *p = g->plan;
    size_t w = p->framer.width;
    if (g->channel_stride == 1) {
        p->framer.kernels->from_lanes(from, p->channels, to, g->frame_stride, count, 0);
    } else if (g->frame_stride == 1) {
        p->kernels->store_channels(from, p->channels, to, g->channel_stride, count);
    } else {
        for (size_t c = 0; c < p->channels; c++)
            for (size_t l = 0; l < count; l++)
                to[(ptrdiff_t)l * g->frame_stride + (ptrdiff_t)c * g->channel_stride] = from[c * w + l];
    }
}

/* To the samples of the next block, and to where `count` frames of this one go. Of channels apart, the line
 * where these frames begin was asked for by the block before, whose frames end there. */
static ak_ahead look_ahead(const job *g, const ak_walk *walk, const float *to, size_t count)
{
    size_t channels = g->plan->channels;
    int whole = g->channel_stride == 1 && g->frame_stride == (ptrdiff_t)channels;
    ak_ahead ahead = ak_walk_ahead(walk, to, whole ? channels * count * sizeof(float) : 0);
    if (g->frame_stride == 1 && g->channel_stride > 1)
        ak_walk_ahead_rows(&ahead, to + count - 1, channels, (size_t)g->channel_stride * sizeof(float));
    return ahead;
}

static void mel_walk(const void *arg, void *scratch, ak_share *share)
{
    const job *g = arg;
    const ak_mel_plan *p = g->plan;
    const ak_framer *f = &p->framer;
    layout s = lay_out(p);
    float *base = scratch, *bins = base + s.bins, *mels = base + s.mels, *last = mels;
    if (p->dct) last = base + s.channels;
    memset(bins + p->bins * f->width, 0, PAD_BINS * f->width * sizeof(float));

    ak_walk walk;
    for (ak_place at; ak_share_next(share, &at);) {
        if (at.fresh) {
            const float *signal = g->x + (ptrdiff_t)at.row * g->x_stride;
            walk = ak_walk_start(f, signal, g->samples, at.block, base + s.sheet);
        }
        const float *view = ak_walk_next(&walk);
        const int32_t *offset = f->offset;
        if (p->conditioned) {
            p->kernels->condition(view, (size_t)ak_stft_extent(&f->config), (size_t)f->config.hop, f->stride,
                                  p->remove_mean, p->preemphasis, base + s.frame);
            view = base + s.frame;
            offset = p->offset;
        }
        size_t first = at.block * f->width, left = g->frames - first;
        size_t count = left < f->width ? left : f->width;
        float *to = g->values + (ptrdiff_t)at.row * g->row_stride + (ptrdiff_t)first * g->frame_stride;
        ak_ahead ahead = look_ahead(g, &walk, to, count);
        f->kernels->forward(&f->fft, p->kind, view, offset, f->gain, base + s.work, bins, &ahead);
        p->kernels->bands(&p->bands, bins, mels);
        p->kernels->finish(&p->finish, mels, p->mels);
        if (p->dct) p->kernels->project(p->dct, p->channels, p->mels, mels, last);
        if (g->peaks) raise_peak(&g->peaks[at.row], largest(p, last, count));
        store(g, last, to, count);
    }
}

/* The clamp below the maximum. A row's lines are its frames or its channels, whichever lie contiguous. */
#define MOST_ROWS 64 /* that are clamped together, and parts of them */

typedef struct clamp_job {
    const job *mel;
    size_t parts; /* that each row is cut into */
    size_t lines, length;
    ptrdiff_t line_stride, step;
} clamp_job;

static void clamp_task(const void *arg, void *scratch, size_t task)
{
    const clamp_job *c = arg;
    const ak_mel_plan *p = c->mel->plan;
    (void)scratch;
    size_t row = task / c->parts, part = task % c->parts;
    float *x = c->mel->values + (ptrdiff_t)row * c->mel->row_stride;
    float least = unordered(atomic_load_explicit(&c->mel->peaks[row], memory_order_relaxed)) - p->range;
    for (size_t i = c->lines * part / c->parts; i < c->lines * (part + 1) / c->parts; i++) {
        float *line = x + (ptrdiff_t)i * c->line_stride;
        if (c->step == 1)
            p->kernels->clamp(line, c->length, least, p->shift, p->scale);
        else
            for (size_t j = 0; j < c->length; j++, line += c->step)
                *line = (fmaxf(*line, least) + p->shift) * p->scale;
    }
}

static ak_status clamp_rows(const job *g, size_t rows, int threads, void *work)
{
    clamp_job c = {.mel = g, .lines = g->frames, .length = g->plan->channels};
    c.line_stride = g->frame_stride, c.step = g->channel_stride;
    if (g->frame_stride == 1) {
        c.lines = g->plan->channels, c.length = g->frames;
        c.line_stride = g->channel_stride, c.step = 1;
    }
    c.parts = threads > 1 ? MOST_ROWS / rows : 1;
    if (c.parts > c.lines) c.parts = c.lines;
    return ak_crew_run(g->plan->crew, work, clamp_task, &c, rows * c.parts);
}

ak_status ak_mel_execute(const ak_mel_plan *p, const float *x, size_t rows, size_t samples,
                         ptrdiff_t x_stride, float *values, ptrdiff_t row_stride, ptrdiff_t frame_stride,
                         ptrdiff_t channel_stride, void *work)
{
    if (!p) return AK_ERR_ARGUMENT;
    const ak_framer *f = &p->framer;
    ak_status status = ak_stft_check_samples(&f->config, samples);
    if (status != AK_OK) return status;
    size_t frames = ak_stft_frames(&f->config, samples);
    if (rows == 0 || frames == 0) return AK_OK;
    if (!x || !values) return AK_ERR_ARGUMENT;

    job g = {.plan = p, .x = x, .samples = samples, .frames = frames, .x_stride = x_stride, .values = values};
    g.row_stride = row_stride;
    g.frame_stride = frame_stride;
    g.channel_stride = channel_stride;
    int threads = work ? 1 : ak_crew_threads(p->crew);
    size_t blocks = (frames + f->width - 1) / f->width;
    if (!(p->range > 0)) {
        return ak_crew_walk(p->crew, work, mel_walk, &g, rows, blocks, 2);
    }
    /* A few rows at a time, clamped while they are still in the cache. */
    atomic_int peaks[MOST_ROWS];
    size_t group = (size_t)threads < MOST_ROWS ? (size_t)threads : MOST_ROWS;
    for (size_t row = 0; row < rows && status == AK_OK; row += group) {
        size_t count = rows - row < group ? rows - row : group;
        for (size_t i = 0; i < count; i++) atomic_init(&peaks[i], ordered(-INFINITY));
        job part = g;
        part.peaks = peaks;
        part.x += (ptrdiff_t)row * x_stride;
        part.values += (ptrdiff_t)row * row_stride;
        status = ak_crew_walk(p->crew, work, mel_walk, &part, count, blocks, 2);
        if (status == AK_OK) status = clamp_rows(&part, count, threads, work);
    }
    return status;
}

static ak_status check(const ak_mel_config *c)
{
    ak_status status = c ? ak_stft_check(&c->stft) : AK_ERR_ARGUMENT;
    if (status != AK_OK) return status;
    if (c->mels < 1 || !c->filters || c->power < 1 || c->power > 2) return AK_ERR_ARGUMENT;
    if ((unsigned)c->log > AK_LOG_DB || (c->dct && c->coefficients < 1)) return AK_ERR_ARGUMENT;
    if (c->range > 0 && c->dct) return AK_ERR_ARGUMENT;
    if (c->mels > 1 << 20 || (c->dct && c->coefficients > 1 << 20)) return AK_ERR_SIZE;
    return AK_OK;
}

int ak_mel_channels(const ak_mel_config *c)
{
    return check(c) != AK_OK ? 0 : c->dct ? c->coefficients : c->mels;
}

static ak_status fill_tables(ak_mel_plan *p, const ak_mel_config *c)
{
    const double per_log[] = {0, 1, 0.43429448190325182765, 4.3429448190325182765};
    float scale = c->scale == 0 ? 1.0f : c->scale;
    p->range = c->range;
    p->shift = c->shift;
    p->scale = scale;
    p->finish = (ak_finish){.factor = (float)per_log[c->log], .shift = 0, .scale = 1};
    p->finish.floor = c->floor > FLT_MIN ? c->floor : FLT_MIN;
    if (!(c->range > 0)) {
        p->finish.shift = c->shift;
        p->finish.scale = scale;
    }
    if (c->dct) {
        p->dct = ak_alloc(p->channels * p->mels * sizeof(float));
        if (!p->dct) return AK_ERR_MEMORY;
        memcpy(p->dct, c->dct, p->channels * p->mels * sizeof(float));
    }
    p->conditioned = c->remove_mean || c->preemphasis != 0;
    if (p->conditioned) {
        p->offset = ak_alloc((size_t)c->stft.n_fft * sizeof *p->offset);
        if (!p->offset) return AK_ERR_MEMORY;
        for (int i = 0; i < c->stft.n_fft; i++) {
            int j = p->framer.fft.sample[i];
            p->offset[i] = j < ak_stft_extent(&c->stft) ? j * (int)p->framer.width : 0;
        }
    }
    return ak_bands_init(&p->bands, c->filters, c->mels, (int)p->bins);
}

static ak_status init(ak_mel_plan *p, const ak_mel_config *config, const ak_options *options)
{
    ak_isa isa;
    ak_status status = ak_isa_choose(options ? options->isa : AK_ISA_AUTO, &isa);
    if (status == AK_OK) status = check(config);
    if (status == AK_OK) status = ak_framer_init(&p->framer, &config->stft, isa, AK_POWER);
    if (status != AK_OK) return status;
    p->kernels = AK_SELECT(ak_mel_kernels, isa);
    p->kind = config->power == 2 ? AK_BINS_POWER : AK_BINS_MAGNITUDE;
    p->bins = (size_t)config->stft.n_fft / 2 + 1;
    p->mels = (size_t)config->mels;
    p->channels = (size_t)ak_mel_channels(config);
    p->remove_mean = config->remove_mean;
    p->preemphasis = config->preemphasis;
    if ((status = fill_tables(p, config)) != AK_OK) return status;
    return ak_crew_create(&p->crew, options ? options->threads : 1, lay_out(p).total * sizeof(float));
}

ak_status ak_mel_create(ak_mel_plan **plan, const ak_mel_config *config, const ak_options *options)
{
    if (!plan) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_mel_plan *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    ak_status status = init(p, config, options);
    if (status != AK_OK)
        ak_mel_destroy(p);
    else
        *plan = p;
    return status;
}

size_t ak_mel_work_bytes(const ak_mel_plan *plan)
{
    return plan ? ak_crew_scratch_bytes(plan->crew) : 0;
}

void ak_mel_destroy(ak_mel_plan *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    ak_framer_free(&plan->framer);
    ak_bands_free(&plan->bands);
    free(plan->offset);
    free(plan->dct);
    free(plan);
}

/* The fast inverse short-time Fourier transform.
 *
 * The mirror image of stft.c: W spectra are transposed into lanes and transformed, and their windowed samples
 * are added into a sheet laid out as in framer.h, sums[row][column], where overlapping frames are
 * neighbouring columns. Once all frames that reach into W columns have been added, those columns are divided
 * by the envelope, transposed, and are W * hop samples of the signal.
 */
#include <audiokern/stft.h>
#include "crew.h"
#include "rfft.h"
#include "memory.h"
#include "stft_config.h"

struct ak_istft_plan {
    const ak_rfft_kernels *kernels;
    ak_rfft fft;
    ak_stft_config config;
    size_t width, n, bins, hop, left, overlap; /* overlap: columns that a frame covers */
    size_t span;                               /* column blocks that W frames cover */
    float *gain;                               /* the window */
    double *squares;                           /* of the window, in order */
    float *scale;                              /* 1 / envelope of each row, away from the ends */
    float *ones;
    ak_crew *crew;
};

typedef struct job {
    const ak_istft_plan *plan;
    const float *spectrum; /* strides in floats */
    size_t frames;
    ptrdiff_t row_stride, frame_stride;
    float *x;
    size_t samples;
    ptrdiff_t x_stride;
} job;

static size_t sums_floats(const ak_istft_plan *p)
{
    return ak_round_up(p->hop * p->span * p->width, 16);
}

static size_t edge_floats(const ak_istft_plan *p)
{
    return ak_round_up(p->hop * p->width, 16);
}

static size_t scratch_bytes(const ak_istft_plan *p)
{
    return (sums_floats(p) + edge_floats(p) + (p->fft.work + p->n) * p->width) * sizeof(float);
}

/* The sum of squared windows over sample `at` of the extended signal, from the frames that exist. */
static double envelope_at(const ak_istft_plan *p, size_t at, size_t frames)
{
    size_t last = at / p->hop < frames ? at / p->hop : frames - 1;
    double sum = 0;
    for (size_t m = last + 1; m-- > 0 && at - m * p->hop < p->n;) sum += p->squares[at - m * p->hop];
    return sum > AK_ENVELOPE_FLOOR ? sum : AK_ENVELOPE_FLOOR;
}

/* W columns at an end of the signal: some frames are missing, some samples are cut off. */
static void take_edge(const job *g, float *sums, float *edge, float *x, size_t block)
{
    const ak_istft_plan *p = g->plan;
    p->kernels->overlap_take(sums, p->hop, p->span * p->width, p->ones, edge);
    size_t column = block * p->width, end = column + p->width;
    for (; column < end; column++, edge += p->hop) {
        size_t start = column * p->hop, from = start < p->left ? p->left - start : 0;
        size_t left = p->left + g->samples > start ? p->left + g->samples - start : 0;
        size_t to = left < p->hop ? left : p->hop;
        int whole = column + 1 >= p->overlap && column < g->frames;
        for (size_t i = from; i < to; i++) {
            double scale = whole ? (double)p->scale[i] : 1.0 / envelope_at(p, start + i, g->frames);
            x[start + i - p->left] = (float)(edge[i] * scale);
        }
    }
}

static void take(const job *g, float *sums, float *edge, float *x, size_t block)
{
    const ak_istft_plan *p = g->plan;
    size_t column = block * p->width, start = column * p->hop, end = start + p->width * p->hop;
    int whole = column + 1 >= p->overlap && column + p->width <= g->frames;
    if (whole && start >= p->left && end - p->left <= g->samples)
        p->kernels->overlap_take(sums, p->hop, p->span * p->width, p->scale, x + (start - p->left));
    else
        take_edge(g, sums, edge, x, block);
}

/* Adds the W frames of a block to the sums. */
static void add_frames(const job *g, const float *spectrum, float *sums, float *work, size_t block)
{
    const ak_istft_plan *p = g->plan;
    size_t first = block * p->width;
    if (first >= g->frames) return;
    size_t count = g->frames - first < p->width ? g->frames - first : p->width;
    float *frame = work + p->fft.work * p->width;
    uintptr_t next = (uintptr_t)spectrum + (first + p->width) * (uintptr_t)g->frame_stride * sizeof(float);
    p->kernels->to_lanes(spectrum + (ptrdiff_t)first * g->frame_stride, g->frame_stride, 2 * p->bins, count,
                         work, p->width, 0);
    p->kernels->inverse(&p->fft, p->gain, work, work, frame);
    p->kernels->overlap_add(frame, p->n, p->hop, sums, p->span * p->width, next);
}

static void istft_walk(const void *arg, void *scratch, ak_share *share)
{
    const job *g = arg;
    const ak_istft_plan *p = g->plan;
    float *sums = scratch, *edge = sums + sums_floats(p), *work = edge + edge_floats(p);
    for (ak_place at; ak_share_next(share, &at);) {
        const float *spectrum = g->spectrum + (ptrdiff_t)at.row * g->row_stride;
        if (at.fresh) {
            memset(sums, 0, sums_floats(p) * sizeof(float));
            size_t before = at.block < p->span - 1 ? at.block : p->span - 1; /* earlier frames reach in */
            for (size_t b = at.block - before; b < at.block; b++) {
                add_frames(g, spectrum, sums, work, b);
                p->kernels->overlap_take(sums, p->hop, p->span * p->width, p->ones, edge); /* not ours */
            }
        }
        add_frames(g, spectrum, sums, work, at.block);
        take(g, sums, edge, g->x + (ptrdiff_t)at.row * g->x_stride, at.block);
    }
}

static ak_status fill_tables(ak_istft_plan *p, const ak_stft_config *config)
{
    double *window = ak_alloc(p->n * sizeof *window), *envelope = ak_alloc(p->hop * sizeof *envelope);
    p->gain = ak_alloc(p->n * sizeof *p->gain);
    p->squares = ak_alloc(p->n * sizeof *p->squares);
    p->scale = ak_alloc(p->hop * sizeof *p->scale);
    p->ones = ak_alloc(p->hop * sizeof *p->ones);
    ak_status status = AK_ERR_MEMORY;
    if (window && envelope && p->gain && p->squares && p->scale && p->ones) {
        ak_stft_window(config, window);
        status = ak_stft_envelope(config, window, envelope);
        for (size_t i = 0; i < p->n; i++) {
            p->gain[i] = (float)window[i];
            p->squares[i] = window[i] * window[i];
        }
        for (size_t r = 0; r < p->hop; r++) {
            p->scale[r] = (float)(1.0 / envelope[r]);
            p->ones[r] = 1.0f;
        }
    }
    free(window);
    free(envelope);
    return status;
}

static ak_status init(ak_istft_plan *p, const ak_stft_config *config, const ak_options *options)
{
    ak_isa isa;
    ak_status status = ak_isa_choose(options ? options->isa : AK_ISA_AUTO, &isa);
    if (status == AK_OK) status = ak_istft_check(config);
    if (status != AK_OK) return status;
    if (config->hop > config->n_fft) return AK_ERR_WINDOW;
    p->kernels = AK_SELECT(ak_rfft_kernels, isa);
    p->config = *config;
    p->config.window = NULL;
    p->width = (size_t)p->kernels->width;
    p->n = (size_t)config->n_fft;
    p->bins = p->n / 2 + 1;
    p->hop = (size_t)config->hop;
    p->left = (size_t)ak_stft_left(config);
    p->overlap = (p->n - 1) / p->hop + 1;
    p->span = (p->width + p->overlap - 1 + p->width - 1) / p->width;
    if ((status = ak_rfft_init(&p->fft, config->n_fft, (int)p->width, AK_INVERSE)) != AK_OK) return status;
    if ((status = fill_tables(p, config)) != AK_OK) return status;
    return ak_crew_create(&p->crew, options ? options->threads : 1, scratch_bytes(p));
}

ak_status ak_istft_create(ak_istft_plan **plan, const ak_stft_config *config, const ak_options *options)
{
    if (!plan) return AK_ERR_ARGUMENT;
    *plan = NULL;
    ak_istft_plan *p = ak_alloc(sizeof *p);
    if (!p) return AK_ERR_MEMORY;
    ak_status status = init(p, config, options);
    if (status != AK_OK)
        ak_istft_destroy(p);
    else
        *plan = p;
    return status;
}

ak_status ak_istft_execute(const ak_istft_plan *p, const float *spectrum, size_t rows, size_t frames,
                           ptrdiff_t row_stride, ptrdiff_t frame_stride, float *x, size_t samples,
                           ptrdiff_t x_stride, void *work)
{
    if (!p) return AK_ERR_ARGUMENT;
    if (rows == 0 || samples == 0) return AK_OK;
    if (!x || (frames && !spectrum)) return AK_ERR_ARGUMENT;
    size_t columns = frames ? frames + p->overlap - 1 : 0;
    size_t covered = columns * p->hop > p->left ? columns * p->hop - p->left : 0;
    for (size_t row = 0; row < rows && covered < samples; row++)
        memset(x + (ptrdiff_t)row * x_stride + covered, 0, (samples - covered) * sizeof(float));
    if (covered == 0) return AK_OK;

    job g = {
        .plan = p, .spectrum = spectrum, .frames = frames, .x = x, .samples = samples, .x_stride = x_stride};
    g.row_stride = 2 * row_stride;
    g.frame_stride = 2 * frame_stride;
    /* columns that end before the signal's first sample or begin after its last are nobody's */
    size_t wanted = (p->left + samples + p->hop - 1) / p->hop;
    if (wanted < columns) columns = wanted;
    return ak_crew_walk(p->crew, work, istft_walk, &g, rows, (columns + p->width - 1) / p->width,
                        2 * p->span);
}

size_t ak_istft_work_bytes(const ak_istft_plan *plan)
{
    return plan ? ak_crew_scratch_bytes(plan->crew) : 0;
}

void ak_istft_destroy(ak_istft_plan *plan)
{
    if (!plan) return;
    ak_crew_destroy(plan->crew);
    ak_rfft_free(&plan->fft);
    free(plan->gain);
    free(plan->squares);
    free(plan->scale);
    free(plan->ones);
    free(plan);
}

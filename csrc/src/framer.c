/* The sheet of samples that frames are read from: see framer.h. */
#include "framer.h"
#include "memory.h"

ak_status ak_framer_init(ak_framer *f, const ak_stft_config *config, ak_isa isa, ak_use use)
{
    memset(f, 0, sizeof *f);
    ak_status status = ak_stft_check(config);
    if (status != AK_OK) return status;
    f->kernels = AK_SELECT(ak_rfft_kernels, isa);
    f->config = *config;
    f->config.window = NULL;
    size_t n = (size_t)config->n_fft, hop = (size_t)config->hop, extent = (size_t)ak_stft_extent(config);
    f->width = (size_t)f->kernels->width;
    f->rows = hop < extent ? hop : extent;
    f->span = (f->width + (extent - 1) / hop + f->width - 1) / f->width;
    f->stride = (2 * f->span - 1) * f->width;
    if (f->rows * f->stride > INT32_MAX) return AK_ERR_SIZE;
    if ((status = ak_rfft_init(&f->fft, config->n_fft, (int)f->width, use)) != AK_OK) return status;

    f->offset = ak_alloc(n * sizeof *f->offset);
    f->gain = ak_alloc(n * sizeof *f->gain);
    double *window = ak_alloc(n * sizeof *window);
    if (f->offset && f->gain && window) {
        ak_stft_window(config, window);
        for (size_t i = 0; i < n; i++) {
            size_t j = (size_t)f->fft.sample[i];
            if (j < extent)
                f->offset[i] = (int32_t)(j % hop * f->stride + j / hop); /* beyond, 0 times sample 0 */
            f->gain[i] = (float)window[j];
        }
    } else {
        status = AK_ERR_MEMORY;
    }
    free(window);
    return status;
}

void ak_framer_free(ak_framer *f)
{
    ak_rfft_free(&f->fft);
    free(f->offset);
    free(f->gain);
}

size_t ak_framer_floats(const ak_framer *f)
{
    return ak_round_up(f->rows * f->stride + f->rows * f->width, 16);
}

/* A column: the samples from `at` to before `stop`, padded. Only what lies outside the signal and is reached
 * by a frame goes sample by sample: of a batch of short signals, every tenth block touches an edge. */
static void extend_column(const ak_walk *w, ptrdiff_t at, ptrdiff_t stop, float *to)
{
    const ak_framer *f = w->framer;
    ptrdiff_t samples = (ptrdiff_t)w->samples, reached = w->end < stop ? w->end : stop;
    ptrdiff_t inside = reached < samples ? reached : samples;
    while (at < reached) {
        if (at >= 0 && at < inside) {
            memcpy(to, w->signal + at, (size_t)(inside - at) * sizeof(float));
            to += inside - at;
            at = inside;
        } else {
            ptrdiff_t from = ak_stft_index(f->config.pad, at++, samples);
            *to++ = from < 0 ? f->config.pad_value : w->signal[from];
        }
    }
    for (; at < stop; at++) *to++ = f->config.pad_value;
}

/* A block's W columns, W rows of `rows` samples. */
static void extend(const ak_walk *w, ptrdiff_t start)
{
    const ak_framer *f = w->framer;
    ptrdiff_t rows = (ptrdiff_t)f->rows;
    float *to = w->edge;
    for (size_t l = 0; l < f->width; l++, start += f->config.hop, to += rows)
        extend_column(w, start, start + rows, to);
}

static void fill(const ak_walk *w, size_t block)
{
    const ak_framer *f = w->framer;
    ptrdiff_t hop = f->config.hop;
    ptrdiff_t start = (ptrdiff_t)(block * f->width) * hop - ak_stft_left(&f->config);
    ptrdiff_t end = start + (ptrdiff_t)(f->width - 1) * hop + (ptrdiff_t)f->rows;
    const float *from = w->edge;
    if (start < 0 || end > (ptrdiff_t)w->samples) {
        extend(w, start);
        hop = (ptrdiff_t)f->rows;
    } else {
        from = w->signal + start;
    }
    size_t place = block % f->span;
    size_t again = place + 1 < f->span ? f->span * f->width : 0;
    f->kernels->to_lanes(from, hop, f->rows, f->width, w->sheet + place * f->width, f->stride, again);
}

ak_walk ak_walk_start(const ak_framer *f, const float *signal, size_t samples, size_t first_block,
                      float *scratch)
{
    ak_walk w = {f, signal, samples, 0, scratch, scratch + f->rows * f->stride, first_block};
    ptrdiff_t frames = (ptrdiff_t)ak_stft_frames(&f->config, samples);
    w.end = (frames - 1) * f->config.hop - ak_stft_left(&f->config) + ak_stft_extent(&f->config);
    for (size_t c = 0; c + 1 < f->span; c++) fill(&w, first_block + c);
    return w;
}

const float *ak_walk_next(ak_walk *w)
{
    const ak_framer *f = w->framer;
    fill(w, w->block + f->span - 1);
    return w->sheet + w->block++ % f->span * f->width;
}

static size_t per_point(const ak_framer *f, size_t bytes)
{
    size_t points = f->fft.size > 0 ? (size_t)f->fft.size : 1;
    return (bytes + points - 1) / points;
}

ak_ahead ak_walk_ahead(const ak_walk *w, const float *to, size_t bytes)
{
    const ak_framer *f = w->framer;
    size_t columns = (w->block + f->span - 1) * f->width, left = (size_t)ak_stft_left(&f->config);
    size_t start = columns * (size_t)f->config.hop, half = bytes / 2;
    ak_ahead a = {{(uintptr_t)w->sheet, (uintptr_t)w->sheet, (uintptr_t)w->sheet}, {0}, UINTPTR_MAX};
    if (start >= left && start - left < w->samples) {
        a.at[0] = (uintptr_t)(w->signal + (start - left));
        a.step[0] = per_point(f, f->width * (size_t)f->config.hop * sizeof(float));
    }
    if (per_point(f, 2 * bytes) > 64) { /* more than a line for every other point: both halves at once */
        a.at[1] = (uintptr_t)to;
        a.at[2] = a.at[1] + half;
        a.step[1] = a.step[2] = per_point(f, half);
    } else if (bytes) {
        a.at[1] = (uintptr_t)to;
        a.step[1] = per_point(f, 2 * bytes);
    }
    return a;
}

void ak_walk_ahead_rows(ak_ahead *ahead, const float *to, size_t rows, size_t step)
{
    ahead->at[1] = (uintptr_t)to;
    ahead->step[1] = step;
    ahead->end = ahead->at[1] + rows * step;
}

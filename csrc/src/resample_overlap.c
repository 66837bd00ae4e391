/* Tables of overlap-save resampling: see resample_overlap.h. */
#include "resample_overlap.h"
#include "memory.h"

#include <math.h>

#define LARGEST 4096  /* points of a block: 16 lanes of them, input, bins and output, stay in level 2 */
#define WORTHWHILE 60 /* taps per output below which the direct filter is as fast */

static int fast_size(int64_t n)
{
    return n % 2 == 0 && ak_lanes_supports((int)(n / 2));
}

/* Sets n_in and n_out for the least work per output; a transform's cost is taken as n (log2 n + 4), the 4 for
 * getting in and out. Returns keep, or 0 where no size fits. */
static int64_t choose_size(ak_overlap *o, const ak_filter *f, int64_t skip)
{
    double least = INFINITY;
    int64_t best = 0;
    for (int64_t c = 2 * skip + 1; c * f->down <= LARGEST && c * f->up <= LARGEST; c++) {
        int64_t in = c * f->down, out = c * f->up;
        if (!fast_size(in) || !fast_size(out)) continue;
        double cost = (double)in * (log2((double)in) + 4) + (double)out * (log2((double)out) + 4);
        cost /= (double)(c - 2 * skip);
        if (cost >= least) continue;
        least = cost;
        best = c - 2 * skip;
        o->n_in = (size_t)in;
        o->n_out = (size_t)out;
    }
    return best;
}

/* h at multiple j of 1 / up: the table holds it for the output of that phase. */
static double tap(const ak_filter *f, const double *taps, int64_t j)
{
    int64_t side = (int64_t)f->reach * f->up;
    return j < -side || j > side ? 0 : taps[j + side];
}

/* All values of h at multiples of 1 / up, collected from the table: output n has h(n down / up - i) for input
 * i. */
static void collect(const ak_filter *f, double *taps)
{
    int64_t side = (int64_t)f->reach * f->up;
    const float *table = f->table;
    const double *wide = f->table;
    for (int64_t n = 0; n < f->up; n++) {
        int64_t q = n / AK_GROUP, j = n % AK_GROUP;
        for (size_t k = 0; k < f->window; k++) {
            int64_t at = n * f->down - (f->first[q] + (int64_t)k) * f->up;
            size_t cell = ((size_t)q * f->window + k) * AK_GROUP + (size_t)j;
            if (at >= -side && at <= side) taps[at + side] = f->wide ? wide[cell] : table[cell];
        }
    }
}

/* Samples of h per input sample to sum its response over: a divisor of up, and at least 4 where up is, which
 * leaves images of the passband nowhere near. */
static int64_t density(int64_t up)
{
    int64_t s = up < 4 ? up : 4;
    while (up % s) s++;
    return s;
}

/* The sum over j of h(j / s) cos(2 pi j k / (s n_in)) / s with s = density(up), the cosines by rotation. */
static double response_at(const ak_filter *f, const double *taps, size_t k, size_t n_in)
{
    int64_t s = density(f->up), step = f->up / s;
    double angle = 6.283185307179586476925 * (double)k / ((double)n_in * (double)s);
    double turn_r = cos(angle), turn_i = sin(angle), r = 1, i = 0, sum = tap(f, taps, 0);
    for (int64_t j = step; j <= (int64_t)f->reach * f->up; j += step) {
        double next = r * turn_r - i * turn_i;
        i = r * turn_i + i * turn_r;
        r = next;
        sum += (tap(f, taps, j) + tap(f, taps, -j)) * r;
    }
    return sum / (double)s;
}

static ak_status fill_tables(ak_overlap *o, const ak_filter *f)
{
    double *taps = ak_alloc((2 * f->reach * (size_t)f->up + 1) * sizeof *taps);
    o->response = ak_alloc(o->bins * (f->wide ? sizeof(double) : sizeof(float)));
    ak_status status = taps && o->response ? AK_OK : AK_ERR_MEMORY;
    if (!status) {
        collect(f, taps);
        double scale = (double)o->n_out / (double)o->n_in; /* the inverse divides by n_out */
        for (size_t k = 0; k < o->bins; k++) {
            double response = response_at(f, taps, k, o->n_in) * scale;
            if (f->wide)
                ((double *)o->response)[k] = response;
            else
                ((float *)o->response)[k] = (float)response;
        }
    }
    free(taps);
    return status;
}

ak_status ak_overlap_init(ak_overlap *o, const ak_filter *f, ak_isa isa)
{
    *o = (ak_overlap){0};
    if (f->phases || 2 * f->reach < WORTHWHILE || f->window > LARGEST) return AK_OK;
    int64_t skip = ((int64_t)f->reach + f->down - 1) / f->down, keep = choose_size(o, f, skip);
    if (!keep) return AK_OK;
    o->kernels = AK_SELECT(ak_rfft_kernels, isa);
    o->shape = AK_SELECT(ak_resample_kernels, isa)->shape;
    o->inputs = (size_t)(f->down * keep);
    o->outputs = (size_t)(f->up * keep);
    o->edge_in = (size_t)(f->down * skip);
    o->edge_out = (size_t)(f->up * skip);
    o->bins = (o->n_in < o->n_out ? o->n_in : o->n_out) / 2;
    if (f->wide) o->doubles = AK_SELECT(ak_double_kernels, isa);
    ak_status (*init)(ak_rfft *, int, int, ak_use) = f->wide ? ak_rfft_init_double : ak_rfft_init;
    ak_status status = init(&o->forward, (int)o->n_in, o->kernels->width, AK_FORWARD);
    if (!status) status = init(&o->inverse, (int)o->n_out, o->kernels->width, AK_INVERSE);
    return status ? status : fill_tables(o, f);
}

void ak_overlap_release(ak_overlap *o)
{
    ak_rfft_free(&o->forward);
    ak_rfft_free(&o->inverse);
    free(o->response);
    *o = (ak_overlap){0};
}

/* ---- a group of blocks ------------------------------------------------------------------------------------
 */

static size_t sheet_vectors(const ak_overlap *o)
{
    return o->n_out > o->n_in ? o->n_out : o->n_in;
}

static size_t work_vectors(const ak_overlap *o)
{
    return o->forward.work > o->inverse.work ? o->forward.work : o->inverse.work;
}

size_t ak_overlap_scratch_bytes(const ak_overlap *o)
{
    if (!o->n_in) return 0;
    size_t sheets = o->doubles ? 2 : 1;
    return (sheets * sheet_vectors(o) + work_vectors(o)) * (size_t)o->kernels->width * sizeof(float);
}

/* One block's inputs, zero outside the signal; start may be negative. */
static void copy_padded(float *to, size_t count, const float *x, size_t samples, int64_t start)
{
    memset(to, 0, count * sizeof(float));
    int64_t begin = start < 0 ? 0 : start, end = start + (int64_t)count;
    if (end > (int64_t)samples) end = (int64_t)samples;
    if (begin < end) memcpy(to + (begin - start), x + begin, (size_t)(end - begin) * sizeof(float));
}

static void load_group(const ak_overlap *o, float *sheet, float *spare, const float *x, size_t samples,
                       size_t first, size_t count)
{
    size_t width = (size_t)o->kernels->width;
    int64_t start = (int64_t)(first * o->inputs) - (int64_t)o->edge_in;
    int64_t end = start + (int64_t)((count - 1) * o->inputs + o->n_in);
    if (start >= 0 && end <= (int64_t)samples) {
        o->kernels->to_lanes(x + start, (ptrdiff_t)o->inputs, o->n_in, count, sheet, width, 0);
        return;
    }
    for (size_t l = 0; l < count; l++)
        copy_padded(spare + l * o->n_in, o->n_in, x, samples, start + (int64_t)(l * o->inputs));
    o->kernels->to_lanes(spare, (ptrdiff_t)o->n_in, o->n_in, count, sheet, width, 0);
}

/* The middles of the blocks. */
static void store_group(const ak_overlap *o, const float *sheet, float *y, size_t count)
{
    const float *middle = sheet + o->edge_out * (size_t)o->kernels->width;
    o->kernels->from_lanes(middle, o->outputs, y, (ptrdiff_t)o->outputs, count, 0);
}

/* The blocks in the sheet's lanes to their outputs. */
static void convolve(const ak_overlap *o, float *sheet, float *work)
{
    o->kernels->forward(&o->forward, AK_BINS_COMPLEX, sheet, NULL, NULL, work, NULL, NULL);
    o->shape(work, o->response, o->bins, o->n_out / 2 + 1);
    o->kernels->inverse(&o->inverse, NULL, work, work, sheet);
}

static void convolve_double(const ak_overlap *o, float *sheet, size_t count, double *work, double *samples)
{
    const ak_double_kernels *k = o->doubles;
    size_t width = (size_t)o->kernels->width;
    for (int half = 0; half < 2 && (size_t)half * width / 2 < count; half++) {
        k->widen(sheet, o->n_in, half, samples);
        k->forward(&o->forward, samples, work);
        k->shape(work, o->response, o->bins, o->n_out / 2 + 1);
        k->inverse(&o->inverse, work, samples);
        k->narrow(samples, o->n_out, half, sheet);
    }
}

void ak_overlap_group(const ak_overlap *o, void *scratch, const float *x, size_t samples, size_t first,
                      float *y, size_t length)
{
    size_t width = (size_t)o->kernels->width, blocks = (length + o->outputs - 1) / o->outputs;
    size_t count = blocks - first < width ? blocks - first : width;
    float *sheet = scratch, *work = sheet + sheet_vectors(o) * width;
    load_group(o, sheet, work, x, samples, first, count);
    if (o->doubles)
        convolve_double(o, sheet, count, (void *)work, (void *)(work + work_vectors(o) * width));
    else
        convolve(o, sheet, work);

    size_t from = first * o->outputs, whole = (length - from) / o->outputs;
    if (whole > count) whole = count;
    store_group(o, sheet, y + from, whole);
    if (whole < count) { /* the signal's last block */
        size_t rest = length - from - whole * o->outputs;
        for (size_t r = 0; r < rest; r++)
            y[from + whole * o->outputs + r] = sheet[(o->edge_out + r) * width + whole];
    }
}

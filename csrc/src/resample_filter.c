/* Filter design: windowed sincs, sampled at every phase. */
#include "resample_filter.h"
#include "memory.h"

#include <math.h>

#define PI 3.14159265358979323846
#define WIDE_ABOVE 130.0       /* dB: what float32 sums cannot hold */
#define EXACT_LIMIT (64 << 20) /* bytes of a table with every phase; outputs are interpolated beyond */
#define TABLE_LIMIT (256 << 20)
/* Of a tone of w radians an input, the cubic polynomial between phases is off by 3/128 (w / phases)^4 at
 * most: 161 dB below the largest w, pi, and 185 dB. */
#define PHASES 128
#define PHASES_WIDE 256

/* h(t), t in input samples */
typedef struct response {
    double cutoff; /* of the sinc, as a fraction of the input's Nyquist frequency; also its gain */
    double reach;  /* h is 0 from there on */
    double beta;   /* Kaiser's; 0 for a Hann window */
} response;

static double bessel_i0(double x)
{
    double sum = 1, term = 1, half = x / 2;
    for (int k = 1; term > sum * 1e-18; k++) {
        term *= (half / k) * (half / k);
        sum += term;
    }
    return sum;
}

/* How slowly the rate falls: 1 when going up, else down / up. */
static double slowness(const ak_filter *f)
{
    return f->down > f->up ? (double)f->down / (double)f->up : 1.0;
}

static response hann_sinc(const ak_filter *f)
{
    const double crossings = 6, rolloff = 0.99;
    double cutoff = rolloff / slowness(f);
    return (response){.cutoff = cutoff, .reach = crossings / cutoff, .beta = 0};
}

/* Kaiser's formulas, with some decibels more than asked for: the formulas' error, which grows with them. */
static response kaiser_sinc(const ak_filter *f, double passband, double stopband, double attenuation)
{
    attenuation += 2 + (attenuation > 125 ? 0.15 * (attenuation - 125) : 0);
    double width = PI * (stopband - passband) / slowness(f);
    double beta = attenuation > 50   ? 0.1102 * (attenuation - 8.7)
                  : attenuation > 21 ? 0.5842 * pow(attenuation - 21, 0.4) + 0.07886 * (attenuation - 21)
                                     : 1e-9;
    return (response){.cutoff = (passband + stopband) / 2 / slowness(f),
                      .reach = (attenuation - 7.95) / (2.285 * width) / 2,
                      .beta = beta};
}

static double evaluate(const response *r, double t)
{
    double u = t / r->reach, x = PI * r->cutoff * t;
    if (fabs(u) >= 1) return 0;
    double window =
        r->beta > 0 ? bessel_i0(r->beta * sqrt(1 - u * u)) / bessel_i0(r->beta) : (1 + cos(PI * u)) / 2;
    return r->cutoff * window * (fabs(x) < 1e-9 ? 1 : sin(x) / x);
}

static int64_t common_factor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static ak_status choose_response(ak_filter *f, const ak_resample_config *c, response *r)
{
    double attenuation;
    switch (c->quality) {
    case AK_RESAMPLE_LOW:
        *r = hann_sinc(f);
        return AK_OK;
    case AK_RESAMPLE_FAST:
        *r = kaiser_sinc(f, 0.90, 1, attenuation = 100);
        break;
    case AK_RESAMPLE_HQ:
        *r = kaiser_sinc(f, 0.9255, 1, attenuation = 125);
        break;
    case AK_RESAMPLE_VHQ:
        *r = kaiser_sinc(f, 0.9255, 1, attenuation = 150);
        break;
    case AK_RESAMPLE_CUSTOM:
        attenuation = c->attenuation;
        if (!(c->passband > 0 && c->passband < c->stopband && c->stopband <= 2 - c->passband))
            return AK_ERR_ARGUMENT;
        if (!(attenuation >= 20 && attenuation <= 180)) return AK_ERR_ARGUMENT;
        *r = kaiser_sinc(f, c->passband, c->stopband, attenuation);
        break;
    default:
        return AK_ERR_ARGUMENT;
    }
    f->wide = attenuation > WIDE_ABOVE;
    return AK_OK;
}

/* The last output of group q, relative to the first one's input. */
static void lay_out_groups(ak_filter *f)
{
    int64_t span = 0;
    for (size_t q = 0; q < f->groups; q++) {
        int64_t n = (int64_t)q * AK_GROUP;
        int64_t input = n * f->down / f->up, last = (n + AK_GROUP - 1) * f->down / f->up;
        f->first[q] = input - (int64_t)f->reach + 1;
        if (last - input > span) span = last - input;
    }
    f->window = 2 * f->reach + (size_t)span;
}

/* row: h for one phase, 2 * reach values, to column j of group q. */
static void store_column(ak_filter *f, const double *row, size_t q, size_t j)
{
    int64_t n = (int64_t)(q * AK_GROUP + j);
    size_t shift = (size_t)(n * f->down / f->up - (int64_t)f->reach + 1 - f->first[q]);
    size_t at = (q * f->window + shift) * AK_GROUP + j;
    for (size_t k = 0; k < 2 * f->reach; k++, at += AK_GROUP) {
        if (f->wide)
            ((double *)f->table)[at] = row[k];
        else
            ((float *)f->table)[at] = (float)row[k];
    }
}

/* Each of the `up` phases is evaluated once and goes to every output that has it. */
static void fill_table(ak_filter *f, const response *r, double *row)
{
    for (int64_t n = 0; n < f->up; n++) {
        double phase = (double)(n * f->down % f->up) / (double)f->up;
        for (size_t k = 0; k < 2 * f->reach; k++)
            row[k] = evaluate(r, phase + (double)f->reach - 1 - (double)k);
        for (int64_t m = n; m < f->period_out; m += f->up)
            store_column(f, row, (size_t)m / AK_GROUP, (size_t)m % AK_GROUP);
    }
}

static size_t cell_bytes(const ak_filter *f)
{
    return f->wide ? sizeof(double) : sizeof(float);
}

/* The table with every phase. */
static ak_status design_exact(ak_filter *f, const response *r)
{
    f->first = ak_alloc(f->groups * sizeof *f->first);
    double *row = ak_alloc(2 * f->reach * sizeof *row);
    if (f->first) lay_out_groups(f);
    if (f->first) f->table = ak_alloc(f->groups * f->window * AK_GROUP * cell_bytes(f));
    if (row && f->table) fill_table(f, r, row);
    free(row);
    return row && f->table ? AK_OK : AK_ERR_MEMORY;
}

static ak_status design_interpolated(ak_filter *f, const response *r)
{
    f->phases = f->wide ? PHASES_WIDE : PHASES;
    f->period_out = f->up;
    f->period_in = f->down;
    f->window = 2 * f->reach + (size_t)(AK_GROUP * f->down / f->up) + 1;
    size_t taps = 2 * f->reach, rows = (size_t)f->phases + AK_ROWS - 1;
    if ((double)taps * (double)rows * (double)cell_bytes(f) > TABLE_LIMIT) return AK_ERR_SIZE;
    f->table = ak_alloc(taps * rows * cell_bytes(f));
    if (!f->table) return AK_ERR_MEMORY;
    for (size_t i = 0; i < taps * rows; i++) {
        double phase = ((double)(i / taps) - 1) / (double)f->phases;
        double h = evaluate(r, phase + (double)f->reach - 1 - (double)(i % taps));
        if (f->wide)
            ((double *)f->table)[i] = h;
        else
            ((float *)f->table)[i] = (float)h;
    }
    return AK_OK;
}

ak_status ak_filter_design(ak_filter *f, const ak_resample_config *c)
{
    *f = (ak_filter){0};
    if (!c || c->rate_in <= 0 || c->rate_out <= 0) return AK_ERR_ARGUMENT;
    int64_t factor = common_factor(c->rate_in, c->rate_out);
    f->up = c->rate_out / factor;
    f->down = c->rate_in / factor;
    response r;
    ak_status status = choose_response(f, c, &r);
    if (status) return status;

    int64_t repeats = AK_GROUP / common_factor(f->up, AK_GROUP); /* lcm(up, AK_GROUP) / up */
    f->period_out = f->up * repeats;
    f->period_in = f->down * repeats;
    f->groups = (size_t)(f->period_out / AK_GROUP);
    if (r.reach > TABLE_LIMIT) return AK_ERR_SIZE;
    f->reach = (size_t)ceil(r.reach);
    double cells = (2 * r.reach + 2 + AK_GROUP * slowness(f)) * (double)f->period_out;
    status = cells * (double)cell_bytes(f) > EXACT_LIMIT ? design_interpolated(f, &r) : design_exact(f, &r);
    if (status) ak_filter_release(f);
    return status;
}

void ak_filter_release(ak_filter *f)
{
    free(f->first);
    free(f->table);
    f->first = NULL;
    f->table = NULL;
}

/* Tables of the real FFT: see rfft.h. */
#include "rfft.h"
#include "memory.h"

#include <complex.h>
#include <math.h>

#define MAX_CONVOLUTION (1 << 26)

static const double pi = 3.141592653589793238462643383279503;

/* exp(-pi i j^2 / n), j^2 reduced while it is an integer */
static double complex chirp_at(int64_t j, int n)
{
    double angle = pi * (double)(j * j % (2 * (int64_t)n)) / n;
    return cos(angle) - I * sin(angle);
}

/* The convolution's response: conj(c[d]) for every d = k - j that occurs, its FFT by the definition of
 * decimation in double precision: one recursion step per radix, from natural to digit-reversed order. */
static void transform_in_order(const ak_lanes *t, double complex *x, double complex *column)
{
    for (int q = t->passes - 1; q >= 0; q--) {
        int radix = t->radix[q], length = t->length[q], block = radix * length;
        for (int start = 0; start < t->size; start += block)
            for (int k = 0; k < length; k++) {
                double complex *b = x + start + k;
                for (int j = 0; j < radix; j++) {
                    column[j] = 0;
                    for (int i = 0; i < radix; i++) {
                        double angle = 2 * pi * (double)(i * j % radix) / radix;
                        column[j] += b[i * length] * (cos(angle) - I * sin(angle));
                    }
                }
                for (int j = 0; j < radix; j++) {
                    double angle = 2 * pi * (double)j * k / block;
                    b[j * length] = column[j] * (cos(angle) - I * sin(angle));
                }
            }
    }
}

static ak_status init_chirp(ak_rfft *t, int width)
{
    int n = t->n, half = n / 2, size = n + half;
    if (n > MAX_CONVOLUTION / 4) return AK_ERR_SIZE;
    while (!ak_lanes_supports(size)) size++;
    ak_status status = ak_lanes_init(&t->lanes, size, width, AK_FORWARD, 0);
    if (status != AK_OK) return status;
    t->chirp = ak_alloc((size_t)n * 2 * sizeof(float));
    t->response = ak_alloc((size_t)size * 2 * sizeof(float));
    double complex *response = ak_alloc((size_t)size * sizeof *response);
    double complex column[16];
    if (t->chirp && t->response && response) {
        for (int j = 0; j < n; j++) {
            double complex c = chirp_at(j, n);
            t->chirp[2 * j] = (float)creal(c);
            t->chirp[2 * j + 1] = (float)cimag(c);
        }
        int inverse = t->use == AK_INVERSE;
        int least = inverse ? -half : 1 - n, most = inverse ? n - 1 : half;
        double scale = 1.0 / size / (inverse ? n : 1);
        for (int d = least; d <= most; d++) response[d < 0 ? d + size : d] = conj(chirp_at(d, n)) * scale;
        transform_in_order(&t->lanes, response, column);
        for (int s = 0; s < size; s++) {
            t->response[2 * s] = (float)creal(response[s]);
            t->response[2 * s + 1] = (float)cimag(response[s]);
        }
    } else {
        status = AK_ERR_MEMORY;
    }
    free(response);
    for (int i = 0; i < n; i++) t->sample[i] = i;
    t->work = 2 * (size_t)size;
    return status;
}

static ak_status fill_ends(ak_rfft *t)
{
    const int last = t->lanes.passes - 1, radix = t->lanes.radix[last], length = t->lanes.length[last];
    t->ends = ak_alloc(((size_t)length / 2 + 1) * AK_END((size_t)radix) / 2 * ak_unit_bytes(t->lanes.wide));
    if (!t->ends) return AK_ERR_MEMORY;
    ak_units w = {t->ends, t->lanes.wide};
    for (int k = 0; k <= length / 2; k++) {
        for (int q = 0; q < radix; q++) ak_units_add(&w, (k + (double)q * length) / t->n, 1);
        for (int j = 1; j < radix; j++) ak_units_add(&w, (double)j * k / t->size, 0.5);
        for (int j = 1; j < radix; j++) ak_units_add(&w, (double)j * (length - k) / t->size, 0.5);
    }
    return AK_OK;
}

/* place: where each point stands before pass 0, of the first `blocks` points. */
static void fill_mirrors(ak_rfft *t, const int32_t *place, int radix, int blocks)
{
    ak_units w = {t->ends, t->lanes.wide};
    for (int q = 0; q < radix; q++) ak_units_add(&w, (double)q * blocks / t->n, 1);
    for (int at = radix; at < t->size; at += radix) {
        int point = t->lanes.order[at], mirror = place[blocks - point];
        if (mirror <= at) continue; /* was there already, or is this one */
        t->mirrors[t->mirrored++] = (ak_mirror){point, at, mirror};
        for (int q = 0; q < radix; q++) ak_units_add(&w, (point + (double)q * blocks) / t->n, 1);
    }
    if (blocks % 2) return;
    t->mirrors[t->mirrored].place = place[blocks / 2];
    for (int q = 0; q < radix; q++) ak_units_add(&w, (blocks / 2 + (double)q * blocks) / t->n, 1);
}

static ak_status init_inverse(ak_rfft *t)
{
    const int last = t->lanes.passes - 1, radix = t->lanes.radix[0], blocks = t->size / radix;
    t->ends = ak_alloc((size_t)(blocks / 2 + 1) * (size_t)radix * ak_unit_bytes(t->lanes.wide));
    t->mirrors = ak_alloc((size_t)(blocks / 2 + 1) * sizeof *t->mirrors);
    int32_t *place = ak_alloc((size_t)blocks * sizeof *place);
    ak_status status = t->ends && t->mirrors && place ? AK_OK : AK_ERR_MEMORY;
    if (status == AK_OK) {
        for (int at = 0; at < t->size; at += radix) place[t->lanes.order[at]] = at;
        fill_mirrors(t, place, radix, blocks);
        if (last > 0) ak_lanes_scale(&t->lanes, last, 1.0 / t->n);
    }
    free(place);
    return status;
}

static ak_status init_halves(ak_rfft *t, int width, int wide)
{
    ak_status status = ak_lanes_init(&t->lanes, t->size, width, t->use, wide);
    if (status == AK_OK) status = t->use == AK_INVERSE ? init_inverse(t) : fill_ends(t);
    if (status != AK_OK) return status;
    for (int i = 0; i < t->n; i++) t->sample[i] = 2 * t->lanes.order[i / 2] + i % 2;
    t->work = 2 * (size_t)t->size + 2;
    return AK_OK;
}

static ak_status init_columns(ak_rfft *t, int width)
{
    ak_status status = ak_columns_init(&t->columns, t->n, width);
    if (status != AK_OK) return status;
    for (int i = 0; i < t->n; i++) t->sample[i] = ak_columns_sample(&t->columns, i);
    t->work = ak_columns_vectors(&t->columns);
    return AK_OK;
}

static ak_status init(ak_rfft *t, int n, ak_use use)
{
    memset(t, 0, sizeof *t);
    if (n < 1) return AK_ERR_SIZE;
    t->n = n;
    t->size = n / 2;
    t->use = use;
    t->chirped = n % 2 || !ak_lanes_supports(n / 2);
    t->sample = ak_alloc((size_t)n * sizeof *t->sample);
    return t->sample ? AK_OK : AK_ERR_MEMORY;
}

ak_status ak_rfft_init(ak_rfft *t, int n, int width, ak_use use)
{
    ak_status status = init(t, n, use);
    if (status != AK_OK) return status;
    if (t->chirped) return init_chirp(t, width);
    if (use == AK_POWER && ak_columns_suit(n)) return init_columns(t, width);
    return init_halves(t, width, 0);
}

ak_status ak_rfft_init_double(ak_rfft *t, int n, int width, ak_use use)
{
    ak_status status = init(t, n, use);
    if (status != AK_OK) return status;
    return t->chirped ? AK_ERR_SIZE : init_halves(t, width, 1);
}

void ak_rfft_free(ak_rfft *t)
{
    ak_lanes_free(&t->lanes);
    ak_columns_free(&t->columns);
    free(t->ends);
    free(t->chirp);
    free(t->response);
    free(t->sample);
    free(t->mirrors);
    memset(t, 0, sizeof *t);
}

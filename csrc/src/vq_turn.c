/* Vectors along the axes of axes.h: tables, and what is left of vectors after each stage. Only the first
 * stage multiplies vectors by the axes; the others take away what the codewords come to. */
#include "vq.h"

#include <math.h>

static void find_means(ak_vq *p)
{
    for (size_t s = 0; s < p->stages; s++)
        for (size_t d = 0; d < p->dim; d++) {
            double sum = 0;
            for (size_t k = 0; k < p->size; k++) sum += ak_vq_codeword(p, s, (int32_t)k)[d];
            p->means[s * p->dim + d] = (float)(sum / (double)p->size);
        }
}

/* What a vector x - m of length 1 loses by being turned, at most: x - m is rounded, and so are sums of
 * products, 32 of which are added one by one, and then those sums. */
static double turning_error(const ak_vq *p)
{
    double sums = (34 + (double)p->dim / 32) * sqrt((double)p->axes.count);
    return 1.01 * (0x1p-24 * (1 + sums) + p->axes.defect);
}

static void turn(const ak_vq *p, const float *origin, const float *x, size_t stride, size_t count, float *to)
{
    p->kernels->turn(p->axes.columns, p->axes.count, p->dim, origin, x, stride, count, to);
}

static void turn_codebooks(ak_vq *p)
{
    const float nowhere[AK_AXES_DIM] = {0};
    for (size_t s = 0; s < p->stages; s++)
        turn(p, p->means + s * p->dim, ak_vq_codeword(p, s, 0), p->dim, p->size,
             p->turned + s * p->size * p->axes.count);
    turn(p, nowhere, p->means, p->dim, p->stages, p->turned_means);
}

ak_status ak_vq_make_turns(ak_vq *p)
{
    if (!p->sift || !p->sift->turns || p->dim > AK_AXES_DIM || p->size < p->sift->columns) return AK_OK;
    p->means = ak_alloc(p->stages * p->dim * sizeof *p->means);
    if (!p->means) return AK_ERR_MEMORY;
    find_means(p);
    ak_status status = ak_axes_find(&p->axes, p->codebooks, p->means, p->stages, p->size, p->dim);
    if (status || !p->axes.count) return status;
    p->turned = ak_alloc(p->stages * p->size * p->axes.count * sizeof *p->turned);
    p->turned_means = ak_alloc(p->stages * p->axes.count * sizeof *p->turned_means);
    if (!p->turned || !p->turned_means) return AK_ERR_MEMORY;
    turn_codebooks(p);
    return AK_OK;
}

void ak_vq_free_turns(ak_vq *p)
{
    ak_axes_free(&p->axes);
    free(p->means);
    free(p->turned);
    free(p->turned_means);
}

/* The sieve of a stage that takes the first `within` axes. */
static ak_status make_turned_sieve(ak_vq *p, size_t stage, size_t within)
{
    const float *m = p->means + stage * p->dim;
    double mean = 0;
    float *along = ak_alloc(p->size * within * sizeof *along);
    double *squares = ak_alloc(p->size * sizeof *squares);
    ak_status status = along && squares ? AK_OK : AK_ERR_MEMORY;
    for (size_t d = 0; d < p->dim; d++) mean += (double)m[d] * m[d];
    for (size_t k = 0; k < p->size && !status; k++) {
        const float *c = ak_vq_codeword(p, stage, (int32_t)k);
        for (size_t d = 0; d < p->dim; d++) squares[k] += ((double)c[d] - m[d]) * ((double)c[d] - m[d]);
        memcpy(along + k * within, ak_vq_turned(p, stage, (int32_t)k), within * sizeof *along);
    }
    ak_sieve_whole whole = {squares, sqrt(mean), turning_error(p), p->dim};
    if (!status) status = ak_sieve_init(&p->sieves[stage], p->sift, along, p->size, within, &whole);
    free(along);
    free(squares);
    return status;
}

ak_status ak_vq_make_sieve(ak_vq *p, size_t stage)
{
    size_t within = p->axes.count ? p->axes.within[stage] : p->dim;
    if (within < p->dim) return make_turned_sieve(p, stage, within);
    return ak_sieve_init(&p->sieves[stage], p->sift, ak_vq_codeword(p, stage, 0), p->size, p->dim, NULL);
}

/* ---- execution -------------------------------------------------------------------------------------------
 */

void ak_vq_turn(const ak_vq *p, const float *x, size_t stride, size_t count, ak_vq_desk *d)
{
    const double error = turning_error(p);
    turn(p, p->means, x, stride, count, d->turned);
    for (size_t i = 0; i < count; i++) {
        d->norms[i] = sqrtf(p->sift->near(x + i * stride, p->means, p->dim));
        /* squares below the smallest float vanish */
        d->drift[i] = (float)(error * d->norms[i] + 1e-18 * (double)p->dim);
    }
}

void ak_vq_step(const ak_vq *p, size_t stage, size_t count, const int32_t *chosen, ak_vq_desk *d)
{
    const size_t width = p->axes.count;
    const float *mean = p->means + (stage + 1) * p->dim, *turned_mean = p->turned_means + (stage + 1) * width;
    const float mean_norm = (float)p->sieves[stage + 1].mean_norm;
    const float error = (float)(turning_error(p) + 0x1p-22); /* the sum and the difference are rounded, too */
    for (size_t i = 0; i < count; i++) {
        p->kernels->take(d->turned + i * width, ak_vq_turned(p, stage, chosen[i]), turned_mean, width);
        float norm = sqrtf(p->sift->near(d->rounded + i * p->dim, mean, p->dim));
        /* the codeword less its mean is no longer than all three together */
        d->drift[i] += error * (d->norms[i] + norm + 2 * mean_norm);
        d->norms[i] = norm;
    }
}

void ak_vq_round(const ak_vq *p, size_t stage, const float *x, size_t i, const ak_vq_desk *d, uint8_t *q,
                 ak_sieve_row *row)
{
    const ak_sieve *s = &p->sieves[stage];
    p->sift->round(s, s->beyond ? d->turned + i * p->axes.count : x, q, row);
    row->within = row->drift = 0;
    if (!s->beyond) return;
    row->within = sqrtf(row->square);
    row->square = d->norms[i] * d->norms[i];
    row->drift = d->drift[i];
}

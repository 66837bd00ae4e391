/* Nearest codewords of a block of vectors: the sieve, the float32 search, and the last word in float64. */
#include "memory.h"
#include "vq.h"

#include <math.h>

#define SIFTED 48                /* vectors sifted together, at most; a multiple of every kernel's rows */
#define SIFTED_SCORES (48 << 10) /* that they may have together: they stay in level 2 */
#define LEAST_SIFTED 12

static size_t sifted_together(const ak_vq *p)
{
    size_t codewords = ak_round_up(p->size, p->sift->columns);
    size_t rows = SIFTED_SCORES / codewords / LEAST_SIFTED * LEAST_SIFTED;
    return rows < LEAST_SIFTED ? LEAST_SIFTED : rows > SIFTED ? SIFTED : rows;
}

#define PARTS 8

/* Where the desk's parts begin; returns the bytes of all. */
static size_t part_desk(const ak_vq *p, size_t at[PARTS])
{
    size_t scores = p->panels * p->kernels->columns, rows = 0, padded = 0, lowest = 0;
    if (p->sift) {
        rows = sifted_together(p);
        padded = ak_round_up(p->dim, p->sift->step);
        size_t sifted = rows * ak_round_up(p->size, p->sift->columns);
        lowest = sifted / p->sift->columns * p->sift->width * sizeof(float);
        if (sifted > scores) scores = sifted;
    }
    const size_t sizes[PARTS] = {AK_VQ_BLOCK * p->dim * sizeof(double),
                                 AK_VQ_BLOCK * p->dim * sizeof(float),
                                 AK_VQ_BLOCK * p->kernels->state_bytes,
                                 AK_VQ_BLOCK * sizeof(ak_vq_best),
                                 scores * sizeof(float),
                                 rows ? AK_VQ_BLOCK * p->dim * sizeof(float) : 0,
                                 rows ? rows * padded + AK_ALIGN : 0,
                                 lowest};
    size_t total = 0;
    for (int i = 0; i < PARTS; i++) {
        at[i] = total;
        total += ak_round_up(sizes[i], AK_ALIGN);
    }
    return total;
}

size_t ak_vq_desk_bytes(const ak_vq *p)
{
    size_t at[PARTS];
    return part_desk(p, at);
}

ak_vq_desk ak_vq_desk_at(const ak_vq *p, void *scratch)
{
    size_t at[PARTS];
    char *base = scratch;
    part_desk(p, at);
    return (ak_vq_desk){(void *)(base + at[0]), (void *)(base + at[1]), base + at[2],
                        (void *)(base + at[3]), (void *)(base + at[4]), (void *)(base + at[5]),
                        (void *)(base + at[6]), (void *)(base + at[7])};
}

/* ---- float32 ---------------------------------------------------------------------------------------------
 */

/* A bound on the difference between two scores' errors: the rounding of `dim` multiply-adds, of the half norm
 * and of the vector itself, each below 2^-24 of the sum of the terms' magnitudes, or below the smallest float
 * where the terms themselves underflow. */
static float score_error(size_t dim, float square, float largest)
{
    double norm = sqrt((double)square + (double)dim * 0x1p-126); /* squares underflow, too */
    double terms = 1.0001 * norm * largest + 0.5 * (double)largest * largest;
    return (float)(2 * ((double)dim + 8) * (0x1p-24 * terms + 0x1p-149));
}

/* The nearest codeword in float64 among those whose scores are not above `limit`. */
static int32_t nearest_exactly(const ak_vq *p, size_t stage, const double *left, const float *scores,
                               float limit)
{
    const float *c = p->codebooks + stage * p->size * p->dim;
    double smallest = INFINITY;
    int32_t index = 0;
    for (size_t k = 0; k < p->size; k++) {
        if (scores[k] > limit) continue;
        double square = 0;
        for (size_t d = 0; d < p->dim; d++)
            square += (left[d] - c[k * p->dim + d]) * (left[d] - c[k * p->dim + d]);
        if (square < smallest) {
            smallest = square;
            index = (int32_t)k;
        }
    }
    return index;
}

static ak_panels panels_of(const ak_vq *p, size_t stage)
{
    size_t padded = p->panels * p->kernels->columns;
    return (ak_panels){p->packed + stage * padded * p->dim, p->half_norms + stage * padded, p->panels,
                       p->dim};
}

/* The vector in float64: row i of left, or where that is NULL a copy of x. */
static const double *exact_vector(const ak_vq *p, const float *x, const double *left, size_t i, ak_vq_desk *d)
{
    if (left) return left + i * p->dim;
    for (size_t k = 0; k < p->dim; k++) d->left[k] = x[k];
    return d->left;
}

/* Settles what float32 cannot. */
static int32_t settle(const ak_vq *p, size_t stage, const float *x, const double *left, size_t i,
                      ak_vq_best best, ak_vq_desk *d)
{
    float error = score_error(p->dim, p->kernels->square(x, p->dim), p->largest[stage]);
    if (best.runner_up - best.score > error) return best.index;
    ak_panels panels = panels_of(p, stage);
    p->kernels->score(&panels, x, d->scores);
    return nearest_exactly(p, stage, exact_vector(p, x, left, i, d), d->scores, best.score + error);
}

/* ---- the sieve -------------------------------------------------------------------------------------------
 */

/* The first of the nearest among the codewords at `places`. */
static int32_t nearest_of(const ak_vq *p, size_t stage, const double *x, const int32_t *places, size_t count)
{
    double smallest = INFINITY;
    int32_t index = places[0];
    for (size_t i = 0; i < count; i++) {
        double square = p->sift->distance(x, ak_vq_codeword(p, stage, places[i]), p->dim);
        if (square < smallest) {
            smallest = square;
            index = places[i];
        }
    }
    return index;
}

/* Asks for the first codewords at `places`, which rarely are in the first two levels of cache. */
static void fetch_some(const ak_vq *p, size_t stage, const int32_t *places, size_t count)
{
    size_t line = AK_ALIGN / sizeof(float);
    for (size_t i = 0; i < count && i < 4; i++)
        for (size_t k = 0; k < p->dim && k < 16 * line; k += line)
            __builtin_prefetch(ak_vq_codeword(p, stage, places[i]) + k);
}

/* Sets the indices of `count` vectors from number `first` on, at most as many as are sifted together. Appends
 * the numbers of those that it cannot settle to `open`; returns how many there are. */
static size_t sift_some(const ak_vq *p, size_t stage, const float *x, size_t stride, const double *left,
                        size_t first, size_t count, ak_vq_desk *d, int32_t *indices, size_t *open)
{
    const ak_sieve *s = &p->sieves[stage];
    const ak_sieve_kernels *k = p->sift;
    size_t codewords = s->panels * k->columns, left_open = 0;
    ak_sieve_row rows[SIFTED];
    size_t found[SIFTED];
    int32_t places[SIFTED][AK_SIEVE_MOST];
    for (size_t i = 0; i < count; i++)
        rows[i] = k->round(s, x + (first + i) * stride, d->integers + i * s->padded);
    k->sift(s, d->integers, rows, count, d->scores, d->lowest);
    for (size_t i = 0; i < count; i++) { /* candidates of all first: their codewords are then on their way */
        float margin = ak_sieve_margin(s, rows[i]);
        found[i] = AK_SIEVE_MOST + 1;
        if (!(margin < INFINITY)) continue;
        found[i] = k->pick(d->scores + i * codewords, d->lowest + i * s->panels * k->width, s->panels, margin,
                           places[i]);
        if (found[i] > 1) fetch_some(p, stage, places[i], found[i]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t n = first + i;
        if (found[i] == 1) {
            indices[n] = places[i][0];
        } else if (found[i] <= AK_SIEVE_MOST) {
            if (!left) k->widen(x + n * stride, d->left, p->dim);
            indices[n] = nearest_of(p, stage, left ? left + n * p->dim : d->left, places[i], found[i]);
        } else {
            open[left_open++] = n;
        }
    }
    return left_open;
}

void ak_vq_search_block(const ak_vq *p, size_t stage, const float *x, size_t stride, const double *left,
                        size_t count, ak_vq_desk *d, int32_t *indices)
{
    size_t open[AK_VQ_BLOCK], open_count = 0;
    ak_panels panels = panels_of(p, stage);
    if (!p->sift || !p->sieves[stage].usable) {
        p->kernels->search(&panels, x, stride, count, d->state, d->best);
        for (size_t i = 0; i < count; i++)
            indices[i] = settle(p, stage, x + i * stride, left, i, d->best[i], d);
        return;
    }
    size_t together = sifted_together(p);
    for (size_t i = 0; i < count; i += together)
        open_count += sift_some(p, stage, x, stride, left, i, count - i < together ? count - i : together, d,
                                indices, open + open_count);
    if (!open_count) return;
    for (size_t i = 0; i < open_count; i++)
        memcpy(d->gathered + i * p->dim, x + open[i] * stride, p->dim * sizeof(float));
    p->kernels->search(&panels, d->gathered, p->dim, open_count, d->state, d->best);
    for (size_t i = 0; i < open_count; i++)
        indices[open[i]] = settle(p, stage, d->gathered + i * p->dim, left, open[i], d->best[i], d);
}

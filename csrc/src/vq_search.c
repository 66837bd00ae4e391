/* Nearest codewords of a block of vectors: the sieve, the float32 search, and the last word in float64. */
#include "memory.h"
#include "vq.h"

#include <math.h>

#define PARTS 14
#define AHEAD 8 /* candidates that are asked for before one is measured */

/* Where the desk's parts begin; returns the bytes of all. */
static size_t part_desk(const ak_vq *p, size_t at[PARTS])
{
    size_t scores = p->panels * p->kernels->columns, rows = 0, padded = 0;
    size_t sums = 0, lowest = 0, marks = 0, places = 0;
    if (p->sift) {
        rows = ak_sieve_together(p->sift, p->size);
        padded = ak_round_up(p->dim, p->sift->step);
        sums = rows * ak_round_up(p->size, p->sift->columns);
        size_t panels = ak_round_up(p->size, p->sift->columns) / p->sift->columns;
        lowest = 2 * panels * AK_SIEVE_STRIDE * sizeof(float);
        marks = panels * sizeof(uint64_t);
        places = rows * AK_SIEVE_ROOM * sizeof(int32_t);
    }
    const size_t sizes[PARTS] = {AK_VQ_BLOCK * p->dim * sizeof(double),
                                 AK_VQ_BLOCK * p->dim * sizeof(float),
                                 AK_VQ_BLOCK * p->kernels->state_bytes,
                                 AK_VQ_BLOCK * sizeof(ak_vq_best),
                                 scores * sizeof(float),
                                 rows ? AK_VQ_BLOCK * p->dim * sizeof(float) : 0,
                                 rows ? rows * padded + AK_ALIGN : 0,
                                 sums * sizeof(int32_t),
                                 lowest,
                                 marks,
                                 places,
                                 AK_VQ_BLOCK * p->axes.count * sizeof(float),
                                 AK_VQ_BLOCK * sizeof(float),
                                 AK_VQ_BLOCK * sizeof(float)};
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
    return (ak_vq_desk){(void *)(base + at[0]),  (void *)(base + at[1]),  base + at[2],
                        (void *)(base + at[3]),  (void *)(base + at[4]),  (void *)(base + at[5]),
                        (void *)(base + at[6]),  (void *)(base + at[7]),  (void *)(base + at[8]),
                        (void *)(base + at[9]),  (void *)(base + at[10]), (void *)(base + at[11]),
                        (void *)(base + at[12]), (void *)(base + at[13])};
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
    if (!(terms < 0x1p126)) return INFINITY; /* a score may have overflowed */
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

/* The first of the nearest among the codewords at `places`, which float32 found so `near`. Only those that it
 * cannot tell apart are compared in float64. */
static int32_t nearest_of(const ak_vq *p, size_t stage, const float *x, const double *left,
                          const ak_sieve_row *row, const int32_t *places, const float *near, size_t count,
                          ak_vq_desk *d)
{
    float least = near[0];
    int32_t index = places[0];
    for (size_t i = 1; i < count; i++) {
        index = near[i] < least ? places[i] : index;
        least = near[i] < least ? near[i] : least;
    }
    if (count == 1) return index;
    float limit = ak_sieve_rivals(&p->sieves[stage], row, least);
    size_t rivals = 0;
    for (size_t i = 0; i < count; i++) rivals += near[i] <= limit;
    if (rivals == 1) return index;
    if (!left) p->sift->widen(x, d->left, p->dim);
    const double *exact = left ? left : d->left;
    double smallest = INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (!(near[i] <= limit)) continue;
        double square = p->sift->distance(exact, ak_vq_codeword(p, stage, places[i]), p->dim);
        if (square < smallest || (square == smallest && places[i] < index)) {
            smallest = square;
            index = places[i];
        }
    }
    return index;
}

/* Sets the indices of `count` vectors from number `first` on, at most as many as are sifted together. Appends
 * the numbers of those that it cannot settle to `open`; returns how many there are. */
static size_t sift_some(const ak_vq *p, size_t stage, const float *x, size_t stride, const double *left,
                        size_t first, size_t count, ak_vq_desk *d, int32_t *indices, size_t *open)
{
    const ak_sieve *s = &p->sieves[stage];
    const ak_sieve_kernels *k = p->sift;
    size_t left_open = 0;
    ak_sieve_row rows[AK_SIEVE_TOGETHER] = {0};
    uint64_t fit = 0; /* a bit of each */
    int32_t lowest[AK_SIEVE_TOGETHER], candidates[2 * AK_SIEVE_MOST + AHEAD] = {0};
    float limits[AK_SIEVE_STRIDE] = {0}, near[2 * AK_SIEVE_MOST];
    size_t found[AK_SIEVE_TOGETHER] = {0};
    const int several = s->beyond && p->stages > 1; /* codebooks; one alone stays in the second level */
    for (size_t i = 0; i < count; i++)
        ak_vq_round(p, stage, x + (first + i) * stride, first + i, d, d->integers + i * s->padded, &rows[i]);
    for (size_t i = 0; i < count; i++) fit |= (uint64_t)ak_sieve_weigh(s, &rows[i]) << i;
    k->sift(s, d->integers, rows, count, d->sums, d->lowest);
    /* Each step for many vectors before the next: what one waits for, or a branch that was mispredicted, does
     * not hold up the others. */
    k->place(s, d->sums, rows, d->lowest, count, lowest);
    for (size_t i = 0; i < count; i++) {
        if (!(fit >> i & 1)) lowest[i] = 0; /* scores without meaning may have named a missing codeword */
        lowest[i] = s->order[lowest[i]];
        ak_vq_fetch(ak_vq_codeword(p, stage, lowest[i]), p->dim);
    }
    for (size_t i = 0; i < count; i++) {
        float square = k->near(x + (first + i) * stride, ak_vq_codeword(p, stage, lowest[i]), p->dim);
        limits[i] = ak_sieve_limit(s, &rows[i], square);
    }
    k->mark(s, d->lowest, limits, count, d->marks);
    for (size_t panel = 0; panel < s->panels; panel++) d->marks[panel] &= fit;
    k->pick(s, rows, d->sums, d->marks, limits, found, d->places);
    for (size_t begin = 0, end = 0; begin < count; begin = end) {
        size_t total = 0;
        for (; end < count && total <= AK_SIEVE_MOST; end++) {
            const int32_t *those = d->places + end * AK_SIEVE_ROOM;
            if (found[end] == 1) indices[first + end] = s->order[those[0]];
            if (found[end] == 0 || found[end] > s->most) open[left_open++] = first + end;
            if (found[end] == 1 || found[end] > s->most) found[end] = 0; /* settled, or not here */
            for (size_t j = 0; j < found[end]; j++) candidates[total++] = s->order[those[j]];
        }
        for (size_t j = 0; j < AHEAD; j++) candidates[total + j] = candidates[total ? total - 1 : 0];
        for (size_t i = begin, j = 0; i < end; i++)
            for (size_t stop = j + found[i]; j < stop; j++) {
                if (several) ak_vq_fetch(ak_vq_codeword(p, stage, candidates[j + AHEAD]), p->dim);
                near[j] = k->near(x + (first + i) * stride, ak_vq_codeword(p, stage, candidates[j]), p->dim);
            }
        for (size_t i = begin, j = 0; i < end; j += found[i++]) {
            size_t n = first + i;
            if (found[i])
                indices[n] = nearest_of(p, stage, x + n * stride, left ? left + n * p->dim : NULL, &rows[i],
                                        candidates + j, near + j, found[i], d);
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
    size_t together = ak_sieve_together(p->sift, p->size);
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

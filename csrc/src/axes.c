/* Principal axes by orthogonal iteration: see axes.h. They need not be exact, for any orthonormal rows will
 * do; what is bounded is how far from orthonormal they are. */
#include "axes.h"
#include "memory.h"

#include <math.h>

#define ROUNDS 6
#define SHARE 0.965  /* of a codebook's energy: what is beyond the axes then adds few candidates */
#define UNIT 16      /* axes are taken by so many */
#define ALONGSIDE 32 /* and kept by so many, which are whole vectors */
#define SAMPLES 512  /* codewords of a codebook that are looked at, about */

static double random_number(uint32_t *state) /* between -1 and 1 */
{
    *state = *state * 1664525u + 1013904223u;
    return (double)*state / 0x1p31 - 1;
}

static double dot(const double *a, const double *b, size_t dim)
{
    double sum[4] = {0};
    size_t d = 0;
    for (; d + 4 <= dim; d += 4)
        for (int l = 0; l < 4; l++) sum[l] += a[d + l] * b[d + l];
    for (; d < dim; d++) sum[0] += a[d] * b[d];
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

static void add_scaled(double *to, const double *from, double factor, size_t dim)
{
    for (size_t d = 0; d < dim; d++) to[d] += factor * from[d];
}

/* to (count x dim) = left (count x inner) times right */
static void multiply(double *to, const double *left, const double *right, size_t count, size_t inner,
                     size_t dim)
{
    memset(to, 0, count * dim * sizeof *to);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < inner; j++)
            add_scaled(to + i * dim, right + j * dim, left[i * inner + j], dim);
}

/* Gram and Schmidt, twice; rows that those before them already span become zero. */
static void orthonormalize(double *rows, size_t count, size_t dim)
{
    for (size_t i = 0; i < count; i++) {
        double *r = rows + i * dim, before = sqrt(dot(r, r, dim));
        for (int pass = 0; pass < 2; pass++)
            for (size_t j = 0; j < i; j++) add_scaled(r, rows + j * dim, -dot(r, rows + j * dim, dim), dim);
        double norm = sqrt(dot(r, r, dim)), factor = norm > 1e-6 * before ? 1 / norm : 0;
        for (size_t d = 0; d < dim; d++) r[d] *= factor;
    }
}

/* The sum of the outer products of c - m, of which some are taken; returns its trace. z: room for one. */
static double find_covariance(double *to, double *z, const float *codebook, const float *mean, size_t size,
                              size_t dim)
{
    double trace = 0;
    memset(to, 0, dim * dim * sizeof *to);
    for (size_t k = 0; k < size; k += (size + SAMPLES - 1) / SAMPLES) {
        for (size_t d = 0; d < dim; d++) z[d] = (double)codebook[k * dim + d] - mean[d];
        for (size_t d = 0; d < dim; d++) add_scaled(to + d * dim, z, z[d], d + 1);
    }
    for (size_t d = 0; d < dim; d++) {
        for (size_t i = 0; i < d; i++) to[i * dim + d] = to[d * dim + i];
        trace += to[d * dim + d];
    }
    return trace;
}

/* How many of the axes hold SHARE of a codebook's energy; dim where `most` do not. scratch: room for them
 * all. */
static size_t count_needed(const double *axes, double *scratch, const double *covariance, size_t most,
                           size_t dim)
{
    double energy = 0, trace = 0;
    for (size_t d = 0; d < dim; d++) trace += covariance[d * dim + d];
    multiply(scratch, axes, covariance, most, dim, dim);
    for (size_t i = 0; i < most; i++) {
        energy += dot(axes + i * dim, scratch + i * dim, dim);
        if ((i + 1) % UNIT == 0 && energy >= SHARE * trace) return i + 1;
    }
    return dim;
}

/* Turns the axes between any two numbers of them that codebooks take among themselves: components are then of
 * one size, and bytes that share a scale lose less. scratch: room for them, and for a square of their number.
 */
static void mix(const ak_axes *a, double *axes, double *scratch, size_t stages, size_t dim)
{
    uint32_t seed = 2;
    for (size_t first = 0, stop = UNIT; stop <= a->count; stop += UNIT) {
        size_t count = stop - first;
        int edge = 0;
        for (size_t s = 0; s < stages; s++) edge |= a->within[s] == stop;
        if (!edge) continue;
        double *factors = scratch + count * dim;
        for (size_t i = 0; i < count * count; i++) factors[i] = random_number(&seed);
        multiply(scratch, factors, axes + first * dim, count, count, dim);
        memcpy(axes + first * dim, scratch, count * dim * sizeof *axes);
        first = stop;
    }
    orthonormalize(axes, a->count, dim);
}

/* Rounds the axes to float32, and bounds what that leaves of P P' - 1, in Frobenius' norm. */
static void keep(ak_axes *a, double *axes, size_t dim)
{
    double square = 0;
    for (size_t i = 0; i < a->count; i++)
        for (size_t d = 0; d < dim; d++)
            axes[i * dim + d] = a->columns[d * a->count + i] = (float)axes[i * dim + d];
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j <= i; j++) {
            double product = dot(axes + i * dim, axes + j * dim, dim);
            if (i == j && product > 0.5) product -= 1; /* else the row is zero */
            square += (i == j ? 1 : 2) * product * product;
        }
    a->defect = sqrt(square) + 1e-12; /* of these sums themselves */
}

/* The leading axes of a symmetric matrix, in the order of what they hold, about. */
static void iterate(double *axes, double *scratch, const double *matrix, size_t count, size_t dim)
{
    uint32_t seed = 1;
    for (size_t i = 0; i < count * dim; i++) axes[i] = random_number(&seed);
    for (int round = 0; round < ROUNDS; round++) {
        multiply(scratch, axes, matrix, count, dim, dim);
        memcpy(axes, scratch, count * dim * sizeof *axes);
        orthonormalize(axes, count, dim);
    }
}

ak_status ak_axes_find(ak_axes *a, const float *codebooks, const float *means, size_t stages, size_t size,
                       size_t dim)
{
    const size_t most = dim * 3 / 4 / ALONGSIDE * ALONGSIDE, square = dim * dim;
    int finite = 1;
    *a = (ak_axes){0};
    if (!most || dim > AK_AXES_DIM) return AK_OK;
    a->within = ak_alloc(stages * sizeof *a->within);
    a->columns = ak_alloc(dim * most * sizeof *a->columns);
    double *room = ak_alloc((stages + 4) * square * sizeof *room);
    if (!room || !a->within || !a->columns) {
        free(room);
        return AK_ERR_MEMORY;
    }
    double *axes = room, *scratch = axes + square, *pooled = scratch + 2 * square, *own = pooled + square;
    for (size_t s = 0; s < stages; s++) {
        const float *codebook = codebooks + s * size * dim;
        double trace = find_covariance(own + s * square, scratch, codebook, means + s * dim, size, dim);
        if (trace > 0) add_scaled(pooled, own + s * square, 1 / trace, square);
        finite &= trace < INFINITY;
    }
    iterate(axes, scratch, pooled, most, dim);
    for (size_t s = 0; s < stages && finite; s++) {
        a->within[s] = count_needed(axes, scratch, own + s * square, most, dim);
        if (a->within[s] < dim && a->within[s] > a->count) a->count = a->within[s];
    }
    a->count = ak_round_up(a->count, ALONGSIDE);
    mix(a, axes, scratch, stages, dim);
    keep(a, axes, dim);
    free(room);
    return AK_OK;
}

void ak_axes_free(ak_axes *a)
{
    free(a->columns);
    free(a->within);
    *a = (ak_axes){0};
}

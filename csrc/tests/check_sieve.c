/* The sieve's products: the same integers whichever unit multiplies them. */
#include "check.h"
#include "vq.h"

#include <math.h>

#define SIZE 150
#define COUNT 37

typedef struct sifted {
    int32_t sums[COUNT][SIZE];
    ak_sieve_row rows[AK_SIEVE_TOGETHER];
} sifted;

/* The product of a vector's bytes and those of the codeword at place c. */
static int32_t product(const ak_sieve *s, const ak_sieve_kernels *k, const uint8_t *q, size_t c)
{
    const int8_t *codewords = s->codewords + c / k->columns * k->columns * s->padded;
    int32_t sum = 0;
    for (size_t d = 0; d < s->padded; d++) {
        int32_t x = k->offset ? q[d] - k->offset : (int8_t)q[d];
        sum += x * codewords[(d / 4 * k->columns + c % k->columns) * 4 + d % 4];
    }
    return sum;
}

static void sift(const ak_sieve_kernels *k, const float *book, const float *x, size_t dim, sifted *to)
{
    ak_sieve s;
    CHECK(ak_sieve_init(&s, k, book, SIZE, dim, NULL) == AK_OK && s.usable);
    memset(to, 0, sizeof *to);
    uint8_t *q = check_work(AK_SIEVE_TOGETHER * s.padded + 64);
    int32_t *sums = check_work(s.panels * s.stride * sizeof *sums);
    float *lowest = check_work(2 * s.panels * AK_SIEVE_STRIDE * sizeof *lowest);
    for (size_t i = 0; i < COUNT; i++) {
        k->round(&s, x + i * dim, q + i * s.padded, &to->rows[i]);
        CHECK(ak_sieve_weigh(&s, &to->rows[i]));
    }
    k->sift(&s, q, to->rows, COUNT, sums, lowest);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t c = 0; c < SIZE; c++) {
            to->sums[i][c] = sums[c / k->columns * s.stride + i * k->columns + c % k->columns];
            CHECK(to->sums[i][c] == product(&s, k, q + i * s.padded, c));
        }
    free(lowest);
    free(sums);
    free(q);
    ak_sieve_free(&s);
}

static void check_same(const ak_sieve_kernels *k, const ak_sieve_kernels *other)
{
    sifted *a = check_memory(sizeof *a), *b = check_memory(sizeof *b);
    for (size_t dim = 16; dim <= 200; dim += 23) {
        float *book = check_memory(SIZE * dim * sizeof *book), *x = check_memory(COUNT * dim * sizeof *x);
        check_noise(book, SIZE * dim, 1);
        check_noise(x, COUNT * dim, 2);
        sift(k, book, x, dim, a);
        sift(other, book, x, dim, b);
        CHECK(memcmp(a->sums, b->sums, sizeof a->sums) == 0);
        free(x);
        free(book);
    }
    free(b);
    free(a);
}

/* Sums of 16 bits hold the products even where vectors are codewords, and all components of one size: none
 * are larger. */
static void check_largest(const ak_sieve_kernels *k)
{
    sifted *to = check_memory(sizeof *to);
    for (size_t dim = 16; dim <= 400; dim += 16) {
        float *book = check_memory(SIZE * dim * sizeof *book);
        check_noise(book, SIZE * dim, 3);
        for (size_t i = 0; i < SIZE * dim; i++) book[i] = book[i] < 0 ? -1 : 1;
        for (size_t d = 0; d < dim; d++) /* of one of the two sums alone */
            book[d] = d / 2 % 2 ? 0 : book[d];
        sift(k, book, book, dim, to);
        free(book);
    }
    free(to);
}

/* Codewords that no integers stand for are not sifted, wherever they are, and no tables are made of them. */
static void check_refused(const ak_sieve_kernels *k)
{
    const float refused[] = {NAN, INFINITY, -INFINITY, 2e15f};
    const size_t dim = 16, last = SIZE * dim - 1;
    float *book = check_memory(SIZE * dim * sizeof *book);
    for (size_t i = 0; i < 4; i++)
        for (size_t at = 0; at <= last; at += last / 3) {
            ak_sieve s;
            check_noise(book, SIZE * dim, 4);
            book[at] = refused[i];
            CHECK(ak_sieve_init(&s, k, book, SIZE, dim, NULL) == AK_OK && !s.usable && s.most == 0);
            ak_sieve_free(&s);
        }
    free(book);
}

#define DIM 96
#define STAGES 3

/* Vectors of which a few directions hold nearly all. */
static void check_correlated(float *x, size_t count, float size, unsigned seed)
{
    const size_t few = 20;
    float *factors = check_memory(few * DIM * sizeof *factors),
          *weights = check_memory(few * sizeof *weights);
    check_noise(factors, few * DIM, 77);
    check_noise(x, count * DIM, seed);
    for (size_t i = 0; i < count; i++) {
        check_noise(weights, few, seed + 1 + (unsigned)i);
        for (size_t d = 0; d < DIM; d++) {
            float sum = 0.1f * x[i * DIM + d];
            for (size_t f = 0; f < few; f++) sum += weights[f] * factors[f * DIM + d];
            x[i * DIM + d] = size * sum;
        }
    }
    free(weights);
    free(factors);
}

/* No score of a vector, and no panel's lowest, is above half of |x - c|^2 - |x - m|^2. */
static void check_bound(const ak_vq *p, size_t stage, const ak_sieve_row *row, const int32_t *sums,
                        const float *lowest, const double *x)
{
    const ak_sieve *s = &p->sieves[stage];
    const float *m = p->means + stage * DIM;
    for (size_t c = 0; c < SIZE; c++) {
        const float *codeword = ak_vq_codeword(p, stage, s->order[c]);
        double truth = 0, size = 0;
        for (size_t d = 0; d < DIM; d++) {
            double z = (double)codeword[d] - m[d], y = x[d] - m[d];
            truth += z * z / 2 - y * z;
            size += fabs(y * z) + z * z;
        }
        double sum = sums[c / p->sift->columns * s->stride + c % p->sift->columns];
        double score = s->half_norms[c] - (double)row->weight * s->reach[c] -
                       (double)row->beyond * s->beyond[c] - (double)row->scale * s->scales[c] * sum;
        CHECK(score <= truth + 1e-6 * size); /* which ak_sieve_limit allows for */
        CHECK(lowest[c / p->sift->columns * AK_SIEVE_STRIDE] <= truth + 1e-6 * size);
        CHECK(stage || row->weight > 0);
    }
}

static void check_stage(const ak_vq *p, size_t stage, const float *x, const double *exact, ak_vq_desk *d)
{
    const ak_sieve *s = &p->sieves[stage];
    ak_sieve_row rows[AK_SIEVE_TOGETHER] = {0};
    CHECK(s->usable && s->beyond && s->dim < DIM);
    for (size_t i = 0; i < COUNT; i++) {
        ak_vq_round(p, stage, x + i * DIM, i, d, d->integers + i * s->padded, &rows[i]);
        ak_sieve_weigh(s, &rows[i]);
    }
    p->sift->sift(s, d->integers, rows, COUNT, d->sums, d->lowest);
    for (size_t i = 0; i < COUNT; i++)
        if (rows[i].weight > 0)
            check_bound(p, stage, &rows[i], d->sums + i * p->sift->columns, d->lowest + i, exact + i * DIM);
}

/* x: what of a codeword is beyond the first stage's axes, ten times over: the bound has nothing to spare
 * there. */
static void leave_axes(const ak_vq *p, size_t k, float *x)
{
    const float *c = ak_vq_codeword(p, 0, (int32_t)k), *turned = ak_vq_turned(p, 0, (int32_t)k);
    for (size_t d = 0; d < DIM; d++) {
        double beyond = (double)c[d] - p->means[d];
        for (size_t i = 0; i < p->axes.within[0]; i++)
            beyond -= (double)turned[i] * p->axes.columns[d * p->axes.count + i];
        x[d] = (float)(p->means[d] + 10 * beyond);
    }
}

/* The bound along axes holds at every stage, whatever codewords were taken before. */
static void check_turned(const ak_options *options, float size)
{
    float *books = check_memory(STAGES * SIZE * DIM * sizeof *books),
          *x = check_memory(COUNT * DIM * sizeof *x);
    double *exact = check_memory(COUNT * DIM * sizeof *exact);
    int32_t chosen[COUNT];
    ak_vq *p;
    for (size_t s = 0; s < STAGES; s++)
        check_correlated(books + s * SIZE * DIM, SIZE, size / (float)(1 + 3 * s), 5 + 1000 * (unsigned)s);
    check_correlated(x, COUNT, 2 * size, 9000);
    memcpy(x, books, DIM * sizeof *x); /* nothing is left of the first one */
    CHECK(ak_vq_create(&p, STAGES, SIZE, DIM, books, options) == AK_OK);
    if (p->sift && p->sift->turns) {
        void *desk = check_work(ak_vq_desk_bytes(p));
        ak_vq_desk d = ak_vq_desk_at(p, desk);
        CHECK(p->axes.count > 0 && p->axes.defect < 1e-5);
        for (size_t i = 1; i < COUNT; i += 4) leave_axes(p, i, x + i * DIM);
        for (size_t i = 0; i < COUNT * DIM; i++) exact[i] = d.left[i] = d.rounded[i] = x[i];
        ak_vq_turn(p, x, DIM, COUNT, &d);
        for (size_t s = 0; s < STAGES; s++) {
            check_stage(p, s, d.rounded, exact, &d);
            for (size_t i = 0; i < COUNT; i++) {
                chosen[i] = (int32_t)(i * 7 % SIZE);
                p->kernels->subtract(exact + i * DIM, d.rounded + i * DIM, NULL,
                                     ak_vq_codeword(p, s, chosen[i]), DIM);
            }
            if (s + 1 < STAGES) ak_vq_step(p, s, COUNT, chosen, &d);
        }
        free(desk);
    }
    ak_vq_destroy(p);
    free(exact);
    free(x);
    free(books);
}

void check_sieve(const ak_options *options)
{
    const ak_sieve_kernels *with_bytes[3], *chosen = ak_sieve_select(options->isa);
    int count = 0;
    if (chosen) {
        check_largest(chosen);
        check_refused(chosen);
    }
    AK_IF_AVX512(if (ak_cpu_icelake()) with_bytes[count++] = &ak_sieve_kernels_icelake;)
    AK_IF_AVXVNNI(if (ak_cpu_avxvnni()) with_bytes[count++] = &ak_sieve_kernels_avxvnni;)
    AK_IF_AMX(if (ak_cpu_amx()) with_bytes[count++] = &ak_sieve_kernels_amx;)
    for (float size = 1e-12f; size < 1e13f; size *= 1e6f) check_turned(options, size);
    for (int i = 1; i < count; i++) check_same(with_bytes[0], with_bytes[i]);
}

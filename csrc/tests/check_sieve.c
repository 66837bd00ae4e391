/* The sieve's products: the same integers whichever unit multiplies them. */
#include "check.h"
#include "vq_sieve.h"

#define SIZE 150
#define COUNT 37

typedef struct sifted {
    int32_t sums[COUNT][SIZE];
    ak_sieve_row rows[AK_SIEVE_TOGETHER];
} sifted;

static void sift(const ak_sieve_kernels *k, const float *book, const float *x, size_t dim, sifted *to)
{
    ak_sieve s;
    CHECK(ak_sieve_init(&s, k, book, SIZE, dim) == AK_OK && s.usable);
    memset(to, 0, sizeof *to);
    uint8_t *q = check_work(AK_SIEVE_TOGETHER * s.padded + 64);
    int32_t *sums = check_work(s.panels * s.stride * sizeof *sums);
    float *lowest = check_work(s.panels * AK_SIEVE_STRIDE * sizeof *lowest);
    for (size_t i = 0; i < COUNT; i++) {
        to->rows[i] = k->round(&s, x + i * dim, q + i * s.padded);
        CHECK(ak_sieve_weigh(&s, &to->rows[i]));
    }
    k->sift(&s, q, to->rows, COUNT, sums, lowest);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t c = 0; c < SIZE; c++)
            to->sums[i][c] = sums[c / k->columns * s.stride + i * k->columns + c % k->columns];
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

void check_sieve(const ak_options *options)
{
    (void)options; /* of the test; the kernels are taken by name */
    const ak_sieve_kernels *with_bytes[3];
    int count = 0;
    AK_IF_AVX512(if (ak_cpu_icelake()) with_bytes[count++] = &ak_sieve_kernels_icelake;)
    AK_IF_AVXVNNI(if (ak_cpu_avxvnni()) with_bytes[count++] = &ak_sieve_kernels_avxvnni;)
    AK_IF_AMX(if (ak_cpu_amx()) with_bytes[count++] = &ak_sieve_kernels_amx;)
    for (int i = 1; i < count; i++) check_same(with_bytes[0], with_bytes[i]);
}

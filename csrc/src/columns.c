/* Tables of the real FFT in rows and columns: see columns.h. */
#include "columns.h"
#include "memory.h"

#define LEAST_POINTS 48
#define MOST_POINTS 8192 /* beyond, nothing was won: columns are far larger than the first-level cache */

static const int residue[8] = {0, 15, 14, 3, 4, 11, 6, 7}; /* as dft16_even and dft16_odd have them */

/* Other even M were not faster: half of such n has radix 10, which needs few twiddles. */
int ak_columns_suit(int n)
{
    int m = n / 16;
    if (n < LEAST_POINTS || n > MOST_POINTS || n % 16) return 0;
    return ak_lanes_supports(m) && (m % 2 || (m & (m - 1)) == 0);
}

static int32_t place_of(const ak_columns *t, int k)
{
    int n = 16 * t->size;
    return (int32_t)(k > n / 2 ? n - k : k) * t->width;
}

/* By the Chinese remainder theorem. Bins of other residues, and half of the real columns', mirror others. */
static void place_coprime(ak_columns *t)
{
    int m = t->size;
    for (int k = 0; k < 16 * m; k++) {
        int q = k % m;
        if (k % 16 == 0 && q <= m / 2) t->bin[q] = place_of(t, k);
        if (k % 16 == 8 && q > 0 && q <= m / 2) t->bin[m - q] = place_of(t, k);
        for (int c = 1; c < 8; c++)
            if (k % 16 == residue[c]) t->bin[c * m + q] = place_of(t, k);
    }
    for (int i = 0; i < 2 * m; i++) t->pair[i] = i;
}

static ak_status fill_units(ak_columns *t)
{
    size_t m = (size_t)t->size;
    t->turn = ak_alloc(14 * m * sizeof *t->turn);
    t->unpack = ak_alloc(m * sizeof *t->unpack);
    t->shift = ak_alloc(m * sizeof *t->shift);
    if (!t->turn || !t->unpack || !t->shift) return AK_ERR_MEMORY;
    for (int r = 0; r < t->size; r++)
        for (int c = 1; c < 8; c++)
            ak_set_unit(t->turn + 14 * r + 2 * (c - 1), t->whole.order[r] * residue[c] / (16.0 * t->size), 1);
    for (int i = 0; i < t->size / 2; i++) {
        ak_set_unit(t->unpack + 2 * i, (double)i / t->size, 0.5);
        ak_set_unit(t->shift + 2 * i, t->half.order[i] * 0.5 / t->size, 1);
    }
    return AK_OK;
}

static ak_status init_even(ak_columns *t)
{
    int half = t->size / 2;
    ak_status status = ak_lanes_init(&t->half, half, t->width, AK_COLUMN, 0);
    if (status == AK_OK) status = fill_units(t);
    if (status != AK_OK) return status;
    int32_t *place = ak_alloc((size_t)half * sizeof *place); /* where each point stands in half's input */
    if (!place) return AK_ERR_MEMORY;
    for (int s = 0; s < half; s++) place[t->half.order[s]] = s;
    for (int r = 0; r < t->size; r++) {
        int j = t->whole.order[r];
        t->pair[2 * r] = 2 * place[j / 2] + j % 2;
        t->pair[2 * r + 1] = t->size + 2 * place[j % half] + j / half;
    }
    free(place);
    for (int p = 0; p < half; p++) t->bin[p] = place_of(t, 8 + 32 * p);
    for (int c = 1; c < 8; c++)
        for (int q = 0; q < t->size; q++) t->bin[c * t->size + q] = place_of(t, residue[c] + 16 * q);
    return AK_OK;
}

ak_status ak_columns_init(ak_columns *t, int n, int width)
{
    t->size = n / 16;
    t->width = width;
    t->pitch = t->size | 1; /* or all would fall into the same sets of the cache */
    ak_status status = ak_lanes_init(&t->whole, t->size, width, AK_COLUMN, 0);
    if (status != AK_OK) return status;
    t->bin = ak_alloc((size_t)n / 2 * sizeof *t->bin);
    t->pair = ak_alloc((size_t)n / 8 * sizeof *t->pair);
    if (!t->bin || !t->pair) return AK_ERR_MEMORY;
    if (t->size % 2 == 0) return init_even(t);
    place_coprime(t);
    return AK_OK;
}

int32_t ak_columns_sample(const ak_columns *t, int i)
{
    int64_t m = t->size, row = t->whole.order[i / 16];
    return (int32_t)((m * (i % 16) + (m % 2 ? 16 * row : row)) % (16 * m));
}

size_t ak_columns_vectors(const ak_columns *t)
{
    return 16 * (size_t)t->pitch;
}

void ak_columns_free(ak_columns *t)
{
    ak_lanes_free(&t->whole);
    ak_lanes_free(&t->half);
    free(t->bin);
    free(t->pair);
    free(t->turn);
    free(t->unpack);
    free(t->shift);
    memset(t, 0, sizeof *t);
}

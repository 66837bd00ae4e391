#include "bands.h"
#include "memory.h"

typedef struct band {
    int start, width;
} band;

/* The bins of a row that are not zero, widened to two or to a multiple of four, inside the row where it is
 * long enough. */
static band find_band(const float *row, int bins)
{
    int first = 0, end = bins;
    while (first < end && row[first] == 0) first++;
    while (end > first && row[end - 1] == 0) end--;
    int used = end - first, width = used == 1 || used == 2 ? 2 : (used + 3) / 4 * 4, latest = bins - width;
    return (band){latest < 0 ? 0 : first < latest ? first : latest, width};
}

ak_status ak_bands_init(ak_bands *t, const float *dense, int count, int bins)
{
    memset(t, 0, sizeof *t);
    size_t n = (size_t)count;
    t->run_width = ak_alloc(n * sizeof(int));
    t->run_length = ak_alloc(n * sizeof(int));
    t->start = ak_alloc(n * sizeof(int));
    if (!t->run_width || !t->run_length || !t->start) return AK_ERR_MEMORY;
    size_t total = 0;
    for (int m = 0; m < count; m++) {
        band b = find_band(dense + (size_t)m * (size_t)bins, bins);
        t->start[m] = b.start;
        total += (size_t)b.width;
        if (t->runs == 0 || t->run_width[t->runs - 1] != b.width) t->run_width[t->runs++] = b.width;
        t->run_length[t->runs - 1]++;
    }
    t->count = count;
    float *w = t->weights = ak_alloc(total * sizeof(float));
    if (!w) return AK_ERR_MEMORY;
    for (int i = 0, m = 0; i < t->runs; i++)
        for (int j = 0; j < t->run_length[i]; j++, m++)
            for (int k = t->start[m]; k < t->start[m] + t->run_width[i]; k++)
                *w++ = k < bins ? dense[(size_t)m * (size_t)bins + (size_t)k] : 0.0f;
    return AK_OK;
}

void ak_bands_free(ak_bands *t)
{
    free(t->run_width);
    free(t->run_length);
    free(t->start);
    free(t->weights);
    memset(t, 0, sizeof *t);
}

#include "bands.h"
#include "memory.h"

typedef struct band {
    int start, quads;
} band;

/* The bins of a row that are not zero, widened to a multiple of four, inside the row where it is long enough.
 */
static band find_band(const float *row, int bins)
{
    int first = 0, end = bins;
    while (first < end && row[first] == 0) first++;
    while (end > first && row[end - 1] == 0) end--;
    int quads = (end - first + 3) / 4, latest = bins - 4 * quads;
    return (band){latest < 0 ? 0 : first < latest ? first : latest, quads};
}

ak_status ak_bands_init(ak_bands *t, const float *dense, int count, int bins)
{
    memset(t, 0, sizeof *t);
    size_t n = (size_t)count;
    t->run_quads = ak_alloc(n * sizeof(int));
    t->run_length = ak_alloc(n * sizeof(int));
    t->start = ak_alloc(n * sizeof(int));
    if (!t->run_quads || !t->run_length || !t->start) return AK_ERR_MEMORY;
    size_t total = 0;
    for (int m = 0; m < count; m++) {
        band b = find_band(dense + (size_t)m * (size_t)bins, bins);
        t->start[m] = b.start;
        total += 4 * (size_t)b.quads;
        if (t->runs == 0 || t->run_quads[t->runs - 1] != b.quads) t->run_quads[t->runs++] = b.quads;
        t->run_length[t->runs - 1]++;
    }
    t->count = count;
    float *w = t->weights = ak_alloc(total * sizeof(float));
    if (!w) return AK_ERR_MEMORY;
    for (int i = 0, m = 0; i < t->runs; i++)
        for (int j = 0; j < t->run_length[i]; j++, m++)
            for (int k = t->start[m]; k < t->start[m] + 4 * t->run_quads[i]; k++)
                *w++ = k < bins ? dense[(size_t)m * (size_t)bins + (size_t)k] : 0.0f;
    return AK_OK;
}

void ak_bands_free(ak_bands *t)
{
    free(t->run_quads);
    free(t->run_length);
    free(t->start);
    free(t->weights);
    memset(t, 0, sizeof *t);
}

/* Outputs by the direct filter: which groups run together, and what happens at the signal's ends. */
#include "resample.h"

#include <string.h>

/* One group whose window may lie partly outside the stretch: inputs there are zero and are skipped, which
 * changes no bit of the sums. */
static void edge_group(const ak_resample *plan, ak_stretch in, size_t q, int64_t first, float *out,
                       size_t count)
{
    const ak_filter *f = &plan->filter;
    int64_t begin = first < in.start ? in.start - first : 0;
    int64_t end = in.stop - first < (int64_t)f->window ? in.stop - first : (int64_t)f->window;
    size_t cell = AK_GROUP * (f->wide ? sizeof(double) : sizeof(float));
    float group[AK_GROUP] = {0};
    if (begin < end)
        plan->fir((const char *)f->table + (q * f->window + (size_t)begin) * cell, (size_t)(end - begin),
                  in.x + (first + begin - in.start), 0, group, 0, 1);
    memcpy(out, group, count * sizeof(float));
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return a > 0 ? (a + b - 1) / b : a / b;
}

/* Group q of the periods whose outputs lie in from .. to - 1: inner periods in one call, the others one by
 * one. */
static void one_phase(const ak_resample *plan, ak_stretch in, size_t q, int64_t from, int64_t to, float *out)
{
    const ak_filter *f = &plan->filter;
    int64_t offset = (int64_t)q * AK_GROUP; /* in the period */
    int64_t p = from <= offset ? 0 : ceil_div(from - offset, f->period_out);
    int64_t stop = to <= offset ? 0 : ceil_div(to - offset, f->period_out);
    size_t cell = AK_GROUP * (f->wide ? sizeof(double) : sizeof(float));
    const void *table = (const char *)f->table + q * f->window * cell;
    while (p < stop) {
        int64_t n = p * f->period_out + offset, first = p * f->period_in + f->first[q];
        /* periods from p on with their whole window and all outputs inside */
        int64_t by_input = in.stop - first - (int64_t)f->window, by_output = to - n - AK_GROUP;
        int64_t inner = 0;
        if (first >= in.start && by_input >= 0 && by_output >= 0) {
            inner = by_input / f->period_in;
            if (by_output / f->period_out < inner) inner = by_output / f->period_out;
            inner++;
            if (inner > stop - p) inner = stop - p;
        }
        if (inner) {
            plan->fir(table, f->window, in.x + (first - in.start), (size_t)f->period_in, out + (n - from),
                      (size_t)f->period_out, (size_t)inner);
            p += inner;
        } else {
            size_t count = to - n < AK_GROUP ? (size_t)(to - n) : AK_GROUP;
            edge_group(plan, in, q, first, out + (n - from), count);
            p++;
        }
    }
}

/* One output between two rows of the table. */
static float interpolated(const ak_resample *plan, ak_stretch in, int64_t n)
{
    const ak_filter *f = &plan->filter;
    size_t cell = f->wide ? sizeof(double) : sizeof(float), taps = 2 * f->reach;
    int64_t between, first = ak_filter_first(f, n, &between);
    int64_t row = between * f->phases / f->up;
    double fraction = (double)(between * f->phases % f->up) / (double)f->up;
    int64_t begin = first < in.start ? in.start - first : 0;
    int64_t end = in.stop - first < (int64_t)taps ? in.stop - first : (int64_t)taps;
    if (begin >= end) return 0;
    const char *low = (const char *)f->table + ((size_t)row * taps + (size_t)begin) * cell;
    return plan->blend(low, low + taps * cell, in.x + (first + begin - in.start), (size_t)(end - begin),
                       fraction);
}

void ak_resample_direct(const ak_resample *plan, ak_stretch in, int64_t from, int64_t to, float *out)
{
    if (plan->filter.phases) {
        for (int64_t n = from; n < to; n++) out[n - from] = interpolated(plan, in, n);
        return;
    }
    for (size_t q = 0; q < plan->filter.groups; q++) one_phase(plan, in, q, from, to, out);
}

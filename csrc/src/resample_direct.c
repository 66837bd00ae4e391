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

/* Lagrange's polynomials at `x` of 0 .. 1 for the points -1, 0, 1, 2. */
static void cubic(double x, double weight[AK_ROWS])
{
    double before = x + 1, after = x - 1, beyond = x - 2;
    weight[0] = -x * after * beyond / 6;
    weight[1] = before * after * beyond / 2;
    weight[2] = -before * x * beyond / 2;
    weight[3] = before * x * after / 6;
}

/* One output between rows of the table; its inputs begin with `first`, and it lies `between` up-ths of an
 * input behind the last of the earlier ones. */
static float interpolated(const ak_resample *plan, ak_stretch in, int64_t first, int64_t between)
{
    const ak_filter *f = &plan->filter;
    size_t cell = f->wide ? sizeof(double) : sizeof(float), taps = 2 * f->reach;
    double phase = (double)between * ((double)f->phases / (double)f->up), weight[AK_ROWS];
    size_t row = (size_t)phase;
    cubic(phase - (double)row, weight);
    int64_t begin = first < in.start ? in.start - first : 0;
    int64_t end = in.stop - first < (int64_t)taps ? in.stop - first : (int64_t)taps;
    if (begin >= end) return 0;
    return plan->blend((const char *)f->table + (row * taps + (size_t)begin) * cell, taps,
                       in.x + (first + begin - in.start), (size_t)(end - begin), weight);
}

static void interpolate(const ak_resample *plan, ak_stretch in, int64_t from, int64_t to, float *out)
{
    const ak_filter *f = &plan->filter;
    int64_t between, first = ak_filter_first(f, from, &between), whole = f->down / f->up;
    for (int64_t n = from; n < to; n++) {
        *out++ = interpolated(plan, in, first, between);
        first += whole;
        between += f->down - whole * f->up;
        if (between >= f->up) {
            between -= f->up;
            first++;
        }
    }
}

void ak_resample_direct(const ak_resample *plan, ak_stretch in, int64_t from, int64_t to, float *out)
{
    if (plan->filter.phases) {
        interpolate(plan, in, from, to, out);
        return;
    }
    for (size_t q = 0; q < plan->filter.groups; q++) one_phase(plan, in, q, from, to, out);
}

/* The filter of a resampling plan, cut into groups of outputs.
 *
 * With L = rate_out and M = rate_in without their common factor, output n is the sum over i of
 * x[i] h(n M / L - i), where h is zero from `reach` on. AK_GROUP successive outputs form a group and share a
 * window of `window` inputs; groups repeat after `groups` of them, period_out outputs and period_in inputs
 * later. For group q the table holds h for each input k of the window and each of the AK_GROUP outputs,
 *
 *     table[(q * window + k) * AK_GROUP + j] = h(n M / L - (first[q] + k)),   n = AK_GROUP q + j,
 *
 * so that a vector of coefficients times one input feeds successive outputs, which lie in a vector's lanes.
 *
 * Rates with hardly a common factor have too many phases for that. Then `phases` is not 0, the table holds
 * rows of h at even steps of an input, and an output is interpolated between the sums of AK_ROWS of them, by
 * the cubic polynomial through the two on either side:
 *
 *     table[r * 2 reach + k] = h((r - 1) / phases + reach - 1 - k),   r = 0 .. phases + 2
 */
#ifndef AK_RESAMPLE_FILTER_H
#define AK_RESAMPLE_FILTER_H

#include <audiokern/resample.h>

#define AK_GROUP 16
#define AK_PERIODS 12 /* the most that a kernel computes together */
#define AK_ROWS 4

typedef struct ak_filter {
    int64_t up, down; /* L, M */
    size_t reach;     /* inputs on each side */
    size_t window;
    size_t groups;
    int64_t period_in, period_out;
    int64_t *first; /* of each group: its first input, relative to the period's; may be negative */
    int64_t phases; /* of an interpolated table; 0: the table above */
    int wide;       /* the table and the sums are float64 */
    void *table;
} ak_filter;

/* Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE, AK_ERR_MEMORY. After an error the filter needs no release. */
ak_status ak_filter_design(ak_filter *filter, const ak_resample_config *config);
void ak_filter_release(ak_filter *filter);

/* Where output n (any n >= 0) begins: its first input; and where it lies between that one's reach - 1st
 * successor and the next, in units of 1 / up. */
static inline int64_t ak_filter_first(const ak_filter *f, int64_t n, int64_t *between)
{
    int64_t rest = n % f->up * f->down;
    *between = rest % f->up;
    return n / f->up * f->down + rest / f->up - (int64_t)f->reach + 1;
}

#endif

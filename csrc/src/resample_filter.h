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
 */
#ifndef AK_RESAMPLE_FILTER_H
#define AK_RESAMPLE_FILTER_H

#include <audiokern/resample.h>

#define AK_GROUP 16
#define AK_PERIODS 12 /* the most that a kernel computes together */

typedef struct ak_filter {
    int64_t up, down; /* L, M */
    size_t reach;     /* inputs on each side */
    size_t window;
    size_t groups;
    int64_t period_in, period_out;
    int64_t *first; /* of each group: its first input, relative to the period's; may be negative */
    int wide;       /* the table and the sums are float64 */
    void *table;
} ak_filter;

/* Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE, AK_ERR_MEMORY. After an error the filter needs no release. */
ak_status ak_filter_design(ak_filter *filter, const ak_resample_config *config);
void ak_filter_release(ak_filter *filter);

#endif

/* The same filter by FFT: overlap-save, a block in each lane.
 *
 * A block of n_in = down * c inputs is transformed, its bins below both Nyquist frequencies are multiplied by
 * the filter's response (real, for the filter is symmetric), and the inverse transform of n_out = up * c
 * points gives the block's outputs: the change of rate is the change of size. Of these, the up * keep in the
 * middle are free of the block's edges, which are down * skip >= reach inputs wide on either side.
 *
 *     block b: inputs  down * (b * keep - skip) ..  down * (b * keep - skip + c) - 1
 *              outputs   up *  b * keep         ..    up * (b + 1) * keep         - 1
 *
 * Bins beyond are left out: there the filter is below its stopband's level. A wide filter's blocks are
 * transformed in double, half a vector's lanes after the other: float would add noise above its stopband.
 */
#ifndef AK_RESAMPLE_OVERLAP_H
#define AK_RESAMPLE_OVERLAP_H

#include "resample_filter.h"
#include "resample.h"
#include "rfft.h"

typedef struct ak_overlap {
    const ak_rfft_kernels *kernels;
    ak_shape shape;
    const ak_double_kernels *doubles; /* of a wide filter; else NULL */
    ak_rfft forward, inverse;
    size_t n_in, n_out;
    size_t bins;            /* that the filter passes */
    void *response;         /* of those, floats or doubles */
    size_t inputs, outputs; /* of a block, without its edges: down * keep, up * keep */
    size_t edge_in, edge_out;
} ak_overlap;

/* Whether blocks of a size that the FFT is fast at pay for this filter; else o->n_in stays 0.
 * Errors: AK_ERR_MEMORY. Whatever it returns, ak_overlap_release releases. */
ak_status ak_overlap_init(ak_overlap *o, const ak_filter *filter, ak_isa isa);
void ak_overlap_release(ak_overlap *o);

/* Bytes of scratch, aligned to 64, for a group of blocks. */
size_t ak_overlap_scratch_bytes(const ak_overlap *o);

/* The outputs, at most `length` of the signal, of as many blocks as a vector has lanes, from block `first`
 * on. x, y: the whole signals. */
void ak_overlap_group(const ak_overlap *o, void *scratch, const float *x, size_t samples, size_t first,
                      float *y, size_t length);

#endif

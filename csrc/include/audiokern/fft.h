/* Real Fourier transforms of rows of one size.
 *
 *     forward  X[k] = sum over j < n of x[j] exp(-2 pi i j k / n),   0 <= k <= n / 2
 *     inverse  x[j] = 1 / n times the sum over all k of X[k] exp(2 pi i j k / n), X[n - k] = conj(X[k])
 *
 * Any n >= 1; even n with factors 2, 3, 5 and 7 are fast. Rows are transformed several at a time, so one row
 * alone costs as much as a vector full of them. Relative error against float64, norm-wise over a row: at most
 * 5e-7.
 */
#ifndef AUDIOKERN_FFT_H
#define AUDIOKERN_FFT_H

#include <audiokern/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ak_fft_plan ak_fft_plan;

/* Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE, AK_ERR_MEMORY, AK_ERR_THREADS, AK_ERR_ISA_*. On error *plan is NULL.
 */
AK_API ak_status ak_fft_create(ak_fft_plan **plan, int n, const ak_options *options);

/*   x         rows x n floats, x_stride floats from row to row
 *   spectrum  rows x (n / 2 + 1) complex numbers (re, im interleaved), spectrum_stride of them from row
 *             to row
 *   work      NULL, or ak_fft_work_bytes() bytes: see common.h
 *
 * Rows of the output must not overlap, nor input and output. Thread-safe.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_ALIGNMENT. */
AK_API ak_status ak_fft_forward(const ak_fft_plan *plan, const float *x, ptrdiff_t x_stride, size_t rows,
                                float *spectrum, ptrdiff_t spectrum_stride, void *work);

/* Imaginary parts of X[0] and, for even n, of X[n / 2] count as zero. Otherwise as ak_fft_forward. */
AK_API ak_status ak_fft_inverse(const ak_fft_plan *plan, const float *spectrum, ptrdiff_t spectrum_stride,
                                size_t rows, float *x, ptrdiff_t x_stride, void *work);

/* How many transforms the plan does at once, one in each lane of a vector: 4, 8 or 16. */
AK_API size_t ak_fft_lanes(const ak_fft_plan *plan);

/* Transforms that lie side by side, as they are computed: nothing is rearranged. W = ak_fft_lanes(plan).
 *   x         blocks x n x W floats: sample j of transform l of block b at x[(b n + j) W + l]
 *   spectrum  blocks x (n / 2 + 1) x 2 x W floats: the real parts of a bin, then its imaginary parts
 *
 * An output that is aligned to 64 bytes is written in place, any other through a copy. Input and output must
 * not overlap.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_ALIGNMENT (work). */
AK_API ak_status ak_fft_forward_lanes(const ak_fft_plan *plan, const float *x, size_t blocks, float *spectrum,
                                      void *work);
AK_API ak_status ak_fft_inverse_lanes(const ak_fft_plan *plan, const float *spectrum, size_t blocks, float *x,
                                      void *work);

AK_API size_t ak_fft_work_bytes(const ak_fft_plan *plan);
AK_API void ak_fft_destroy(ak_fft_plan *plan); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif

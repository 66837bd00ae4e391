/* The kernel files of one instruction set see each other through here. */
#ifndef AK_RFFT_INTERNAL_H
#define AK_RFFT_INTERNAL_H

#include "rfft.h"
#include "kernels/butterflies.h"

/* The real FFT through a complex one of half its size. */
void AK_NAME(ak_halves_forward)(const ak_rfft *t, ak_bins kind, const ak_real *samples, const int32_t *offset,
                                const ak_real *gain, ak_real *work, ak_real *bins, ak_ahead *ahead);
void AK_NAME(ak_halves_inverse)(const ak_rfft *t, const ak_real *gain, const ak_real *bins, ak_real *x);

/* The real FFT by rows and columns, of no complex bins. */
void AK_NAME(ak_columns_forward)(const ak_columns *t, ak_bins kind, const float *samples,
                                 const int32_t *offset, const float *gain, float *work, float *bins,
                                 ak_ahead *ahead);

/* The real FFT through a convolution with a chirp. */
void AK_NAME(ak_chirp_forward)(const ak_rfft *t, ak_bins kind, const float *samples, const int32_t *offset,
                               const float *gain, float *work, float *bins);
void AK_NAME(ak_chirp_inverse)(const ak_rfft *t, const float *gain, const float *bins, float *work, float *x);

/* A pass that is neither the first nor the last: combines `radix` blocks of `length` points at b, in place. w
 * is NULL where length is 1. */
void AK_NAME(ak_middle_pass)(int radix, cvec *b, const ak_real *w, int length);

#endif

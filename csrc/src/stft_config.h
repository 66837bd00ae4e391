/* Checks and small arithmetic on ak_stft_config, shared by everything that cuts frames. */
#ifndef AK_STFT_CONFIG_H
#define AK_STFT_CONFIG_H

#include <audiokern/stft.h>

#define AK_ENVELOPE_FLOOR 1e-11 /* least sum of squared windows that the inverse divides by */

ak_status ak_stft_check(const ak_stft_config *config);

/* AK_ERR_ARGUMENT for conventions that the inverse does not know, else as ak_stft_check. */
ak_status ak_istft_check(const ak_stft_config *config);

/* AK_ERR_SHORT where a signal of so many samples cannot be padded as asked. */
ak_status ak_stft_check_samples(const ak_stft_config *config, size_t samples);

/* Samples that a frame covers. */
static inline int ak_stft_extent(const ak_stft_config *c)
{
    return c->window_first && c->win_length ? c->win_length : c->n_fft;
}

/* Samples before the signal that frame 0 covers; negative where it begins inside. */
static inline ptrdiff_t ak_stft_left(const ak_stft_config *c)
{
    if (c->center == AK_CENTER_HOP) return ak_stft_extent(c) / 2 - c->hop / 2;
    return c->center == AK_CENTER_OFF ? 0 : c->n_fft / 2;
}

/* The window over all n_fft positions. */
void ak_stft_window(const ak_stft_config *config, double *window);

/* The sum of squared windows that cover row r < hop of a column of the signal, away from its ends;
 * AK_ERR_WINDOW where one is below the floor. */
ak_status ak_stft_envelope(const ak_stft_config *config, const double *window, double *envelope);

/* Where sample `at` of the extended signal is found: an index below `samples`, or -1 for pad_value. */
ptrdiff_t ak_stft_index(ak_pad pad, ptrdiff_t at, ptrdiff_t samples);

#endif

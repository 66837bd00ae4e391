/* Checks and small arithmetic on ak_stft_config, shared by the plain and the fast transforms. */
#ifndef AK_STFT_CONFIG_H
#define AK_STFT_CONFIG_H

#include <audiokern/stft.h>

#define AK_ENVELOPE_FLOOR 1e-11 /* least sum of squared windows that the inverse divides by */

ak_status ak_stft_check(const ak_stft_config *config);

/* Samples before the signal that frame 0 covers. */
static inline size_t ak_stft_left(const ak_stft_config *config)
{
    return config->center ? (size_t)config->n_fft / 2 : 0;
}

/* The window over all n_fft positions. */
void ak_stft_window(const ak_stft_config *config, double *window);

/* The sum of squared windows that cover row r < hop of a column of the signal, away from its ends;
 * AK_ERR_WINDOW where one is below the floor. */
ak_status ak_stft_envelope(const ak_stft_config *config, const double *window, double *envelope);

/* Where sample `at` of the extended signal is found: an index below `samples`, or -1 for pad_value. */
static inline ptrdiff_t ak_stft_index(ak_pad pad, ptrdiff_t at, ptrdiff_t samples)
{
    if (at >= 0 && at < samples) return at;
    if (pad == AK_PAD_CONSTANT) return -1;
    return at < 0 ? -at : 2 * (samples - 1) - at;
}

/* AK_ERR_SHORT where a signal of so many samples cannot be padded as asked. */
ak_status ak_stft_check_samples(const ak_stft_config *config, size_t samples);

#endif

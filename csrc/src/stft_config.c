#include "stft_config.h"

#define MAX_N_FFT (1 << 24)

ak_status ak_stft_check(const ak_stft_config *c)
{
    if (!c || c->n_fft < 1 || c->hop < 1 || c->win_length < 0) return AK_ERR_ARGUMENT;
    if ((unsigned)c->pad > AK_PAD_REFLECT) return AK_ERR_ARGUMENT;
    if (c->win_length > c->n_fft || c->n_fft > MAX_N_FFT) return AK_ERR_SIZE;
    return AK_OK;
}

ak_status ak_stft_check_samples(const ak_stft_config *c, size_t samples)
{
    return c->center && c->pad == AK_PAD_REFLECT && samples <= ak_stft_left(c) ? AK_ERR_SHORT : AK_OK;
}

size_t ak_stft_frames(const ak_stft_config *c, size_t samples)
{
    if (ak_stft_check(c) != AK_OK) return 0;
    size_t extended = samples + 2 * ak_stft_left(c);
    return extended < (size_t)c->n_fft ? 0 : (extended - (size_t)c->n_fft) / (size_t)c->hop + 1;
}

size_t ak_istft_samples(const ak_stft_config *c, size_t frames)
{
    if (frames == 0 || ak_stft_check(c) != AK_OK) return 0;
    return (frames - 1) * (size_t)c->hop + (size_t)c->n_fft - 2 * ak_stft_left(c);
}

void ak_stft_window(const ak_stft_config *c, double *window)
{
    int length = c->win_length ? c->win_length : c->n_fft;
    int before = (c->n_fft - length) / 2;
    for (int j = 0; j < c->n_fft; j++) {
        int inside = j >= before && j < before + length;
        window[j] = !inside ? 0.0 : c->window ? (double)c->window[j - before] : 1.0;
    }
}

ak_status ak_stft_envelope(const ak_stft_config *c, const double *window, double *envelope)
{
    ak_status status = AK_OK;
    for (int r = 0; r < c->hop; r++) {
        envelope[r] = 0;
        for (int j = r; j < c->n_fft; j += c->hop) envelope[r] += window[j] * window[j];
        if (envelope[r] < AK_ENVELOPE_FLOOR) status = AK_ERR_WINDOW;
    }
    return status;
}

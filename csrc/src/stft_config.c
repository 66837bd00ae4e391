#include "stft_config.h"

#define MAX_N_FFT (1 << 24)

ak_status ak_stft_check(const ak_stft_config *c)
{
    if (!c || c->n_fft < 1 || c->hop < 1 || c->win_length < 0) return AK_ERR_ARGUMENT;
    if ((unsigned)c->pad > AK_PAD_SYMMETRIC || (unsigned)c->center > AK_CENTER_DROP_LAST)
        return AK_ERR_ARGUMENT;
    if (c->win_length > c->n_fft || c->n_fft > MAX_N_FFT || c->hop > MAX_N_FFT) return AK_ERR_SIZE;
    return AK_OK;
}

ak_status ak_istft_check(const ak_stft_config *c)
{
    ak_status status = ak_stft_check(c);
    if (status != AK_OK) return status;
    return c->window_first || c->center > AK_CENTER_FRAME ? AK_ERR_ARGUMENT : AK_OK;
}

ak_status ak_stft_check_samples(const ak_stft_config *c, size_t samples)
{
    ptrdiff_t length = (ptrdiff_t)samples;
    if (samples > PTRDIFF_MAX / 16) return AK_ERR_SIZE;
    if (c->center == AK_CENTER_OFF) return AK_OK;
    if (c->pad == AK_PAD_REFLECT) {
        /* the last frame may reach further right than the first does left */
        ptrdiff_t left = ak_stft_left(c);
        ptrdiff_t right =
            ((ptrdiff_t)ak_stft_frames(c, samples) - 1) * c->hop - left + ak_stft_extent(c) - length;
        return length <= left || length <= right ? AK_ERR_SHORT : AK_OK;
    }
    return c->pad == AK_PAD_SYMMETRIC && samples == 0 ? AK_ERR_SHORT : AK_OK;
}

size_t ak_stft_frames(const ak_stft_config *c, size_t samples)
{
    if (ak_stft_check(c) != AK_OK) return 0;
    size_t hop = (size_t)c->hop, extent = (size_t)ak_stft_extent(c);
    if (c->center == AK_CENTER_HOP) return (samples + hop / 2) / hop;
    size_t extended = samples + 2 * (size_t)ak_stft_left(c);
    size_t frames = extended < extent ? 0 : (extended - extent) / hop + 1;
    return frames && c->center == AK_CENTER_DROP_LAST ? frames - 1 : frames;
}

size_t ak_istft_samples(const ak_stft_config *c, size_t frames)
{
    if (frames == 0 || ak_istft_check(c) != AK_OK) return 0;
    return (frames - 1) * (size_t)c->hop + (size_t)c->n_fft - 2 * (size_t)ak_stft_left(c);
}

void ak_stft_window(const ak_stft_config *c, double *window)
{
    int length = c->win_length ? c->win_length : c->n_fft;
    int before = c->window_first ? 0 : (c->n_fft - length) / 2;
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

ptrdiff_t ak_stft_index(ak_pad pad, ptrdiff_t at, ptrdiff_t samples)
{
    if (at >= 0 && at < samples) return at;
    if (pad == AK_PAD_CONSTANT) return -1;
    if (pad == AK_PAD_REFLECT) return at < 0 ? -at : 2 * (samples - 1) - at;
    at %= 2 * samples; /* x and its mirror image have that period */
    if (at < 0) at += 2 * samples;
    return at < samples ? at : 2 * samples - 1 - at;
}

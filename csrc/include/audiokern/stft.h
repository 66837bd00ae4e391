/* Short-time Fourier transform and its inverse.
 *
 *     X[row, m, k] = sum over j < n_fft of  w[j] x[row, m hop - left + j] exp(-2 pi i j k / n_fft)
 *
 * for 0 <= k <= n_fft / 2; left = n_fft / 2 where the frame is centred, else 0; no scaling. A window shorter
 * than n_fft stands in its middle, (n_fft - win_length) / 2 zeros before it: torch's and librosa's
 * convention.
 *
 * Relative error against float64, norm-wise over a frame that is not silent: at most 5e-7.
 */
#ifndef AUDIOKERN_STFT_H
#define AUDIOKERN_STFT_H

#include <audiokern/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What lies beyond the ends of a signal. */
typedef enum ak_pad {
    AK_PAD_CONSTANT = 0, /* pad_value */
    AK_PAD_REFLECT =
        1, /* x[1], x[2], ...: the edge sample is not repeated; needs more than n_fft / 2 samples */
    AK_PAD_SYMMETRIC = 2, /* x[0], x[1], ...: it is; goes back and forth on a short signal */
} ak_pad;

/* Where frame m begins. */
typedef enum ak_center {
    AK_CENTER_OFF = 0,       /* at sample m hop */
    AK_CENTER_FRAME = 1,     /* n_fft / 2 samples earlier: sample m hop is its middle */
    AK_CENTER_HOP = 2,       /* the middle of the frame is the middle of hop m: Kaldi's snip_edges = false */
    AK_CENTER_DROP_LAST = 3, /* as AK_CENTER_FRAME, but without the last frame: Whisper's */
} ak_center;

typedef struct ak_stft_config {
    int n_fft;           /* samples per transform, >= 1; even sizes of factors 2, 3, 5 and 7 are fast */
    int hop;             /* samples from frame to frame, >= 1; may exceed n_fft */
    int win_length;      /* 1 .. n_fft; 0 means n_fft */
    const float *window; /* win_length values, copied at creation; NULL means all ones */
    int window_first;    /* 0: a short window stands in the middle of n_fft samples. Non-zero, as in Kaldi: it
                            stands at their start, the rest is zero, and a frame has win_length samples */
    ak_center center;
    ak_pad pad;      /* where center is not off */
    float pad_value; /* of AK_PAD_CONSTANT */
} ak_stft_config;

/* Frames of a signal: (samples + 2 left - n_fft) / hop + 1, where a frame fits; else 0. A tail too short for
 * a frame is left out. With window_first a frame is win_length samples rather than n_fft. With AK_CENTER_HOP:
 * (samples + hop / 2) / hop; with AK_CENTER_DROP_LAST one less. 0 too for a config that is not valid. */
AK_API size_t ak_stft_frames(const ak_stft_config *config, size_t samples);

/* Samples of the inverse when the caller does not say otherwise: (frames - 1) hop + n_fft - 2 left. The
 * inverses know none of window_first, AK_CENTER_HOP and AK_CENTER_DROP_LAST (AK_ERR_ARGUMENT; 0 samples). */
AK_API size_t ak_istft_samples(const ak_stft_config *config, size_t frames);

/* The transform as it is defined, in plain C and double precision inside: to read, and to check against. Any
 * n_fft. Allocates, ignores threads and instruction sets.
 *   x         rows x samples, row_stride apart
 *   spectrum  rows x frames x (n_fft / 2 + 1) complex numbers (re, im interleaved), without gaps
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE, AK_ERR_SHORT (reflection needs more samples), AK_ERR_MEMORY. */
AK_API ak_status ak_stft_plain(const ak_stft_config *config, const float *x, size_t rows, size_t samples,
                               ptrdiff_t row_stride, float *spectrum);

/* The least-squares inverse (Griffin and Lim 1984, eq. 6): overlap-add of the windowed inverse transforms
 * over the sum of the squared windows, which is taken as at least 1e-11.
 *   spectrum  rows x frames x (n_fft / 2 + 1) complex numbers, without gaps
 *   x         rows x samples, row_stride apart; samples beyond the last frame are 0
 * Errors: as ak_stft_plain. */
AK_API ak_status ak_istft_plain(const ak_stft_config *config, const float *spectrum, size_t rows,
                                size_t frames, float *x, size_t samples, ptrdiff_t row_stride);

/* A fast transform. Holds a copy of the window; the config need not outlive the call. */
typedef struct ak_stft_plan ak_stft_plan;

/* options: threads and instruction set; NULL for one thread and the best set.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE, AK_ERR_MEMORY, AK_ERR_THREADS, AK_ERR_ISA_*. On error *plan is NULL.
 */
AK_API ak_status ak_stft_create(ak_stft_plan **plan, const ak_stft_config *config, const ak_options *options);

/* The complex spectrum.
 *   x           rows x samples, x_stride floats from row to row
 *   spectrum    complex numbers (re, im interleaved): bin k of frame m of a row lies at
 *               row * row_stride + m * frame_stride + k, strides in complex numbers; frame_stride >= bins
 *   work        NULL, or ak_stft_work_bytes() bytes: see common.h
 * x and spectrum must not overlap. No frames at all is success. Thread-safe.
 * Errors: AK_ERR_ARGUMENT, AK_ERR_SHORT, AK_ERR_ALIGNMENT. */
AK_API ak_status ak_stft_execute(const ak_stft_plan *plan, const float *x, size_t rows, size_t samples,
                                 ptrdiff_t x_stride, float *spectrum, ptrdiff_t row_stride,
                                 ptrdiff_t frame_stride, void *work);

/* |X|^power with power 1 or 2, as floats: strides in floats, otherwise as ak_stft_execute. */
AK_API ak_status ak_stft_spectrogram(const ak_stft_plan *plan, int power, const float *x, size_t rows,
                                     size_t samples, ptrdiff_t x_stride, float *values, ptrdiff_t row_stride,
                                     ptrdiff_t frame_stride, void *work);

AK_API size_t ak_stft_work_bytes(const ak_stft_plan *plan);
AK_API void ak_stft_destroy(ak_stft_plan *plan); /* NULL is allowed */

/* A fast inverse. */
typedef struct ak_istft_plan ak_istft_plan;

/* Errors: as ak_stft_create, and AK_ERR_WINDOW where some sample has no weight however long the signal. */
AK_API ak_status ak_istft_create(ak_istft_plan **plan, const ak_stft_config *config,
                                 const ak_options *options);

/* The least-squares inverse: see ak_istft_plain.
 *   spectrum    as ak_stft_execute writes it, frames of them in each row; not changed
 *   x           rows x samples, x_stride floats from row to row; samples beyond the last frame are 0
 * Errors: AK_ERR_ARGUMENT, AK_ERR_ALIGNMENT. */
AK_API ak_status ak_istft_execute(const ak_istft_plan *plan, const float *spectrum, size_t rows,
                                  size_t frames, ptrdiff_t row_stride, ptrdiff_t frame_stride, float *x,
                                  size_t samples, ptrdiff_t x_stride, void *work);

AK_API size_t ak_istft_work_bytes(const ak_istft_plan *plan);
AK_API void ak_istft_destroy(ak_istft_plan *plan); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif

/* Mel spectrograms, log-mel, MFCC and Kaldi's filter banks, straight from the signal in one pass.
 *
 *     samples -> frames -> [Kaldi: mean removed, pre-emphasis] -> window -> |FFT|^power -> filters
 *             -> [logarithm] -> [clamp below the maximum] -> [(v + shift) scale] -> [DCT]
 *
 * Relative error of the mel values against float64, norm-wise over a signal: at most 1e-6.
 */
#ifndef AUDIOKERN_MEL_H
#define AUDIOKERN_MEL_H

#include <audiokern/stft.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ak_log {
    AK_LOG_NONE = 0,
    AK_LOG_NATURAL = 1, /* ln(max(v, floor)) */
    AK_LOG_TEN = 2,     /* log10(max(v, floor)) */
    AK_LOG_DB = 3,      /* 10 log10(max(v, floor)) */
} ak_log;

typedef struct ak_mel_config {
    ak_stft_config stft;
    int power; /* 2: |X|^2, 1: |X| */
    int mels;  /* filters, >= 1 */
    const float
        *filters; /* mels x (n_fft / 2 + 1), row by row, copied; zeros around a filter's band are free */

    ak_log log;
    float floor; /* under the logarithm; values below 1.18e-38, the least normal number, count as that */
    float range; /* > 0: values more than that below the row's maximum are raised to maximum - range. In the
                    units of the logarithm: 8 for Whisper (log10), 80 for dB clipped to 80. Not with a DCT */
    float shift, scale; /* at the end, (v + shift) scale: Whisper's is (v + 4) / 4. scale 0 means 1 */

    const float *dct; /* coefficients x mels, row by row, copied; NULL: none */
    int coefficients; /* rows of dct */

    int remove_mean;   /* Kaldi's remove_dc_offset: subtract the mean of each frame's samples */
    float preemphasis; /* Kaldi's: x[j] - preemphasis x[j - 1] inside each frame, with x[-1] = x[0] */
} ak_mel_config;

typedef struct ak_mel_plan ak_mel_plan;

/* Values per frame: coefficients where there is a DCT, else mels. 0 for a config that is not valid. */
AK_API int ak_mel_channels(const ak_mel_config *config);

/* Errors: AK_ERR_ARGUMENT, AK_ERR_SIZE, AK_ERR_MEMORY, AK_ERR_THREADS, AK_ERR_ISA_*. On error *plan is NULL.
 */
AK_API ak_status ak_mel_create(ak_mel_plan **plan, const ak_mel_config *config, const ak_options *options);

/* rows x frames x channels of rows x samples; frames as ak_stft_frames(&config.stft, samples).
 *   x       x_stride floats from row to row
 *   values  channel c of frame m of a row lies at row * row_stride + m * frame_stride + c * channel_stride,
 *           in floats. Fast where frame_stride or channel_stride is 1. Must not overlap x.
 *   work    NULL, or ak_mel_work_bytes() bytes: see common.h
 * Thread-safe. Errors: AK_ERR_ARGUMENT, AK_ERR_SHORT, AK_ERR_ALIGNMENT. */
AK_API ak_status ak_mel_execute(const ak_mel_plan *plan, const float *x, size_t rows, size_t samples,
                                ptrdiff_t x_stride, float *values, ptrdiff_t row_stride,
                                ptrdiff_t frame_stride, ptrdiff_t channel_stride, void *work);

AK_API size_t ak_mel_work_bytes(const ak_mel_plan *plan);
AK_API void ak_mel_destroy(ak_mel_plan *plan); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif

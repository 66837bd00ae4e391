/* Mel, log-mel and MFCC: the shapes that the kernels treat apart. */
#include "check.h"

static float *triangles(int mels, size_t bins)
{
    float *filters = check_memory((size_t)mels * bins * sizeof(float));
    double step = (double)(bins - 1) / (mels + 1);
    for (int m = 0; m < mels; m++)
        for (size_t k = 0; k < bins; k++) {
            double height = 1 - fabs((double)k - step * (m + 1)) / step;
            filters[(size_t)m * bins + k] = height > 0 ? (float)height : 0;
        }
    return filters;
}

static void check_one(ak_mel_config config, size_t samples, int by_channel, const ak_options *options)
{
    size_t bins = (size_t)config.stft.n_fft / 2 + 1, rows = 2;
    float *filters = triangles(config.mels, bins), *dct = NULL;
    config.filters = filters;
    if (config.coefficients) {
        dct = check_memory((size_t)config.coefficients * (size_t)config.mels * sizeof(float));
        check_noise(dct, (size_t)config.coefficients * (size_t)config.mels, 3);
        config.dct = dct;
    }
    size_t frames = ak_stft_frames(&config.stft, samples), channels = (size_t)ak_mel_channels(&config);
    float *x = check_memory(rows * samples * sizeof(float));
    float *values = check_memory(rows * frames * channels * sizeof(float));
    ptrdiff_t frame = by_channel ? 1 : (ptrdiff_t)channels, channel = by_channel ? (ptrdiff_t)frames : 1;
    ak_mel_plan *plan;
    check_noise(x, rows * samples, 2);
    CHECK(ak_mel_create(&plan, &config, options) == AK_OK);
    CHECK(ak_mel_execute(plan, x, rows, samples, (ptrdiff_t)samples, values, (ptrdiff_t)(frames * channels),
                         frame, channel, NULL) == AK_OK);
    for (size_t i = 0; i < rows * frames * channels; i++) CHECK(isfinite(values[i]));
    ak_mel_destroy(plan);
    free(values);
    free(x);
    free(dct);
    free(filters);
}

void check_mel(const ak_options *options)
{
    ak_mel_config plain = {
        .stft = {.n_fft = 400, .hop = 160, .center = AK_CENTER_FRAME, .pad = AK_PAD_REFLECT},
        .power = 2,
        .mels = 80};
    ak_mel_config whisper = plain, mfcc = plain, kaldi = plain;
    whisper.stft.center = AK_CENTER_DROP_LAST;
    whisper.log = AK_LOG_TEN;
    whisper.floor = 1e-10f;
    whisper.range = 8;
    whisper.shift = 4;
    whisper.scale = 0.25f;
    mfcc.stft.n_fft = 254;
    mfcc.mels = 23;
    mfcc.log = AK_LOG_DB;
    mfcc.coefficients = 13;
    kaldi.stft = (ak_stft_config){.n_fft = 512, .hop = 160, .win_length = 400, .window_first = 1};
    kaldi.log = AK_LOG_NATURAL;
    kaldi.remove_mean = 1;
    kaldi.preemphasis = 0.97f;
    for (int by_channel = 0; by_channel < 2; by_channel++) {
        check_one(plain, 8000, by_channel, options);
        check_one(whisper, 8011, by_channel, options);
        check_one(mfcc, 4000, by_channel, options);
        check_one(kaldi, 6000, by_channel, options);
    }
}

#include "take_stft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    float *window, *filters = NULL, *dct = NULL;
    ak_options options = take_options(&b);
    ak_mel_config c = {.stft = take_stft(&b, &window),
                       .power = take_enum(&b, 2),
                       .mels = (int)take_size(&b, 90) - 1,
                       .log = (ak_log)take_enum(&b, 4),
                       .floor = take_float(&b),
                       .range = take(&b) % 2 ? take_float(&b) : 0,
                       .shift = take(&b) % 2 ? take_float(&b) : 0,
                       .scale = take(&b) % 2 ? take_float(&b) : 0,
                       .remove_mean = take(&b) % 2,
                       .preemphasis = take(&b) % 2 ? take_float(&b) : 0};
    size_t rows = take_size(&b, 3), samples = take_size(&b, 2000), bins = (size_t)(c.stft.n_fft + 2) / 2;
    if (c.mels > 0) c.filters = filters = take_memory(&b, (size_t)c.mels * bins * sizeof(float));
    if (c.mels > 0 && take(&b) % 4 == 0) {
        c.coefficients = 1 + (int)take_size(&b, 20);
        c.dct = dct = take_memory(&b, (size_t)c.coefficients * (size_t)c.mels * sizeof(float));
    }
    size_t frames = ak_stft_frames(&c.stft, samples), channels = (size_t)ak_mel_channels(&c);
    ak_mel_plan *plan;
    if (frames < 4000 && !ak_mel_create(&plan, &c, &options)) {
        int by_channel = take(&b) % 2;
        float *x = take_memory(&b, rows * samples * sizeof(float));
        float *values = output_memory(rows * frames * channels * sizeof(float));
        ak_mel_execute(plan, x, rows, samples, (ptrdiff_t)samples, values, (ptrdiff_t)(frames * channels),
                       by_channel ? 1 : (ptrdiff_t)channels, by_channel ? (ptrdiff_t)frames : 1, NULL);
        ak_mel_destroy(plan);
        free(values);
        free(x);
    }
    free(dct);
    free(filters);
    free(window);
    return 0;
}

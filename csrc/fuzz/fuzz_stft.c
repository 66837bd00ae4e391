#include "take_stft.h"

static size_t span(size_t rows, size_t row, size_t frames, size_t frame, size_t last)
{
    return rows && frames ? (rows - 1) * row + (frames - 1) * frame + last : 0;
}

static void forth(const ak_stft_config *c, const ak_options *options, bytes *b)
{
    size_t rows = take_size(b, 3), samples = take_size(b, 2000), gap = take_size(b, 3);
    size_t frames = ak_stft_frames(c, samples);
    ak_stft_plan *plan;
    if (frames > 4000 || ak_stft_create(&plan, c, options)) return;
    size_t bins = (size_t)c->n_fft / 2 + 1, frame = bins + gap, row = frames * frame + gap;
    float *x = take_memory(b, rows * samples * sizeof(float));
    size_t room = span(rows, row, frames, frame, bins) * sizeof(float);
    float *spectrum = output_memory(2 * room), *power = output_memory(room);
    ak_stft_execute(plan, x, rows, samples, (ptrdiff_t)samples, spectrum, (ptrdiff_t)row, (ptrdiff_t)frame,
                    NULL);
    ak_stft_spectrogram(plan, take_enum(b, 2), x, rows, samples, (ptrdiff_t)samples, power, (ptrdiff_t)row,
                        (ptrdiff_t)frame, NULL);
    ak_stft_destroy(plan);
    free(power);
    free(spectrum);
    free(x);
}

static void back(const ak_stft_config *c, const ak_options *options, bytes *b)
{
    size_t rows = take_size(b, 3), frames = take_size(b, 60), samples = take_size(b, 2000),
           gap = take_size(b, 3);
    ak_istft_plan *plan;
    if (ak_istft_create(&plan, c, options)) return;
    size_t bins = (size_t)c->n_fft / 2 + 1, frame = bins + gap, row = frames * frame + gap;
    float *spectrum = take_memory(b, span(rows, row, frames, frame, bins) * 2 * sizeof(float));
    float *x = output_memory(rows * samples * sizeof(float));
    ak_istft_execute(plan, spectrum, rows, frames, (ptrdiff_t)row, (ptrdiff_t)frame, x, samples,
                     (ptrdiff_t)samples, NULL);
    ak_istft_destroy(plan);
    free(x);
    free(spectrum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    float *window;
    ak_options options = take_options(&b);
    ak_stft_config config = take_stft(&b, &window);
    if (take(&b) % 2)
        forth(&config, &options, &b);
    else
        back(&config, &options, &b);
    free(window);
    return 0;
}

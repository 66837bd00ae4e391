/* FFT, STFT and their inverses: there and back, and against the plain transform. */
#include "check.h"

static double distance(const float *a, const float *b, size_t count)
{
    double error = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        error += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        size += (double)b[i] * b[i];
    }
    return sqrt(error / (size + 1e-30));
}

static void check_lanes(const ak_fft_plan *plan, int n, void *work)
{
    size_t lanes = ak_fft_lanes(plan), points = 3 * (size_t)n * lanes,
           values = 6 * ((size_t)n / 2 + 1) * lanes;
    float *x = check_memory(points * sizeof(float)), *back = check_memory(points * sizeof(float));
    float *room = check_memory((values + 16) * sizeof(float));
    check_noise(x, points, (unsigned)n + 1);
    for (size_t shift = 0; shift < 17; shift += 16 / 4) { /* 64 bytes are 16 floats: aligned and not */
        CHECK(ak_fft_forward_lanes(plan, x, 3, room + shift, work) == AK_OK);
        CHECK(ak_fft_inverse_lanes(plan, room + shift, 3, back, NULL) == AK_OK);
        CHECK(distance(back, x, points) < 2e-6);
    }
    free(room);
    free(back);
    free(x);
}

static void check_fft(int n, size_t rows, const ak_options *options)
{
    size_t bins = (size_t)n / 2 + 1, points = rows * (size_t)n;
    float *x = check_memory(points * sizeof(float)), *back = check_memory(points * sizeof(float));
    float *spectrum = check_memory(rows * bins * 2 * sizeof(float));
    ak_fft_plan *plan;
    check_noise(x, points, (unsigned)n);
    CHECK(ak_fft_create(&plan, n, options) == AK_OK);
    CHECK(ak_fft_forward(plan, x, n, rows, spectrum, (ptrdiff_t)bins, NULL) == AK_OK);
    void *work = check_work(ak_fft_work_bytes(plan));
    CHECK(ak_fft_inverse(plan, spectrum, (ptrdiff_t)bins, rows, back, n, work) == AK_OK);
    CHECK(distance(back, x, points) < 2e-6);
    check_lanes(plan, n, work);
    ak_fft_destroy(plan);
    free(work);
    free(spectrum);
    free(back);
    free(x);
}

static void check_stft(int n_fft, int hop, size_t samples, ak_center center, const ak_options *options)
{
    float *window = check_memory((size_t)n_fft * sizeof(float));
    for (int i = 0; i < n_fft; i++) window[i] = 0.6f - 0.4f * cosf(6.2831853f * (float)i / (float)n_fft);
    ak_stft_config config = {
        .n_fft = n_fft, .hop = hop, .window = window, .center = center, .pad = AK_PAD_REFLECT};
    size_t rows = 2, frames = ak_stft_frames(&config, samples), bins = (size_t)n_fft / 2 + 1;
    size_t values = rows * frames * bins;
    float *x = check_memory(rows * samples * sizeof(float)),
          *back = check_memory(rows * samples * sizeof(float));
    float *fast = check_memory(values * 2 * sizeof(float)), *plain = check_memory(values * 2 * sizeof(float));
    float *power = check_memory(values * sizeof(float));
    ptrdiff_t row = (ptrdiff_t)(frames * bins), frame = (ptrdiff_t)bins, stride = (ptrdiff_t)samples;
    ak_stft_plan *plan;
    ak_istft_plan *inverse;
    check_noise(x, rows * samples, 1);
    CHECK(ak_stft_create(&plan, &config, options) == AK_OK);
    CHECK(ak_stft_execute(plan, x, rows, samples, stride, fast, row, frame, NULL) == AK_OK);
    CHECK(ak_stft_spectrogram(plan, 2, x, rows, samples, stride, power, row, frame, NULL) == AK_OK);
    CHECK(ak_stft_plain(&config, x, rows, samples, stride, plain) == AK_OK);
    CHECK(distance(fast, plain, 2 * values) < 5e-7);
    CHECK(ak_istft_create(&inverse, &config, options) == AK_OK);
    CHECK(ak_istft_execute(inverse, fast, rows, frames, row, frame, back, samples, stride, NULL) == AK_OK);
    if (center == AK_CENTER_FRAME && samples % (size_t)hop == 0)
        CHECK(distance(back, x, rows * samples) < 2e-6);
    ak_istft_destroy(inverse);
    ak_stft_destroy(plan);
    free(power);
    free(plain);
    free(fast);
    free(back);
    free(x);
    free(window);
}

void check_spectra(const ak_options *options)
{
    static const int sizes[] = {1, 2, 3, 6, 7, 16, 30, 49, 64, 80, 97, 400, 441, 512, 1000, 1024};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_fft(sizes[i], 1 + i % 5 * 7, options);
    check_stft(400, 160, 3200, AK_CENTER_FRAME, options);
    check_stft(512, 128, 9001, AK_CENTER_FRAME, options);
    check_stft(64, 16, 500, AK_CENTER_OFF, options);
    check_stft(50, 20, 1000, AK_CENTER_FRAME, options);
    check_stft(254, 100, 2000, AK_CENTER_OFF, options);
}

/* FFT, STFT and their inverses: there and back, and against the plain transform. */
#include "check.h"
#include "rfft.h"

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

/* Powers and magnitudes by rows and columns: every bin of every frame, against the plain transform. */
static void check_columns(int n, const ak_rfft_kernels *k)
{
    size_t points = (size_t)n, width = (size_t)k->width, bins = points / 2 + 1, values = bins * width;
    float *x = check_memory(points * width * sizeof(float)), *window = check_memory(points * sizeof(float));
    float *plain = check_memory(2 * values * sizeof(float)), *truth = check_memory(values * sizeof(float));
    float *samples = check_work(points * width * sizeof(float)), *found = check_work(values * sizeof(float));
    float *gain = check_memory(points * sizeof(float));
    int32_t *offset = check_memory(points * sizeof *offset);
    ak_stft_config config = {.n_fft = n, .hop = n, .window = window, .center = AK_CENTER_OFF};
    check_noise(x, points * width, (unsigned)n);
    check_noise(window, points, (unsigned)n + 1);
    CHECK(ak_stft_plain(&config, x, 1, points * width, 0, plain) == AK_OK);
    ak_rfft t;
    CHECK(ak_rfft_init(&t, n, k->width, AK_POWER) == AK_OK && t.columns.size == n / 16);
    float *work = check_work(t.work * width * sizeof(float));
    for (size_t i = 0; i < points; i++) {
        offset[i] = t.sample[i] * (int32_t)width;
        gain[i] = window[t.sample[i]];
        for (size_t l = 0; l < width; l++) samples[i * width + l] = x[l * points + i];
    }
    for (int power = 1; power <= 2; power++) {
        for (size_t i = 0; i < values; i++) {
            float re = plain[2 * i], im = plain[2 * i + 1], square = re * re + im * im;
            truth[i % bins * width + i / bins] = power == 2 ? square : sqrtf(square);
            found[i] = NAN;
        }
        k->forward(&t, power == 2 ? AK_BINS_POWER : AK_BINS_MAGNITUDE, samples, offset, gain, work, found,
                   NULL);
        CHECK(distance(found, truth, values) < 1e-6);
    }
    ak_rfft_free(&t);
    free(work);
    free(offset);
    free(gain);
    free(found);
    free(samples);
    free(truth);
    free(plain);
    free(window);
    free(x);
}

/* from_lanes: every value at its place, at every place within a line, and what lies between frames as it was.
 */
static void check_out_of_lanes(const ak_rfft_kernels *k, size_t rows, ptrdiff_t stride, size_t count,
                               int stream)
{
    const float gap = 7;
    size_t width = (size_t)k->width, pitch = (size_t)(stride < 0 ? -stride : stride);
    size_t floats = (count - 1) * pitch + rows;
    float *from = check_work((rows + 1) * width * sizeof(float));
    check_noise(from, rows * width, (unsigned)rows);
    for (size_t shift = 0; shift < 16; shift++) {
        float *room = check_memory((shift + floats) * sizeof(float)), *to = room + shift;
        for (size_t i = 0; i < shift + floats; i++) room[i] = gap;
        if (stride < 0) to += (count - 1) * pitch;
        k->from_lanes(from, rows, to, stride, count, stream);
        k->settle();
        size_t wrong = 0;
        for (size_t i = 0; i < shift; i++) wrong += room[i] != gap;
        for (size_t i = 0; i < floats; i++) {
            size_t l = stride < 0 ? count - 1 - i / pitch : i / pitch, r = i % pitch;
            wrong += room[shift + i] != (r < rows ? from[r * width + l] : gap);
        }
        CHECK(!wrong);
        free(room);
    }
    free(from);
}

static void check_all_out_of_lanes(ak_isa isa)
{
    static const size_t sizes[] = {1, 4, 18, 31, 32, 33, 47, 80, 81, 96, 97, 144, 146, 402, 514};
    const ak_rfft_kernels *k = AK_SELECT(ak_rfft_kernels, isa);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ptrdiff_t rows = (ptrdiff_t)sizes[i];
        ptrdiff_t strides[] = {rows, rows + 1, rows + 13, -rows, -rows - 5, 1024, -1026};
        for (size_t j = 0; j < sizeof strides / sizeof *strides; j++)
            for (int stream = 0; stream < 2; stream++) {
                check_out_of_lanes(k, sizes[i], strides[j], 1, stream);
                check_out_of_lanes(k, sizes[i], strides[j], (size_t)k->width - 1, stream);
                check_out_of_lanes(k, sizes[i], strides[j], (size_t)k->width, stream);
            }
    }
}

/* Spectra that go past the cache, with the blocks of several rows and threads side by side. */
static void check_large_stft(const ak_options *options)
{
    enum { N = 400, HOP = 100, ROWS = 3, SAMPLES = 600000 };
    ak_stft_config config = {.n_fft = N, .hop = HOP, .center = AK_CENTER_FRAME, .pad = AK_PAD_REFLECT};
    size_t frames = ak_stft_frames(&config, SAMPLES), bins = N / 2 + 1, values = frames * bins * 2;
    float *x = check_memory(ROWS * SAMPLES * sizeof(float)),
          *all = check_memory(ROWS * values * sizeof(float));
    float *one = check_memory(values * sizeof(float));
    ak_stft_plan *plan;
    check_noise(x, ROWS * SAMPLES, 3);
    CHECK(ak_stft_create(&plan, &config, options) == AK_OK);
    CHECK(ak_stft_execute(plan, x, ROWS, SAMPLES, SAMPLES, all, (ptrdiff_t)(frames * bins), (ptrdiff_t)bins,
                          NULL) == AK_OK);
    for (size_t row = 0; row < ROWS; row++) { /* a second at a time, through the cache */
        size_t part = 160 * HOP, step = 140;
        for (size_t first = 0; first * HOP + part <= SAMPLES; first += step) {
            const float *from = x + row * SAMPLES + first * HOP;
            CHECK(ak_stft_execute(plan, from, 1, part, 0, one, 0, (ptrdiff_t)bins, NULL) == AK_OK);
            size_t skip = 8; /* frames that the part's own ends reach into */
            CHECK(distance(all + row * values + (first + skip) * bins * 2, one + skip * bins * 2,
                           step * bins * 2) < 1e-9);
        }
    }
    ak_stft_destroy(plan);
    free(one);
    free(all);
    free(x);
}

/* Sizes far beyond what can be run here: their radices, and the refusal of those beyond. */
static void check_largest_sizes(const ak_options *options)
{
    int width = AK_SELECT(ak_rfft_kernels, options->isa)->width;
    const int64_t most = INT32_MAX / width / 2;
    ak_fft_plan *plan;
    CHECK(ak_fft_create(&plan, INT32_MAX / width + 1, options) == AK_ERR_SIZE && !plan);
    for (int64_t a = 1; a <= most; a *= 7)
        for (int64_t b = a; b <= most; b *= 5)
            for (int64_t c = b; c <= most; c *= 3)
                for (int64_t size = c; size <= most; size *= 2)
                    for (int use = AK_FORWARD; use <= AK_INVERSE; use++) {
                        ak_lanes t = {0};
                        int64_t product = 1;
                        ak_lanes_choose(&t, (int)size, width, (ak_use)use);
                        CHECK(t.passes <= AK_MAX_PASSES);
                        for (int q = 0; q < t.passes && q < AK_MAX_PASSES; q++) product *= t.radix[q];
                        CHECK(product == size);
                    }
}

void check_spectra(const ak_options *options)
{
    check_largest_sizes(options);
    check_all_out_of_lanes(options->isa);
    check_large_stft(options);
    static const int sizes[] = {1, 2, 3, 6, 7, 16, 30, 49, 64, 80, 97, 400, 441, 512, 1000, 1024};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_fft(sizes[i], 1 + i % 5 * 7, options);
    static const int columned[] = {48,  64,  80,  112,  128,  144,  256,  400,
                                   512, 560, 720, 1024, 1200, 2000, 2048, 8192};
    for (size_t i = 0; i < sizeof columned / sizeof *columned; i++)
        check_columns(columned[i], AK_SELECT(ak_rfft_kernels, options->isa));
    check_stft(400, 160, 3200, AK_CENTER_FRAME, options);
    check_stft(512, 128, 9001, AK_CENTER_FRAME, options);
    check_stft(64, 16, 500, AK_CENTER_OFF, options);
    check_stft(50, 20, 1000, AK_CENTER_FRAME, options);
    check_stft(254, 100, 2000, AK_CENTER_OFF, options);
}

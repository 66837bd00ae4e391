/* A log-mel-like view of a chirp, without Python: plan, execute with one's own workspace, destroy.
 *
 *     cc stft_example.c -o stft_example $(pkg-config --cflags --libs audiokern) -lm && ./stft_example
 */
#include <audiokern/audiokern.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_FFT = 512, HOP = 128, BINS = N_FFT / 2 + 1, RATE = 16000, SAMPLES = 2 * RATE };

static const double pi = 3.14159265358979323846;

static int failed(ak_status status, const char *what)
{
    if (status != AK_OK) fprintf(stderr, "%s: %s\n", what, ak_status_text(status));
    return status != AK_OK;
}

int main(void)
{
    static float window[N_FFT], x[SAMPLES], y[SAMPLES];
    for (int j = 0; j < N_FFT; j++) window[j] = (float)pow(sin(pi * j / N_FFT), 2);
    for (int i = 0; i < SAMPLES; i++) { /* 500 Hz, rising by 1500 Hz a second */
        double t = (double)i / RATE;
        x[i] = (float)sin(2 * pi * (500 * t + 750 * t * t));
    }

    ak_stft_config config = {.n_fft = N_FFT, .hop = HOP, .window = window, .center = AK_CENTER_FRAME};
    config.pad = AK_PAD_REFLECT;
    ak_stft_plan *stft = NULL;
    ak_istft_plan *istft = NULL;
    if (failed(ak_stft_create(&stft, &config, NULL), "ak_stft_create")) return 1;
    if (failed(ak_istft_create(&istft, &config, &(ak_options){.threads = 2}), "ak_istft_create")) return 1;

    size_t frames = ak_stft_frames(&config, SAMPLES);
    float *spectrum = malloc(frames * BINS * 2 * sizeof(float));
    void *work = aligned_alloc(64, ak_stft_work_bytes(stft));
    if (!spectrum || !work) return 1;
    ak_status status =
        ak_stft_execute(stft, x, 1, SAMPLES, SAMPLES, spectrum, (ptrdiff_t)frames * BINS, BINS, work);
    if (failed(status, "ak_stft_execute")) return 1;

    for (size_t m = 50; m < frames; m += 50) {
        int loudest = 0;
        double most = 0;
        for (int k = 0; k < BINS; k++) {
            const float *bin = spectrum + 2 * (m * BINS + (size_t)k);
            double power = bin[0] * bin[0] + bin[1] * bin[1];
            if (power > most) most = power, loudest = k;
        }
        printf("%.2f s: %4d Hz\n", (double)m * HOP / RATE, loudest * RATE / N_FFT);
    }

    status = ak_istft_execute(istft, spectrum, 1, frames, (ptrdiff_t)frames * BINS, BINS, y, SAMPLES, SAMPLES,
                              NULL);
    if (failed(status, "ak_istft_execute")) return 1;
    double worst = 0;
    for (int i = 0; i < SAMPLES; i++) worst = fmax(worst, fabs((double)y[i] - x[i]));
    printf("restored to within %.0e\n", worst);

    ak_stft_destroy(stft);
    ak_istft_destroy(istft);
    free(spectrum);
    free(work);
    return worst < 1e-5 ? 0 : 1;
}

/* The short-time Fourier transform and its inverse as they are defined, in double precision: to be read. */
#include <audiokern/stft.h>
#include "memory.h"
#include "stft_config.h"

#include <complex.h>
#include <math.h>

static const double two_pi = 6.283185307179586476925286766559;

typedef struct plain {
    int n;
    double *window;                   /* n */
    double complex *unit;             /* exp(-2 pi i j / n) */
    double complex *time, *frequency; /* n each */
    double complex *column;           /* n */
} plain;

static int smallest_factor(int n)
{
    for (int p = 2; p * p <= n; p++)
        if (n % p == 0) return p;
    return n;
}

/* out[k] = sum over j < n of in[j stride] unit^(j k stride), where stride * n is the whole size: the
 * Cooley-Tukey recursion on the smallest factor p, n = p m: p transforms of size m, each turned by its
 * twiddles, then m transforms of size p. */
static void transform(const plain *p, double complex *out, const double complex *in, int n, int stride)
{
    if (n == 1) {
        out[0] = in[0];
        return;
    }
    int radix = smallest_factor(n), m = n / radix;
    double complex *column = p->column;
    for (int r = 0; r < radix; r++) transform(p, out + r * m, in + r * stride, m, stride * radix);
    for (int k = 0; k < m; k++) {
        for (int r = 0; r < radix; r++) column[r] = out[r * m + k] * p->unit[r * k * stride];
        for (int q = 0; q < radix; q++) {
            double complex sum = 0;
            for (int r = 0; r < radix; r++)
                sum += column[r] * p->unit[(size_t)r * (size_t)q % (size_t)radix * (size_t)(p->n / radix)];
            out[q * m + k] = sum;
        }
    }
}

static void plain_destroy(plain *p)
{
    free(p->window);
    free(p->unit);
    free(p->time);
    free(p->frequency);
    free(p->column);
}

static ak_status plain_create(plain *p, const ak_stft_config *config)
{
    size_t n = (size_t)config->n_fft;
    *p = (plain){.n = config->n_fft};
    p->window = ak_alloc(n * sizeof *p->window);
    p->unit = ak_alloc(n * sizeof *p->unit);
    p->time = ak_alloc(n * sizeof *p->time);
    p->frequency = ak_alloc(n * sizeof *p->frequency);
    p->column = ak_alloc(n * sizeof *p->column);
    if (!p->window || !p->unit || !p->time || !p->frequency || !p->column) {
        plain_destroy(p);
        return AK_ERR_MEMORY;
    }
    ak_stft_window(config, p->window);
    for (size_t j = 0; j < n; j++) {
        double angle = two_pi * (double)j / (double)n;
        p->unit[j] = cos(angle) - I * sin(angle);
    }
    return AK_OK;
}

ak_status ak_stft_plain(const ak_stft_config *config, const float *x, size_t rows, size_t samples,
                        ptrdiff_t row_stride, float *spectrum)
{
    ak_status status = ak_stft_check(config);
    if (status == AK_OK) status = ak_stft_check_samples(config, samples);
    if (status != AK_OK) return status;
    size_t frames = ak_stft_frames(config, samples);
    if (rows == 0 || frames == 0) return AK_OK;
    if (!x || !spectrum) return AK_ERR_ARGUMENT;
    plain p;
    if ((status = plain_create(&p, config)) != AK_OK) return status;

    ptrdiff_t left = ak_stft_left(config);
    for (size_t row = 0; row < rows; row++) {
        const float *signal = x + (ptrdiff_t)row * row_stride;
        for (size_t m = 0; m < frames; m++) {
            for (int j = 0; j < p.n; j++) p.time[j] = 0;
            for (int j = 0; j < ak_stft_extent(config); j++) {
                ptrdiff_t at = (ptrdiff_t)m * config->hop - left + j;
                ptrdiff_t from = ak_stft_index(config->pad, at, (ptrdiff_t)samples);
                p.time[j] = p.window[j] * (double)(from < 0 ? config->pad_value : signal[from]);
            }
            transform(&p, p.frequency, p.time, p.n, 1);
            for (int k = 0; k <= p.n / 2; k++) {
                *spectrum++ = (float)creal(p.frequency[k]);
                *spectrum++ = (float)cimag(p.frequency[k]);
            }
        }
    }
    plain_destroy(&p);
    return AK_OK;
}

/* The real signal of n samples whose spectrum's first half is given; imaginary parts at 0 and n / 2 are
 * ignored. A forward transform of the conjugate is the conjugate of the inverse. */
static void inverse_frame(const plain *p, const float *half)
{
    int n = p->n;
    for (int k = 0; k <= n / 2; k++) {
        int real = k == 0 || 2 * k == n;
        double complex value = (double)half[2 * k] - I * (real ? 0.0 : (double)half[2 * k + 1]);
        p->frequency[k] = value;
        if (!real) p->frequency[n - k] = conj(value);
    }
    transform(p, p->time, p->frequency, n, 1);
}

ak_status ak_istft_plain(const ak_stft_config *config, const float *spectrum, size_t rows, size_t frames,
                         float *x, size_t samples, ptrdiff_t row_stride)
{
    ak_status status = ak_istft_check(config);
    if (status != AK_OK || rows == 0 || samples == 0) return status;
    if (!x || (frames && !spectrum)) return AK_ERR_ARGUMENT;
    plain p;
    if ((status = plain_create(&p, config)) != AK_OK) return status;
    double *sum = ak_alloc(samples * sizeof *sum), *envelope = ak_alloc(samples * sizeof *envelope);
    double *period = ak_alloc((size_t)config->hop * sizeof *period);
    if (!sum || !envelope || !period)
        status = AK_ERR_MEMORY;
    else
        status = ak_stft_envelope(config, p.window, period);

    ptrdiff_t left = ak_stft_left(config);
    for (size_t row = 0; row < rows && status == AK_OK; row++) {
        for (size_t i = 0; i < samples; i++) sum[i] = envelope[i] = 0;
        for (size_t m = 0; m < frames; m++, spectrum += 2 * (p.n / 2 + 1)) {
            inverse_frame(&p, spectrum);
            for (int j = 0; j < p.n; j++) {
                ptrdiff_t at = (ptrdiff_t)m * config->hop - left + j;
                if (at < 0 || at >= (ptrdiff_t)samples) continue;
                sum[at] += p.window[j] * creal(p.time[j]) / p.n;
                envelope[at] += p.window[j] * p.window[j];
            }
        }
        for (size_t i = 0; i < samples; i++)
            x[(ptrdiff_t)row * row_stride + (ptrdiff_t)i] =
                (float)(sum[i] / fmax(envelope[i], AK_ENVELOPE_FLOOR));
    }
    free(sum);
    free(envelope);
    free(period);
    plain_destroy(&p);
    return status;
}

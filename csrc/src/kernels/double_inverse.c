/* The inverse FFT in double: the same text; and the way in and out, and the table of all of it. */
#define AK_DOUBLE
#include "kernels/lanes_inverse.c"

static void forward(const ak_rfft *t, const double *samples, double *work)
{
    AK_NAME(ak_halves_forward)(t, AK_BINS_COMPLEX, samples, NULL, NULL, work, NULL, NULL);
}

static void inverse(const ak_rfft *t, const double *bins, double *x)
{
    AK_NAME(ak_halves_inverse)(t, NULL, bins, x);
}

static void shape(double *bins, const double *response, size_t kept, size_t total)
{
    v_f64 *b = (v_f64 *)(void *)bins;
    for (size_t k = 0; k < kept; k++) {
        v_f64 gain = v_set1(response[k]);
        b[2 * k] *= gain;
        b[2 * k + 1] *= gain;
    }
    for (size_t k = 2 * kept; k < 2 * total; k++) b[k] = (v_f64){0};
}

static void widen(const float *from, size_t rows, int half, double *to)
{
    from += half * AK_LANES;
    for (size_t r = 0; r < rows; r++) v_store(to + r * AK_LANES, v_load_widened(from + r * AK_W));
}

static void narrow(const double *from, size_t rows, int half, float *to)
{
    to += half * AK_LANES;
    for (size_t r = 0; r < rows; r++) v_store_narrowed(to + r * AK_W, v_load(from + r * AK_LANES));
}

const ak_double_kernels AK_NAME(ak_double_kernels) = {
    .forward = forward,
    .inverse = inverse,
    .shape = shape,
    .widen = widen,
    .narrow = narrow,
};

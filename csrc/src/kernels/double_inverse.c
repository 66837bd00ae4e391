/* The inverse FFT in double: the same text; and the way in and out, and the table of all of it. */
#define AK_DOUBLE
#include "kernels/lanes_inverse.c"
#include "kernels/shape.h"

static void forward(const ak_rfft *t, const double *samples, double *work)
{
    AK_NAME(ak_halves_forward)(t, AK_BINS_COMPLEX, samples, NULL, NULL, work, NULL, NULL);
}

static void inverse(const ak_rfft *t, const double *bins, double *x)
{
    AK_NAME(ak_halves_inverse)(t, NULL, bins, x);
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

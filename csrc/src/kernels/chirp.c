/* Real FFTs of sizes without small factors, as convolutions with a chirp: see rfft.h. */
#include "rfft_kernels.h"

AK_INLINE cvec c_swap(cvec a) /* i conj(a): a forward transform of swapped numbers is a swapped inverse one */
{
    return (cvec){a.i, a.r};
}

/* b <- the circular convolution of b with the chirp, swapped */
static void convolve(const ak_rfft *t, cvec *b)
{
    AK_NAME(ak_lanes_from_natural)(&t->lanes, b);
    for (int s = 0; s < t->lanes.size; s++) b[s] = c_swap(c_twiddle(b[s], t->response + 2 * s));
    AK_NAME(ak_lanes_to_natural)(&t->lanes, b);
}

void AK_NAME(ak_chirp_forward)(const ak_rfft *t, ak_bins kind, const float *samples, const int32_t *offset,
                               const float *gain, float *work, float *bins)
{
    cvec *b = (cvec *)(void *)work;
    v_f32 *out = (v_f32 *)(void *)bins;
    for (int j = 0; j < t->n; j++) {
        v_f32 x =
            gain ? v_load(samples + offset[j]) * v_set1(gain[j]) : v_load(samples + j * (ptrdiff_t)AK_W);
        b[j] = (cvec){x * v_set1(t->chirp[2 * j]), x * v_set1(t->chirp[2 * j + 1])};
    }
    for (int j = t->n; j < t->lanes.size; j++) b[j] = (cvec){{0}, {0}};
    convolve(t, b);
    for (int k = 0; k <= t->size; k++) {
        cvec x = c_twiddle(c_swap(b[k]), t->chirp + 2 * k);
        v_f32 power = v_fma(x.r, x.r, x.i * x.i);
        if (k == 0 || 2 * k == t->n) x.i = (v_f32){0}; /* exactly */
        if (kind == AK_BINS_COMPLEX)
            b[k] = x;
        else
            out[k] = kind == AK_BINS_POWER ? power : v_sqrt(power);
    }
}

/* x[j] = Re of the sum over k <= n / 2 of m[k] X[k] exp(2 pi i j k / n), m = 1 at both ends and 2 between:
 * the forward chirp of the conjugate. */
void AK_NAME(ak_chirp_inverse)(const ak_rfft *t, const float *gain, const float *bins, float *work, float *x)
{
    cvec *b = (cvec *)(void *)work;
    const cvec *from = (const cvec *)(const void *)bins;
    v_f32 *out = (v_f32 *)(void *)x;
    for (int k = 0; k <= t->size; k++) {
        int end = k == 0 || 2 * k == t->n;
        cvec conjugate =
            end ? (cvec){from[k].r, (v_f32){0}} : (cvec){from[k].r + from[k].r, -(from[k].i + from[k].i)};
        b[k] = c_twiddle(conjugate, t->chirp + 2 * k);
    }
    for (int k = t->size + 1; k < t->lanes.size; k++) b[k] = (cvec){{0}, {0}};
    convolve(t, b);
    for (int j = 0; j < t->n; j++) {
        v_f32 x_j = c_twiddle(c_swap(b[j]), t->chirp + 2 * j).r;
        out[ak_skew((size_t)j)] = gain ? x_j * v_set1(gain[j]) : x_j;
    }
}

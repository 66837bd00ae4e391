/* Real FFTs of sizes without small factors, as convolutions with a chirp: see rfft.h. */
#include "passes.h"

AK_INLINE cvec c_swap(cvec a) /* i conj(a): a forward transform of swapped numbers is a swapped inverse one */
{
    return (cvec){a.i, a.r};
}

AK_INLINE void split(const int R, cvec *b, const float *w, ptrdiff_t length)
{
    cvec x[AK_MAX_RADIX];
    dft_column(R, x, b, length);
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) b[j * length] = x[j];
    for (ptrdiff_t k = 1; k < length; k++) { /* w is NULL where k = 0 is alone */
        dft_column(R, x, b + k, length);
        b[k] = x[0];
        AK_UNROLL(16)
        for (int j = 1; j < R; j++) b[k + j * length] = c_twiddle(x[j], w + 2 * (k * (R - 1) + j - 1));
    }
}

#define DEFINE_SPLIT(R)                                                                                      \
    static void split_##R(cvec *b, const float *w, ptrdiff_t length)                                         \
    {                                                                                                        \
        split(R, b, w, length);                                                                              \
    }
DEFINE_SPLIT(2)
DEFINE_SPLIT(3)
DEFINE_SPLIT(4)
DEFINE_SPLIT(5)
DEFINE_SPLIT(7)
DEFINE_SPLIT(8)
DEFINE_SPLIT(10)
DEFINE_SPLIT(16)

static void run_split(int radix, cvec *b, const float *w, int length)
{
    switch (radix) {
    case 2:
        split_2(b, w, length);
        break;
    case 3:
        split_3(b, w, length);
        break;
    case 4:
        split_4(b, w, length);
        break;
    case 5:
        split_5(b, w, length);
        break;
    case 7:
        split_7(b, w, length);
        break;
    case 8:
        split_8(b, w, length);
        break;
    case 10:
        split_10(b, w, length);
        break;
    default:
        split_16(b, w, length);
        break;
    }
}

/* From natural to digit-reversed order: the passes backwards, decimation in frequency. */
static void to_digit_reversed(const ak_lanes *t, cvec *b)
{
    for (int q = t->passes - 1; q >= 0 && t->size > 1; q--) {
        int block = t->length[q] * t->radix[q];
        for (int place = 0; place < t->size; place += block)
            run_split(t->radix[q], b + place, t->twiddle[q], t->length[q]);
    }
}

/* And back. */
static void to_natural(const ak_lanes *t, cvec *b)
{
    for (int q = 0; q < t->passes && t->size > 1; q++) {
        int block = t->length[q] * t->radix[q];
        for (int place = 0; place < t->size; place += block)
            AK_NAME(ak_middle_pass)(t->radix[q], b + place, t->twiddle[q], t->length[q]);
    }
}

/* b <- the circular convolution of b with the chirp, swapped */
static void convolve(const ak_rfft *t, cvec *b)
{
    to_digit_reversed(&t->lanes, b);
    for (int s = 0; s < t->lanes.size; s++) b[s] = c_swap(c_twiddle(b[s], t->response + 2 * s));
    to_natural(&t->lanes, b);
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
        out[j] = gain ? x_j * v_set1(gain[j]) : x_j;
    }
}

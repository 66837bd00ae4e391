/* The inverse real FFT over frames in lanes: the passes of lanes_forward.c backwards.
 *
 * Everything between packing and the last store works on numbers with their real and imaginary parts swapped:
 * swap(a) = i conj(a), so a forward transform of swapped numbers is a swapped inverse transform, and the
 * forward tables and butterflies serve unchanged.
 */
#include "rfft_kernels.h"

/* Point z of the complex transform and its mirror image, y, swapped, from their bins. */
AK_INLINE void pack(const cvec *low, const cvec *high, const float *w, cvec *z, cvec *y)
{
    cvec p = *low, q = *high;
    cvec even = {p.r + q.r, p.i - q.i};
    cvec d = {p.r - q.r, p.i + q.i};
    v_f32 wr = v_set1(w[0]), wi = v_set1(w[1]);
    cvec odd = {v_fma(d.r, wr, d.i * wi), v_fms(d.i, wr, d.r * wi)}; /* d conj(w) */
    *z = (cvec){even.i + odd.r, even.r - odd.i};                     /* swap(even + i odd) */
    *y = (cvec){odd.r - even.i, even.r + odd.i};                     /* swap(conj(even) + i conj(odd)) */
}

/* Imaginary parts of the first and the last bin count as zero. */
AK_INLINE cvec pack_edges(const cvec *b, ptrdiff_t size)
{
    return (cvec){b[0].r - b[size].r, b[0].r + b[size].r};
}

AK_INLINE cvec c_scale(cvec a, v_f32 by)
{
    return (cvec){a.r * by, a.i * by};
}

/* scale: in w, too */
AK_INLINE void store_column(const int R, const cvec *x, cvec *b, const float *w, v_f32 scale,
                            ptrdiff_t length)
{
    b[0] = c_scale(x[0], scale);
    AK_UNROLL(16)
    for (int j = 1; j < R; j++) b[j * length] = c_twiddle(x[j], w + 2 * (j - 1));
}

/* Packing and the first split, two mirrored columns at a time. from: the bins, which may be b. w: rfft.h's
 * ends, which carry the scale of all samples. */
AK_INLINE void split_first(const int R, const cvec *from, cvec *b, const float *w, v_f32 scale,
                           ptrdiff_t length)
{
    cvec x[AK_MAX_RADIX], y[AK_MAX_RADIX], *low = b, *high = b + length;
    const cvec *from_low = from, *from_high = from + length;
    x[0] = pack_edges(from, R * length);
    AK_UNROLL(16)
    for (int q = 1; q <= R / 2; q++)
        pack(from + q * length, from + (R - q) * length, w + 2 * q, &x[q], &x[R - q]);
    dft(R, x);
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) b[j * length] = c_scale(x[j], scale);

    for (ptrdiff_t k = 1; k < (length + 1) / 2; k++) {
        low++, from_low++;
        high--, from_high--;
        w += AK_END(R);
        AK_UNROLL(16)
        for (int q = 0; q < R; q++)
            pack(from_low + q * length, from_high + (R - 1 - q) * length, w + 2 * q, &x[q], &y[R - 1 - q]);
        dft(R, x);
        store_column(R, x, low, w + 2 * R, scale, length);
        dft(R, y);
        store_column(R, y, high, w + 4 * R - 2, scale, length);
    }
    if (length % 2 == 0) {
        low++, from_low++;
        w += AK_END(R);
        AK_UNROLL(16)
        for (int q = 0; q < (R + 1) / 2; q++)
            pack(from_low + q * length, from_low + (R - 1 - q) * length, w + 2 * q, &x[q], &x[R - 1 - q]);
        dft(R, x);
        store_column(R, x, low, w + 2 * R, scale, length);
    }
}

/* Packing alone, before a transform of a single pass. */
static void pack_pass(const cvec *from, cvec *b, const float *w, v_f32 scale, ptrdiff_t size)
{
    cvec first = pack_edges(from, size);
    for (ptrdiff_t k = 1; k <= size / 2; k++) {
        cvec z, y;
        pack(from + k, from + size - k, w + 2 * k, &z, &y);
        b[size - k] = c_scale(y, scale);
        b[k] = c_scale(z, scale);
    }
    b[0] = c_scale(first, scale);
}

AK_INLINE void split(const int R, cvec *b, const float *w, ptrdiff_t length)
{
    cvec x[AK_MAX_RADIX];
    dft_column(R, x, b, length);
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) b[j * length] = x[j];
    for (ptrdiff_t k = 1; k < length; k++) { /* w is NULL for the first pass, which has k = 0 alone */
        dft_column(R, x, b + k, length);
        b[k] = x[0];
        AK_UNROLL(16)
        for (int j = 1; j < R; j++) b[k + j * length] = c_twiddle(x[j], w + 2 * (k * (R - 1) + j - 1));
    }
}

/* Where pass 0's samples go. */
typedef struct sink {
    v_f32 *out;
    const float *gain;    /* or NULL */
    const int32_t *place; /* of the real parts, the imaginary ones follow; NULL: the samples in their order */
    const int32_t *order; /* ak_lanes's */
    ptrdiff_t step;       /* points from output to output of a block */
} sink;

/* The transforms of pass 0, out to the samples. */
AK_INLINE void scatter(const int R, const int windowed, const cvec *b, const sink *to, int from, int count)
{
    const int32_t *place = to->place + from;
    const float *gain = windowed ? to->gain + 2 * from : NULL;
    for (b += from; count > 0; count--, b += R, place += R) {
        cvec x[AK_MAX_RADIX];
        dft_of(R, x, c_at, b);
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) {
            to->out[place[t]] = windowed ? x[t].i * v_set1(gain[2 * t]) : x[t].i;
            to->out[place[t] + 1] = windowed ? x[t].r * v_set1(gain[2 * t + 1]) : x[t].r;
        }
        if (windowed) gain += 2 * R;
    }
}

/* The same in their order, without a window: the points of a block go a step apart. */
AK_INLINE void scatter_plain(const int R, const cvec *b, const sink *to, int from, int count)
{
    const int32_t *order = to->order + from;
    const ptrdiff_t step = to->step * 2 * AK_W;
    for (b += from; count > 0; count--, b += R, order += R) {
        float *point = (float *)(void *)to->out + (ptrdiff_t)*order * (2 * AK_W);
        cvec x[AK_MAX_RADIX];
        dft_of(R, x, c_at, b);
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) *(cvec *)(void *)(point + t * step) = (cvec){x[t].i, x[t].r};
    }
}

#define DEFINE_SCATTER(R)                                                                                    \
    static void scatter_##R(const cvec *b, const sink *to, int from, int count)                              \
    {                                                                                                        \
        if (to->gain)                                                                                        \
            scatter(R, 1, b, to, from, count);                                                               \
        else if (to->place)                                                                                  \
            scatter(R, 0, b, to, from, count);                                                               \
        else                                                                                                 \
            scatter_plain(R, b, to, from, count);                                                            \
    }
#define DEFINE_INNER(R)                                                                                      \
    DEFINE_SCATTER(R)                                                                                        \
    static void split_##R(cvec *b, const float *w, ptrdiff_t length)                                         \
    {                                                                                                        \
        split(R, b, w, length);                                                                              \
    }
#define DEFINE_SPLITS(R)                                                                                     \
    DEFINE_INNER(R)                                                                                          \
    static void split_first_##R(const cvec *from, cvec *b, const float *w, v_f32 scale, ptrdiff_t length)    \
    {                                                                                                        \
        split_first(R, from, b, w, scale, length);                                                           \
    }
DEFINE_SCATTER(1)
DEFINE_SPLITS(2)
DEFINE_SPLITS(3)
DEFINE_SPLITS(4)
DEFINE_SPLITS(5)
DEFINE_SPLITS(7)
DEFINE_SPLITS(8)
DEFINE_INNER(10)
DEFINE_INNER(16)

static void run_split_first(int radix, const cvec *from, cvec *b, const float *w, v_f32 scale, int length)
{
    switch (radix) {
    case 2:
        split_first_2(from, b, w, scale, length);
        break;
    case 3:
        split_first_3(from, b, w, scale, length);
        break;
    case 4:
        split_first_4(from, b, w, scale, length);
        break;
    case 5:
        split_first_5(from, b, w, scale, length);
        break;
    case 7:
        split_first_7(from, b, w, scale, length);
        break;
    default:
        split_first_8(from, b, w, scale, length);
        break;
    }
}

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

static void run_scatter(int radix, const cvec *b, const sink *to, int from, int count)
{
    switch (radix) {
    case 1:
        scatter_1(b, to, from, count);
        break;
    case 2:
        scatter_2(b, to, from, count);
        break;
    case 3:
        scatter_3(b, to, from, count);
        break;
    case 4:
        scatter_4(b, to, from, count);
        break;
    case 5:
        scatter_5(b, to, from, count);
        break;
    case 7:
        scatter_7(b, to, from, count);
        break;
    case 8:
        scatter_8(b, to, from, count);
        break;
    case 10:
        scatter_10(b, to, from, count);
        break;
    default:
        scatter_16(b, to, from, count);
        break;
    }
}

/* `count` blocks from point `from` on, through passes q .. 0, depth first. */
static void run_blocks(const ak_lanes *t, int q, cvec *b, const sink *to, int from, int count)
{
    if (q == 0) {
        run_scatter(t->radix[0], b, to, from, count);
        return;
    }
    int block = t->length[q] * t->radix[q];
    for (; count > 0; count--, from += block) {
        run_split(t->radix[q], b + from, t->twiddle[q], t->length[q]);
        run_blocks(t, q - 1, b, to, from, t->radix[q]);
    }
}

void AK_NAME(ak_halves_inverse)(const ak_rfft *t, const float *gain, const float *bins, float *work, float *x)
{
    cvec *b = (cvec *)(void *)work;
    const cvec *from = (const cvec *)(const void *)bins;
    const ak_lanes *lanes = &t->lanes;
    const v_f32 scale = v_set1(1.0f / (float)t->n);
    const sink to = {(v_f32 *)(void *)x, gain, t->place, lanes->order, t->size / lanes->radix[0]};
    int last = lanes->passes - 1;
    if (last == 0) {
        pack_pass(from, b, t->ends, scale, t->size);
        run_scatter(lanes->radix[0], b, &to, 0, 1);
        return;
    }
    run_split_first(lanes->radix[last], from, b, t->ends, scale, lanes->length[last]);
    run_blocks(lanes, last - 1, b, &to, 0, lanes->radix[last]);
}

void AK_NAME(ak_lanes_from_natural)(const ak_lanes *t, cvec *b)
{
    if (t->size == 1) return;
    for (int q = t->passes - 1; q >= 0; q--) {
        int block = t->length[q] * t->radix[q];
        for (int place = 0; place < t->size; place += block)
            run_split(t->radix[q], b + place, t->twiddle[q], t->length[q]);
    }
}

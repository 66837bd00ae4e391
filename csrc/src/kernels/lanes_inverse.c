/* The inverse real FFT over frames in lanes: the passes of lanes_forward.c backwards.
 *
 * Everything between packing and the last store works on numbers with their real and imaginary parts swapped:
 * swap(a) = i conj(a), so a forward transform of swapped numbers is a swapped inverse transform, and the
 * forward tables and butterflies serve unchanged.
 */
#include "rfft_kernels.h"

/* Points k and size - k of the complex transform, swapped, from bins k and size - k. */
AK_INLINE void pack(const cvec *b, int size, int k, const float *w, cvec *z, cvec *y)
{
    cvec p = b[k], q = b[size - k];
    cvec even = {p.r + q.r, p.i - q.i};
    cvec d = {p.r - q.r, p.i + q.i};
    v_f32 wr = v_set1(w[2 * k]), wi = v_set1(w[2 * k + 1]);
    cvec odd = {v_fma(d.r, wr, d.i * wi), v_fms(d.i, wr, d.r * wi)}; /* d conj(w) */
    *z = (cvec){even.i + odd.r, even.r - odd.i};                     /* swap(even + i odd) */
    *y = (cvec){odd.r - even.i, even.r + odd.i};                     /* swap(conj(even) + i conj(odd)) */
}

/* Imaginary parts of the first and the last bin count as zero. */
AK_INLINE cvec pack_edges(const cvec *b, int size)
{
    return (cvec){b[0].r - b[size].r, b[0].r + b[size].r};
}

AK_INLINE void store_column(const int R, const cvec *x, cvec *b, const float *w, int length, int k)
{
    b[k] = x[0];
    AK_UNROLL(16)
    for (int j = 1; j < R; j++) b[k + j * length] = c_twiddle(x[j], w + 2 * (k * (R - 1) + j - 1));
}

/* Packing and the first split, two mirrored columns at a time. */
/* from: the bins, which may be b. */
AK_INLINE void split_first(const int R, const cvec *from, cvec *b, const float *w, int length,
                           const float *turn)
{
    const int size = R * length;
    cvec x[AK_MAX_RADIX], y[AK_MAX_RADIX];
    x[0] = pack_edges(from, size);
    AK_UNROLL(16)
    for (int q = 1; q <= R / 2; q++) pack(from, size, q * length, turn, &x[q], &x[R - q]);
    dft(R, x);
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) b[j * length] = x[j];

    for (int k = 1; k < (length + 1) / 2; k++) {
        AK_UNROLL(16)
        for (int q = 0; q < R; q++) pack(from, size, k + q * length, turn, &x[q], &y[R - 1 - q]);
        dft(R, x);
        store_column(R, x, b, w, length, k);
        dft(R, y);
        store_column(R, y, b, w, length, length - k);
    }
    if (length % 2 == 0) {
        int k = length / 2;
        AK_UNROLL(16)
        for (int q = 0; q < (R + 1) / 2; q++) pack(from, size, k + q * length, turn, &x[q], &x[R - 1 - q]);
        dft(R, x);
        store_column(R, x, b, w, length, k);
    }
}

/* Packing alone, before a transform of a single pass. */
static void pack_pass(const cvec *from, cvec *b, int size, const float *turn)
{
    cvec first = pack_edges(from, size);
    for (int k = 1; k <= size / 2; k++) {
        cvec z, y;
        pack(from, size, k, turn, &z, &y);
        b[size - k] = y;
        b[k] = z;
    }
    b[0] = first;
}

AK_INLINE void split(const int R, cvec *b, const float *w, int length)
{
    for (int k = 0; k < length; k++) {
        cvec x[AK_MAX_RADIX];
        AK_UNROLL(16)
        for (int j = 0; j < R; j++) x[j] = b[k + j * length];
        dft(R, x);
        b[k] = x[0];
        AK_UNROLL(16)
        for (int j = 1; j < R; j++) /* w is NULL for the first pass, which has k = 0 alone */
            b[k + j * length] = k == 0 ? x[j] : c_twiddle(x[j], w + 2 * (k * (R - 1) + j - 1));
    }
}

/* The transforms of pass 0, out to the samples. place: of the real parts; the imaginary parts follow. */
AK_INLINE void scatter(const int R, const int windowed, const cvec *b, const int32_t *place,
                       const float *gain, float scale, v_f32 *out, int count)
{
    const v_f32 all = v_set1(scale);
    for (; count > 0; count--, b += R, place += R) {
        cvec x[AK_MAX_RADIX];
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) x[t] = b[t];
        dft(R, x);
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) {
            out[place[t]] = x[t].i * (windowed ? v_set1(gain[2 * t]) : all);
            out[place[t] + 1] = x[t].r * (windowed ? v_set1(gain[2 * t + 1]) : all);
        }
        if (windowed) gain += 2 * R;
    }
}

#define DEFINE_SCATTER(R)                                                                                    \
    static void scatter_##R(const cvec *b, const int32_t *place, const float *gain, float scale, v_f32 *out, \
                            int count)                                                                       \
    {                                                                                                        \
        if (gain)                                                                                            \
            scatter(R, 1, b, place, gain, 0, out, count);                                                    \
        else                                                                                                 \
            scatter(R, 0, b, place, NULL, scale, out, count);                                                \
    }
#define DEFINE_INNER(R)                                                                                      \
    DEFINE_SCATTER(R)                                                                                        \
    static void split_##R(cvec *b, const float *w, int length)                                               \
    {                                                                                                        \
        split(R, b, w, length);                                                                              \
    }
#define DEFINE_SPLITS(R)                                                                                     \
    DEFINE_INNER(R)                                                                                          \
    static void split_first_##R(const cvec *from, cvec *b, const float *w, int length, const float *turn)    \
    {                                                                                                        \
        split_first(R, from, b, w, length, turn);                                                            \
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

static void run_split_first(int radix, const cvec *from, cvec *b, const float *w, int length,
                            const float *turn)
{
    switch (radix) {
    case 2:
        split_first_2(from, b, w, length, turn);
        break;
    case 3:
        split_first_3(from, b, w, length, turn);
        break;
    case 4:
        split_first_4(from, b, w, length, turn);
        break;
    case 5:
        split_first_5(from, b, w, length, turn);
        break;
    case 7:
        split_first_7(from, b, w, length, turn);
        break;
    default:
        split_first_8(from, b, w, length, turn);
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

static void run_scatter(const ak_rfft *t, const cvec *b, const float *gain, v_f32 *out, int from, int count)
{
    const int32_t *place = t->place + from;
    const float scale = 1.0f / (float)t->n;
    b += from;
    if (gain) gain += 2 * from;
    switch (t->lanes.radix[0]) {
    case 1:
        scatter_1(b, place, gain, scale, out, count);
        break;
    case 2:
        scatter_2(b, place, gain, scale, out, count);
        break;
    case 3:
        scatter_3(b, place, gain, scale, out, count);
        break;
    case 4:
        scatter_4(b, place, gain, scale, out, count);
        break;
    case 5:
        scatter_5(b, place, gain, scale, out, count);
        break;
    case 7:
        scatter_7(b, place, gain, scale, out, count);
        break;
    case 8:
        scatter_8(b, place, gain, scale, out, count);
        break;
    case 10:
        scatter_10(b, place, gain, scale, out, count);
        break;
    default:
        scatter_16(b, place, gain, scale, out, count);
        break;
    }
}

/* `count` blocks from point `from` on, through passes q .. 0, depth first. */
static void run_blocks(const ak_rfft *t, int q, cvec *b, const float *gain, v_f32 *out, int from, int count)
{
    if (q == 0) {
        run_scatter(t, b, gain, out, from, count);
        return;
    }
    const ak_lanes *lanes = &t->lanes;
    int block = lanes->length[q] * lanes->radix[q];
    for (; count > 0; count--, from += block) {
        run_split(lanes->radix[q], b + from, lanes->twiddle[q], lanes->length[q]);
        run_blocks(t, q - 1, b, gain, out, from, lanes->radix[q]);
    }
}

void AK_NAME(ak_halves_inverse)(const ak_rfft *t, const float *gain, const float *bins, float *work, float *x)
{
    cvec *b = (cvec *)(void *)work;
    const cvec *from = (const cvec *)(const void *)bins;
    v_f32 *out = (v_f32 *)(void *)x;
    const ak_lanes *lanes = &t->lanes;
    int last = lanes->passes - 1;
    if (last == 0) {
        pack_pass(from, b, t->size, t->unpack);
        run_scatter(t, b, gain, out, 0, 1);
        return;
    }
    run_split_first(lanes->radix[last], from, b, lanes->twiddle[last], lanes->length[last], t->unpack);
    run_blocks(t, last - 1, b, gain, out, 0, lanes->radix[last]);
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

/* The inverse real FFT over frames in lanes: the passes of lanes_forward.c, the real FFT's packing first.
 *
 * Everything between packing and the last store works on numbers with their real and imaginary parts swapped:
 * swap(a) = i conj(a), so a forward transform of swapped numbers is a swapped inverse transform, and the
 * forward tables, butterflies and passes serve unchanged.
 */
#include "passes.h"

/* Point z of the complex transform and its mirror image, y, swapped, from their bins. */
AK_INLINE void pack(cvec low, cvec high, const ak_real *w, cvec *z, cvec *y)
{
    cvec even = {low.r + high.r, low.i - high.i};
    cvec d = {low.r - high.r, low.i + high.i};
    v_real wr = v_set1(w[0]), wi = v_set1(w[1]);
    cvec odd = {v_fma(d.r, wr, d.i * wi), v_fms(d.i, wr, d.r * wi)}; /* d conj(w) */
    *z = (cvec){even.i + odd.r, even.r - odd.i};                     /* swap(even + i odd) */
    *y = (cvec){odd.r - even.i, even.r + odd.i};                     /* swap(conj(even) + i conj(odd)) */
}

/* Imaginary parts of the first and the last bin count as zero. */
AK_INLINE cvec pack_edges(const ak_real *bins, ptrdiff_t size)
{
    v_real first = c_load(bins, 0).r, last = c_load(bins, size).r;
    return (cvec){first - last, first + last};
}

/* Packing and pass 0, two blocks at a time whose inputs mirror each other: see ak_mirror. */
AK_INLINE void pack_first(const int R, const ak_rfft *t, const ak_real *bins, cvec *b)
{
    const ptrdiff_t step = t->size / R;
    const ak_mirror *m = t->mirrors, *end = m + t->mirrored;
    const ak_real *w = t->ends;
    cvec x[AK_MAX_RADIX], y[AK_MAX_RADIX];
    steps low = steps_of(step), high = low;
    steps_from(R, &low, bins, 0);
    x[0] = pack_edges(bins, t->size);
    AK_UNROLL(16)
    for (int q = 1; q <= R / 2; q++) pack(c_step(&low, q), c_step(&low, R - q), w + 2 * q, &x[q], &x[R - q]);
    dft(R, x);
    store_column(R, x, b, 1, 0);

    for (w += 2 * R; m < end; m++, w += 2 * R) {
        cvec *to = b + m->place, *mirror = b + m->mirror;
        AK_FIXED(to);
        AK_FIXED(mirror);
        steps_from(R, &low, bins, m->point);
        steps_from(R, &high, bins, step - m->point);
        AK_UNROLL(16)
        for (int q = 0; q < R; q++)
            pack(c_step(&low, q), c_step(&high, R - 1 - q), w + 2 * q, &x[q], &y[R - 1 - q]);
        dft(R, x);
        store_column(R, x, to, 1, 0);
        dft(R, y);
        store_column(R, y, mirror, 1, 0);
    }
    if (step % 2) return;
    steps_from(R, &low, bins, step / 2); /* the block that mirrors itself, at end->place */
    AK_UNROLL(16)
    for (int q = 0; q < (R + 1) / 2; q++)
        pack(c_step(&low, q), c_step(&low, R - 1 - q), w + 2 * q, &x[q], &x[R - 1 - q]);
    dft(R, x);
    store_column(R, x, b + end->place, 1, 0);
}

/* Packing alone, before a transform of a single pass. */
static void pack_pass(const ak_rfft *t, const ak_real *bins, cvec *b)
{
    const ptrdiff_t size = t->size;
    const ak_real *ends = t->ends;
    b[0] = pack_edges(bins, size);
    for (ptrdiff_t k = 1; k <= size / 2; k++) {
        cvec z, y;
        pack(c_load(bins, k), c_load(bins, size - k), ends + 2 * k, &z, &y);
        b[size - k] = y;
        b[k] = z;
    }
}

/* A column's samples, point by point, in place. */
AK_INLINE void samples_out(const int R, const int windowed, const cvec *x, cvec *b, const ak_real *gain,
                           ptrdiff_t length)
{
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) {
        const ptrdiff_t at = j * length;
        b[at] = windowed ? (cvec){x[j].i * v_set1(gain[2 * at]), x[j].r * v_set1(gain[2 * at + 1])}
                         : (cvec){x[j].i, x[j].r};
    }
}

/* The last pass: w carries the scale of all samples. w is NULL where column 0 is alone. */
AK_INLINE void last_pass(const int R, const int windowed, cvec *b, const ak_real *w, v_real scale,
                         const ak_real *gain, ptrdiff_t length)
{
    cvec x[AK_MAX_RADIX];
    load_first_scaled_column(R, x, b, scale, length);
    samples_out(R, windowed, x, b, gain, length);
    for (ptrdiff_t k = 1; k < length; k++) {
        b++;
        w += 2 * (R - 1);
        if (windowed) gain += 2;
        load_scaled_column(R, x, b, w, scale, length);
        samples_out(R, windowed, x, b, gain, length);
    }
}

#define DEFINE_FIRST(R)                                                                                      \
    static void pack_first_##R(const ak_rfft *t, const ak_real *bins, cvec *b)                               \
    {                                                                                                        \
        pack_first(R, t, bins, b);                                                                           \
    }
#define DEFINE_LAST(R)                                                                                       \
    static void last_##R(cvec *b, const ak_real *w, v_real scale, const ak_real *gain, ptrdiff_t length)     \
    {                                                                                                        \
        if (gain)                                                                                            \
            last_pass(R, 1, b, w, scale, gain, length);                                                      \
        else                                                                                                 \
            last_pass(R, 0, b, w, scale, NULL, length);                                                      \
    }
#define DEFINE_BOTH(R)                                                                                       \
    DEFINE_FIRST(R)                                                                                          \
    DEFINE_LAST(R)
DEFINE_LAST(1)
DEFINE_BOTH(2)
DEFINE_BOTH(3)
DEFINE_BOTH(4)
DEFINE_BOTH(5)
DEFINE_BOTH(7)
DEFINE_BOTH(8)
DEFINE_LAST(10)
DEFINE_LAST(16)

static void run_pack_first(int radix, const ak_rfft *t, const ak_real *bins, cvec *b)
{
    switch (radix) {
    case 2:
        pack_first_2(t, bins, b);
        break;
    case 3:
        pack_first_3(t, bins, b);
        break;
    case 4:
        pack_first_4(t, bins, b);
        break;
    case 5:
        pack_first_5(t, bins, b);
        break;
    case 7:
        pack_first_7(t, bins, b);
        break;
    default:
        pack_first_8(t, bins, b);
        break;
    }
}

static void run_last(int radix, cvec *b, const ak_real *w, v_real scale, const ak_real *gain, int length)
{
    switch (radix) {
    case 1:
        last_1(b, w, scale, gain, length);
        break;
    case 2:
        last_2(b, w, scale, gain, length);
        break;
    case 3:
        last_3(b, w, scale, gain, length);
        break;
    case 4:
        last_4(b, w, scale, gain, length);
        break;
    case 5:
        last_5(b, w, scale, gain, length);
        break;
    case 7:
        last_7(b, w, scale, gain, length);
        break;
    case 8:
        last_8(b, w, scale, gain, length);
        break;
    case 10:
        last_10(b, w, scale, gain, length);
        break;
    default:
        last_16(b, w, scale, gain, length);
        break;
    }
}

/* `count` finished blocks of passes 1 .. q, from `place` on. Depth first: a block stays in the cache until it
 * is combined. */
static void run_blocks(const ak_lanes *t, int q, cvec *b, int place, int count)
{
    const int block = t->length[q] * t->radix[q];
    for (; q > 0 && count > 0; count--, place += block) {
        run_blocks(t, q - 1, b, place, t->radix[q]);
        AK_NAME(ak_middle_pass)(t->radix[q], b + place, t->twiddle[q], t->length[q]);
    }
}

void AK_NAME(ak_halves_inverse)(const ak_rfft *t, const ak_real *gain, const ak_real *bins, ak_real *x)
{
    cvec *b = (cvec *)(void *)x;
    const ak_lanes *lanes = &t->lanes;
    const v_real scale = v_set1(1 / (ak_real)t->n);
    const int last = lanes->passes - 1;
    if (last == 0) {
        pack_pass(t, bins, b);
    } else {
        run_pack_first(lanes->radix[0], t, bins, b);
        run_blocks(lanes, last - 1, b, 0, lanes->radix[last]);
    }
    run_last(lanes->radix[last], b, lanes->twiddle[last], scale, gain, lanes->length[last]);
}

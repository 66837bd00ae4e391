/* The forward real FFT over frames in lanes: see rfft.h. */
#include "passes.h"

/* Where pass 0 finds its input. gain NULL: the samples in their order. */
typedef struct source {
    const ak_real *samples;
    const int32_t *offset;
    const ak_real *gain;
    ak_ahead *ahead;
    const int32_t *order; /* ak_lanes's */
    ptrdiff_t step;       /* points from input to input of a block */
} source;

/* The inputs of a block of pass 0. */
typedef struct framed {
    const ak_real *samples;
    const int32_t *offset;
    const ak_real *gain;
} framed;

AK_INLINE cvec c_windowed(const void *from, int j)
{
    const framed *f = from;
    return (cvec){v_load(f->samples + f->offset[2 * j]) * v_set1(f->gain[2 * j]),
                  v_load(f->samples + f->offset[2 * j + 1]) * v_set1(f->gain[2 * j + 1])};
}

/* Pass 0 on `count` blocks from point `place` on: gathers R points, windows them, transforms them. */
AK_INLINE void first_pass(const int R, cvec *b, const source *from, int place, int count)
{
    const int32_t *offset = from->offset + 2 * place;
    const ak_real *gain = from->gain + 2 * place;
    for (b += place; count > 0; count--, b += R, offset += 2 * R, gain += 2 * R) {
        cvec x[AK_MAX_RADIX];
        const framed f = {from->samples, offset, gain};
        if (from->ahead) fetch(from->ahead, R);
        dft_of(R, x, c_windowed, &f);
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) b[t] = x[t];
    }
}

/* The same of samples in their order, which are no window's: the points of a block are a step apart. */
AK_INLINE void first_plain_pass(const int R, cvec *b, const source *from, int place, int count)
{
    const int32_t *order = from->order + place;
    steps p = steps_of(from->step);
    for (b += place; count > 0; count--, b += R, order += R) {
        cvec x[AK_MAX_RADIX];
        steps_from(R, &p, from->samples, *order);
        dft_of(R, x, c_step, &p);
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) b[t] = x[t];
    }
}

/* Where bins go from k on: complex ones to `points`, others to `values`. */
typedef struct bins_at {
    cvec *points;
    v_real *values;
} bins_at;

AK_INLINE bins_at bins_from(const ak_bins kind, bins_at to, ptrdiff_t k)
{
    return (bins_at){to.points + k, kind == AK_BINS_COMPLEX ? NULL : to.values + k};
}

AK_INLINE void emit(const ak_bins kind, bins_at to, ptrdiff_t k, cvec x)
{
    if (kind == AK_BINS_COMPLEX)
        to.points[k] = x;
    else if (kind == AK_BINS_POWER)
        to.values[k] = v_fma(x.r, x.r, x.i * x.i);
    else
        to.values[k] = v_sqrt(v_fma(x.r, x.r, x.i * x.i));
}

/* Bin i of `low` and its mirror image, j of `high`, from halves of their points z and y of the complex
 * transform: the even part is z + conj(y), the odd part -i (z - conj(y)). */
AK_INLINE void unpack(const ak_bins kind, bins_at low, ptrdiff_t i, bins_at high, ptrdiff_t j, cvec z, cvec y,
                      const ak_real *w)
{
    cvec even = {z.r + y.r, z.i - y.i};
    cvec odd = c_twiddle((cvec){z.i + y.i, y.r - z.r}, w);
    emit(kind, low, i, c_add(even, odd));
    emit(kind, high, j, (cvec){even.r - odd.r, odd.i - even.i});
}

AK_INLINE void unpack_edges(const ak_bins kind, bins_at to, ptrdiff_t size, cvec z)
{
    v_real zero = {0}, twice_r = z.r + z.r, twice_i = z.i + z.i;
    emit(kind, to, 0, (cvec){twice_r + twice_i, zero});
    emit(kind, to, size, (cvec){twice_r - twice_i, zero});
}

/* The last combination and the unpacking: column k holds points k + q length, column length - k their
 * mirror images, so the two are transformed together and leave as finished bins. w: rfft.h's ends. */
AK_INLINE void last_pass(const int R, const ak_bins kind, cvec *b, v_real *bins, const ak_real *w,
                         ptrdiff_t length)
{
    const v_real half = v_const(0.5);
    cvec x[AK_MAX_RADIX], y[AK_MAX_RADIX];
    bins_at low = {b, bins}, high = bins_from(kind, low, length);
    load_first_scaled_column(R, x, b, half, length);
    unpack_edges(kind, low, R * length, x[0]);
    AK_UNROLL(16)
    for (int q = 1; q <= R / 2; q++)
        unpack(kind, low, q * length, low, (R - q) * length, x[q], x[R - q], w + 2 * q);

    for (ptrdiff_t k = 1; k < (length + 1) / 2; k++) {
        low = bins_from(kind, low, 1);
        high = bins_from(kind, high, -1);
        w += AK_END(R);
        load_scaled_column(R, x, low.points, w + 2 * R, half, length);
        load_scaled_column(R, y, high.points, w + 4 * R - 2, half, length);
        AK_UNROLL(16)
        for (int q = 0; q < R; q++)
            unpack(kind, low, q * length, high, (R - 1 - q) * length, x[q], y[R - 1 - q], w + 2 * q);
    }
    if (length % 2 == 0) {
        low = bins_from(kind, low, 1);
        w += AK_END(R);
        load_scaled_column(R, x, low.points, w + 2 * R, half, length);
        AK_UNROLL(16)
        for (int q = 0; q < (R + 1) / 2; q++)
            unpack(kind, low, q * length, low, (R - 1 - q) * length, x[q], x[R - 1 - q], w + 2 * q);
    }
}

/* The unpacking alone, after a transform of a single pass. */
AK_INLINE void unpack_pass(const ak_bins kind, cvec *b, v_real *bins, const ak_real *w, ptrdiff_t size)
{
    const v_real half = v_const(0.5);
    const bins_at to = {b, bins};
    cvec z = c_scale(b[0], half);
    for (ptrdiff_t k = 1; k <= size / 2; k++)
        unpack(kind, to, k, to, size - k, c_scale(b[k], half), c_scale(b[size - k], half), w + 2 * k);
    unpack_edges(kind, to, size, z);
}

/* One function per radix, so that each is compiled with constants. 10 and 16 are no last radix: it holds two
 * columns. */
#define DEFINE_FIRST(R)                                                                                      \
    static void first_##R(cvec *b, const source *from, int place, int count)                                 \
    {                                                                                                        \
        if (from->gain)                                                                                      \
            first_pass(R, b, from, place, count);                                                            \
        else                                                                                                 \
            first_plain_pass(R, b, from, place, count);                                                      \
    }
#define DEFINE_INNER(R)                                                                                      \
    DEFINE_FIRST(R)                                                                                          \
    static void middle_##R(cvec *b, const ak_real *w, ptrdiff_t length)                                      \
    {                                                                                                        \
        middle_pass(R, b, w, length);                                                                        \
    }
#define DEFINE_PASSES(R)                                                                                     \
    DEFINE_INNER(R)                                                                                          \
    static void last_##R(ak_bins kind, cvec *b, v_real *bins, const ak_real *w, ptrdiff_t length)            \
    {                                                                                                        \
        if (kind == AK_BINS_COMPLEX)                                                                         \
            last_pass(R, AK_BINS_COMPLEX, b, bins, w, length);                                               \
        else if (kind == AK_BINS_POWER)                                                                      \
            last_pass(R, AK_BINS_POWER, b, bins, w, length);                                                 \
        else                                                                                                 \
            last_pass(R, AK_BINS_MAGNITUDE, b, bins, w, length);                                             \
    }
DEFINE_FIRST(1)
DEFINE_PASSES(2)
DEFINE_PASSES(3)
DEFINE_PASSES(4)
DEFINE_PASSES(5)
DEFINE_PASSES(7)
DEFINE_PASSES(8)
DEFINE_INNER(10)
DEFINE_INNER(16)

static void run_first(int radix, cvec *b, const source *from, int place, int count)
{
    switch (radix) {
    case 1:
        first_1(b, from, place, count);
        break;
    case 2:
        first_2(b, from, place, count);
        break;
    case 3:
        first_3(b, from, place, count);
        break;
    case 4:
        first_4(b, from, place, count);
        break;
    case 5:
        first_5(b, from, place, count);
        break;
    case 7:
        first_7(b, from, place, count);
        break;
    case 8:
        first_8(b, from, place, count);
        break;
    case 10:
        first_10(b, from, place, count);
        break;
    default:
        first_16(b, from, place, count);
        break;
    }
}

void AK_NAME(ak_middle_pass)(int radix, cvec *b, const ak_real *w, int length)
{
    switch (radix) {
    case 2:
        middle_2(b, w, length);
        break;
    case 3:
        middle_3(b, w, length);
        break;
    case 4:
        middle_4(b, w, length);
        break;
    case 5:
        middle_5(b, w, length);
        break;
    case 7:
        middle_7(b, w, length);
        break;
    case 8:
        middle_8(b, w, length);
        break;
    case 10:
        middle_10(b, w, length);
        break;
    default:
        middle_16(b, w, length);
        break;
    }
}

/* `count` finished blocks of passes 0 .. q, from `place` on. Depth first: a block stays in the cache until it
 * is combined. */
static void run_blocks(const ak_lanes *t, int q, cvec *b, const source *from, int place, int count)
{
    if (q == 0) {
        run_first(t->radix[0], b, from, place, count);
        return;
    }
    int block = t->length[q] * t->radix[q];
    for (; count > 0; count--, place += block) {
        run_blocks(t, q - 1, b, from, place, t->radix[q]);
        AK_NAME(ak_middle_pass)(t->radix[q], b + place, t->twiddle[q], t->length[q]);
    }
}

void AK_NAME(ak_halves_forward)(const ak_rfft *t, ak_bins kind, const ak_real *samples, const int32_t *offset,
                                const ak_real *gain, ak_real *work, ak_real *bins, ak_ahead *ahead)
{
    cvec *b = (cvec *)(void *)work;
    v_real *out = (v_real *)(void *)bins;
    const ptrdiff_t step = t->size / t->lanes.radix[0];
    const source from = {samples, offset, gain, ahead, t->lanes.order, step};
    int last = t->lanes.passes - 1, length = t->lanes.length[last];
    if (last == 0) {
        run_first(t->lanes.radix[0], b, &from, 0, 1);
        if (kind == AK_BINS_COMPLEX)
            unpack_pass(AK_BINS_COMPLEX, b, out, t->ends, t->size);
        else if (kind == AK_BINS_POWER)
            unpack_pass(AK_BINS_POWER, b, out, t->ends, t->size);
        else
            unpack_pass(AK_BINS_MAGNITUDE, b, out, t->ends, t->size);
        return;
    }
    run_blocks(&t->lanes, last - 1, b, &from, 0, t->lanes.radix[last]);
    switch (t->lanes.radix[last]) {
    case 2:
        last_2(kind, b, out, t->ends, length);
        break;
    case 3:
        last_3(kind, b, out, t->ends, length);
        break;
    case 4:
        last_4(kind, b, out, t->ends, length);
        break;
    case 5:
        last_5(kind, b, out, t->ends, length);
        break;
    case 7:
        last_7(kind, b, out, t->ends, length);
        break;
    default:
        last_8(kind, b, out, t->ends, length);
        break;
    }
}

/* The forward real FFT over frames in lanes: see rfft.h. */
#include "passes.h"

/* Pass 0 on `count` blocks: gathers R points, windows them, transforms them. */
AK_INLINE void first_pass(const int R, const int windowed, cvec *b, const float *samples,
                          const int32_t *offset, const float *gain, int count, ak_ahead *ahead)
{
    const v_f32 half = v_set1(0.5f);
    for (; count > 0; count--, b += R, offset += 2 * R) {
        cvec x[AK_MAX_RADIX];
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) {
            x[t].r = v_load(samples + offset[2 * t]) * (windowed ? v_set1(gain[2 * t]) : half);
            x[t].i = v_load(samples + offset[2 * t + 1]) * (windowed ? v_set1(gain[2 * t + 1]) : half);
        }
        if (windowed) gain += 2 * R;
        if (ahead) fetch(ahead, R);
        dft(R, x);
        AK_UNROLL(16)
        for (int t = 0; t < R; t++) b[t] = x[t];
    }
}

AK_INLINE void emit(const ak_bins kind, cvec *b, v_f32 *bins, ptrdiff_t k, cvec x)
{
    if (kind == AK_BINS_COMPLEX)
        b[k] = x;
    else if (kind == AK_BINS_POWER)
        bins[k] = v_fma(x.r, x.r, x.i * x.i);
    else
        bins[k] = v_sqrt(v_fma(x.r, x.r, x.i * x.i));
}

/* Bins k and size - k of the real signal from points k and size - k of the complex transform. The even part
 * is z + conj(y), the odd part -i (z - conj(y)); their halving is in the gain. */
AK_INLINE void unpack(const ak_bins kind, cvec *b, v_f32 *bins, ptrdiff_t size, ptrdiff_t k, cvec z, cvec y,
                      const float *w)
{
    cvec even = {z.r + y.r, z.i - y.i};
    cvec odd = c_twiddle((cvec){z.i + y.i, y.r - z.r}, w + 2 * k);
    emit(kind, b, bins, k, c_add(even, odd));
    emit(kind, b, bins, size - k, (cvec){even.r - odd.r, odd.i - even.i});
}

AK_INLINE void unpack_edges(const ak_bins kind, cvec *b, v_f32 *bins, ptrdiff_t size, cvec z)
{
    v_f32 zero = {0}, twice_r = z.r + z.r, twice_i = z.i + z.i;
    emit(kind, b, bins, 0, (cvec){twice_r + twice_i, zero});
    emit(kind, b, bins, size, (cvec){twice_r - twice_i, zero});
}

/* The last combination and the unpacking: column k holds points k + q length, column length - k their
 * mirror images, so the two are transformed together and leave as finished bins. */
AK_INLINE void last_pass(const int R, const ak_bins kind, cvec *b, v_f32 *bins, const float *w,
                         ptrdiff_t length, const float *turn)
{
    const ptrdiff_t size = R * length;
    cvec x[AK_MAX_RADIX], y[AK_MAX_RADIX];
    load_first_column(R, x, b, length);
    unpack_edges(kind, b, bins, size, x[0]);
    AK_UNROLL(16)
    for (int q = 1; q <= R / 2; q++) unpack(kind, b, bins, size, q * length, x[q], x[R - q], turn);

    for (ptrdiff_t k = 1; k < (length + 1) / 2; k++) {
        load_column(R, x, b, w, length, k);
        load_column(R, y, b, w, length, length - k);
        AK_UNROLL(16)
        for (int q = 0; q < R; q++) unpack(kind, b, bins, size, k + q * length, x[q], y[R - 1 - q], turn);
    }
    if (length % 2 == 0) {
        ptrdiff_t k = length / 2;
        load_column(R, x, b, w, length, k);
        AK_UNROLL(16)
        for (int q = 0; q < (R + 1) / 2; q++)
            unpack(kind, b, bins, size, k + q * length, x[q], x[R - 1 - q], turn);
    }
}

/* The unpacking alone, after a transform of a single pass. */
AK_INLINE void unpack_pass(const ak_bins kind, cvec *b, v_f32 *bins, ptrdiff_t size, const float *turn)
{
    cvec z = b[0];
    for (ptrdiff_t k = 1; k <= size / 2; k++) unpack(kind, b, bins, size, k, b[k], b[size - k], turn);
    unpack_edges(kind, b, bins, size, z);
}

/* One function per radix, so that each is compiled with constants. 10 and 16 are no last radix: it holds two
 * columns. */
#define DEFINE_INNER(R)                                                                                      \
    static void first_##R(cvec *b, const float *samples, const int32_t *offset, const float *gain,           \
                          int count, ak_ahead *ahead)                                                        \
    {                                                                                                        \
        if (gain)                                                                                            \
            first_pass(R, 1, b, samples, offset, gain, count, ahead);                                        \
        else                                                                                                 \
            first_pass(R, 0, b, samples, offset, NULL, count, ahead);                                        \
    }                                                                                                        \
    static void middle_##R(cvec *b, const float *w, ptrdiff_t length)                                        \
    {                                                                                                        \
        middle_pass(R, b, w, length);                                                                        \
    }
#define DEFINE_PASSES(R)                                                                                     \
    DEFINE_INNER(R)                                                                                          \
    static void last_##R(ak_bins kind, cvec *b, v_f32 *bins, const float *w, ptrdiff_t length,               \
                         const float *turn)                                                                  \
    {                                                                                                        \
        if (kind == AK_BINS_COMPLEX)                                                                         \
            last_pass(R, AK_BINS_COMPLEX, b, bins, w, length, turn);                                         \
        else if (kind == AK_BINS_POWER)                                                                      \
            last_pass(R, AK_BINS_POWER, b, bins, w, length, turn);                                           \
        else                                                                                                 \
            last_pass(R, AK_BINS_MAGNITUDE, b, bins, w, length, turn);                                       \
    }
DEFINE_PASSES(2)
DEFINE_PASSES(3)
DEFINE_PASSES(4)
DEFINE_PASSES(5)
DEFINE_PASSES(7)
DEFINE_PASSES(8)
DEFINE_INNER(10)
DEFINE_INNER(16)

static void first_1(cvec *b, const float *samples, const int32_t *offset, const float *gain, int count,
                    ak_ahead *ahead)
{
    if (gain)
        first_pass(1, 1, b, samples, offset, gain, count, ahead);
    else
        first_pass(1, 0, b, samples, offset, NULL, count, ahead);
}

typedef struct source {
    const float *samples;
    const int32_t *offset;
    const float *gain;
    ak_ahead *ahead;
} source;

static void run_first(int radix, cvec *b, source from, int place, int count)
{
    const int32_t *offset = from.offset + 2 * place;
    const float *gain = from.gain ? from.gain + 2 * place : NULL;
    switch (radix) {
    case 1:
        first_1(b, from.samples, offset, gain, count, from.ahead);
        break;
    case 2:
        first_2(b, from.samples, offset, gain, count, from.ahead);
        break;
    case 3:
        first_3(b, from.samples, offset, gain, count, from.ahead);
        break;
    case 4:
        first_4(b, from.samples, offset, gain, count, from.ahead);
        break;
    case 5:
        first_5(b, from.samples, offset, gain, count, from.ahead);
        break;
    case 7:
        first_7(b, from.samples, offset, gain, count, from.ahead);
        break;
    case 8:
        first_8(b, from.samples, offset, gain, count, from.ahead);
        break;
    case 10:
        first_10(b, from.samples, offset, gain, count, from.ahead);
        break;
    default:
        first_16(b, from.samples, offset, gain, count, from.ahead);
        break;
    }
}

static void run_middle(int radix, cvec *b, const float *w, int length)
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
static void run_blocks(const ak_lanes *t, int q, cvec *b, source from, int place, int count)
{
    if (q == 0) {
        run_first(t->radix[0], b + place, from, place, count);
        return;
    }
    int block = t->length[q] * t->radix[q];
    for (; count > 0; count--, place += block) {
        run_blocks(t, q - 1, b, from, place, t->radix[q]);
        run_middle(t->radix[q], b + place, t->twiddle[q], t->length[q]);
    }
}

void AK_NAME(ak_halves_forward)(const ak_rfft *t, ak_bins kind, const float *samples, const int32_t *offset,
                                const float *gain, float *work, float *bins, ak_ahead *ahead)
{
    cvec *b = (cvec *)(void *)work;
    v_f32 *out = (v_f32 *)(void *)bins;
    source from = {samples, offset, gain, ahead};
    int last = t->lanes.passes - 1, length = t->lanes.length[last];
    const float *w = t->lanes.twiddle[last];
    if (last == 0) {
        run_first(t->lanes.radix[0], b, from, 0, 1);
        if (kind == AK_BINS_COMPLEX)
            unpack_pass(AK_BINS_COMPLEX, b, out, t->size, t->unpack);
        else if (kind == AK_BINS_POWER)
            unpack_pass(AK_BINS_POWER, b, out, t->size, t->unpack);
        else
            unpack_pass(AK_BINS_MAGNITUDE, b, out, t->size, t->unpack);
        return;
    }
    run_blocks(&t->lanes, last - 1, b, from, 0, t->lanes.radix[last]);
    switch (t->lanes.radix[last]) {
    case 2:
        last_2(kind, b, out, w, length, t->unpack);
        break;
    case 3:
        last_3(kind, b, out, w, length, t->unpack);
        break;
    case 4:
        last_4(kind, b, out, w, length, t->unpack);
        break;
    case 5:
        last_5(kind, b, out, w, length, t->unpack);
        break;
    case 7:
        last_7(kind, b, out, w, length, t->unpack);
        break;
    default:
        last_8(kind, b, out, w, length, t->unpack);
        break;
    }
}

void AK_NAME(ak_lanes_to_natural)(const ak_lanes *t, cvec *b)
{
    if (t->size == 1) return;
    for (int q = 0; q < t->passes; q++) {
        int block = t->length[q] * t->radix[q];
        for (int place = 0; place < t->size; place += block)
            run_middle(t->radix[q], b + place, t->twiddle[q], t->length[q]);
    }
}

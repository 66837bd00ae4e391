/* The forward real FFT in rows and columns: see columns.h. */
#include "passes.h"

/* The even bins of the real DFT of 16 points, of which the sums s of those 8 apart are given. x[0]: bins 0
 * and 8, which are real; x[1], x[2], x[3]: bins 14, 4 and 6. */
AK_INLINE void dft16_even(const v_f32 *s, cvec *x)
{
    const v_f32 h = v_set1(0.70710678118654752f);
    v_f32 a0 = s[0] + s[4], a1 = s[1] + s[5], a2 = s[2] + s[6], a3 = s[3] + s[7];
    v_f32 b0 = s[0] - s[4], b1 = s[1] - s[5], b2 = s[2] - s[6], b3 = s[3] - s[7];
    v_f32 even = a0 + a2, odd = a1 + a3, less = b1 - b3, more = b1 + b3;
    x[0] = (cvec){even + odd, even - odd};
    x[1] = (cvec){v_fma(h, less, b0), v_fma(h, more, b2)};
    x[2] = (cvec){a0 - a2, a3 - a1};
    x[3] = (cvec){v_fnma(h, less, b0), v_fnma(h, more, b2)};
}

/* The odd bins, of the differences d: a complex DFT of (d[j] - i d[j + 4]) W16^j. x: bins 15, 3, 11 and 7. */
AK_INLINE void dft16_odd(const v_f32 *d, cvec *x)
{
    const v_f32 h = v_set1(0.70710678118654752f), c = v_set1(0.92387953251128676f),
                s = v_set1(0.38268343236508977f);
    v_f32 p = d[2] - d[6], q = d[2] + d[6]; /* turned, h (p - i q) */
    cvec e = {v_fma(h, p, d[0]), v_fma(h, q, d[4])}, f = {v_fnma(h, p, d[0]), v_fnma(h, q, d[4])};
    cvec z1 = {v_fms(c, d[1], s * d[5]), v_fma(c, d[5], s * d[1])}; /* these four are conjugates */
    cvec z3 = {v_fms(s, d[3], c * d[7]), v_fma(s, d[7], c * d[3])};
    cvec g = c_add(z1, z3), o = c_sub(z1, z3);
    x[0] = c_add(e, g);
    x[1] = (cvec){f.r + o.i, f.i - o.r};
    x[2] = (cvec){f.r - o.i, f.i + o.r};
    x[3] = c_sub(e, g);
}

AK_INLINE void emit_at(const ak_bins kind, float *bins, ptrdiff_t at, cvec x)
{
    v_f32 power = v_fma(x.r, x.r, x.i * x.i);
    *(v_f32 *)(void *)(bins + at) = kind == AK_BINS_POWER ? power : v_sqrt(power);
}

/* The last pass over a column, whose points leave as bins. */
AK_INLINE void last_pass(const int R, const ak_bins kind, const cvec *b, const float *w, ptrdiff_t length,
                         const int32_t *bin, float *bins)
{
    for (ptrdiff_t k = 0; k < length; k++) {
        cvec x[AK_MAX_RADIX];
        if (k == 0)
            dft_column(R, x, b, length);
        else
            load_column(R, x, b, w, length, k);
        AK_UNROLL(16)
        for (int j = 0; j < R; j++) emit_at(kind, bins, bin[k + j * length], x[j]);
    }
}

/* The real columns of an odd M, transformed as C0 + i C8. */
AK_INLINE void unpack_odd(const ak_bins kind, const ak_columns *t, const cvec *b, float *bins)
{
    const v_f32 half = v_set1(0.5f), zero = {0};
    const ptrdiff_t size = t->size;
    emit_at(kind, bins, 0, (cvec){b[0].r, zero});
    emit_at(kind, bins, 8 * size * AK_W, (cvec){b[0].i, zero});
    for (ptrdiff_t q = 1; q <= size / 2; q++) {
        cvec z = {half * b[q].r, half * b[q].i}, y = b[size - q];
        emit_at(kind, bins, t->bin[q], (cvec){v_fma(half, y.r, z.r), v_fnma(half, y.i, z.i)});
        emit_at(kind, bins, t->bin[size - q], (cvec){v_fma(half, y.i, z.i), v_fms(half, y.r, z.r)});
    }
}

/* Column 0 of an even M, from the complex transform of half as many points. */
AK_INLINE void unpack_even(const ak_bins kind, const ak_columns *t, const cvec *b, float *bins)
{
    const v_f32 half = v_set1(0.5f), zero = {0};
    const ptrdiff_t points = t->size / 2, step = 16 * AK_W;
    emit_at(kind, bins, 0, (cvec){b[0].r + b[0].i, zero});
    emit_at(kind, bins, points * step, (cvec){b[0].r - b[0].i, zero});
    for (ptrdiff_t q = 1; q <= points / 2; q++) {
        cvec z = b[q], y = b[points - q];
        cvec twice = {z.r + y.r, z.i - y.i};
        cvec odd = c_twiddle((cvec){z.i + y.i, y.r - z.r}, t->unpack + 2 * q);
        emit_at(kind, bins, q * step, (cvec){v_fma(half, twice.r, odd.r), v_fma(half, twice.i, odd.i)});
        emit_at(kind, bins, (points - q) * step,
                (cvec){v_fms(half, twice.r, odd.r), v_fms(half, twice.i, odd.i)});
    }
}

/* One function per radix, so that each is compiled with constants. */
#define DEFINE_PASSES(R)                                                                                     \
    static void first_##R(cvec *b, ptrdiff_t step, int count)                                                \
    {                                                                                                        \
        for (; count > 0; count--, b += step) middle_pass(R, b, NULL, 1);                                    \
    }                                                                                                        \
    static void middle_##R(cvec *b, const float *w, ptrdiff_t length)                                        \
    {                                                                                                        \
        middle_pass(R, b, w, length);                                                                        \
    }                                                                                                        \
    static void last_##R(ak_bins kind, const cvec *b, const float *w, ptrdiff_t length, const int32_t *bin,  \
                         float *bins)                                                                        \
    {                                                                                                        \
        if (kind == AK_BINS_POWER)                                                                           \
            last_pass(R, AK_BINS_POWER, b, w, length, bin, bins);                                            \
        else                                                                                                 \
            last_pass(R, AK_BINS_MAGNITUDE, b, w, length, bin, bins);                                        \
    }
DEFINE_PASSES(2)
DEFINE_PASSES(3)
DEFINE_PASSES(4)
DEFINE_PASSES(5)
DEFINE_PASSES(7)
DEFINE_PASSES(8)
DEFINE_PASSES(16)

static const struct pass {
    void (*first)(cvec *b, ptrdiff_t step, int count); /* of `count` blocks `step` apart */
    void (*middle)(cvec *b, const float *w, ptrdiff_t length);
    void (*last)(ak_bins kind, const cvec *b, const float *w, ptrdiff_t length, const int32_t *bin,
                 float *bins);
} passes[] = {
    [2] = {first_2, middle_2, last_2},     [3] = {first_3, middle_3, last_3},
    [4] = {first_4, middle_4, last_4},     [5] = {first_5, middle_5, last_5},
    [7] = {first_7, middle_7, last_7},     [8] = {first_8, middle_8, last_8},
    [16] = {first_16, middle_16, last_16},
};

/* Passes from `first` to before `end`, in place. */
static void run_passes(const ak_lanes *t, int first, int end, cvec *b)
{
    for (int q = first; q < end; q++) {
        const int radix = t->radix[q], block = radix * t->length[q];
        if (q == 0) passes[radix].first(b, radix, t->size / radix);
        for (int at = 0; q > 0 && at < t->size; at += block)
            passes[radix].middle(b + at, t->twiddle[q], t->length[q]);
    }
}

/* The passes from `first` on; the last one's points leave as bins. */
static void run_column(const ak_lanes *t, int first, ak_bins kind, cvec *b, const int32_t *bin, float *bins)
{
    const int last = t->passes - 1;
    run_passes(t, first, last, b);
    passes[t->radix[last]].last(kind, b, t->twiddle[last], t->length[last], bin, bins);
}

AK_INLINE void run_pair(const ak_bins kind, const ak_columns *t, int first, cvec *b, float *bins)
{
    if (t->size % 2) {
        run_passes(&t->whole, first, t->whole.passes, b);
        unpack_odd(kind, t, b, bins);
        return;
    }
    run_passes(&t->half, 0, t->half.passes, b);
    unpack_even(kind, t, b, bins);
    b += t->size / 2;
    for (ptrdiff_t m = 0; m < t->size / 2; m++) b[m] = c_twiddle((cvec){b[m].r, -b[m].i}, t->shift + 2 * m);
    run_column(&t->half, 0, kind, b, t->bin, bins);
}

AK_INLINE void load_row(const float *samples, const int32_t *offset, const float *gain, v_f32 *sum,
                        v_f32 *difference)
{
    AK_UNROLL(8)
    for (int j = 0; j < 8; j++) {
        v_f32 near = v_load(samples + offset[j]), by = v_set1(gain[j]);
        v_f32 far = v_load(samples + offset[j + 8]) * v_set1(gain[j + 8]);
        sum[j] = v_fma(near, by, far);
        difference[j] = v_fms(near, by, far);
    }
}

/* All rows, to a point of each column. even: M is. As soon as there are the points of a block of the columns'
 * first pass, it is transformed: it is still in the first-level cache. Returns how many passes are done. */
AK_INLINE int transform_rows(const ak_columns *t, const int even, cvec *columns, const float *samples,
                             const int32_t *offset, const float *gain, ak_ahead *ahead)
{
    const ptrdiff_t pitch = t->pitch, size = t->size;
    const int done = t->whole.passes > 1;
    const ptrdiff_t radix = done ? t->whole.radix[0] : size;
    const int32_t *pair = t->pair;
    const float *turn = t->turn;
    v_f32 *real = (v_f32 *)(void *)columns;
    for (ptrdiff_t block = 0; block < size; block += radix) {
        cvec *b = columns + block;
        for (ptrdiff_t row = 0; row < radix; row++, b++, offset += 16, gain += 16, pair += 2) {
            v_f32 sum[8], difference[8];
            cvec x[4];
            load_row(samples, offset, gain, sum, difference);
            if (ahead) fetch(ahead, 8);
            dft16_even(sum, x);
            real[pair[0]] = x[0].r;
            real[pair[1]] = x[0].i;
            AK_UNROLL(4)
            for (int i = 1; i < 4; i++) b[2 * i * pitch] = even ? c_twiddle(x[i], turn + 4 * i - 2) : x[i];
            dft16_odd(difference, x);
            AK_UNROLL(4)
            for (int i = 0; i < 4; i++) b[(2 * i + 1) * pitch] = even ? c_twiddle(x[i], turn + 4 * i) : x[i];
            if (even) turn += 14;
        }
        if (done) passes[radix].first(columns + block + even * pitch, pitch, 8 - even);
    }
    return done;
}

void AK_NAME(ak_columns_forward)(const ak_columns *t, ak_bins kind, const float *samples,
                                 const int32_t *offset, const float *gain, float *work, float *bins,
                                 ak_ahead *ahead)
{
    cvec *columns = (cvec *)(void *)work;
    int done = t->size % 2 ? transform_rows(t, 0, columns, samples, offset, gain, ahead)
                           : transform_rows(t, 1, columns, samples, offset, gain, ahead);
    if (kind == AK_BINS_POWER)
        run_pair(AK_BINS_POWER, t, done, columns, bins);
    else
        run_pair(AK_BINS_MAGNITUDE, t, done, columns, bins);
    for (int c = 1; c < 8; c++)
        run_column(&t->whole, done, kind, columns + c * t->pitch, t->bin + c * t->size, bins);
}

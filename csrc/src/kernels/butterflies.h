/* Discrete Fourier transforms of 2, 3, 4, 5, 7, 8, 10 and 16 complex numbers in registers, natural order,
 * forward sign: x[k] <- sum over j of input[j] exp(-2 pi i j k / R). */
#ifndef AK_BUTTERFLIES_H
#define AK_BUTTERFLIES_H

#include "kernels/real.h"

#define AK_MAX_RADIX 16

typedef struct cvec {
    v_real r, i;
} cvec;

AK_INLINE cvec c_add(cvec a, cvec b)
{
    return (cvec){a.r + b.r, a.i + b.i};
}

AK_INLINE cvec c_sub(cvec a, cvec b)
{
    return (cvec){a.r - b.r, a.i - b.i};
}

AK_INLINE cvec c_scale(cvec a, v_real by)
{
    return (cvec){a.r * by, a.i * by};
}

AK_INLINE cvec c_mul(cvec a, v_real wr, v_real wi)
{
    return (cvec){v_fms(a.r, wr, a.i * wi), v_fma(a.r, wi, a.i * wr)};
}

/* a times the complex number at w, the same for all lanes */
AK_INLINE cvec c_twiddle(cvec a, const ak_real *w)
{
    return c_mul(a, v_set1(w[0]), v_set1(w[1]));
}

AK_INLINE cvec c_minus_i(cvec a) /* a times -i */
{
    return (cvec){a.i, -a.r};
}

/* How a butterfly gets its input j. It asks when it needs it: all inputs at the start would not fit the 16
 * registers that AVX2 has, and GCC does not move a load of its own accord. The function must be AK_INLINE,
 * and the outputs may be where the inputs were. */
typedef cvec (*cvec_input)(const void *from, int j);

AK_INLINE cvec c_at(const void *from, int j)
{
    return ((const cvec *)from)[j];
}

AK_INLINE void dft2_of(cvec *x, cvec_input in, const void *from)
{
    cvec a = in(from, 0), b = in(from, 1);
    x[0] = c_add(a, b);
    x[1] = c_sub(a, b);
}

AK_INLINE void dft3_of(cvec *x, cvec_input in, const void *from)
{
    const v_real s = v_const(0.86602540378443865), half = v_const(0.5);
    cvec p = in(from, 1), q = in(from, 2);
    cvec sum = c_add(p, q), d = c_sub(p, q), first = in(from, 0);
    cvec m = {v_fnma(half, sum.r, first.r), v_fnma(half, sum.i, first.i)};
    x[0] = c_add(first, sum);
    x[1] = (cvec){v_fma(s, d.i, m.r), v_fnma(s, d.r, m.i)};
    x[2] = (cvec){v_fnma(s, d.i, m.r), v_fma(s, d.r, m.i)};
}

/* Inputs 0, `step` ... 3 `step`, from `first` on. */
AK_INLINE void dft4_of(cvec *x, cvec_input in, const void *from, int first, int step)
{
    cvec p = in(from, first), q = in(from, first + 2 * step);
    cvec a = c_add(p, q), b = c_sub(p, q);
    cvec u = in(from, first + step), v = in(from, first + 3 * step);
    cvec c = c_add(u, v), d = c_sub(u, v);
    x[0] = c_add(a, c);
    x[2] = c_sub(a, c);
    x[1] = (cvec){b.r + d.i, b.i - d.r};
    x[3] = (cvec){b.r - d.i, b.i + d.r};
}

/* The larger sine is left out of n1 and n2 and rides on the last FMA. */
AK_INLINE void dft5_of(cvec *x, cvec_input in, const void *from)
{
    const v_real quarter = v_const(0.25), c = v_const(0.55901699437494742); /* sqrt(5) / 4 */
    const v_real s = v_const(0.95105651629515357),
                 ratio = v_const(0.61803398874989485); /* sin 2/5 pi, of 4/5 pi */
    cvec p = in(from, 1), q = in(from, 4), a1 = c_add(p, q), b1 = c_sub(p, q);
    cvec u = in(from, 2), v = in(from, 3), a2 = c_add(u, v), b2 = c_sub(u, v);
    cvec sum = c_add(a1, a2), d = c_sub(a1, a2), first = in(from, 0);
    cvec m = {v_fnma(quarter, sum.r, first.r), v_fnma(quarter, sum.i, first.i)};
    cvec m1 = {v_fma(c, d.r, m.r), v_fma(c, d.i, m.i)}, m2 = {v_fnma(c, d.r, m.r), v_fnma(c, d.i, m.i)};
    cvec n1 = {v_fma(ratio, b2.r, b1.r), v_fma(ratio, b2.i, b1.i)};
    cvec n2 = {v_fms(ratio, b1.r, b2.r), v_fms(ratio, b1.i, b2.i)};
    x[0] = c_add(first, sum);
    x[1] = (cvec){v_fma(s, n1.i, m1.r), v_fnma(s, n1.r, m1.i)};
    x[4] = (cvec){v_fnma(s, n1.i, m1.r), v_fma(s, n1.r, m1.i)};
    x[2] = (cvec){v_fma(s, n2.i, m2.r), v_fnma(s, n2.r, m2.i)};
    x[3] = (cvec){v_fnma(s, n2.i, m2.r), v_fma(s, n2.r, m2.i)};
}

/* Cosines meet the sums of mirrored inputs, sines their differences; of these the sine of 2 pi / 7 is left
 * out until the last FMA. */
AK_INLINE void dft7_of(cvec *x, cvec_input in, const void *from)
{
    const v_real c1 = v_const(0.62348980185873353), c2 = v_const(-0.22252093395631440);
    const v_real c3 = v_const(-0.90096886790241913), s = v_const(0.78183148246802981);
    const v_real r2 = v_const(1.24697960371746706),
                 r3 = v_const(0.55495813208737119); /* sin 4/7 pi, 6/7 pi */
    cvec y[7];
    AK_UNROLL(7)
    for (int j = 0; j < 7; j++) y[j] = in(from, j);
    cvec a1 = c_add(y[1], y[6]), a2 = c_add(y[2], y[5]), a3 = c_add(y[3], y[4]);
    cvec b1 = c_sub(y[1], y[6]), b2 = c_sub(y[2], y[5]), b3 = c_sub(y[3], y[4]);
    cvec m1 = {v_fma(c1, a1.r, v_fma(c2, a2.r, v_fma(c3, a3.r, y[0].r))),
               v_fma(c1, a1.i, v_fma(c2, a2.i, v_fma(c3, a3.i, y[0].i)))};
    cvec m2 = {v_fma(c2, a1.r, v_fma(c3, a2.r, v_fma(c1, a3.r, y[0].r))),
               v_fma(c2, a1.i, v_fma(c3, a2.i, v_fma(c1, a3.i, y[0].i)))};
    cvec m3 = {v_fma(c3, a1.r, v_fma(c1, a2.r, v_fma(c2, a3.r, y[0].r))),
               v_fma(c3, a1.i, v_fma(c1, a2.i, v_fma(c2, a3.i, y[0].i)))};
    cvec n1 = {v_fma(r2, b2.r, v_fma(r3, b3.r, b1.r)), v_fma(r2, b2.i, v_fma(r3, b3.i, b1.i))};
    cvec n2 = {v_fms(r2, b1.r, v_fma(r3, b2.r, b3.r)), v_fms(r2, b1.i, v_fma(r3, b2.i, b3.i))};
    cvec n3 = {v_fma(r3, b1.r, v_fms(r2, b3.r, b2.r)), v_fma(r3, b1.i, v_fms(r2, b3.i, b2.i))};
    x[0] = c_add(y[0], c_add(a1, c_add(a2, a3)));
    x[1] = (cvec){v_fma(s, n1.i, m1.r), v_fnma(s, n1.r, m1.i)};
    x[6] = (cvec){v_fnma(s, n1.i, m1.r), v_fma(s, n1.r, m1.i)};
    x[2] = (cvec){v_fma(s, n2.i, m2.r), v_fnma(s, n2.r, m2.i)};
    x[5] = (cvec){v_fnma(s, n2.i, m2.r), v_fma(s, n2.r, m2.i)};
    x[3] = (cvec){v_fma(s, n3.i, m3.r), v_fnma(s, n3.r, m3.i)};
    x[4] = (cvec){v_fnma(s, n3.i, m3.r), v_fma(s, n3.r, m3.i)};
}

/* The odd half is turned by W8^j while it is added: W8 = s (1 - i), so its sums come first and s rides on an
 * FMA. */
AK_INLINE void dft8_of(cvec *x, cvec_input in, const void *from)
{
    const v_real s = v_const(0.70710678118654752);
    cvec e[4], o[4];
    dft4_of(o, in, from, 1, 2);
    v_real p = o[1].r + o[1].i, q = o[1].i - o[1].r; /* W8   o[1] = s (p, q)  */
    v_real u = o[3].i - o[3].r, v = o[3].r + o[3].i; /* W8^3 o[3] = s (u, -v) */
    dft4_of(e, in, from, 0, 2);
    x[0] = c_add(e[0], o[0]);
    x[4] = c_sub(e[0], o[0]);
    x[1] = (cvec){v_fma(p, s, e[1].r), v_fma(q, s, e[1].i)};
    x[5] = (cvec){v_fnma(p, s, e[1].r), v_fnma(q, s, e[1].i)};
    x[2] = (cvec){e[2].r + o[2].i, e[2].i - o[2].r};
    x[6] = (cvec){e[2].r - o[2].i, e[2].i + o[2].r};
    x[3] = (cvec){v_fma(u, s, e[3].r), v_fnma(v, s, e[3].i)};
    x[7] = (cvec){v_fnma(u, s, e[3].r), v_fma(v, s, e[3].i)};
}

/* 2 x 5 by the prime factor algorithm (Good 1958): no twiddles, since 2 and 5 share no factor */
AK_INLINE void dft10_of(cvec *x, cvec_input in, const void *from)
{
    cvec a[5], b[5];
    AK_UNROLL(5)
    for (int i = 0; i < 5; i++) {
        cvec p = in(from, 2 * i), q = in(from, (2 * i + 5) % 10);
        a[i] = c_add(p, q);
        b[i] = c_sub(p, q);
    }
    dft5_of(a, c_at, a);
    dft5_of(b, c_at, b);
    x[0] = a[0], x[6] = a[1], x[2] = a[2], x[8] = a[3], x[4] = a[4];
    x[5] = b[0], x[1] = b[1], x[7] = b[2], x[3] = b[3], x[9] = b[4];
}

/* 4 x 4 */
AK_INLINE void dft16_of(cvec *x, cvec_input in, const void *from)
{
    const ak_real c = (ak_real)0.92387953251128676, s = (ak_real)0.38268343236508977;
    const ak_real h = (ak_real)0.70710678118654752;
    const ak_real turn[4][4][2] = {{{1, 0}, {1, 0}, {1, 0}, {1, 0}},
                                   {{1, 0}, {c, -s}, {h, -h}, {s, -c}},
                                   {{1, 0}, {h, -h}, {0, -1}, {-h, -h}},
                                   {{1, 0}, {s, -c}, {-h, -h}, {-c, s}}};
    cvec t[4][4];
    AK_UNROLL(4)
    for (int j = 0; j < 4; j++) {
        cvec y[4];
        dft4_of(y, in, from, j, 4);
        AK_UNROLL(4)
        for (int k = 0; k < 4; k++)
            t[j][k] = j == 0 || k == 0     ? y[k]
                      : (j == 2 && k == 2) ? c_minus_i(y[k])
                                           : c_twiddle(y[k], turn[j][k]);
    }
    AK_UNROLL(4)
    for (int k = 0; k < 4; k++) {
        cvec y[4] = {t[0][k], t[1][k], t[2][k], t[3][k]};
        dft4_of(y, c_at, y, 0, 1);
        AK_UNROLL(4)
        for (int q = 0; q < 4; q++) x[k + 4 * q] = y[q];
    }
}

/* R must be a constant where this is inlined. */
AK_INLINE void dft_of(const int R, cvec *x, cvec_input in, const void *from)
{
    if (R == 1)
        x[0] = in(from, 0);
    else if (R == 2)
        dft2_of(x, in, from);
    else if (R == 3)
        dft3_of(x, in, from);
    else if (R == 4)
        dft4_of(x, in, from, 0, 1);
    else if (R == 5)
        dft5_of(x, in, from);
    else if (R == 7)
        dft7_of(x, in, from);
    else if (R == 8)
        dft8_of(x, in, from);
    else if (R == 10)
        dft10_of(x, in, from);
    else if (R == 16)
        dft16_of(x, in, from);
}

/* A column of a pass: its points are `length` apart, w turns all but the first. */
typedef struct column {
    const cvec *b;
    ptrdiff_t length;
    const ak_real *w;
} column;

AK_INLINE cvec c_in_column(const void *from, int j)
{
    const column *c = from;
    return c->b[j * c->length];
}

AK_INLINE void dft_column(const int R, cvec *x, const cvec *b, ptrdiff_t length)
{
    const column c = {b, length, NULL};
    dft_of(R, x, c_in_column, &c);
}

/* In place. */
AK_INLINE void dft(const int R, cvec *x)
{
    dft_of(R, x, c_at, x);
}

#endif

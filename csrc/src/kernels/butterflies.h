/* Discrete Fourier transforms of 2, 3, 4, 5, 7, 8, 10 and 16 complex numbers in registers, in place, natural
 * order, forward sign: x[k] <- sum over j of x[j] exp(-2 pi i j k / R). */
#ifndef AK_BUTTERFLIES_H
#define AK_BUTTERFLIES_H

#include "simd.h"

#define AK_MAX_RADIX 16

typedef struct cvec {
    v_f32 r, i;
} cvec;

AK_INLINE cvec c_add(cvec a, cvec b)
{
    return (cvec){a.r + b.r, a.i + b.i};
}

AK_INLINE cvec c_sub(cvec a, cvec b)
{
    return (cvec){a.r - b.r, a.i - b.i};
}

AK_INLINE cvec c_mul(cvec a, v_f32 wr, v_f32 wi)
{
    return (cvec){v_fms(a.r, wr, a.i * wi), v_fma(a.r, wi, a.i * wr)};
}

/* a times the complex number at w, the same for all lanes */
AK_INLINE cvec c_twiddle(cvec a, const float *w)
{
    return c_mul(a, v_set1(w[0]), v_set1(w[1]));
}

AK_INLINE cvec c_minus_i(cvec a) /* a times -i */
{
    return (cvec){a.i, -a.r};
}

AK_INLINE void dft2(cvec *x)
{
    cvec a = x[0];
    x[0] = c_add(a, x[1]);
    x[1] = c_sub(a, x[1]);
}

AK_INLINE void dft3(cvec *x)
{
    const v_f32 s = v_set1(0.86602540378443865f), half = v_set1(0.5f);
    cvec sum = c_add(x[1], x[2]), d = c_sub(x[1], x[2]);
    cvec m = {v_fnma(half, sum.r, x[0].r), v_fnma(half, sum.i, x[0].i)};
    x[0] = c_add(x[0], sum);
    x[1] = (cvec){v_fma(s, d.i, m.r), v_fnma(s, d.r, m.i)};
    x[2] = (cvec){v_fnma(s, d.i, m.r), v_fma(s, d.r, m.i)};
}

AK_INLINE void dft4(cvec *x)
{
    cvec a = c_add(x[0], x[2]), b = c_sub(x[0], x[2]), c = c_add(x[1], x[3]), d = c_sub(x[1], x[3]);
    x[0] = c_add(a, c);
    x[2] = c_sub(a, c);
    x[1] = (cvec){b.r + d.i, b.i - d.r};
    x[3] = (cvec){b.r - d.i, b.i + d.r};
}

/* The larger sine is left out of n1 and n2 and rides on the last FMA. */
AK_INLINE void dft5(cvec *x)
{
    const v_f32 quarter = v_set1(0.25f), c = v_set1(0.55901699437494742f); /* sqrt(5) / 4 */
    const v_f32 s = v_set1(0.95105651629515357f),
                ratio = v_set1(0.61803398874989485f); /* sin 2/5 pi, of 4/5 pi */
    cvec a1 = c_add(x[1], x[4]), a2 = c_add(x[2], x[3]), b1 = c_sub(x[1], x[4]), b2 = c_sub(x[2], x[3]);
    cvec sum = c_add(a1, a2), d = c_sub(a1, a2);
    cvec m = {v_fnma(quarter, sum.r, x[0].r), v_fnma(quarter, sum.i, x[0].i)};
    cvec m1 = {v_fma(c, d.r, m.r), v_fma(c, d.i, m.i)}, m2 = {v_fnma(c, d.r, m.r), v_fnma(c, d.i, m.i)};
    cvec n1 = {v_fma(ratio, b2.r, b1.r), v_fma(ratio, b2.i, b1.i)};
    cvec n2 = {v_fms(ratio, b1.r, b2.r), v_fms(ratio, b1.i, b2.i)};
    x[0] = c_add(x[0], sum);
    x[1] = (cvec){v_fma(s, n1.i, m1.r), v_fnma(s, n1.r, m1.i)};
    x[4] = (cvec){v_fnma(s, n1.i, m1.r), v_fma(s, n1.r, m1.i)};
    x[2] = (cvec){v_fma(s, n2.i, m2.r), v_fnma(s, n2.r, m2.i)};
    x[3] = (cvec){v_fnma(s, n2.i, m2.r), v_fma(s, n2.r, m2.i)};
}

/* Cosines meet the sums of mirrored inputs, sines their differences; of these the sine of 2 pi / 7 is left
 * out until the last FMA. */
AK_INLINE void dft7(cvec *x)
{
    const v_f32 c1 = v_set1(0.62348980185873353f), c2 = v_set1(-0.22252093395631440f);
    const v_f32 c3 = v_set1(-0.90096886790241913f), s = v_set1(0.78183148246802981f);
    const v_f32 r2 = v_set1(1.24697960371746706f), r3 = v_set1(0.55495813208737119f); /* sin 4/7 pi, 6/7 pi */
    cvec a1 = c_add(x[1], x[6]), a2 = c_add(x[2], x[5]), a3 = c_add(x[3], x[4]);
    cvec b1 = c_sub(x[1], x[6]), b2 = c_sub(x[2], x[5]), b3 = c_sub(x[3], x[4]);
    cvec m1 = {v_fma(c1, a1.r, v_fma(c2, a2.r, v_fma(c3, a3.r, x[0].r))),
               v_fma(c1, a1.i, v_fma(c2, a2.i, v_fma(c3, a3.i, x[0].i)))};
    cvec m2 = {v_fma(c2, a1.r, v_fma(c3, a2.r, v_fma(c1, a3.r, x[0].r))),
               v_fma(c2, a1.i, v_fma(c3, a2.i, v_fma(c1, a3.i, x[0].i)))};
    cvec m3 = {v_fma(c3, a1.r, v_fma(c1, a2.r, v_fma(c2, a3.r, x[0].r))),
               v_fma(c3, a1.i, v_fma(c1, a2.i, v_fma(c2, a3.i, x[0].i)))};
    cvec n1 = {v_fma(r2, b2.r, v_fma(r3, b3.r, b1.r)), v_fma(r2, b2.i, v_fma(r3, b3.i, b1.i))};
    cvec n2 = {v_fms(r2, b1.r, v_fma(r3, b2.r, b3.r)), v_fms(r2, b1.i, v_fma(r3, b2.i, b3.i))};
    cvec n3 = {v_fma(r3, b1.r, v_fms(r2, b3.r, b2.r)), v_fma(r3, b1.i, v_fms(r2, b3.i, b2.i))};
    x[0] = c_add(x[0], c_add(a1, c_add(a2, a3)));
    x[1] = (cvec){v_fma(s, n1.i, m1.r), v_fnma(s, n1.r, m1.i)};
    x[6] = (cvec){v_fnma(s, n1.i, m1.r), v_fma(s, n1.r, m1.i)};
    x[2] = (cvec){v_fma(s, n2.i, m2.r), v_fnma(s, n2.r, m2.i)};
    x[5] = (cvec){v_fnma(s, n2.i, m2.r), v_fma(s, n2.r, m2.i)};
    x[3] = (cvec){v_fma(s, n3.i, m3.r), v_fnma(s, n3.r, m3.i)};
    x[4] = (cvec){v_fnma(s, n3.i, m3.r), v_fma(s, n3.r, m3.i)};
}

/* The odd half is turned by W8^j while it is added: W8 = s (1 - i), so its sums come first and s rides on an
 * FMA. */
AK_INLINE void dft8(cvec *x)
{
    const v_f32 s = v_set1(0.70710678118654752f);
    cvec e[4] = {x[0], x[2], x[4], x[6]}, o[4] = {x[1], x[3], x[5], x[7]};
    dft4(e);
    dft4(o);
    v_f32 p = o[1].r + o[1].i, q = o[1].i - o[1].r; /* W8   o[1] = s (p, q)  */
    v_f32 u = o[3].i - o[3].r, v = o[3].r + o[3].i; /* W8^3 o[3] = s (u, -v) */
    cvec t = c_minus_i(o[2]);
    x[0] = c_add(e[0], o[0]);
    x[4] = c_sub(e[0], o[0]);
    x[1] = (cvec){v_fma(p, s, e[1].r), v_fma(q, s, e[1].i)};
    x[5] = (cvec){v_fnma(p, s, e[1].r), v_fnma(q, s, e[1].i)};
    x[2] = c_add(e[2], t);
    x[6] = c_sub(e[2], t);
    x[3] = (cvec){v_fma(u, s, e[3].r), v_fnma(v, s, e[3].i)};
    x[7] = (cvec){v_fnma(u, s, e[3].r), v_fma(v, s, e[3].i)};
}

/* 2 x 5 by the prime factor algorithm (Good 1958): no twiddles, since 2 and 5 share no factor */
AK_INLINE void dft10(cvec *x)
{
    cvec a[5] = {x[0], x[2], x[4], x[6], x[8]};
    cvec b[5] = {x[5], x[7], x[9], x[1], x[3]};
    AK_UNROLL(5)
    for (int i = 0; i < 5; i++) {
        cvec t = a[i];
        a[i] = c_add(t, b[i]);
        b[i] = c_sub(t, b[i]);
    }
    dft5(a);
    dft5(b);
    x[0] = a[0], x[6] = a[1], x[2] = a[2], x[8] = a[3], x[4] = a[4];
    x[5] = b[0], x[1] = b[1], x[7] = b[2], x[3] = b[3], x[9] = b[4];
}

/* 4 x 4 */
AK_INLINE void dft16(cvec *x)
{
    const float c = 0.92387953251128676f, s = 0.38268343236508977f, h = 0.70710678118654752f;
    const float turn[4][4][2] = {{{1, 0}, {1, 0}, {1, 0}, {1, 0}},
                                 {{1, 0}, {c, -s}, {h, -h}, {s, -c}},
                                 {{1, 0}, {h, -h}, {0, -1}, {-h, -h}},
                                 {{1, 0}, {s, -c}, {-h, -h}, {-c, s}}};
    cvec t[4][4];
    AK_UNROLL(4)
    for (int j = 0; j < 4; j++) {
        cvec y[4] = {x[j], x[j + 4], x[j + 8], x[j + 12]};
        dft4(y);
        AK_UNROLL(4)
        for (int k = 0; k < 4; k++)
            t[j][k] = j == 0 || k == 0     ? y[k]
                      : (j == 2 && k == 2) ? c_minus_i(y[k])
                                           : c_twiddle(y[k], turn[j][k]);
    }
    AK_UNROLL(4)
    for (int k = 0; k < 4; k++) {
        cvec y[4] = {t[0][k], t[1][k], t[2][k], t[3][k]};
        dft4(y);
        AK_UNROLL(4)
        for (int q = 0; q < 4; q++) x[k + 4 * q] = y[q];
    }
}

/* R must be a constant where this is inlined. */
AK_INLINE void dft(const int R, cvec *x)
{
    if (R == 2)
        dft2(x);
    else if (R == 3)
        dft3(x);
    else if (R == 4)
        dft4(x);
    else if (R == 5)
        dft5(x);
    else if (R == 7)
        dft7(x);
    else if (R == 8)
        dft8(x);
    else if (R == 10)
        dft10(x);
    else if (R == 16)
        dft16(x);
}

#endif

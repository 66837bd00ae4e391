/* Discrete Fourier transforms of 2, 3, 4, 5, 7, 8 and 16 complex numbers in registers, in place, natural
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

AK_INLINE void dft5(cvec *x)
{
    const v_f32 c1 = v_set1(0.30901699437494742f), c2 = v_set1(-0.80901699437494742f);
    const v_f32 s1 = v_set1(0.95105651629515357f), s2 = v_set1(0.58778525229247313f);
    cvec a1 = c_add(x[1], x[4]), a2 = c_add(x[2], x[3]), b1 = c_sub(x[1], x[4]), b2 = c_sub(x[2], x[3]);
    cvec m1 = {v_fma(c1, a1.r, v_fma(c2, a2.r, x[0].r)), v_fma(c1, a1.i, v_fma(c2, a2.i, x[0].i))};
    cvec m2 = {v_fma(c2, a1.r, v_fma(c1, a2.r, x[0].r)), v_fma(c2, a1.i, v_fma(c1, a2.i, x[0].i))};
    cvec n1 = {v_fma(s1, b1.r, s2 * b2.r), v_fma(s1, b1.i, s2 * b2.i)};
    cvec n2 = {v_fms(s2, b1.r, s1 * b2.r), v_fms(s2, b1.i, s1 * b2.i)};
    x[0] = (cvec){x[0].r + a1.r + a2.r, x[0].i + a1.i + a2.i};
    x[1] = (cvec){m1.r + n1.i, m1.i - n1.r};
    x[4] = (cvec){m1.r - n1.i, m1.i + n1.r};
    x[2] = (cvec){m2.r + n2.i, m2.i - n2.r};
    x[3] = (cvec){m2.r - n2.i, m2.i + n2.r};
}

/* As dft5: cosines meet the sums of mirrored inputs, sines their differences. */
AK_INLINE void dft7(cvec *x)
{
    const v_f32 c1 = v_set1(0.62348980185873353f), s1 = v_set1(0.78183148246802981f);
    const v_f32 c2 = v_set1(-0.22252093395631440f), s2 = v_set1(0.97492791218182361f);
    const v_f32 c3 = v_set1(-0.90096886790241913f), s3 = v_set1(0.43388373911755812f);
    cvec a1 = c_add(x[1], x[6]), a2 = c_add(x[2], x[5]), a3 = c_add(x[3], x[4]);
    cvec b1 = c_sub(x[1], x[6]), b2 = c_sub(x[2], x[5]), b3 = c_sub(x[3], x[4]);
    cvec m1 = {v_fma(c1, a1.r, v_fma(c2, a2.r, v_fma(c3, a3.r, x[0].r))),
               v_fma(c1, a1.i, v_fma(c2, a2.i, v_fma(c3, a3.i, x[0].i)))};
    cvec m2 = {v_fma(c2, a1.r, v_fma(c3, a2.r, v_fma(c1, a3.r, x[0].r))),
               v_fma(c2, a1.i, v_fma(c3, a2.i, v_fma(c1, a3.i, x[0].i)))};
    cvec m3 = {v_fma(c3, a1.r, v_fma(c1, a2.r, v_fma(c2, a3.r, x[0].r))),
               v_fma(c3, a1.i, v_fma(c1, a2.i, v_fma(c2, a3.i, x[0].i)))};
    cvec n1 = {v_fma(s1, b1.r, v_fma(s2, b2.r, s3 * b3.r)), v_fma(s1, b1.i, v_fma(s2, b2.i, s3 * b3.i))};
    cvec n2 = {v_fms(s2, b1.r, v_fma(s3, b2.r, s1 * b3.r)), v_fms(s2, b1.i, v_fma(s3, b2.i, s1 * b3.i))};
    cvec n3 = {v_fma(s3, b1.r, v_fms(s2, b3.r, s1 * b2.r)), v_fma(s3, b1.i, v_fms(s2, b3.i, s1 * b2.i))};
    x[0] = c_add(x[0], c_add(a1, c_add(a2, a3)));
    x[1] = (cvec){m1.r + n1.i, m1.i - n1.r};
    x[6] = (cvec){m1.r - n1.i, m1.i + n1.r};
    x[2] = (cvec){m2.r + n2.i, m2.i - n2.r};
    x[5] = (cvec){m2.r - n2.i, m2.i + n2.r};
    x[3] = (cvec){m3.r + n3.i, m3.i - n3.r};
    x[4] = (cvec){m3.r - n3.i, m3.i + n3.r};
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
    else if (R == 16)
        dft16(x);
}

#endif

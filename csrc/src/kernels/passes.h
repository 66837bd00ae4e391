/* What the forward transforms share: a pass in place, and the asking for what comes next. */
#ifndef AK_PASSES_H
#define AK_PASSES_H

#include "rfft_kernels.h"

AK_INLINE void fetch_lines(ak_ahead *ahead, const int i, const int lines)
{
    AK_UNROLL(16)
    for (int t = 0; t < lines; t++)
        __builtin_prefetch((const void *)(ahead->at[i] + (size_t)t * ahead->step[i]), 0, 2);
    ahead->at[i] += (size_t)lines * ahead->step[i];
}

/* What goes with `points` points, into level 2: level 1 is full of the transform. */
AK_INLINE void fetch(ak_ahead *ahead, const int points)
{
    fetch_lines(ahead, 0, points);
    if (ahead->step[2]) {
        fetch_lines(ahead, 1, points);
        fetch_lines(ahead, 2, points);
    } else {
        fetch_lines(ahead, 1, (points + 1) / 2);
    }
}

/* Column k of a pass over R blocks of `length` points, which w turns. Points are counted in ptrdiff_t: from
 * an int, the compiler widens and scales every index anew, and that takes a quarter of the loop's
 * instructions. */
AK_INLINE void load_column(const int R, cvec *x, const cvec *b, const float *w, ptrdiff_t length, ptrdiff_t k)
{
    x[0] = b[k];
    AK_UNROLL(16)
    for (int j = 1; j < R; j++) x[j] = c_twiddle(b[k + j * length], w + 2 * (k * (R - 1) + j - 1));
    dft(R, x);
}

/* Column 0, which nothing turns. */
AK_INLINE void load_first_column(const int R, cvec *x, const cvec *b, ptrdiff_t length)
{
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) x[j] = b[j * length];
    dft(R, x);
}

AK_INLINE void store_column(const int R, const cvec *x, cvec *b, ptrdiff_t length, ptrdiff_t k)
{
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) b[k + j * length] = x[j];
}

/* Combines R blocks of `length` points at b, in place. */
AK_INLINE void middle_pass(const int R, cvec *b, const float *w, ptrdiff_t length)
{
    for (ptrdiff_t k = 0; k < length; k++) { /* w is NULL where k = 0 is alone */
        cvec x[AK_MAX_RADIX];
        if (k == 0)
            load_first_column(R, x, b, length);
        else
            load_column(R, x, b, w, length, k);
        store_column(R, x, b, length, k);
    }
}

#endif

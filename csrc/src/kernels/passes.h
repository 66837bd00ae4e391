/* What the transforms share: how inputs are reached, passes in place, and the asking for what comes next. */
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
        if (ahead->at[1] > ahead->end) ahead->at[1] = ahead->end;
    }
}

AK_INLINE cvec c_turned(const void *from, int j)
{
    const column *c = from;
    return j == 0 ? c->b[0] : c_twiddle(c->b[j * c->length], c->w + 2 * (j - 1));
}

/* Point i of those at `points`, which may lie anywhere. */
AK_INLINE cvec c_load(const ak_real *points, ptrdiff_t i)
{
    points += i * (2 * AK_LANES);
    return (cvec){v_load(points), v_load(points + AK_LANES)};
}

/* Points in equal steps: every fourth, and bytes from point to point, of which an address of x86 adds one or
 * two on the way. Left to itself, GCC spends two to four instructions on each point. */
typedef struct steps {
    const char *at[4];
    ptrdiff_t step, step3;
} steps;

AK_INLINE steps steps_of(ptrdiff_t points)
{
    steps s = {.step = points * (ptrdiff_t)sizeof(cvec)};
    s.step3 = 3 * s.step;
    AK_FIXED(s.step3);
    return s;
}

/* R points from `first` on of those at `points`, which may lie anywhere. */
AK_INLINE void steps_from(const int R, steps *s, const ak_real *points, ptrdiff_t first)
{
    s->at[0] = (const char *)points + first * (ptrdiff_t)sizeof(cvec);
    AK_FIXED(s->at[0]);
    AK_UNROLL(4)
    for (int i = 1; i < (R + 3) / 4; i++) {
        s->at[i] = s->at[i - 1] + 4 * s->step;
        AK_FIXED(s->at[i]);
    }
}

AK_INLINE cvec c_step(const void *from, int j)
{
    const steps *s = from;
    const char *point = s->at[j / 4] + (j % 4 == 3 ? s->step3 : j % 4 * s->step);
    return c_load((const ak_real *)(const void *)point, 0);
}

/* Column k of a pass over R blocks of `length` points, which w turns. Points are counted in ptrdiff_t: from
 * an int, the compiler widens and scales every index anew, and that takes a quarter of the loop's
 * instructions. */
AK_INLINE void load_column(const int R, cvec *x, const cvec *b, const ak_real *w, ptrdiff_t length,
                           ptrdiff_t k)
{
    const column c = {b + k, length, w + 2 * k * (R - 1)};
    dft_of(R, x, c_turned, &c);
}

/* The same, scaled: w is, but for the one input that has no twiddle. */
typedef struct scaled_column {
    column c;
    v_real scale;
} scaled_column;

AK_INLINE cvec c_scaled(const void *from, int j)
{
    const scaled_column *s = from;
    return c_scale(s->c.b[j * s->c.length], s->scale);
}

AK_INLINE cvec c_turned_and_scaled(const void *from, int j)
{
    const scaled_column *s = from;
    return j == 0 ? c_scaled(s, 0) : c_turned(&s->c, j);
}

AK_INLINE void load_scaled_column(const int R, cvec *x, const cvec *b, const ak_real *w, v_real scale,
                                  ptrdiff_t length)
{
    const scaled_column s = {{b, length, w}, scale};
    dft_of(R, x, c_turned_and_scaled, &s);
}

AK_INLINE void load_first_scaled_column(const int R, cvec *x, const cvec *b, v_real scale, ptrdiff_t length)
{
    const scaled_column s = {{b, length, NULL}, scale};
    dft_of(R, x, c_scaled, &s);
}

AK_INLINE void store_column(const int R, const cvec *x, cvec *b, ptrdiff_t length, ptrdiff_t k)
{
    AK_UNROLL(16)
    for (int j = 0; j < R; j++) b[k + j * length] = x[j];
}

/* Combines R blocks of `length` points at b, in place. w is NULL where column 0 is alone. */
AK_INLINE void middle_pass(const int R, cvec *b, const ak_real *w, ptrdiff_t length)
{
    cvec x[AK_MAX_RADIX];
    dft_column(R, x, b, length);
    store_column(R, x, b, length, 0);
    for (ptrdiff_t k = 1; k < length; k++) {
        load_column(R, x, b, w, length, k);
        store_column(R, x, b, length, k);
    }
}

#endif

/* Tables of the lane-parallel complex FFT: see lanes.h. */
#include "lanes.h"
#include "memory.h"

#include <math.h>

static const double two_pi = 6.283185307179586476925286766559;

static int remove_factor(int *size, int p)
{
    int count = 0;
    for (; *size % p == 0; *size /= p) count++;
    return count;
}

int ak_lanes_supports(int size)
{
    if (size < 1) return 0;
    remove_factor(&size, 2);
    remove_factor(&size, 3);
    remove_factor(&size, 5);
    remove_factor(&size, 7);
    return size == 1;
}

enum { FORWARD = 1 << AK_FORWARD | 1 << AK_POWER, INVERSE = 1 << AK_INVERSE, COLUMN = 1 << AK_COLUMN };

/* What was fastest of all orders of all radices, for common sizes (half of n_fft) and vectors of at least
 * `width` floats; those of 16 have 32 registers, which radix 16 needs. Inverse: the last pass leaves samples
 * in place, and 16 of them, a power of two apart, would share too few sets of the first-level cache. */
static const struct measured {
    int size, width, uses, radix[4];
} measured[] = {
    {64, 16, FORWARD | INVERSE | COLUMN, {8, 8}},
    {128, 16, FORWARD | COLUMN, {16, 8}},
    {160, 16, FORWARD, {10, 8, 2}},
    {160, 16, INVERSE, {5, 8, 4}},
    {200, 4, FORWARD, {10, 5, 4}},
    {200, 16, INVERSE, {5, 5, 8}},
    {240, 16, FORWARD, {10, 8, 3}},
    {240, 16, INVERSE, {8, 10, 3}},
    {256, 16, INVERSE, {8, 8, 4}},
    {300, 16, FORWARD, {10, 10, 3}},
    {300, 16, INVERSE, {3, 10, 10}},
    {320, 16, FORWARD, {10, 8, 4}},
    {320, 16, INVERSE, {8, 5, 8}},
    {384, 16, FORWARD, {16, 8, 3}},
    {384, 16, INVERSE, {4, 8, 4, 3}},
    {400, 16, FORWARD, {10, 5, 8}},
    {400, 16, INVERSE, {5, 8, 10}},
    {480, 16, FORWARD, {16, 10, 3}},
    {480, 16, INVERSE, {4, 5, 8, 3}},
    {500, 16, FORWARD, {10, 10, 5}},
    {500, 16, INVERSE, {5, 10, 10}},
    {512, 16, FORWARD | INVERSE, {8, 8, 8}},
    {1024, 16, INVERSE, {8, 8, 4, 4}},
    {2048, 16, FORWARD, {8, 16, 4, 4}},
    {4096, 16, FORWARD | INVERSE, {8, 8, 8, 8}},
};
enum { MEASURED_PASSES = sizeof measured->radix / sizeof(int) };

static int choose_measured(ak_lanes *t, int width, ak_use use)
{
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        const struct measured *m = &measured[i];
        if (m->size != t->size || width < m->width || !(m->uses & 1 << use)) continue;
        for (t->passes = 0; t->passes < MEASURED_PASSES && m->radix[t->passes]; t->passes++)
            t->radix[t->passes] = m->radix[t->passes];
        return 1;
    }
    return 0;
}

/* Large radices save passes over memory and twiddles. Pass 0 has none, so it gets the largest; the last pass
 * holds two butterflies at once, so it gets a small one. An inverse holds two in pass 0: the other way about.
 */
static void choose_radices(ak_lanes *t)
{
    int rest = t->size, q = 0;
    int twos = remove_factor(&rest, 2), threes = remove_factor(&rest, 3), fives = remove_factor(&rest, 5);
    int sevens = remove_factor(&rest, 7);
    int last = 0;
    if (twos >= 5 && fives == 0 && threes == 0 &&
        sevens == 0) { /* measured: 8 8 4, 8 8 4 2, 8 8 4 4, 8 8 8 4 */
        last = twos % 3 ? 4 : 2;
        twos -= twos % 3 ? 2 : 1;
    }
    for (; twos >= 3 && twos != 4; twos -= 3) t->radix[q++] = 8;
    for (; twos >= 2; twos -= 2) t->radix[q++] = 4;
    if (twos) t->radix[q++] = 2;
    for (; sevens; sevens--) t->radix[q++] = 7;
    for (; fives; fives--) t->radix[q++] = 5;
    for (; threes; threes--) t->radix[q++] = 3;
    if (last) t->radix[q++] = last;
    if (q == 0) t->radix[q++] = 1;
    t->passes = q;
}

/* Powers of two, measured: 4 8 8, 4 8 4 4, 4 8 8 4, 4 8 8 8. Others in the reverse order. */
static void choose_inverse_radices(ak_lanes *t)
{
    int rest = t->size, twos = remove_factor(&rest, 2) - 2;
    choose_radices(t);
    if (rest == 1 && twos >= 3) {
        t->passes = 0;
        t->radix[t->passes++] = 4;
        for (; twos >= 3 && twos != 4; twos -= 3) t->radix[t->passes++] = 8;
        for (; twos > 0; twos -= 2) t->radix[t->passes++] = 4;
        return;
    }
    for (int q = 0, p = t->passes - 1; q < p; q++, p--) {
        int radix = t->radix[q];
        t->radix[q] = t->radix[p];
        t->radix[p] = radix;
    }
}

/* Place s of the input of pass 0, digit by digit: the digit of the last pass is the most significant of the
 * place and the least significant of the index. */
static int digit_reversed(const ak_lanes *t, int place)
{
    int index = 0, weight = 1, block = t->size;
    for (int q = t->passes - 1; q >= 0; q--) {
        block /= t->radix[q];
        index += place / block * weight;
        place %= block;
        weight *= t->radix[q];
    }
    return index;
}

void ak_set_unit(float *to, double turn, double scale)
{
    to[0] = (float)(cos(two_pi * turn) * scale);
    to[1] = (float)(-sin(two_pi * turn) * scale);
}

size_t ak_unit_bytes(int wide)
{
    return 2 * (wide ? sizeof(double) : sizeof(float));
}

void ak_units_add(ak_units *to, double turn, double scale)
{
    if (to->wide) {
        const double unit[] = {cos(two_pi * turn) * scale, -sin(two_pi * turn) * scale};
        memcpy(to->next, unit, sizeof unit);
    } else {
        ak_set_unit(to->next, turn, scale);
    }
    to->next = (char *)to->next + ak_unit_bytes(to->wide);
}

void ak_lanes_scale(ak_lanes *t, int q, double scale)
{
    const int radix = t->radix[q], length = t->length[q];
    ak_units w = {t->twiddle[q], t->wide};
    for (int k = 0; k < length; k++)
        for (int j = 1; j < radix; j++) ak_units_add(&w, (double)j * k / ((double)length * radix), scale);
}

void ak_lanes_choose(ak_lanes *t, int size, int width, ak_use use)
{
    t->size = size;
    if (choose_measured(t, width, use)) return;
    if (use == AK_INVERSE)
        choose_inverse_radices(t);
    else
        choose_radices(t);
}

ak_status ak_lanes_init(ak_lanes *t, int size, int width, ak_use use, int wide)
{
    memset(t, 0, sizeof *t);
    t->wide = wide;
    if (!ak_lanes_supports(size)) return AK_ERR_SIZE;
    ak_lanes_choose(t, size, width, use);
    t->order = ak_alloc((size_t)size * sizeof *t->order);
    if (!t->order) return AK_ERR_MEMORY;
    for (int s = 0; s < size; s++) t->order[s] = digit_reversed(t, s);

    for (int q = 0, length = 1; q < t->passes; length *= t->radix[q++]) {
        t->length[q] = length;
        if (q == 0) continue;
        t->twiddle[q] = ak_alloc((size_t)length * (size_t)t->radix[q] * ak_unit_bytes(wide));
        if (!t->twiddle[q]) return AK_ERR_MEMORY;
        ak_lanes_scale(t, q, 1);
    }
    return AK_OK;
}

void ak_lanes_free(ak_lanes *t)
{
    free(t->order);
    for (int q = 0; q < AK_MAX_PASSES; q++) free(t->twiddle[q]);
    memset(t, 0, sizeof *t);
}

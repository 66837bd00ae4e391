/* The complex FFT of as many frames as a vector has lanes.
 *
 * Lane l of every vector belongs to frame l, so one instruction works on W frames, nothing is ever shuffled
 * inside the transform, and every size has the same speed per operation. Only on the way in and out are
 * W x W tiles transposed (kernels/tiles.c).
 *
 * The transform is the Cooley-Tukey recursion by decimation in time: its input stands in digit-reversed
 * order, pass q combines radix[q] blocks of length[q] points in place. Run backwards with the same tables it
 * is the decimation in frequency: from natural to digit-reversed order.
 */
#ifndef AK_LANES_H
#define AK_LANES_H

#include "dispatch.h"

#define AK_MAX_PASSES 18 /* 2 3^17 points take so many; what fft.h allows ends below 2^28 */

typedef struct ak_lanes {
    int size; /* complex points: the product of the radices */
    int passes;
    int radix[AK_MAX_PASSES];
    int length[AK_MAX_PASSES]; /* of the blocks that pass q combines: the product of the radices before it */
    int wide;                  /* the twiddles are doubles, not floats */
    void *twiddle[AK_MAX_PASSES]; /* pass q > 0: length[q] x (radix[q] - 1) complex numbers */
    int32_t *order;               /* order[s]: which point stands at place s before pass 0 */
} ak_lanes;

/* Whether size has no prime factor but 2, 3, 5 and 7. */
int ak_lanes_supports(int size);

/* What a transform is for. */
typedef enum ak_use {
    AK_FORWARD = 0,
    AK_INVERSE = 1,
    AK_POWER = 2,  /* a forward one of which no complex bins are asked */
    AK_COLUMN = 3, /* of columns.h */
} ak_use;

/* Sets the size, which must be supported, and the radices, at most AK_MAX_PASSES below 2^28 points. width: of
 * the vectors that it is for. */
void ak_lanes_choose(ak_lanes *t, int size, int width, ak_use use);

/* width and use only guide the choice of the radices. wide: for doubles. Errors:
 * AK_ERR_SIZE (not supported), AK_ERR_MEMORY. Whatever it returns, ak_lanes_free releases. */
ak_status ak_lanes_init(ak_lanes *t, int size, int width, ak_use use, int wide);
void ak_lanes_free(ak_lanes *t);

/* Sets the twiddles of pass q > 0, times scale. */
void ak_lanes_scale(ak_lanes *t, int q, double scale);

/* scale exp(-2 pi i turn), as two floats */
void ak_set_unit(float *to, double turn, double scale);

/* A table of complex numbers, of floats or doubles, that is filled from its beginning. */
typedef struct ak_units {
    void *next;
    int wide;
} ak_units;

size_t ak_unit_bytes(int wide);
void ak_units_add(ak_units *to, double turn, double scale);

#endif

/* The real FFT of as many frames as a vector has lanes.
 *
 * Lane l of every vector belongs to frame l, so one instruction works on W frames, nothing is ever shuffled
 * inside the transform, and every size has the same speed per operation. Only on the way in and out are
 * W x W tiles transposed (kernels/tiles.c).
 *
 * A transform of n real points is one of size = n / 2 complex points, z[m] = x[2m] + i x[2m + 1], followed by
 * the unpacking X[k] = E[k] + exp(-2 pi i k / n) O[k]. The complex transform is the Cooley-Tukey recursion by
 * decimation in time: pass 0 reads its input in digit-reversed order straight from the samples, multiplied by
 * the window; pass q combines radix[q] blocks of length[q] points in place; the last pass is fused with the
 * unpacking. The inverse runs the same passes backwards (decimation in frequency), so both share their
 * tables.
 *
 *     samples --gather, window, radix[0]--> blocks --twiddle, radix[1]--> ... --radix[last], unpack--> X[0 ..
 * n/2]
 */
#ifndef AK_LANES_H
#define AK_LANES_H

#include "dispatch.h"

#define AK_MAX_PASSES 16

typedef struct ak_lanes {
    int n;    /* real points, even */
    int size; /* complex points, n / 2: a product of the radices */
    int passes;
    int radix[AK_MAX_PASSES];
    int length[AK_MAX_PASSES]; /* of the blocks that pass q combines: the product of the radices before it */
    float *twiddle[AK_MAX_PASSES]; /* pass q > 0: length[q] x (radix[q] - 1) complex numbers */
    float *unpack;                 /* size complex numbers exp(-2 pi i k / n) */
    int32_t *order;                /* order[s]: which point stands at place s before pass 0 */
} ak_lanes;

/* Whether n is even and n / 2 has no prime factor but 2, 3 and 5. */
int ak_lanes_supports(int n);

/* Errors: AK_ERR_SIZE (not supported), AK_ERR_MEMORY. Whatever it returns, ak_lanes_free releases. */
ak_status ak_lanes_init(ak_lanes *t, int n);
void ak_lanes_free(ak_lanes *t);

/* What the last pass writes for each bin. */
typedef enum ak_bins {
    AK_BINS_COMPLEX = 0,   /* re, im: 2 (size + 1) vectors, in place */
    AK_BINS_POWER = 1,     /* re^2 + im^2: size + 1 vectors */
    AK_BINS_MAGNITUDE = 2, /* the square root of that */
} ak_bins;

/* The kernels, one table per instruction set. "vector" is W floats, aligned to its size. */
typedef struct ak_lanes_kernels {
    int width; /* W: frames per call */

    /* X = FFT of gain * samples. samples + offset[2s + c] holds W frames' values of component c (real,
     * imaginary) of place s, gain[2s + c] half the window there. work: 2 (size + 1) vectors; bins: for power
     * and magnitude size + 1 vectors, ignored for complex, which ends in work. */
    void (*forward)(const ak_lanes *t, ak_bins kind, const float *samples, const int32_t *offset,
                    const float *gain, float *work, float *bins);

    /* x = gain * unscaled inverse FFT. work: X on entry, 2 (size + 1) vectors, destroyed; x: n vectors in
     * order. gain[2s + c] scales component c of place s. */
    void (*inverse)(const ak_lanes *t, const float *gain, float *work, float *x);

    /* to[r * to_stride + l] = from[l * from_stride + r] for r < rows, l < count <= W, and 0 for the other
     * lanes; `to` is aligned and to_stride a multiple of W. Where again > 0, the same once more at to +
     * again. */
    void (*to_lanes)(const float *from, ptrdiff_t from_stride, size_t rows, size_t count, float *to,
                     size_t to_stride, size_t again);

    /* to[l * to_stride + r] = from[r * W + l] for r < rows, l < count <= W; from is aligned. */
    void (*from_lanes)(const float *from, size_t rows, float *to, ptrdiff_t to_stride, size_t count);

    /* Overlap-add: sums[(j % hop) * stride + j / hop + l] += x[j * W + l] for j < n, l < W. */
    void (*overlap_add)(const float *x, size_t n, size_t hop, float *sums, size_t stride);

    /* Takes the first W columns out of sums: to[l * rows + r] = sums[r * stride + l] * scale[r] for r < rows,
     * then moves the others W columns to the left and clears the last W. stride is a multiple of W. */
    void (*overlap_take)(float *sums, size_t rows, size_t stride, const float *scale, float *to);
} ak_lanes_kernels;

AK_DECLARE(const ak_lanes_kernels, ak_lanes_kernels)

#endif

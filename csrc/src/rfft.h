/* The real FFT of W frames in lanes, of any size, forward and inverse.
 *
 * Powers of many sizes are computed in rows and columns, see columns.h.
 *
 * Otherwise, even n whose half has factors 2, 3, 5 and 7 only: n real points are n / 2 complex ones,
 * z[m] = x[2m] + i x[2m + 1], followed by the unpacking X[k] = E[k] + exp(-2 pi i k / n) O[k]. Pass 0 reads
 * its input in digit-reversed order straight from the samples, multiplied by the window; the last pass is
 * fused with the unpacking.
 *
 *     samples --gather, window, radix[0]--> blocks --twiddle, radix[1]--> ...
 *             --twiddle, radix[last], unpack--> X[0 .. n/2]
 *
 * Every other n: Bluestein's chirp transform. With c[j] = exp(-pi i j^2 / n) and
 * jk = (j^2 + k^2 - (k - j)^2) / 2 the transform is a convolution,
 * X[k] = c[k] sum over j of (x[j] c[j]) conj(c[k - j]), done by a complex FFT of a size that is supported.
 */
#ifndef AK_RFFT_H
#define AK_RFFT_H

#include "columns.h"

/* What the last pass of a forward transform, of radix R, needs for its columns k and length - k, which mirror
 * each other, in the order in which it needs it: R numbers that unpack, exp(-2 pi i (k + q length) / n), and
 * R - 1 twiddles each of column k and of the other, halved. So much for each k <= length / 2, in floats. */
#define AK_END(R) (2 * (3 * (R) - 2))

/* Two blocks of the first pass of an inverse transform, of radix R, whose inputs mirror each other: points
 * p + q size / R and the same of size / R - p, q < R. Point 0's block mirrors itself, and so does the one of
 * point size / (2 R) where R divides size / 2; the others stand in the order of their places, and the place
 * of that one behind them. R numbers that pack, exp(-2 pi i (p + q size / R) / n), belong to each: point 0's
 * first. */
typedef struct ak_mirror {
    int32_t point;         /* p */
    int32_t place, mirror; /* of the blocks of p and of size / R - p */
} ak_mirror;

typedef struct ak_rfft {
    int n;       /* real points */
    int size;    /* n / 2 */
    int chirped; /* Bluestein */
    ak_use use;
    ak_columns columns; /* of n points, or none */
    ak_lanes lanes;     /* of size, or of the convolution */
    void *ends; /* what unpacks in the last pass of a forward transform, see AK_END, or packs in the first
                    of an inverse one, see ak_mirror */
    ak_mirror *mirrors; /* inverse */
    int mirrored;
    float *chirp;    /* n complex numbers c[j] */
    float *response; /* the FFT of conj(c), in digit-reversed order, over the size of the convolution;
                        inverse: over n, too */
    int32_t *sample; /* sample[i], i < n: which real sample stands at place i of pass 0's input */
    size_t work;     /* vectors of scratch; 2 (n / 2 + 1) at least, but for AK_POWER */
} ak_rfft;

/* width: of the kernels that will run it. A transform serves one use only. Errors: AK_ERR_SIZE,
 * AK_ERR_MEMORY. Whatever it returns, ak_rfft_free releases. */
ak_status ak_rfft_init(ak_rfft *t, int n, int width, ak_use use);

/* The same for ak_double_kernels and complex bins, of even n whose half has factors 2, 3, 5 and 7 only;
 * width: of the float vectors, for it tells how many registers there are. */
ak_status ak_rfft_init_double(ak_rfft *t, int n, int width, ak_use use);
void ak_rfft_free(ak_rfft *t);

/* What the forward transform writes for each bin. */
typedef enum ak_bins {
    AK_BINS_COMPLEX = 0,   /* re, im: 2 (n / 2 + 1) vectors, at the start of work */
    AK_BINS_POWER = 1,     /* re^2 + im^2: n / 2 + 1 vectors */
    AK_BINS_MAGNITUDE = 2, /* the square root of that */
} ak_bins;

/* What the caller reads and writes next, asked for while a transform runs: with each of its t->size points a
 * line of each stretch, `step` bytes after the line before; of stretch 1 with every other point where stretch
 * 2 has no step, and then only up to `end` and a few lines more. All of a stretch at once would wait for the
 * few lines that a core can have on their way. Addresses are only hints and may lie anywhere. */
#define AK_STRETCHES 3
typedef struct ak_ahead {
    uintptr_t at[AK_STRETCHES];
    size_t step[AK_STRETCHES]; /* 0: nothing to ask for */
    uintptr_t end;
} ak_ahead;

/* The kernels, one table per instruction set. "vector" is W floats, aligned to its size. */
typedef struct ak_rfft_kernels {
    int width; /* W: frames per call */

    /* X = FFT of gain * samples. The vector at samples + offset[i] holds what stands at place i, gain[i] its
     * window, i < n. Both NULL, which AK_POWER does not have: sample j is the vector at samples + j W, and
     * all of them count as they are. work: t->work vectors; bins: for power and magnitude n / 2 + 1 vectors,
     * ignored for complex, which ends in work and AK_POWER does not have. ahead: NULL, or what to fetch
     * meanwhile, which moves on; not without a window. */
    void (*forward)(const ak_rfft *t, ak_bins kind, const float *samples, const int32_t *offset,
                    const float *gain, float *work, float *bins, ak_ahead *ahead);

    /* x = gain * inverse FFT of X = bins, n / 2 + 1 pairs of vectors, which may lie anywhere (chirped:
     * aligned) but where x is. work: t->work vectors; x: n vectors. gain[j] scales sample j; NULL: 1.
     * Imaginary parts of X[0] and X[n / 2] count as zero. */
    void (*inverse)(const ak_rfft *t, const float *gain, const float *bins, float *work, float *x);

    /* to[r * to_stride + l] = from[l * from_stride + r] for r < rows, l < count <= W, and 0 for the other
     * lanes; `to` is aligned and to_stride a multiple of W. Where again > 0, the same once more at to +
     * again. */
    void (*to_lanes)(const float *from, ptrdiff_t from_stride, size_t rows, size_t count, float *to,
                     size_t to_stride, size_t again);

    /* to[l * to_stride + r] = from[r * W + l] for r < rows, l < count <= W; from is aligned. stream: past the
     * cache, for outputs of more than stream_bytes, which would push everything else out of it and not stay
     * there themselves; settle() then comes before any other thread reads them. */
    void (*from_lanes)(const float *from, size_t rows, float *to, ptrdiff_t to_stride, size_t count,
                       int stream);
    size_t stream_bytes;
    void (*settle)(void);

    /* Overlap-add: sums[(j % hop) * stride + j / hop + l] += x[j * W + l] for j < n, l < W. As many bytes as
     * x has are asked for at `ahead`, which may be anywhere. */
    void (*overlap_add)(const float *x, size_t n, size_t hop, float *sums, size_t stride, uintptr_t ahead);

    /* Takes the first W columns out of sums: to[l * rows + r] = sums[r * stride + l] * scale[r] for r < rows,
     * then moves the others W columns to the left and clears the last W. stride is a multiple of W. */
    void (*overlap_take)(float *sums, size_t rows, size_t stride, const float *scale, float *to);
} ak_rfft_kernels;

AK_DECLARE(const ak_rfft_kernels, ak_rfft_kernels)

/* The transforms in double, of samples and bins in their order. "vector" is W / 2 doubles here, W as above.
 */
typedef struct ak_double_kernels {
    /* X = FFT of n vectors of samples: 2 (n / 2 + 1) vectors at the start of work. */
    void (*forward)(const ak_rfft *t, const double *samples, double *work);

    /* x = inverse FFT of X = bins, n / 2 + 1 pairs of vectors, which may lie anywhere but where x is. */
    void (*inverse)(const ak_rfft *t, const double *bins, double *x);

    /* As ak_shape of resample.h. */
    void (*shape)(double *bins, const double *response, size_t kept, size_t total);

    /* Lanes half * W / 2 .. of `rows` vectors of W floats, to doubles and, rounded, back. */
    void (*widen)(const float *from, size_t rows, int half, double *to);
    void (*narrow)(const double *from, size_t rows, int half, float *to);
} ak_double_kernels;

AK_DECLARE(const ak_double_kernels, ak_double_kernels)

#endif

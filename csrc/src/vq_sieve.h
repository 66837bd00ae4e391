/* A first look at every codeword in 8-bit integers, and proof of which of them can be the nearest.
 *
 * Less the codebook's mean m, vectors and codewords are integers times scales of their own and what rounding
 * left:
 *
 *     x - m = s q + e        c - m = t p + f        q, p: integers of at most `levels`
 *     T = |c - m|^2 / 2 - (x - m)(c - m) = (|x - c|^2 - |x - m|^2) / 2        orders codewords by distance
 *     |c - m|^2 / 2 - s t (q p)             is off by at most E = |s q| |f| + |e| |c - m|
 *
 * by Cauchy and Schwarz. The sieve keeps the second kind of sum less E, which is not above T. So whichever
 * codeword is looked at, the nearest is among those whose sum is not above that codeword's T; the one of the
 * lowest sum leaves two of a thousand, which are then compared. The integer product costs a quarter of the
 * one in float32 (half without VNNI).
 *
 * E = w r with the vector's w = max(|s q|, |e| / b) and the codeword's r = |f| + b |c - m|: for one constant
 * b near most vectors' |e| / |s q| this is hardly more, and costs one multiply-add a sum.
 *
 * Where a few axes hold nearly all of the codebook (axes.h), all of this is about the components along them,
 * and what is beyond is bounded by Cauchy and Schwarz again: with y and z for x - m and c - m along the axes,
 *
 *     (x - m)(c - m) <= y z + sqrt(|x - m|^2 - |y|^2) sqrt(|c - m|^2 - |z|^2)
 *
 * which is another multiply-add a sum. What turning vectors in float32 lost of y counts as part of e.
 *
 * Where a panel still has many candidates, a finer bound is worth its while. Codewords are sorted, so that
 * those of a panel are similar; with g the mean of a panel's c - m,
 *
 *     (x - m)(c - m) = s t (q p) + g f + e g + (s q - g) f + e (c - m - g)
 *
 * of which g f is known beforehand, e g is the same for all of the panel, and only the last two are bounded
 * as above; for vectors that are similar to the panel, too, they are small.
 */
#ifndef AK_VQ_SIEVE_H
#define AK_VQ_SIEVE_H

#include "dispatch.h"

#define AK_SIEVE_MOST 256    /* candidates of a vector, at most */
#define AK_SIEVE_PANEL 64    /* codewords of a panel, at most */
#define AK_SIEVE_TOGETHER 48 /* vectors sifted together, at most; a multiple of every kernel's rows */
#define AK_SIEVE_STRIDE 64   /* of what is kept side by side for them: whole vectors may be written at each */
#define AK_SIEVE_ROOM (AK_SIEVE_MOST + AK_SIEVE_PANEL) /* for a vector's candidates, and some overwritten */

/* One codebook. Panels are those of `columns` codewords; panel p holds, for each four components, those of
 * its codewords side by side. A codeword's place in the panels is not its index in the codebook. */
typedef struct ak_sieve {
    int8_t *codewords; /* panels x dim / 4 x columns x 4, aligned; dim rounded up to the kernel's step */
    int32_t *order;    /* panels x columns: the index of the codeword at each place */
    int32_t *start;    /* chunks x panels x columns, aligned: what takes the vectors' offset back */
    float *half_norms; /* panels x columns, aligned: |c - m|^2 / 2, infinity for missing codewords */
    float *reach;      /* panels x columns, aligned: r */
    float *mean;       /* dim, and zeros beyond */
    float *middles;    /* panels x (dim and zeros beyond: `apart`): g */
    float *fine_norms; /* panels x columns, aligned: |c - m|^2 / 2 - g f, infinity for missing codewords */
    float *rounding;   /* panels x columns, aligned: |f| */
    float *spread;     /* panels x columns, aligned: |c - m - g| */
    float *beyond;     /* panels x columns, aligned: what of |c - m| is beyond the axes; NULL without axes */
    float *scales;     /* panels x columns, aligned: t */
    float *common;     /* panels x 3 x groups of codewords alike: largest r, largest beyond, t; or NULL */
    double mean_norm, largest, balance, inverse_balance; /* |m|, max |c - m|, b, 1 / b */
    size_t panels, dim, padded;                          /* padded: dim rounded up */
    size_t whole;                                        /* the vectors' dim, also where axes leave fewer */
    size_t stride, apart; /* from one panel's sums and middle to the next one's */
    size_t most;          /* candidates, beyond which the float32 search is cheaper */
    int usable;           /* whether these codewords can be sifted */
} ak_sieve;

/* A vector in integers. */
typedef struct ak_sieve_row {
    const float *x;
    const uint8_t *q;             /* see ak_sieve_kernels.round */
    float scale;                  /* s */
    float square, error, highest; /* |x - m|^2, |e|, max |x - m| by component; NaN or infinite where x is */
    float within, drift;          /* where there are axes: |x - m| along them, and what turning lost */
    float weight, lost, slack;    /* ak_sieve_weigh: w, what x - m lost, what the finer bound may be off by */
    float beyond;                 /* and what of |x - m| is beyond the axes, at most */
} ak_sieve_row;

/* What a sieve must know of codewords of which it is given c - m along axes. */
typedef struct ak_sieve_whole {
    const double *squares;    /* |c - m|^2 */
    double mean_norm, defect; /* |m|; what turning a vector loses of its length, at most */
    size_t dim;
} ak_sieve_whole;

typedef struct ak_sieve_kernels {
    size_t rows;        /* vectors that meet a panel at once */
    size_t columns;     /* codewords of a panel */
    size_t step;        /* components that dim is padded to a multiple of */
    int levels, offset; /* largest integers; what is added to make a vector's unsigned */
    size_t chunk; /* components whose products are added by twos to two sums of 16 bits; 0: to one of 32 */
    float room;   /* the largest norm, over the scale, of those components that share such a sum */
    int turns;    /* whether fewer components are worth turning vectors */
    size_t alike; /* codewords that share a scale, and a bound in the first look; divides columns */
    /* padded bytes to q: x - m in integers, offset added. Up to AK_ALIGN bytes beyond are overwritten. Sets
     * the row up to its error: in place, for a row that is copied at once waits for all of its parts. */
    void (*round)(const ak_sieve *s, const float *x, uint8_t *q, ak_sieve_row *row);
    /* The products q p of `count` vectors and all codewords: sums, panels x `stride`, in each vector by
     * vector. lowest: of each panel and each vector the smallest score, panels x AK_SIEVE_STRIDE; behind
     * them is room for as many more, for what `place` looks at. q, rows and sums have room for a multiple of
     * the kernel's `rows` vectors, whatever those behind the last are. */
    void (*sift)(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, int32_t *sums,
                 float *lowest);
    /* The place of a codeword that is likely to be near to each vector: of its lowest score. */
    void (*place)(const ak_sieve *s, const int32_t *sums, const ak_sieve_row *rows, const float *lowest,
                  size_t count, int32_t *places);
    /* Which vectors' scores in a panel are not all above their limits: a bit each, of all panels. What bits
     * of vectors from `count` on are does not matter. */
    void (*mark)(const ak_sieve *s, const float *lowest, const float *limits, size_t count, uint64_t *marks);
    /* The places of the marked vectors' scores that are not above the limits: appended to those `found`, at
     * AK_SIEVE_ROOM a vector. Where there are more than AK_SIEVE_MOST, some are missing. */
    void (*pick)(const ak_sieve *s, const ak_sieve_row *rows, const int32_t *sums, const uint64_t *marks,
                 const float *limits, size_t *found, int32_t *places);
    float (*near)(const float *x, const float *c, size_t dim); /* |x - c|^2, to ak_sieve_rivals */
    void (*widen)(const float *x, double *to, size_t count);
    double (*distance)(const double *x, const float *c, size_t dim); /* |x - c|^2 */
} ak_sieve_kernels;

AK_IF_AVX2(extern const ak_sieve_kernels ak_sieve_kernels_avx2;)
AK_IF_AVXVNNI(extern const ak_sieve_kernels ak_sieve_kernels_avxvnni;)
AK_IF_AVX512(extern const ak_sieve_kernels ak_sieve_kernels_icelake;)
AK_IF_AVX512(extern const ak_sieve_kernels ak_sieve_kernels_split512;)
AK_IF_AMX(extern const ak_sieve_kernels ak_sieve_kernels_amx;)

/* The sieve for plans of that instruction set, or NULL where there is none. */
const ak_sieve_kernels *ak_sieve_select(ak_isa isa);

/* How many vectors are sifted together, at most. */
size_t ak_sieve_together(const ak_sieve_kernels *kernels, size_t size);

/* Tables for `size` codewords of `dim` floats each; where `whole` is given, these are c - m along axes.
 * Errors: AK_ERR_MEMORY. Whatever it returns, ak_sieve_free releases. */
ak_status ak_sieve_init(ak_sieve *s, const ak_sieve_kernels *kernels, const float *codebook, size_t size,
                        size_t dim, const ak_sieve_whole *whole);
void ak_sieve_free(ak_sieve *s);

/* Sets row's weight and slack. Returns whether the vector can be sifted; if not, the weight is 0. */
int ak_sieve_weigh(const ak_sieve *s, ak_sieve_row *row);

/* The score that the vector's nearest codeword cannot exceed where some codeword is `near` to it. */
float ak_sieve_limit(const ak_sieve *s, const ak_sieve_row *row, float near);

/* How near by float32 a codeword must be, not to be further than one that is `near`. */
float ak_sieve_rivals(const ak_sieve *s, const ak_sieve_row *row, float near);

#endif

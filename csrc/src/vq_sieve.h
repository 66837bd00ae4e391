/* A first look at every codeword in 8-bit integers, and proof of which of them can be the nearest.
 *
 * Less the codebook's mean m, vectors and codewords are integers times a scale and what rounding left:
 *
 *     x - m = s q + e        c - m = t p + f        q, p: integers of at most `levels`
 *     |c - m|^2 / 2 - (x - m)(c - m)        orders codewords as their distances from x do
 *     |c - m|^2 / 2 - s t (q p)             is off by at most E = |s q| max |f| + |e| max |c - m|
 *
 * by Cauchy and Schwarz. So the nearest codeword is among those at most 2 E above the lowest sum of the
 * second kind: a few of a thousand, which are then compared in float64. The integer product costs a quarter
 * of the one in float32 (half without VNNI).
 */
#ifndef AK_VQ_SIEVE_H
#define AK_VQ_SIEVE_H

#include "dispatch.h"

#define AK_SIEVE_MOST 64 /* candidates of a vector, beyond which the float32 search is cheaper */

/* One codebook. Panels are those of `columns` codewords; panel p holds, for each four components, those of
 * its codewords side by side. */
typedef struct ak_sieve {
    int8_t *codewords; /* panels x dim / 4 x columns x 4, aligned; dim rounded up to the kernel's step */
    int32_t *start;    /* panels x columns, aligned: what takes the vectors' offset back */
    float *half_norms; /* panels x columns, aligned: |c - m|^2 / 2, infinity for missing codewords */
    float *mean;       /* dim, and zeros beyond */
    float scale;       /* t */
    double mean_norm, largest, error; /* |m|, max |c - m|, max |f| */
    size_t panels, dim, padded;       /* padded: dim rounded up */
    int usable;                       /* whether these codewords can be sifted */
} ak_sieve;

/* A vector in integers. */
typedef struct ak_sieve_row {
    float scale;                /* s */
    float norm, error, highest; /* |x - m|, |e|, max |x - m| by component; NaN or infinite where x is */
} ak_sieve_row;

typedef struct ak_sieve_kernels {
    size_t columns;     /* codewords of a panel */
    size_t step;        /* components that dim is padded to a multiple of */
    size_t width;       /* of a vector */
    int levels, offset; /* largest integers; what is added to make a vector's unsigned */
    /* padded bytes to q: x - m in integers, offset added. Up to AK_ALIGN bytes beyond are overwritten. */
    ak_sieve_row (*round)(const ak_sieve *s, const float *x, uint8_t *q);
    /* The sums of `count` vectors and all panels x columns codewords: scores, row by row. lowest: of each
     * panel the smallest sums by lane, panels x width, row by row. */
    void (*sift)(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, float *scores,
                 float *lowest);
    /* The places of one vector's scores that are not more than margin above the lowest, AK_SIEVE_MOST at
     * most. Returns how many there are, or AK_SIEVE_MOST + 1 for more. */
    size_t (*pick)(const float *scores, const float *lowest, size_t panels, float margin, int32_t *places);
    void (*widen)(const float *x, double *to, size_t count);
    double (*distance)(const double *x, const float *c, size_t dim); /* |x - c|^2 */
} ak_sieve_kernels;

AK_IF_AVX2(extern const ak_sieve_kernels ak_sieve_kernels_avx2;)
AK_IF_AVX512(extern const ak_sieve_kernels ak_sieve_kernels_icelake;)

/* The sieve for plans of that instruction set, or NULL where there is none. */
const ak_sieve_kernels *ak_sieve_select(ak_isa isa);

/* Tables for `size` codewords of `dim` floats each. Errors: AK_ERR_MEMORY. Whatever it returns,
 * ak_sieve_free releases. */
ak_status ak_sieve_init(ak_sieve *s, const ak_sieve_kernels *kernels, const float *codebook, size_t size,
                        size_t dim);
void ak_sieve_free(ak_sieve *s);

/* How far above the lowest score a vector's nearest codeword may lie: 2 E and the rounding of float32. NaN or
 * infinity where the vector cannot be sifted. */
float ak_sieve_margin(const ak_sieve *s, ak_sieve_row row);

#endif

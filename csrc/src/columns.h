/* The forward real FFT of n = 16 M points in rows and columns, for powers and magnitudes.
 *
 *     samples --gather, window, real radix 16--> 8 columns of M points --radix[0]--> ... --> |X[k]|^2
 *
 * A row holds samples M apart. Of the 16 bins of its DFT, 7 mirror others and 0 and 8 are real, so 7 complex
 * columns and a pair of real ones are left. Each is transformed by itself, out of the first-level cache, and
 * its points leave as bins. Beside a complex FFT of n / 2 points and its unpacking (rfft.h) a sixth of the
 * arithmetic and a pass over memory are saved, or a quarter where M is odd. Complex bins would need room
 * beside the columns, where the other way works in place; that loses more than there is to win.
 *
 * A column may stand for its conjugate, whose bins mirror it, for magnitudes are the same: `residue` says
 * which k mod 16 the bins of each column have that are the cheapest to compute.
 *
 * M odd: the prime factor algorithm (Good 1958), without twiddles between rows and columns. Sample j of row r
 * is sample (M j + 16 r) mod n, and point q of the column of residue c is the bin k with k mod 16 = c and
 * k mod M = q. The real columns C0 and C8 are transformed at once, as C0 + i C8.
 *
 * M even: Cooley and Tukey. Sample j of row r is sample M j + r; the column of residue c is turned by
 * exp(-2 pi i r c / n), and its point q is bin c + 16 q. The real column 0, y, is a complex one of M / 2
 * points, y[2m] + i y[2m + 1], and its unpacking. Column 8, whose bins mirror one another, is one of M / 2,
 * too, of which point p is bin 8 + 32 p: (y[m] - i y[m + M / 2]) exp(-pi i m / M).
 */
#ifndef AK_COLUMNS_H
#define AK_COLUMNS_H

#include "lanes.h"

typedef struct ak_columns {
    int size;       /* M; 0: there are no columns */
    int pitch;      /* complex points from column to column; the pair of real ones comes first */
    int width;      /* floats of a vector */
    ak_lanes whole; /* of M points; row r stands at place r of its input */
    ak_lanes half;  /* of M / 2, M even */
    int32_t *bin;   /* 8 x M, times the width: the bin of column c > 0, point q. Of the pair, M even: of
                       column 8, point p < M / 2; M odd: of C0, point q <= M / 2, and at M - q of C8, point q */
    int32_t *pair;  /* M x 2: which of the pair's vectors takes a row's bin 0, and which its bin 8 */
    float *turn;    /* M even: M x 7 complex numbers, exp(-2 pi i r c / n), c = residue[1 ..] */
    float *unpack;  /* M even: M / 2 complex numbers, exp(-2 pi i q / M) / 2 */
    float *shift;   /* M even: M / 2 complex numbers, exp(-pi i m / M), in the order of half's input */
} ak_columns;

/* Whether columns are the fastest way for n points. */
int ak_columns_suit(int n);

/* n: that suits. width: of the vectors that it is for. Errors: AK_ERR_SIZE, AK_ERR_MEMORY. Whatever it
 * returns, ak_columns_free releases. */
ak_status ak_columns_init(ak_columns *t, int n, int width);
void ak_columns_free(ak_columns *t);

/* Which sample stands at place i of the rows' input, 16 to a row. */
int32_t ak_columns_sample(const ak_columns *t, int i);

/* Vectors that the columns take. */
size_t ak_columns_vectors(const ak_columns *t);

#endif

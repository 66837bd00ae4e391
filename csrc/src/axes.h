/* Directions that hold most of what codebooks vary by.
 *
 * The rows of P are orthonormal, or zero, but for what rounding left: `defect` bounds the norm of the
 * difference to rows of which that is exactly so. The first `within[s]` rows hold nearly all of codebook s;
 * where that takes too many, within[s] is dim, and the codebook is better left as it is.
 */
#ifndef AK_AXES_H
#define AK_AXES_H

#include <audiokern/common.h>

#define AK_AXES_DIM 256 /* at most: finding them takes some 50 dim^3 operations */

typedef struct ak_axes {
    float *columns; /* dim x count, aligned: P transposed */
    size_t *within; /* of each codebook */
    size_t count;   /* rows, a multiple of 32; 0: none are worth their while */
    double defect;
} ak_axes;

/* For `stages` codebooks of `size` codewords of `dim` floats behind one another, and their means (stages x
 * dim). Errors: AK_ERR_MEMORY. Whatever it returns, ak_axes_free releases. */
ak_status ak_axes_find(ak_axes *a, const float *codebooks, const float *means, size_t stages, size_t size,
                       size_t dim);
void ak_axes_free(ak_axes *a);

#endif

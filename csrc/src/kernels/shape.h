/* A resampler's filter on the bins of its blocks, of floats or doubles. */
#ifndef AK_SHAPE_H
#define AK_SHAPE_H

#include "kernels/real.h"

/* See ak_shape. */
static void shape(ak_real *bins, const ak_real *response, size_t kept, size_t total)
{
    v_real *b = (v_real *)(void *)bins;
    for (size_t k = 0; k < kept; k++) {
        v_real gain = v_set1(response[k]);
        b[2 * k] *= gain;
        b[2 * k + 1] *= gain;
    }
    for (size_t k = 2 * kept; k < 2 * total; k++) b[k] = (v_real){0};
}

#endif

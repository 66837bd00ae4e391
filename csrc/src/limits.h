/* The loops that ak_limit_* time; one table per instruction set. */
#ifndef AK_LIMITS_KERNELS_H
#define AK_LIMITS_KERNELS_H

#include "dispatch.h"

typedef struct ak_limit_kernels {
    int flops_per_round; /* of fma */
    float (*fma)(size_t rounds);
    int adds_per_round;
    float (*add)(size_t rounds);
    /* count floats, a multiple of 256; pointers aligned to 64 */
    float (*read)(const float *from, size_t count);
    void (*copy)(float *to, const float *from, size_t count);
    void (*stream)(float *to, const float *from, size_t count);
} ak_limit_kernels;

AK_DECLARE(const ak_limit_kernels, ak_limit_kernels)

#endif

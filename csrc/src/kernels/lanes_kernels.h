/* The kernel files of one instruction set see each other through here. */
#ifndef AK_LANES_INTERNAL_H
#define AK_LANES_INTERNAL_H

#include "lanes.h"
#include "kernels/butterflies.h"

void AK_NAME(ak_lanes_forward)(const ak_lanes *t, ak_bins kind, const float *samples, const int32_t *offset,
                               const float *gain, float *work, float *bins);
void AK_NAME(ak_lanes_inverse)(const ak_lanes *t, const float *gain, float *work, float *x);

#endif

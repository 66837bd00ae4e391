/* The last word on a sample whose code may be the next one, by the steps themselves. */
#ifndef AK_MULAW_MEND_H
#define AK_MULAW_MEND_H

#include "mulaw_tables.h"
#include "simd.h"

AK_INLINE void mend_at(const float *x, uint8_t *code)
{
    uint32_t bits;
    memcpy(&bits, x, sizeof bits);
    bits &= 0x7fffffff;
    uint8_t q = *code;
    *code = (uint8_t)(q + (ak_mulaw_away[q] & -(bits - ak_mulaw_ends[q] < AK_MULAW_BEYOND)));
}

#endif

/* Runs of samples in blocks of AK_BLOCK, whatever their count. */
#ifndef AK_BLOCKS_H
#define AK_BLOCKS_H

#include "simd_int.h"

#define AK_BLOCK (AK_NARROW * AK_W) /* elements of one block */

/* Calls one(from, to) for each block; the last, partial one goes through a zero-padded copy, so that `one`
 * need not know about tails and a sample's result does not depend on its place. Sizes are bytes of an
 * element. */
AK_INLINE void ak_each_block(const void *from, size_t from_size, void *to, size_t to_size, size_t count,
                             void (*one)(const void *from, void *to))
{
    const unsigned char *f = from;
    unsigned char *t = to;
    for (; count >= AK_BLOCK; count -= AK_BLOCK) {
        one(f, t);
        f += AK_BLOCK * from_size;
        t += AK_BLOCK * to_size;
    }
    if (count) {
        _Alignas(64) unsigned char in[AK_BLOCK * sizeof(float)] = {0}, out[AK_BLOCK * sizeof(float)];
        memcpy(in, f, count * from_size);
        one(in, out);
        memcpy(t, out, count * to_size);
    }
}

#endif

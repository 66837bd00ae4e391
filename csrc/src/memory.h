/* Aligned allocation for plans. */
#ifndef AK_MEMORY_H
#define AK_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define AK_ALIGN 64 /* one cache line, one AVX-512 register */

static inline size_t ak_round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

/* Zeroed memory aligned to AK_ALIGN, or NULL; release with free(). */
static inline void *ak_alloc(size_t bytes)
{
    void *p = NULL;
    if (bytes > SIZE_MAX / 2) return NULL;
    if (posix_memalign(&p, AK_ALIGN, ak_round_up(bytes ? bytes : 1, AK_ALIGN)) != 0) return NULL;
    return memset(p, 0, bytes);
}

static inline int ak_is_aligned(const void *p)
{
    return (uintptr_t)p % AK_ALIGN == 0;
}

#endif

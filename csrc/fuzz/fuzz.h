/* Arguments out of the fuzzer's bytes: sizes in bounds that keep a run short, everything else as it comes. */
#ifndef AK_FUZZ_H
#define AK_FUZZ_H

#include <audiokern/audiokern.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct bytes {
    const uint8_t *data;
    size_t left;
} bytes;

/* The next byte; zeros when none are left. */
static inline unsigned take(bytes *b)
{
    if (!b->left) return 0;
    b->left--;
    return *b->data++;
}

static inline size_t take_size(bytes *b, size_t most)
{
    size_t value = take(b);
    if (most > 255) value |= (size_t)take(b) << 8;
    return value % (most + 1);
}

/* -1 and one beyond the last now and then: enum values that do not exist. */
static inline int take_enum(bytes *b, int count)
{
    return (int)(take(b) % ((unsigned)count + 2)) - 1;
}

/* Any bits: infinities, NaN and subnormal numbers too. */
static inline float take_float(bytes *b)
{
    uint32_t bits = take(b) | take(b) << 8 | take(b) << 16 | take(b) << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Memory of exactly that size, filled by repeating the bytes that are left: sanitizers see every step beyond.
 */
static inline void *take_memory(bytes *b, size_t size)
{
    unsigned char *p = malloc(size ? size : 1);
    if (!p) abort();
    for (size_t i = 0; i < size; i++) p[i] = b->left ? b->data[i * 7 % b->left] : (unsigned char)i;
    return p;
}

static inline void *output_memory(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p) abort();
    return p;
}

static inline ak_options take_options(bytes *b)
{
    int isa = (int)(take(b) % AK_ISA_COUNT);
    return (ak_options){take(b) % 16 == 0 ? 2 : 1, ak_isa_usable((ak_isa)isa) ? (ak_isa)isa : AK_ISA_AUTO};
}

#endif

/* Blocks of rows, shared by the threads of a crew while they walk over them.
 *
 * Going on to the next block costs less than beginning somewhere else: the samples that frames share are
 * there already. So each thread has a stretch of consecutive blocks and takes them off its beginning, one or
 * an eighth at a time. Whoever comes first has all; whoever has none left takes the back half of the longest
 * stretch of another:
 *
 *     thread 0   [> > > > > > . . . . . . )
 *     thread 1                            [> > > > > > > > > > )
 *     thread 2                  none: takes [. . . )
 *
 * Thus there are few stretches, however uneven the threads are, and they end together.
 */
#ifndef AK_SHARE_H
#define AK_SHARE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* A thread's stretch: its first unit in the upper half, one past its last one in the lower. */
typedef struct ak_slot {
    _Alignas(64) _Atomic uint64_t units;
} ak_slot;

typedef struct ak_share {
    ak_slot *slots;
    size_t threads, own;
    size_t blocks, total; /* of a row, of all rows */
    size_t unit;          /* blocks in one: 1, but for more than 2^32 of them */
    size_t least;         /* units that are worth beginning somewhere else */
    size_t at, end;       /* blocks taken and not yet given */
    size_t follows;       /* the block after the last given one */
} ak_share;

typedef struct ak_place {
    size_t row, block;
    int fresh; /* not the one after the last, or in another row */
} ak_place;

/* The thread's next block; 0 where none is left. */
static inline int ak_share_next(ak_share *s, ak_place *place);

/* The thread's next blocks of one row, for those to whom one by one is too dear. Of several threads each
 * takes an eighth of its stretch at a time, so that enough is left to be shared. Returns how many; 0 where
 * none is left. */
static inline size_t ak_share_run(ak_share *s, ak_place *place);

/* All stretches of a job, before the crew begins: slots[0 .. threads - 1]. */
static inline ak_share ak_share_make(ak_slot *slots, size_t threads, size_t rows, size_t blocks, size_t least)
{
    ak_share s = {.slots = slots, .threads = threads, .blocks = blocks, .total = rows * blocks};
    s.unit = s.total / UINT32_MAX + 1;
    s.least = least;
    s.follows = SIZE_MAX;
    for (size_t i = 0; i < threads; i++) atomic_init(&slots[i].units, 0);
    atomic_init(&slots[0].units, (s.total + s.unit - 1) / s.unit);
    return s;
}

static inline uint64_t ak_share_length(uint64_t units)
{
    uint64_t begin = units >> 32, end = units & UINT32_MAX;
    return begin < end ? end - begin : 0;
}

/* Takes 1 / part of the own stretch, at least one unit. A stretch is never the same twice, for its first unit
 * is taken once: comparing it whole is enough. */
static inline int ak_share_take(ak_share *s, uint64_t part)
{
    _Atomic uint64_t *own = &s->slots[s->own].units;
    uint64_t units = atomic_load_explicit(own, memory_order_relaxed), taken;
    do {
        uint64_t length = ak_share_length(units);
        if (!length) return 0;
        taken = length / part ? length / part : 1;
    } while (!atomic_compare_exchange_weak_explicit(own, &units, units + (taken << 32), memory_order_relaxed,
                                                    memory_order_relaxed));
    s->at = (size_t)(units >> 32) * s->unit;
    s->end = (s->total - s->at) / s->unit < taken ? s->total : s->at + (size_t)taken * s->unit;
    return 1;
}

static inline int ak_share_halve(ak_share *s)
{
    for (;;) {
        _Atomic uint64_t *longest = NULL;
        uint64_t units = 0;
        for (size_t i = 0; i < s->threads; i++) {
            uint64_t other = atomic_load_explicit(&s->slots[i].units, memory_order_relaxed);
            if (ak_share_length(other) <= ak_share_length(units)) continue;
            longest = &s->slots[i].units;
            units = other;
        }
        uint64_t half = ak_share_length(units) / 2;
        if (half < s->least) return 0;
        if (!atomic_compare_exchange_strong_explicit(longest, &units, units - half, memory_order_relaxed,
                                                     memory_order_relaxed))
            continue;
        uint64_t end = units & UINT32_MAX;
        atomic_store_explicit(&s->slots[s->own].units, (end - half) << 32 | end, memory_order_relaxed);
        return 1;
    }
}

/* At most `most` blocks, of 1 / part of a stretch where none are at hand. */
static inline size_t ak_share_give(ak_share *s, ak_place *place, uint64_t part, size_t most)
{
    while (s->at == s->end && !ak_share_take(s, part))
        if (!ak_share_halve(s)) return 0;
    size_t at = s->at, row = at / s->blocks, block = at % s->blocks, count = s->end - at;
    if (count > s->blocks - block) count = s->blocks - block;
    if (count > most) count = most;
    *place = (ak_place){row, block, at != s->follows || block == 0};
    s->at = s->follows = at + count;
    return count;
}

static inline int ak_share_next(ak_share *s, ak_place *place)
{
    return ak_share_give(s, place, UINT64_MAX, 1) != 0;
}

static inline size_t ak_share_run(ak_share *s, ak_place *place)
{
    return ak_share_give(s, place, s->threads > 1 ? 8 : 1, SIZE_MAX);
}

#endif

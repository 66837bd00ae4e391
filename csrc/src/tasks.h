/* Rows of blocks, cut into tasks for a crew. */
#ifndef AK_TASKS_H
#define AK_TASKS_H

#include <stddef.h>

typedef struct ak_tasks {
    size_t blocks;  /* of a row */
    size_t threads; /* pieces of one size */
    size_t sizes;   /* 1 where a row is not cut by size */
    size_t pieces;  /* that a row is cut into */
    size_t count;   /* rows * pieces */
} ak_tasks;

typedef struct ak_span {
    size_t row, begin, end; /* blocks begin .. end - 1 of row */
} ak_span;

/* Where the pieces of size `level` begin: each size covers half of what the sizes before it left. */
static inline size_t ak_tasks_level(const ak_tasks *t, size_t level)
{
    return level < t->sizes ? t->blocks - (t->blocks >> level) : t->blocks;
}

/* One thread takes a row whole, and so do several where there are many rows. Otherwise a row is cut into
 * pieces that halve in size, one per thread of each: large ones first, because every task starts with some
 * work of its own, small ones last, because the threads are to end together. None is smaller than `least`
 * blocks. */
static inline ak_tasks ak_tasks_make(size_t rows, size_t blocks, int threads, size_t least)
{
    ak_tasks t = {.blocks = blocks, .threads = 1, .sizes = 1, .pieces = 1, .count = rows};
    size_t n = (size_t)threads;
    if (threads < 2 || rows >= 16 * n || blocks < n * least) return t;
    t.threads = n;
    while ((blocks >> t.sizes) >= n * least) t.sizes++;
    t.pieces = t.sizes * n;
    t.count = rows * t.pieces;
    return t;
}

static inline ak_span ak_tasks_span(const ak_tasks *t, size_t task)
{
    size_t piece = task % t->pieces, level = piece / t->threads, part = piece % t->threads;
    size_t begin = ak_tasks_level(t, level), length = ak_tasks_level(t, level + 1) - begin;
    return (ak_span){task / t->pieces, begin + length * part / t->threads,
                     begin + length * (part + 1) / t->threads};
}

#endif

/* Rows of blocks, cut into tasks for a crew. */
#ifndef AK_TASKS_H
#define AK_TASKS_H

#include <stddef.h>

typedef struct ak_tasks {
    size_t blocks; /* of a row */
    size_t pieces; /* that a row is cut into */
    size_t count;  /* rows * pieces */
} ak_tasks;

typedef struct ak_span {
    size_t row, begin, end; /* blocks begin .. end - 1 of row */
} ak_span;

/* One thread takes a row whole. Several get about eight tasks each, to even out their speeds, but none of
 * fewer than eight blocks, because every task starts with some work of its own. */
static inline ak_tasks ak_tasks_make(size_t rows, size_t blocks, int threads)
{
    size_t wanted = threads > 1 ? ((size_t)threads * 8 + rows - 1) / rows : 1;
    size_t most = blocks / 8 ? blocks / 8 : 1;
    size_t pieces = wanted < most ? wanted : most;
    return (ak_tasks){blocks, pieces, rows * pieces};
}

static inline ak_span ak_tasks_span(const ak_tasks *t, size_t task)
{
    size_t piece = task % t->pieces;
    return (ak_span){task / t->pieces, t->blocks * piece / t->pieces, t->blocks * (piece + 1) / t->pieces};
}

#endif

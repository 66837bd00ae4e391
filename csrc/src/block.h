/* Blocks of rows x columns: the checks and the joining that all of quantize.h shares. */
#ifndef AK_BLOCK_H
#define AK_BLOCK_H

#include <audiokern/quantize.h>

static inline int ak_block_empty(ak_block b)
{
    return !b.rows || !b.columns;
}

static inline ak_status ak_block_check(ak_block b, const void *from, const void *to)
{
    if (ak_block_empty(b)) return AK_OK;
    if (!from || !to) return AK_ERR_ARGUMENT;
    if (b.rows > 1 && (b.from_stride < b.columns || b.to_stride < b.columns)) return AK_ERR_SIZE;
    size_t stride = b.from_stride > b.to_stride ? b.from_stride : b.to_stride;
    if (stride < b.columns) stride = b.columns;
    return stride > SIZE_MAX / 2 / sizeof(float) / b.rows ? AK_ERR_SIZE : AK_OK;
}

/* Rows that lie behind one another are one long row. */
static inline ak_block ak_block_joined(ak_block b)
{
    if (b.rows > 1 && (b.from_stride != b.columns || b.to_stride != b.columns)) return b;
    b.columns *= b.rows;
    b.rows = 1;
    return b;
}

#endif

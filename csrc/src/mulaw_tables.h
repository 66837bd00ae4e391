/* The steps of 256-level mu-law, found by tools/make_mulaw_tables.py from the definition in float64. */
#ifndef AK_MULAW_TABLES_H
#define AK_MULAW_TABLES_H

#include <stdint.h>

/* ak_mulaw_steps[k], k = 1 .. 127: the smallest float32 x >= 0 whose code is at least 128 + k. The codes of
 * negative samples mirror them: -x has the code 255 - (128 + k). ak_mulaw_steps[0] is the smallest x > 0 for
 * which -x has the code 127: nearer to zero, 1 + y is 1 in float64. */
extern const float ak_mulaw_steps[128];

/* A sample whose code may be q or the next one away from zero has that one, q + ak_mulaw_away[q], if the bits
 * of |x| are less than AK_MULAW_BEYOND beyond ak_mulaw_ends[q]. NaN that saturated at 255 goes to 128, and
 * stays there. Right codes stay as they are. */
#define AK_MULAW_BEYOND 0x7fffff
extern const uint32_t ak_mulaw_ends[256];
extern const int8_t ak_mulaw_away[256];

/* Cells of y = |x| + AK_MULAW_OFFSET in [2^-8, 1), 16 to a doubling: bits 19 to 26 of the float y, of which
 * the lower seven number the tables' entries. A sample's code is 17 more than its cell, less the marks of the
 * cell that bits 11 to 18 of y do not pass; where they equal one, it is this code or the next. The offset is
 * larger than 1 / 255, so that two marks are enough for every cell. */
#define AK_MULAW_OFFSET 0x1.0cccccp-8f
extern const unsigned char ak_mulaw_cells[2][128];

/* ak_mulaw_values[q]: the decoded code q; the code 255 - q has the same with the other sign. */
extern const float ak_mulaw_values[256];

/* ak_mulaw_bytes[b][k]: byte b, from the lowest, of the float ak_mulaw_values[128 + k]. */
extern const unsigned char ak_mulaw_bytes[4][128];

#endif

/* The sieve's products in AMX's tiles: 16 vectors meet the 64 codewords of a panel at a time.
 *
 *     tile 4       16 vectors x 64 components           tiles 6, 7   64 components x 16 codewords, in turn:
 *                  64 bytes a row                                    16 rows, each of four components of all
 *     tiles 0 .. 3 16 vectors x 16 codewords, 32 bits
 */
#ifndef AK_SIFT_TILES_H
#define AK_SIFT_TILES_H

#include "sieve_shape.h"

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;
_Static_assert(sizeof(tile_config) == 64, "what ldtilecfg reads");

static const _Alignas(64) tile_config whole_tiles = {
    .palette = 1, .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

/* The sums of ROWS vectors q with a panel. */
AK_INLINE void multiply(const ak_sieve *s, size_t panel, const uint8_t *q, int32_t *sums)
{
    const int8_t *c = s->codewords + panel * COLUMNS * s->padded;
    const size_t row = COLUMNS * 4; /* bytes of four components of a panel, and of a vector's sums */
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t d = 0; d < s->padded; d += STEP, c += STEP * COLUMNS) {
        _tile_loadd(4, q + d, s->padded);
        _tile_loadd(6, c, row);
        _tile_dpbssd(0, 4, 6);
        _tile_loadd(7, c + 64, row);
        _tile_dpbssd(1, 4, 7);
        _tile_loadd(6, c + 128, row);
        _tile_dpbssd(2, 4, 6);
        _tile_loadd(7, c + 192, row);
        _tile_dpbssd(3, 4, 7);
    }
    _tile_stored(0, sums, row);
    _tile_stored(1, sums + 16, row);
    _tile_stored(2, sums + 32, row);
    _tile_stored(3, sums + 48, row);
}

/* The lowest scores of one vector and a panel, lane by lane. */
AK_INLINE v_f32 least_score(const ak_sieve *s, size_t panel, const int32_t *sums, const ak_sieve_row *row)
{
    v_f32 scale = v_set1(row->scale), weight = v_set1(row->weight), low = v_set1(INFINITY);
    const v_f32 none = {0};
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++)
        low = v_min(low, score_of(s, 0, panel * COLUMNS + (size_t)v * AK_W, load_int(sums + v * AK_W), scale,
                                  weight, none));
    return low;
}

static void find_least(const ak_sieve *s, size_t panel, const int32_t *sums, const ak_sieve_row *rows,
                       float *lowest)
{
    v_f32 low[ROWS];
    AK_UNROLL(16)
    for (int r = 0; r < ROWS; r++) low[r] = least_score(s, panel, sums + r * COLUMNS, rows + r);
    store_least(lowest, low);
}

/* Whoever calls may have tiles of its own set up: it finds its configuration again. What was in the tiles no
 * call keeps. */
static void sift(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, int32_t *sums,
                 float *lowest)
{
    _Alignas(64) tile_config callers = {0};
    _tile_storeconfig(&callers);
    _tile_loadconfig(&whole_tiles);
    for (size_t panel = 0; panel < s->panels; panel++, lowest += AK_SIEVE_STRIDE)
        for (size_t i = 0; i < count; i += ROWS) {
            int32_t *to = sums + panel * s->stride + i * COLUMNS;
            multiply(s, panel, q + i * s->padded, to);
            find_least(s, panel, to, rows + i, lowest + i);
        }
    if (callers.palette)
        _tile_loadconfig(&callers);
    else
        _tile_release();
}

#endif

/* The sieve's products in the lanes of vectors: as in vq_kernels.c ROWS vectors meet a panel at a time, and
 * ROWS x PANEL vectors of sums stay in registers. */
#ifndef AK_SIFT_LANES_H
#define AK_SIFT_LANES_H

#include "sieve_shape.h"

#define PARTS (STEP / 4) /* fours of components multiplied at once */

/* sum + the products of unsigned x and signed c, by fours */
AK_INLINE v_i32 dot(v_i32 sum, const v_i32 x[PARTS], const v_i32 c[PARTS])
{
#if defined(AK_BUILD_ICELAKE)
    return (v_i32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x[0], (__m512i)c[0]);
#elif defined(AK_BUILD_AVXVNNI)
    return (v_i32)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)x[0], (__m256i)c[0]);
#else
    __m256i low = _mm256_maddubs_epi16((__m256i)x[0], (__m256i)c[0]);
    __m256i both = _mm256_add_epi16(low, _mm256_maddubs_epi16((__m256i)x[1], (__m256i)c[1]));
    return sum + (v_i32)_mm256_madd_epi16(both, _mm256_set1_epi16(1));
#endif
}

AK_INLINE v_i32 four(const uint8_t *q) /* in every lane */
{
    int32_t bits;
    memcpy(&bits, q, sizeof bits);
    return bits - (v_i32){0};
}

AK_INLINE void sift_panel(const int rows, const ak_sieve *s, size_t panel, const uint8_t *q,
                          const ak_sieve_row *row, int32_t *sums, float *lowest)
{
    const int8_t *codewords = s->codewords + panel * COLUMNS * s->padded;
    v_i32 sum[ROWS][PANEL];
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) sum[r][v] = load_int(s->start + panel * COLUMNS + v * AK_W);
    }
    for (size_t d = 0; d < s->padded; d += STEP, codewords += STEP * COLUMNS) {
        v_i32 c[PANEL][PARTS];
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            AK_UNROLL(2)
            for (int p = 0; p < PARTS; p++) c[v][p] = load_int(codewords + (p * COLUMNS + v * AK_W) * 4);
        }
        AK_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            v_i32 x[PARTS];
            AK_UNROLL(2)
            for (int p = 0; p < PARTS; p++) x[p] = four(q + (size_t)r * s->padded + d + 4 * p);
            AK_UNROLL(4)
            for (int v = 0; v < PANEL; v++) sum[r][v] = dot(sum[r][v], x, c[v]);
        }
    }
    v_f32 low[ROWS];
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        v_f32 scale = v_set1(row[r].scale * s->scale), weight = v_set1(row[r].weight);
        low[r] = v_set1(INFINITY);
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            size_t k = panel * COLUMNS + (size_t)v * AK_W;
            store_int(sums + r * COLUMNS + v * AK_W, sum[r][v]);
            low[r] = v_min(low[r], score_of(s, k, sum[r][v], scale, weight));
        }
    }
    if (rows == ROWS)
        store_least(lowest, low);
    else
        *lowest = least_lane(low[0]);
}

static void sift(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, int32_t *sums,
                 float *lowest)
{
    for (size_t panel = 0; panel < s->panels; panel++, lowest += AK_SIEVE_STRIDE, sums += s->stride) {
        size_t i = 0;
        for (; i + ROWS <= count; i += ROWS)
            sift_panel(ROWS, s, panel, q + i * s->padded, rows + i, sums + i * COLUMNS, lowest + i);
        for (; i < count; i++)
            sift_panel(1, s, panel, q + i * s->padded, rows + i, sums + i * COLUMNS, lowest + i);
    }
}

#endif

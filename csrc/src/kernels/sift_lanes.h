/* The sieve's products in the lanes of vectors: as in vq_kernels.c ROWS vectors meet a panel at a time, and
 * ROWS x PANEL vectors of sums stay in registers. */
#ifndef AK_SIFT_LANES_H
#define AK_SIFT_LANES_H

#include "sieve_shape.h"

/* sum + the products of unsigned x and signed c, by fours; by twos where the sums have 16 bits */
AK_INLINE v_i32 dot(v_i32 sum, v_i32 x, v_i32 c)
{
#if defined(AK_BUILD_ICELAKE)
    return (v_i32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)c);
#elif defined(AK_BUILD_AVXVNNI)
    return (v_i32)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)x, (__m256i)c);
#else
    return (v_i32)_mm256_add_epi16((__m256i)sum, _mm256_maddubs_epi16((__m256i)x, (__m256i)c));
#endif
}

AK_INLINE v_i32 four(const uint8_t *q) /* in every lane */
{
    int32_t bits;
    memcpy(&bits, q, sizeof bits);
    return bits - (v_i32){0};
}

/* The products of a panel and ROWS vectors: those of all components; or those of a chunk from `first` on,
 * which are added to the others. */
AK_INLINE void multiply(const int rows, const ak_sieve *s, size_t panel, size_t first, const uint8_t *q,
                        int32_t *sums)
{
    const int8_t *codewords = s->codewords + (panel * s->padded + first) * COLUMNS;
    const int32_t *start = s->start + panel * COLUMNS;
    size_t stop = s->padded;
#if CHUNK
    start += first / CHUNK * s->panels * COLUMNS;
    stop = stop - first < CHUNK ? stop : first + CHUNK;
#endif
    v_i32 sum[ROWS][PANEL];
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) sum[r][v] = load_int(start + v * AK_W);
    }
    for (size_t d = first; d < stop; d += STEP, codewords += STEP * COLUMNS) {
        v_i32 c[PANEL];
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) c[v] = load_int(codewords + (size_t)v * AK_W * 4);
        AK_UNROLL(6)
        for (int r = 0; r < rows; r++) {
            v_i32 x = four(q + (size_t)r * s->padded + d);
            AK_UNROLL(4)
            for (int v = 0; v < PANEL; v++) sum[r][v] = dot(sum[r][v], x, c[v]);
        }
    }
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            int32_t *to = sums + r * COLUMNS + v * AK_W;
#if CHUNK
            sum[r][v] = (v_i32)_mm256_madd_epi16((__m256i)sum[r][v], _mm256_set1_epi16(1));
            if (first) sum[r][v] += load_int(to);
#endif
            store_int(to, sum[r][v]);
        }
    }
}

AK_INLINE void sift_panel(const int rows, const int turned, const ak_sieve *s, size_t panel, const uint8_t *q,
                          const ak_sieve_row *row, int32_t *sums, float *lowest)
{
    multiply(rows, s, panel, 0, q, sums);
    for (size_t first = CHUNK; CHUNK && first < s->padded; first += CHUNK)
        multiply(rows, s, panel, first, q, sums);
    v_f32 low[ROWS];
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        v_f32 scale = v_set1(row[r].scale), weight = v_set1(row[r].weight);
        v_f32 beyond = v_set1(row[r].beyond);
        low[r] = v_set1(INFINITY);
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            size_t k = panel * COLUMNS + (size_t)v * AK_W;
            low[r] = v_min(low[r], score_of(s, turned, k, load_int(sums + r * COLUMNS + v * AK_W), scale,
                                            weight, beyond));
        }
    }
    if (rows == ROWS)
        store_least(lowest, low);
    else
        *lowest = least_lane(low[0]);
}

AK_INLINE void sift_all(const int turned, const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows,
                        size_t count, int32_t *sums, float *lowest)
{
    for (size_t panel = 0; panel < s->panels; panel++, lowest += AK_SIEVE_STRIDE, sums += s->stride) {
        size_t i = 0;
        for (; i + ROWS <= count; i += ROWS)
            sift_panel(ROWS, turned, s, panel, q + i * s->padded, rows + i, sums + i * COLUMNS, lowest + i);
        for (; i < count; i++)
            sift_panel(1, turned, s, panel, q + i * s->padded, rows + i, sums + i * COLUMNS, lowest + i);
    }
}

static void sift(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, int32_t *sums,
                 float *lowest)
{
    if (s->beyond)
        sift_all(1, s, q, rows, count, sums, lowest);
    else
        sift_all(0, s, q, rows, count, sums, lowest);
}

#endif

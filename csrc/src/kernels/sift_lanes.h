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

#if ALIKE > 1
/* The codewords of a vector of them share a scale and a bound, so that the product of the scales and the
 * bound on the error are the same for all of its scores, and are made of 16 vectors at once. Of each panel
 * the lowest score is kept, and behind those the lowest estimate: a score without its bound. */
typedef struct common {
    float scale[PANEL][AK_SIEVE_STRIDE], error[PANEL][AK_SIEVE_STRIDE];
} common;

typedef struct columns { /* of the vectors' rows */
    float scale[AK_SIEVE_STRIDE], weight[AK_SIEVE_STRIDE], beyond[AK_SIEVE_STRIDE];
} columns;

AK_INLINE void find_common(const ak_sieve *s, size_t panel, const columns *of, size_t count, common *to)
{
    const float *reach = s->common + panel * 3 * PANEL, *beyond = reach + PANEL, *scale = beyond + PANEL;
    for (size_t i = 0; i < count; i += AK_W) {
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            v_f32 error = v_load(of->weight + i) * v_set1(reach[v]);
            v_store(to->error[v] + i, v_fma(v_load(of->beyond + i), v_set1(beyond[v]), error));
            v_store(to->scale[v] + i, v_load(of->scale + i) * v_set1(scale[v]));
        }
    }
}

AK_INLINE void sift_panel(const int rows, const ak_sieve *s, size_t panel, const uint8_t *q,
                          const common *alike, size_t first, int32_t *sums, float *lowest, float *estimates)
{
    multiply(rows, s, panel, 0, q, sums);
    v_f32 low[ROWS], estimate[ROWS];
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            v_f32 sum = v_from_int(load_int(sums + r * COLUMNS + v * AK_W));
            v_f32 score = v_fnma(v_set1(alike->scale[v][first + (size_t)r]), sum,
                                 v_load(s->half_norms + panel * COLUMNS + (size_t)v * AK_W));
            v_f32 lowered = score - v_set1(alike->error[v][first + (size_t)r]);
            estimate[r] = v ? v_min(estimate[r], score) : score;
            low[r] = v ? v_min(low[r], lowered) : lowered;
        }
    }
    if (rows == ROWS) {
        store_least(lowest, low);
        store_least(estimates, estimate);
    } else {
        *lowest = least_lane(low[0]);
        *estimates = least_lane(estimate[0]);
    }
}

static void sift(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, int32_t *sums,
                 float *lowest)
{
    columns of = {0};
    common alike;
    float *estimates = lowest + s->panels * AK_SIEVE_STRIDE;
    for (size_t i = 0; i < count; i++) {
        of.scale[i] = rows[i].scale;
        of.weight[i] = rows[i].weight;
        of.beyond[i] = rows[i].beyond;
    }
    for (size_t panel = 0; panel < s->panels; panel++, sums += s->stride) {
        size_t i = 0;
        find_common(s, panel, &of, count, &alike);
        for (; i + ROWS <= count; i += ROWS)
            sift_panel(ROWS, s, panel, q + i * s->padded, &alike, i, sums + i * COLUMNS, lowest + i,
                       estimates + i);
        for (; i < count; i++)
            sift_panel(1, s, panel, q + i * s->padded, &alike, i, sums + i * COLUMNS, lowest + i,
                       estimates + i);
        lowest += AK_SIEVE_STRIDE;
        estimates += AK_SIEVE_STRIDE;
    }
}
#else
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

#endif

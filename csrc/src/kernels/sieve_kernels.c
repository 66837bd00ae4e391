/* The sieve's integer products, and the few candidates in float64. Compiled for AVX2 and for AVX-512 with
 * VNNI.
 *
 * As in vq_kernels.c ROWS vectors meet a panel at a time, and ROWS x PANEL vectors of sums stay in registers.
 * A lane sums four products of bytes at once. VNNI does so in one instruction; AVX2 multiplies bytes to sums
 * of 16 bits, two of which must fit, so its integers have 7 bits with their sign.
 */
#include "vq_sieve.h"
#include "simd_int.h"
#include "simd_f64.h"

#include <math.h>

#if defined(AK_BUILD_ICELAKE)
#    define PANEL 4
#    define ROWS 6
#    define PARTS 1 /* fours of components multiplied at once */
#    define LEVELS 127
#    define OFFSET 128
#else
#    define PANEL 2
#    define ROWS 4
#    define PARTS 2
#    define LEVELS 63
#    define OFFSET 64
#endif
#define COLUMNS (PANEL * AK_W)
#define STEP (4 * PARTS)
_Static_assert(COLUMNS <= AK_SIEVE_PANEL && AK_SIEVE_TOGETHER % ROWS == 0, "vq_sieve.h names larger ones");
_Static_assert(AK_SIEVE_TOGETHER + AK_W <= AK_SIEVE_STRIDE, "a vector may be written behind the last");

/* sum + the products of unsigned x and signed c, by fours */
AK_INLINE v_i32 dot(v_i32 sum, const v_i32 x[PARTS], const v_i32 c[PARTS])
{
#if defined(AK_BUILD_ICELAKE)
    return (v_i32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x[0], (__m512i)c[0]);
#else
    __m256i low = _mm256_maddubs_epi16((__m256i)x[0], (__m256i)c[0]);
    __m256i both = _mm256_add_epi16(low, _mm256_maddubs_epi16((__m256i)x[1], (__m256i)c[1]));
    return sum + (v_i32)_mm256_madd_epi16(both, _mm256_set1_epi16(1));
#endif
}

AK_INLINE v_i32 load_int(const void *p)
{
    return (v_i32) * (const v_i32_any *)p;
}

AK_INLINE v_i32 four(const uint8_t *q) /* in every lane */
{
    int32_t bits;
    memcpy(&bits, q, sizeof bits);
    return bits - (v_i32){0};
}

AK_INLINE float least_lane(v_f32 x)
{
#if defined(AK_BUILD_ICELAKE)
    return _mm512_reduce_min_ps((__m512)x);
#else
    __m128 a = _mm_min_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    a = _mm_min_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_min_ss(a, _mm_movehdup_ps(a)));
#endif
}

/* The least lanes of ROWS vectors, side by side; what is behind them may be overwritten. Together they take
 * half the shuffles that they would take one by one. */
AK_INLINE void store_least(float *to, const v_f32 x[ROWS])
{
#if defined(AK_BUILD_ICELAKE)
    __m512 y[ROWS / 2]; /* two vectors' halves */
    AK_UNROLL(3)
    for (int r = 0; r < ROWS / 2; r++) {
        __m512 a = (__m512)x[2 * r], b = (__m512)x[2 * r + 1];
        y[r] = _mm512_min_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
    }
    __m512 four =
        _mm512_min_ps(_mm512_shuffle_f32x4(y[0], y[1], 0x88), _mm512_shuffle_f32x4(y[0], y[1], 0xdd));
    __m512 two =
        _mm512_min_ps(_mm512_shuffle_f32x4(y[2], y[2], 0x88), _mm512_shuffle_f32x4(y[2], y[2], 0xdd));
    __m512 all = _mm512_min_ps(_mm512_unpacklo_ps(four, two), _mm512_unpackhi_ps(four, two));
    all = _mm512_min_ps(all, _mm512_permute_ps(all, 0x4e));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    _mm256_storeu_ps(to, _mm512_castps512_ps256(_mm512_permutexvar_ps(order, all)));
#else
    __m256 a = (__m256)x[0], b = (__m256)x[1], c = (__m256)x[2], d = (__m256)x[3];
    __m256 ab = _mm256_min_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
    __m256 cd = _mm256_min_ps(_mm256_permute2f128_ps(c, d, 0x20), _mm256_permute2f128_ps(c, d, 0x31));
    __m256 all = _mm256_min_ps(_mm256_unpacklo_ps(ab, cd), _mm256_unpackhi_ps(ab, cd));
    all = _mm256_min_ps(all, _mm256_permute_ps(all, 0x4e));
    _mm_storeu_ps(to, _mm_unpacklo_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
#endif
}

AK_INLINE void sift_panel(const int rows, const ak_sieve *s, size_t panel, const uint8_t *q,
                          const ak_sieve_row *row, float *scores, float *lowest)
{
    const int8_t *codewords = s->codewords + panel * COLUMNS * s->padded;
    const size_t stride = s->panels * COLUMNS;
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
    scores += panel * COLUMNS;
    v_f32 low[ROWS];
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        v_f32 scale = v_set1(row[r].scale * s->scale), weight = v_set1(row[r].weight);
        low[r] = v_set1(INFINITY);
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            size_t k = panel * COLUMNS + (size_t)v * AK_W;
            v_f32 lowered = v_fnma(weight, v_load(s->reach + k), v_load(s->half_norms + k));
            v_f32 score = v_fnma(scale, v_from_int(sum[r][v]), lowered);
            v_store(scores + (size_t)r * stride + v * AK_W, score);
            low[r] = v_min(low[r], score);
        }
    }
    if (rows == ROWS)
        store_least(lowest, low);
    else
        *lowest = least_lane(low[0]);
}

static void sift(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, float *scores,
                 float *lowest)
{
    const size_t stride = s->panels * COLUMNS;
    for (size_t panel = 0; panel < s->panels; panel++, lowest += AK_SIEVE_STRIDE) {
        size_t i = 0;
        for (; i + ROWS <= count; i += ROWS)
            sift_panel(ROWS, s, panel, q + i * s->padded, rows + i, scores + i * stride, lowest + i);
        for (; i < count; i++)
            sift_panel(1, s, panel, q + i * s->padded, rows + i, scores + i * stride, lowest + i);
    }
}

AK_INLINE float sum_lanes(v_f32 x)
{
#if defined(AK_BUILD_ICELAKE)
    return _mm512_reduce_add_ps((__m512)x);
#else
    __m128 a = _mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
#endif
}

AK_INLINE double sum_lanes64(v_f64 x)
{
#if defined(AK_BUILD_ICELAKE)
    return _mm512_reduce_add_pd((__m512d)x);
#else
    return (x[0] + x[2]) + (x[1] + x[3]);
#endif
}

/* AK_W components of x - m from i on, zeros beyond the last. */
AK_INLINE v_f32 centred(const ak_sieve *s, const float *x, size_t i)
{
    if (i + AK_W <= s->dim) return v_load(x + i) - v_load(s->mean + i);
    float part[AK_W] = {0};
    if (i < s->dim) memcpy(part, x + i, (s->dim - i) * sizeof(float));
    return v_load(part) - v_load(s->mean + i);
}

static ak_sieve_row round_vector(const ak_sieve *s, const float *x, uint8_t *q)
{
    v_f32 top = {0}, squares = {0}, errors = {0};
    for (size_t i = 0; i < s->dim; i += AK_W) {
        v_f32 y = centred(s, x, i);
        top = v_max(top, v_abs(y));
        squares = v_fma(y, y, squares);
    }
    ak_sieve_row row = {.highest = -least_lane(-top), .square = sum_lanes(squares)};
    row.scale = row.highest / LEVELS;
    v_f32 scale = v_set1(row.scale), inverse = v_set1(row.highest > 0 ? LEVELS / row.highest : 0);
    for (size_t i = 0; i < s->padded; i += AK_NARROW * AK_W) {
        v_i32 rounded[AK_NARROW];
        AK_UNROLL(4)
        for (int j = 0; j < AK_NARROW; j++) {
            v_f32 y = centred(s, x, i + (size_t)j * AK_W);
            v_i32 p = v_round_int(y * inverse);
            v_f32 e = v_fnma(scale, v_from_int(p), y);
            errors = v_fma(e, e, errors);
            rounded[j] = p + OFFSET;
        }
        v_store_u8(q + i, rounded);
    }
    row.error = sqrtf(sum_lanes(errors));
    return row;
}

/* In which lanes a <= b: a bit each. */
AK_INLINE unsigned not_above(v_f32 a, v_f32 b)
{
#if defined(AK_BUILD_ICELAKE)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OQ);
#else
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LE_OQ));
#endif
}

/* Which scores of a panel are not above `most`: a bit each. */
AK_INLINE uint64_t scores_not_above(const float *scores, v_f32 most)
{
    uint64_t bits = 0;
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++) bits |= (uint64_t)not_above(v_load(scores + v * AK_W), most) << v * AK_W;
    return bits;
}

static void place(const ak_sieve *s, const float *scores, const float *lowest, size_t count, int32_t *places)
{
    const size_t stride = s->panels * COLUMNS;
    for (size_t i = 0; i < count; i += AK_W) { /* a vector in each lane */
        v_f32 low = v_load(lowest + i);
        v_i32 panels = {0};
        for (size_t panel = 1; panel < s->panels; panel++) {
            v_f32 next = v_load(lowest + panel * AK_SIEVE_STRIDE + i);
            v_i32 less = next < low;
            panels = (less & ((int32_t)panel - (v_i32){0})) | (~less & panels);
            low = v_where(less, next, low);
        }
        for (size_t l = 0; l < AK_W && i + l < count; l++) {
            int32_t k = panels[l] * COLUMNS;
            uint64_t bits = scores_not_above(scores + (i + l) * stride + (size_t)k, v_set1(low[l]));
            places[i + l] = bits ? k + __builtin_ctzll(bits) : 0; /* none: NaN */
        }
    }
}

static void mark(const ak_sieve *s, const float *lowest, const float *limits, size_t count, uint32_t *marks)
{
    for (size_t first = 0; first < s->panels; first += 32, marks += AK_SIEVE_STRIDE) {
        size_t panels = s->panels - first < 32 ? s->panels - first : 32;
        for (size_t i = 0; i < count; i += AK_W) {
            const v_f32 limit = v_load(limits + i);
            v_i32 bits = {0};
            for (size_t j = 0; j < panels; j++) {
                v_i32 hit = v_load(lowest + (first + j) * AK_SIEVE_STRIDE + i) <= limit;
                bits |= hit & ((int32_t)(1u << j) - (v_i32){0});
            }
            memcpy(marks + i, &bits, sizeof bits);
        }
    }
}

/* Appends to `places` those of a panel's scores, from place k on, that are not above the limit. Without
 * branches where the CPU can. */
AK_INLINE size_t append(const float *scores, v_f32 limit, int32_t k, int32_t *places)
{
    size_t found = 0;
#if defined(AK_BUILD_ICELAKE)
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++, k += AK_W) {
        unsigned bits = not_above(v_load(scores + v * AK_W), limit);
        __m512i packed =
            _mm512_maskz_compress_epi32((__mmask16)bits, _mm512_add_epi32(lane, _mm512_set1_epi32(k)));
        _mm512_storeu_si512(places + found, packed);
        found += (size_t)__builtin_popcount(bits);
    }
#else
    for (uint64_t near = scores_not_above(scores, limit); near; near &= near - 1)
        places[found++] = k + __builtin_ctzll(near);
#endif
    return found;
}

static size_t pick(const ak_sieve *s, const float *scores, const uint32_t *marks, float limit,
                   int32_t *places)
{
    const v_f32 limits = v_set1(limit);
    size_t found = 0;
    for (size_t first = 0; first < s->panels; first += 32, marks += AK_SIEVE_STRIDE) {
        for (uint32_t hit = *marks; hit; hit &= hit - 1) {
            size_t k = (first + (size_t)__builtin_ctz(hit)) * COLUMNS;
            found += append(scores + k, limits, (int32_t)k, places + found);
            if (found > AK_SIEVE_MOST) return AK_SIEVE_MOST + 1;
        }
    }
    return found;
}

static float near(const float *x, const float *c, size_t dim)
{
    v_f32 sum = {0}, more = {0};
    size_t i = 0;
    for (; i + 2 * AK_W <= dim; i += 2 * AK_W) {
        v_f32 a = v_load(x + i) - v_load(c + i), b = v_load(x + i + AK_W) - v_load(c + i + AK_W);
        sum = v_fma(a, a, sum);
        more = v_fma(b, b, more);
    }
    float total = sum_lanes(sum + more);
    for (; i < dim; i++) total += (x[i] - c[i]) * (x[i] - c[i]);
    return total;
}

AK_INLINE v_f64 load_widened(const float *p)
{
    v_f32_half x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, v_f64);
}

static double distance(const double *x, const float *c, size_t dim)
{
    v_f64 sum = {0}, more = {0};
    size_t i = 0;
    for (; i + 2 * AK_W64 <= dim; i += 2 * AK_W64) {
        v_f64 a = v_load64(x + i) - load_widened(c + i);
        v_f64 b = v_load64(x + i + AK_W64) - load_widened(c + i + AK_W64);
        sum = v_fma64(a, a, sum);
        more = v_fma64(b, b, more);
    }
    sum += more;
    double total = 0;
    for (; i < dim; i++) total += (x[i] - c[i]) * (x[i] - c[i]);
    return total + sum_lanes64(sum);
}

static void widen(const float *x, double *to, size_t count)
{
    size_t i = 0;
    for (; i + AK_W64 <= count; i += AK_W64) {
        v_f64 y = load_widened(x + i);
        memcpy(to + i, &y, sizeof y);
    }
    for (; i < count; i++) to[i] = x[i];
}

const ak_sieve_kernels AK_NAME(ak_sieve_kernels) = {
    .columns = COLUMNS,
    .step = STEP,
    .levels = LEVELS,
    .offset = OFFSET,
    .round = round_vector,
    .sift = sift,
    .place = place,
    .mark = mark,
    .pick = pick,
    .near = near,
    .widen = widen,
    .distance = distance,
};

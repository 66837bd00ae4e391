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
    lowest += panel * AK_W;
    AK_UNROLL(6)
    for (int r = 0; r < rows; r++) {
        v_f32 scale = v_set1(row[r].scale * s->scale), low = v_set1(INFINITY);
        AK_UNROLL(4)
        for (int v = 0; v < PANEL; v++) {
            v_f32 half_norms = v_load(s->half_norms + panel * COLUMNS + v * AK_W);
            v_f32 score = v_fnma(scale, v_from_int(sum[r][v]), half_norms);
            v_store(scores + (size_t)r * stride + v * AK_W, score);
            low = v_min(low, score);
        }
        v_store(lowest + (size_t)r * s->panels * AK_W, low);
    }
}

static void sift(const ak_sieve *s, const uint8_t *q, const ak_sieve_row *rows, size_t count, float *scores,
                 float *lowest)
{
    const size_t stride = s->panels * COLUMNS, low_stride = s->panels * AK_W;
    for (size_t panel = 0; panel < s->panels; panel++) {
        size_t i = 0;
        for (; i + ROWS <= count; i += ROWS)
            sift_panel(ROWS, s, panel, q + i * s->padded, rows + i, scores + i * stride,
                       lowest + i * low_stride);
        for (; i < count; i++)
            sift_panel(1, s, panel, q + i * s->padded, rows + i, scores + i * stride,
                       lowest + i * low_stride);
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
    ak_sieve_row row = {.highest = -least_lane(-top), .norm = sqrtf(sum_lanes(squares))};
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

/* Which of 64 or fewer panels hold scores not above most, and which scores of a panel: a bit each. Bits are
 * gathered without branches, which would be mispredicted. */
AK_INLINE uint64_t panels_not_above(const float *lowest, size_t panels, v_f32 most)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < panels; i++)
        bits |= (uint64_t)(not_above(v_load(lowest + i * AK_W), most) != 0) << i;
    return bits;
}

AK_INLINE uint64_t scores_not_above(const float *scores, v_f32 most)
{
    uint64_t bits = 0;
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++) bits |= (uint64_t)not_above(v_load(scores + v * AK_W), most) << v * AK_W;
    return bits;
}

static size_t pick(const float *scores, const float *lowest, size_t panels, float margin, int32_t *places)
{
    v_f32 low = v_load(lowest);
    for (size_t i = 1; i < panels; i++) low = v_min(low, v_load(lowest + i * AK_W));
    const v_f32 most = v_set1(least_lane(low) + margin);
    size_t found = 0;
    for (size_t first = 0; first < panels; first += 64) {
        size_t count = panels - first < 64 ? panels - first : 64;
        uint64_t hit = panels_not_above(lowest + first * AK_W, count, most);
        for (; hit; hit &= hit - 1) {
            size_t k = (first + (size_t)__builtin_ctzll(hit)) * COLUMNS;
            uint64_t near = scores_not_above(scores + k, most);
            for (; near; near &= near - 1) {
                if (found == AK_SIEVE_MOST) return AK_SIEVE_MOST + 1;
                places[found++] = (int32_t)k + __builtin_ctzll(near);
            }
        }
    }
    return found;
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
    .width = AK_W,
    .levels = LEVELS,
    .offset = OFFSET,
    .round = round_vector,
    .sift = sift,
    .pick = pick,
    .widen = widen,
    .distance = distance,
};

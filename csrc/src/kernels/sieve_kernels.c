/* The sieve's integers, and the few candidates in float64. Compiled for AVX2 and for AVX-512 with VNNI, and
 * for what goes beyond either: AVX-VNNI, AMX. The products are in sift_lanes.h and sift_tiles.h.
 */
#include "simd_f64.h"
#if defined(AK_BUILD_AMX)
#    include "sift_tiles.h"
#else
#    include "sift_lanes.h"
#endif

#define MANY 8 /* candidates of a panel, for which the finer bound costs less than to look at them */

AK_INLINE float sum_lanes(v_f32 x)
{
#if defined(AK_BUILD_AVX512)
    return _mm512_reduce_add_ps((__m512)x);
#else
    __m128 a = _mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
#endif
}

AK_INLINE double sum_lanes64(v_f64 x)
{
#if defined(AK_BUILD_AVX512)
    return _mm512_reduce_add_pd((__m512d)x);
#else
    return (x[0] + x[2]) + (x[1] + x[3]);
#endif
}

/* AK_W components of x - m from i on, zeros beyond the last. */
AK_INLINE v_f32 centred(const ak_sieve *s, const float *x, size_t i)
{
    if (i + AK_W <= s->dim) return v_load(x + i) - v_load(s->mean + i);
#if defined(AK_BUILD_AVX512)
    const __mmask16 rest = i < s->dim ? (__mmask16)((1u << (s->dim - i)) - 1) : 0;
    return (v_f32)_mm512_maskz_loadu_ps(rest, x + i) - v_load(s->mean + i);
#else
    float part[AK_W] = {0};
    if (i < s->dim) memcpy(part, x + i, (s->dim - i) * sizeof(float));
    return v_load(part) - v_load(s->mean + i);
#endif
}

#if CHUNK
/* The sums of the lanes whose components share a sum of 16 bits, in each of them. */
AK_INLINE v_f32 sum_parts(v_f32 x)
{
    __m256 a = _mm256_add_ps((__m256)x, _mm256_permute_ps((__m256)x, 0xb1));
    return (v_f32)_mm256_add_ps(a, _mm256_permute2f128_ps(a, a, 1));
}
#endif

/* AK_W components from i on as integers; what is left of them is added to the errors. */
AK_INLINE v_i32 rounded(const ak_sieve *s, const float *x, size_t i, v_f32 scale, v_f32 inverse,
                        v_f32 *errors)
{
    v_f32 y = centred(s, x, i);
    v_i32 p = v_round_int(y * inverse);
    v_f32 e = v_fnma(scale, v_from_int(p), y);
    *errors = v_fma(e, e, *errors);
    return p + OFFSET;
}

static void round_vector(const ak_sieve *s, const float *x, uint8_t *q, ak_sieve_row *row)
{
    v_f32 top = {0}, squares = {0}, errors = {0};
#if CHUNK
    v_f32 most = {0};
    for (size_t i = 0; i < s->dim;) {
        v_f32 some = {0};
        for (size_t stop = i + CHUNK; i < s->dim && i < stop; i += AK_W) {
            v_f32 y = centred(s, x, i);
            top = v_max(top, v_abs(y));
            some = v_fma(y, y, some);
        }
        squares += some;
        most = v_max(most, sum_parts(some));
    }
    const float norm = sqrtf(-least_lane(-most));
#else
    for (size_t i = 0; i < s->dim; i += AK_W) {
        v_f32 y = centred(s, x, i);
        top = v_max(top, v_abs(y));
        squares = v_fma(y, y, squares);
    }
#endif
    const float highest = -least_lane(-top);
    float step = highest / LEVELS;
#if CHUNK
    if (step < norm / ROOM) step = norm / ROOM;
#endif
    v_f32 scale = v_set1(step), inverse = v_set1(highest > 0 ? 1 / step : 0);
    size_t i = 0;
#if defined(AK_BUILD_AVX512) /* the first ones, so that the others are whole groups */
    for (; i < s->padded % (AK_NARROW * AK_W); i += AK_W) {
        __m512i p = (__m512i)rounded(s, x, i, scale, inverse, &errors);
        _mm_storeu_si128((__m128i *)(q + i), _mm512_cvtepi32_epi8(p));
    }
#endif
    for (; i < s->padded; i += AK_NARROW * AK_W) {
        v_i32 p[AK_NARROW];
        AK_UNROLL(4)
        for (int j = 0; j < AK_NARROW; j++)
            p[j] = rounded(s, x, i + (size_t)j * AK_W, scale, inverse, &errors);
#if OFFSET
        v_store_u8(q + i, p);
#else
        v_store_i8((int8_t *)q + i, p);
#endif
    }
    row->x = x;
    row->q = q;
    row->scale = step;
    row->square = sum_lanes(squares);
    row->error = sqrtf(sum_lanes(errors));
    row->highest = highest;
}

/* In which lanes a <= b: a bit each. */
AK_INLINE unsigned not_above(v_f32 a, v_f32 b)
{
#if defined(AK_BUILD_AVX512)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OQ);
#else
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LE_OQ));
#endif
}

/* Which scores of a panel are not above `most`: a bit each. */
AK_INLINE uint64_t scores_not_above(const ak_sieve *s, size_t panel, const int32_t *sums,
                                    const ak_sieve_row *row, float most)
{
    const v_f32 scale = v_set1(row->scale), weight = v_set1(row->weight), limit = v_set1(most);
    const v_f32 beyond = v_set1(row->beyond);
    const size_t first = panel * COLUMNS;
    uint64_t bits = 0;
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++) {
        size_t k = first + (size_t)v * AK_W;
        v_f32 score = score_of(s, s->beyond != NULL, k, load_int(sums + v * AK_W), scale, weight, beyond);
        bits |= (uint64_t)not_above(score, limit) << v * AK_W;
    }
    return bits;
}

#if ALIKE > 1
/* Scores without their bounds, which are expected to be nearer to the truth: where such a one is lowest, the
 * limit is lower, and fewer candidates are left. */
static uint64_t lowest_estimate(const ak_sieve *s, size_t panel, const int32_t *sums, float scale)
{
    v_f32 estimate[PANEL], low = v_set1(INFINITY);
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++) {
        size_t k = panel * COLUMNS + (size_t)v * AK_W;
        estimate[v] = v_fnma(v_set1(scale) * v_load(s->scales + k), v_from_int(load_int(sums + v * AK_W)),
                             v_load(s->half_norms + k));
        low = v_min(low, estimate[v]);
    }
    low = v_set1(least_lane(low));
    uint64_t bits = 0;
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++) bits |= (uint64_t)not_above(estimate[v], low) << v * AK_W;
    return bits;
}
#endif

static void place(const ak_sieve *s, const int32_t *sums, const ak_sieve_row *rows, const float *lowest,
                  size_t count, int32_t *places)
{
#if ALIKE > 1
    lowest += s->panels * AK_SIEVE_STRIDE; /* the estimates, see sift_lanes.h */
#endif
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
            size_t panel = (size_t)panels[l];
            const int32_t *those = sums + panel * s->stride + (i + l) * COLUMNS;
#if ALIKE > 1
            uint64_t bits = lowest_estimate(s, panel, those, rows[i + l].scale);
#else
            uint64_t bits = scores_not_above(s, panel, those, rows + i + l, low[l]);
#endif
            places[i + l] = bits ? (int32_t)(panel * COLUMNS) + __builtin_ctzll(bits) : 0; /* none: NaN */
        }
    }
}

static void mark(const ak_sieve *s, const float *lowest, const float *limits, size_t count, uint64_t *marks)
{
    for (size_t panel = 0; panel < s->panels; panel++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < count; i += AK_W)
            bits |= (uint64_t)not_above(v_load(lowest + panel * AK_SIEVE_STRIDE + i), v_load(limits + i))
                    << i;
        marks[panel] = bits;
    }
}

/* Writes to `places` the numbers of the bits, from k on; returns how many. Without branches where the CPU
 * can. */
AK_INLINE size_t append(uint64_t bits, int32_t k, int32_t *places)
{
    size_t found = 0;
#if defined(AK_BUILD_AVX512)
    const size_t count = (size_t)__builtin_popcountll(bits);
    if (count <= 2) { /* mostly */
        const uint64_t last = (uint64_t)1 << 63;
        places[0] = k + __builtin_ctzll(bits | last);
        places[1] = k + __builtin_ctzll((bits & (bits - 1)) | last);
        return count;
    }
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++, k += AK_W, bits >>= AK_W) {
        __m512i packed =
            _mm512_maskz_compress_epi32((__mmask16)bits, _mm512_add_epi32(lane, _mm512_set1_epi32(k)));
        _mm512_storeu_si512(places + found, packed);
        found += (size_t)__builtin_popcount((unsigned)bits & 0xffff);
    }
#else
    for (; bits; bits &= bits - 1) places[found++] = k + __builtin_ctzll(bits);
#endif
    return found;
}

/* AK_W of a vector's integers from component i on, the offset taken away; zeros beyond the last. */
AK_INLINE v_f32 integers(const ak_sieve *s, const uint8_t *q, size_t i)
{
    const uint8_t *from = q + i;
    uint8_t part[AK_W];
    if (i + AK_W > s->padded) {
        memset(part, OFFSET, sizeof part);
        memcpy(part, from, s->padded - i);
        from = part;
    }
#if OFFSET
    return v_from_int(v_load_u8(from) - OFFSET);
#else
    return v_from_int(v_load_i8((const int8_t *)from));
#endif
}

/* The same as scores_not_above by the finer bound. */
static uint64_t finely_not_above(const ak_sieve *s, size_t panel, const int32_t *sums,
                                 const ak_sieve_row *row, float most)
{
    const float *middle = s->middles + panel * s->apart;
    const v_f32 step = v_set1(row->scale);
    v_f32 known = {0}, squares = {0}; /* e g, |s q - g|^2 */
    for (size_t i = 0; i < s->dim; i += AK_W) {
        v_f32 q = integers(s, row->q, i), g = v_load(middle + i);
        v_f32 apart = v_fms(step, q, g);
        known = v_fma(v_fnma(step, q, centred(s, row->x, i)), g, known);
        squares = v_fma(apart, apart, squares);
    }
    const v_f32 offset = v_set1(sum_lanes(known) + row->slack);
    /* 2^-110: squares may have vanished */
    const v_f32 apart = v_set1(1.01f * sqrtf(sum_lanes(squares) + 0x1p-110f));
    const v_f32 error = v_set1(1.01f * row->error + row->lost);
    const v_f32 scale = v_set1(row->scale), limit = v_set1(most);
    uint64_t bits = 0;
    AK_UNROLL(4)
    for (int v = 0; v < PANEL; v++) {
        size_t k = panel * COLUMNS + (size_t)v * AK_W;
        v_f32 score = v_fnma(apart, v_load(s->rounding + k), v_load(s->fine_norms + k) - offset);
        score = v_fnma(error, v_load(s->spread + k), score);
        if (s->beyond) score = v_fnma(v_set1(row->beyond), v_load(s->beyond + k), score);
        score = v_fnma(scale * v_load(s->scales + k), v_from_int(load_int(sums + v * AK_W)), score);
        bits |= (uint64_t)not_above(score, limit) << v * AK_W;
    }
    return bits;
}

static void pick(const ak_sieve *s, const ak_sieve_row *rows, const int32_t *sums, const uint64_t *marks,
                 const float *limits, size_t *found, int32_t *places)
{
    for (size_t panel = 0; panel < s->panels; panel++, sums += s->stride)
        for (uint64_t hit = marks[panel]; hit; hit &= hit - 1) {
            size_t i = (size_t)__builtin_ctzll(hit);
            const int32_t *those = sums + i * COLUMNS;
            uint64_t bits = scores_not_above(s, panel, those, rows + i, limits[i]);
            if (__builtin_popcountll(bits) >= MANY)
                bits &= finely_not_above(s, panel, those, rows + i, limits[i]);
            if (found[i] <= AK_SIEVE_MOST)
                found[i] += append(bits, (int32_t)(panel * COLUMNS), places + i * AK_SIEVE_ROOM + found[i]);
        }
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
    .rows = ROWS,
    .columns = COLUMNS,
    .step = STEP,
    .levels = LEVELS,
    .offset = OFFSET,
    .chunk = CHUNK,
    .room = ROOM,
    .turns = TURNS,
    .alike = ALIKE,
    .round = round_vector,
    .sift = sift,
    .place = place,
    .mark = mark,
    .pick = pick,
    .near = near,
    .widen = widen,
    .distance = distance,
};

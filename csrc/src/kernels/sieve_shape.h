/* The shape of the sieve's panels for each instruction set, and the minima of several vectors of scores.
 *
 * ROWS vectors meet a panel of COLUMNS codewords at a time. A lane sums STEP products of bytes or a multiple
 * of it. VNNI adds four products at once. AVX2 adds two, to 16 bits, and so are all of a CHUNK added: what
 * overflows on the way does not matter, for scales are chosen so that by Cauchy and Schwarz the products q p
 * of a chunk fit. AMX multiplies tiles of 16 rows of 64 bytes.
 */
#ifndef AK_SIEVE_SHAPE_H
#define AK_SIEVE_SHAPE_H

#include "vq_sieve.h"
#include "simd_int.h"

#include <math.h>

#if defined(AK_BUILD_AMX)
#    define PANEL 4
#    define ROWS 16
#    define STEP 64
#elif defined(AK_BUILD_ICELAKE)
#    define PANEL 4
#    define ROWS 6
#    define STEP 4
#elif defined(AK_BUILD_AVXVNNI)
#    define PANEL 2
#    define ROWS 6
#    define STEP 4
#else
#    define PANEL 2
#    define ROWS 6
#    define STEP 4
#endif
#if defined(AK_BUILD_ICELAKE) || defined(AK_BUILD_AVXVNNI)
#    define LEVELS 127
#    define CHUNK 0
#    define ROOM 0
#else
#    define LEVELS 90   /* instructions saturate: 2 * 181 * 90 < 2^15, vectors' bytes being 1 .. 181 */
#    define CHUNK 128   /* components that share two sums, 64 each; a multiple of AK_W */
#    define ROOM 176.5f /* norm of such 64; rounding adds half of sqrt(64), and 180.5^2 < 2^15 */
#endif
#if defined(AK_BUILD_AMX) /* which multiplies two signed bytes, too */
#    define OFFSET 0
#else
#    define OFFSET (LEVELS + 1)
#endif
#if defined(AK_BUILD_ICELAKE) && !defined(AK_BUILD_SPLIT512)
/* whose products cost no more than the turning and a few candidates */
#    define TURNS 0
#else
#    define TURNS 1
#endif
#if defined(AK_BUILD_SPLIT512) /* whose multiply-adds cost as much as the products of four components */
#    define ALIKE AK_W
#else
#    define ALIKE 1
#endif
#define COLUMNS (PANEL * AK_W)
_Static_assert(COLUMNS <= AK_SIEVE_PANEL && AK_SIEVE_TOGETHER % ROWS == 0, "vq_sieve.h names larger ones");
_Static_assert(AK_SIEVE_TOGETHER + AK_W <= AK_SIEVE_STRIDE, "a vector may be written behind the last");

AK_INLINE v_i32 load_int(const void *p)
{
    return (v_i32) * (const v_i32_any *)p;
}

AK_INLINE void store_int(int32_t *p, v_i32 x)
{
    *(v_i32_any *)p = (v_i32_any)x;
}

AK_INLINE float least_lane(v_f32 x)
{
#if defined(AK_BUILD_AVX512)
    return _mm512_reduce_min_ps((__m512)x);
#else
    __m128 a = _mm_min_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    a = _mm_min_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_min_ss(a, _mm_movehdup_ps(a)));
#endif
}

/* The halves of two vectors: the minima of each one's two halves, side by side; and of two results of it. */
#if defined(AK_BUILD_AVX512)
AK_INLINE __m512 least_halves(v_f32 x, v_f32 y)
{
    __m512 a = (__m512)x, b = (__m512)y;
    return _mm512_min_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
}
AK_INLINE __m512 least_quarters(__m512 a, __m512 b)
{
    return _mm512_min_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
}
AK_INLINE __m512 least_pairs(__m512 a, __m512 b)
{
    return _mm512_min_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
}
#else
AK_INLINE __m256 least_halves(v_f32 x, v_f32 y)
{
    __m256 a = (__m256)x, b = (__m256)y;
    return _mm256_min_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
}
AK_INLINE __m256 least_pairs(__m256 a, __m256 b)
{
    return _mm256_min_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
}
AK_INLINE __m128 least_singles(__m256 x) /* of four vectors, in order */
{
    x = _mm256_min_ps(x, _mm256_permute_ps(x, 0x4e));
    return _mm_unpacklo_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
}
#endif

/* The least lanes of ROWS vectors, side by side; what is behind them may be overwritten. Together they take
 * half the shuffles that they would take one by one. */
AK_INLINE void store_least(float *to, const v_f32 x[ROWS])
{
#if defined(AK_BUILD_AMX)
    __m512 four[4]; /* vectors 4 i .. 4 i + 3, in quarters */
    AK_UNROLL(4)
    for (int i = 0; i < 4; i++)
        four[i] =
            least_quarters(least_halves(x[4 * i], x[4 * i + 1]), least_halves(x[4 * i + 2], x[4 * i + 3]));
    __m512 a = least_pairs(four[0], four[1]), b = least_pairs(four[2], four[3]);
    __m512 all = _mm512_min_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_ps(to, _mm512_permutexvar_ps(order, all));
#elif defined(AK_BUILD_ICELAKE)
    __m512 four = least_quarters(least_halves(x[0], x[1]), least_halves(x[2], x[3]));
    __m512 last = least_halves(x[4], x[5]);
    __m512 all = least_pairs(four, least_quarters(last, last));
    all = _mm512_min_ps(all, _mm512_permute_ps(all, 0x4e));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    _mm256_storeu_ps(to, _mm512_castps512_ps256(_mm512_permutexvar_ps(order, all)));
#else
    _mm_storeu_ps(to, least_singles(least_pairs(least_halves(x[0], x[1]), least_halves(x[2], x[3]))));
#    if ROWS == 6
    __m256 last = least_halves(x[4], x[5]);
    _mm_storeu_ps(to + 4, least_singles(least_pairs(last, last)));
#    endif
#endif
}

/* AK_W scores less their errors, of the codewords from k on, out of the sums of products. scale, weight,
 * beyond: the vector's; turned: whether it is turned to axes. */
AK_INLINE v_f32 score_of(const ak_sieve *s, const int turned, size_t k, v_i32 sum, v_f32 scale, v_f32 weight,
                         v_f32 beyond)
{
    v_f32 lowered = v_fnma(weight, v_load(s->reach + k), v_load(s->half_norms + k));
    if (turned) lowered = v_fnma(beyond, v_load(s->beyond + k), lowered);
    return v_fnma(scale * v_load(s->scales + k), v_from_int(sum), lowered);
}

#endif

/* Transposition of W x W floats in registers: r[i][j] <-> r[j][i]. */
#ifndef AK_TRANSPOSE_H
#define AK_TRANSPOSE_H

#include "simd.h"

#if defined(AK_BUILD_AVX512)

AK_INLINE __m512 ak_pairs(__m512 a, __m512 b, const int high)
{
    __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
    return _mm512_castpd_ps(high ? _mm512_unpackhi_pd(x, y) : _mm512_unpacklo_pd(x, y));
}

/* First 4 x 4 within the 128-bit quarters, then the quarters themselves. */
AK_INLINE void v_transpose(v_f32 *r)
{
    __m512 t[16], u[16];
    AK_UNROLL(8)
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_ps((__m512)r[2 * i], (__m512)r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps((__m512)r[2 * i], (__m512)r[2 * i + 1]);
    }
    AK_UNROLL(4)
    for (int i = 0; i < 16; i += 4) { /* u[i + c]: columns c, c + 4, c + 8, c + 12 of rows i .. i + 3 */
        u[i] = ak_pairs(t[i], t[i + 2], 0);
        u[i + 1] = ak_pairs(t[i], t[i + 2], 1);
        u[i + 2] = ak_pairs(t[i + 1], t[i + 3], 0);
        u[i + 3] = ak_pairs(t[i + 1], t[i + 3], 1);
    }
    AK_UNROLL(4)
    for (int c = 0; c < 4; c++) {
        __m512 a = _mm512_shuffle_f32x4(u[c], u[c + 4], 0x88), b = _mm512_shuffle_f32x4(u[c], u[c + 4], 0xdd);
        __m512 d = _mm512_shuffle_f32x4(u[c + 8], u[c + 12], 0x88);
        __m512 e = _mm512_shuffle_f32x4(u[c + 8], u[c + 12], 0xdd);
        r[c] = (v_f32)_mm512_shuffle_f32x4(a, d, 0x88);
        r[c + 8] = (v_f32)_mm512_shuffle_f32x4(a, d, 0xdd);
        r[c + 4] = (v_f32)_mm512_shuffle_f32x4(b, e, 0x88);
        r[c + 12] = (v_f32)_mm512_shuffle_f32x4(b, e, 0xdd);
    }
}

#elif defined(AK_BUILD_AVX2)

AK_INLINE void v_transpose(v_f32 *r)
{
    __m256 t[8], u[8];
    AK_UNROLL(4)
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps((__m256)r[i], (__m256)r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps((__m256)r[i], (__m256)r[i + 1]);
    }
    AK_UNROLL(2)
    for (int i = 0; i < 8; i += 4) { /* u[i + c]: columns c, c + 4 of rows i .. i + 3 */
        u[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    AK_UNROLL(4)
    for (int c = 0; c < 4; c++) {
        r[c] = (v_f32)_mm256_permute2f128_ps(u[c], u[c + 4], 0x20);
        r[c + 4] = (v_f32)_mm256_permute2f128_ps(u[c], u[c + 4], 0x31);
    }
}

#else

AK_INLINE void v_transpose(v_f32 *r) /* the compiler knows how to do this with four-wide shuffles */
{
    v_f32 a = r[0], b = r[1], c = r[2], d = r[3];
    r[0] = (v_f32){a[0], b[0], c[0], d[0]};
    r[1] = (v_f32){a[1], b[1], c[1], d[1]};
    r[2] = (v_f32){a[2], b[2], c[2], d[2]};
    r[3] = (v_f32){a[3], b[3], c[3], d[3]};
}

#endif
#endif

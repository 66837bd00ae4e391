/* Loops that do one thing only, as fast as the instruction set allows. */
#include "limits.h"
#include "simd.h"

#define ADDS 32   /* in eight chains, more than any current core begins in a cycle */
#define CHAINS 12 /* independent accumulators: latency times pipes of any current core; fits 16 registers */

static float run_fma(size_t rounds)
{
    volatile float unknown_scale = 0.999f, unknown_shift = 0.001f; /* or a chain at a fixed point is folded */
    v_f32 a[CHAINS], scale = v_set1(unknown_scale), shift = v_set1(unknown_shift), sum = {0};
    for (int j = 0; j < CHAINS; j++) a[j] = v_set1(0.1f * (float)j);
    for (size_t i = 0; i < rounds; i++) {
        AK_UNROLL(12)
        for (int j = 0; j < CHAINS; j++) a[j] = v_fma(a[j], scale, shift);
    }
    for (int j = 0; j < CHAINS; j++) sum += a[j];
    return sum[0];
}

static float run_add(size_t rounds)
{
    size_t a = 0, b = 1, c = 2, d = 3, e = 4, f = 5, g = 6, h = 7, step = rounds | 1;
    for (size_t i = 0; i < rounds; i++) {
        AK_UNROLL(4)
        for (int j = 0; j < ADDS / 8; j++) {
            a += step, b += step, c += step, d += step, e += step, f += step, g += step, h += step;
            /* or rounds of them become a multiplication */
            __asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h));
        }
    }
    return (float)(a ^ b ^ c ^ d ^ e ^ f ^ g ^ h);
}

static float run_read(const float *from, size_t count)
{
    v_f32 s[8] = {{0}};
    for (size_t i = 0; i < count; i += 8 * AK_W) {
        AK_UNROLL(8)
        for (int j = 0; j < 8; j++) s[j] += v_load(from + i + j * AK_W);
    }
    return (((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])))[0];
}

static void run_copy(float *to, const float *from, size_t count)
{
    for (size_t i = 0; i < count; i += 4 * AK_W) {
        AK_UNROLL(4)
        for (int j = 0; j < 4; j++) v_store(to + i + j * AK_W, v_load(from + i + j * AK_W));
        __asm__ volatile("" ::: "memory"); /* or the compiler calls memcpy, which streams large buffers */
    }
}

static void run_stream(float *to, const float *from, size_t count)
{
#if defined(AK_BUILD_AVX512)
    for (size_t i = 0; i < count; i += AK_W) _mm512_stream_ps(to + i, _mm512_load_ps(from + i));
    _mm_sfence();
#elif defined(AK_BUILD_AVX2)
    for (size_t i = 0; i < count; i += AK_W) _mm256_stream_ps(to + i, _mm256_load_ps(from + i));
    _mm_sfence();
#else
    run_copy(to, from, count);
#endif
}

const ak_limit_kernels AK_NAME(ak_limit_kernels) = {
    .flops_per_round = 2 * AK_W * CHAINS,
    .fma = run_fma,
    .adds_per_round = ADDS,
    .add = run_add,
    .read = run_read,
    .copy = run_copy,
    .stream = run_stream,
};

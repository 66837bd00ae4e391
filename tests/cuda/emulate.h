/* A GPU of one block at a time, for tests without one: a thread of the host stands for each thread of the
 * block.
 *
 * Enough of CUDA C++ for the kernels in cuda/: indices, barriers, dynamic shared memory, atomicMax, loads and
 * stores past a cache, float16, products of a warp in TF32 and float16, shuffles. */
#pragma once
#include <algorithm>
#include <atomic>
#include <barrier>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

using std::max;
using std::min;

#define __global__
#define __launch_bounds__(...)
#define __device__
#define __host__
#define DYNAMIC_SHARED(type, name) type *name = (type *)emulated::shared

struct float2 {
    float x, y;
};
struct float4 {
    float x, y, z, w;
};
struct int4 {
    int x, y, z, w;
};
struct uint4 {
    unsigned x, y, z, w;
};
struct uchar4 {
    unsigned char x, y, z, w;
};
struct ushort2 {
    unsigned short x, y;
};
struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
inline float2 make_float2(float x, float y)
{
    return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w)
{
    return {x, y, z, w};
}
inline uchar4 make_uchar4(unsigned char x, unsigned char y, unsigned char z, unsigned char w)
{
    return {x, y, z, w};
}
inline ushort2 make_ushort2(unsigned short x, unsigned short y)
{
    return {x, y};
}
inline int __float_as_int(float x)
{
    return std::bit_cast<int>(x);
}
inline float __int_as_float(int x)
{
    return std::bit_cast<float>(x);
}
/* The nearest binary16, of two the even: nearbyint rounds so, counting in steps of what x's exponent leaves.
 */
inline unsigned short float16_bits(float x)
{
    const unsigned sign = (unsigned)__float_as_int(x) >> 16 & 0x8000;
    if (x != x) return 0x7fff;
    if (std::fabs(x) >= 65520.f) return (unsigned short)(sign | 0x7c00);
    const int exponent = max(x ? std::ilogb(x) : -14, -14);
    const int steps =
        (int)std::nearbyint(std::ldexp(std::fabs(x), 10 - exponent)); /* 1024 .. 2048, or subnormal */
    return (unsigned short)(sign | (unsigned)(steps + (exponent + 14) * 1024));
}
inline float of_float16(unsigned short bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                       : exponent     ? std::ldexp(1024.f + (float)fraction, exponent - 25)
                                      : std::ldexp((float)fraction, -24);
    return bits & 0x8000 ? -size : size;
}
inline float log2_approximately(float x)
{
    return std::log2(x);
}
template <typename T> T __ldcg(const T *at)
{
    return *at;
}
template <typename T> void __stcg(T *at, T value)
{
    *at = value;
}
inline int atomicMax(int *at, int value)
{
    std::atomic_ref<int> shared(*at);
    int old = shared.load();
    while (old < value && !shared.compare_exchange_weak(old, value)) {
    }
    return old;
}

namespace emulated
{
inline thread_local dim3 thread, block;
inline dim3 threads, blocks;
inline char *shared;
inline std::barrier<> *together;
inline std::deque<std::barrier<>> warps;

/* Every block of the grid, one after another; `bytes` of shared memory, filled with NaN before each. */
template <typename Kernel> void launch(dim3 grid, unsigned count, std::size_t bytes, Kernel kernel)
{
    std::vector<double> memory(bytes / 8 + 1);
    std::barrier<> barrier(count);
    threads = {count, 1, 1}, blocks = grid, shared = (char *)memory.data(), together = &barrier;
    warps.clear();
    for (unsigned begin = 0; begin < count; begin += 32) warps.emplace_back(min(32u, count - begin));
    auto work = [&](unsigned number) {
        thread = {number, 0, 0};
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                barrier.arrive_and_wait();
                if (number == 0) std::fill(memory.begin(), memory.end(), std::nan(""));
                block = {x, y, 0};
                barrier.arrive_and_wait();
                kernel();
            }
    };
    std::vector<std::thread> all;
    for (unsigned number = 0; number < count; number++) all.emplace_back(work, number);
    for (auto &one : all) one.join();
}
} // namespace emulated

/* What warps do together. All threads of a warp must come here together, which the kernels do. */
namespace emulated
{
struct Lane {
    unsigned a[4], b[2];
    int value;
};
inline Lane lanes[1024];
/* Of a lane that the block has not, one's own. */
inline const Lane &lane(unsigned number)
{
    const unsigned other = thread.x / 32 * 32 + number;
    return lanes[other < threads.x ? other : thread.x];
}
inline void wait_for_warp()
{
    warps[thread.x / 32].arrive_and_wait();
}
inline int of_lane(int value, unsigned number)
{
    lanes[thread.x].value = value;
    wait_for_warp();
    const int found = lane(number).value;
    wait_for_warp();
    return found;
}
inline float of_lane(float value, unsigned number)
{
    return __int_as_float(of_lane(__float_as_int(value), number));
}
} // namespace emulated

inline unsigned tf32_bits(float x)
{
    return ((unsigned)__float_as_int(x) + 0x1000u) & ~0x1fffu;
}
inline void multiply_add(float d[4], const unsigned a[4], const unsigned b[2])
{
    emulated::Lane &own = emulated::lanes[emulated::thread.x];
    std::copy(a, a + 4, own.a), std::copy(b, b + 2, own.b);
    emulated::wait_for_warp();
    const unsigned g = emulated::thread.x % 32 / 4, t = emulated::thread.x % 4;
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 8; k++) {
            const unsigned row = i / 2, column = 2 * t + i % 2;
            d[i] += __int_as_float((int)emulated::lane(4 * g + k % 4).a[k / 4 * 2 + row]) *
                    __int_as_float((int)emulated::lane(4 * column + k % 4).b[k / 4]);
        }
    emulated::wait_for_warp();
}
inline unsigned float16_pair(float x, float y)
{
    return float16_bits(x) | (unsigned)float16_bits(y) << 16;
}
inline float2 of_float16_pair(unsigned pair)
{
    return {of_float16((unsigned short)pair), of_float16((unsigned short)(pair >> 16))};
}
inline void multiply_add_float16(float d[4], const unsigned a[4], unsigned b, unsigned b_below)
{
    emulated::Lane &own = emulated::lanes[emulated::thread.x];
    std::copy(a, a + 4, own.a), own.b[0] = b, own.b[1] = b_below;
    emulated::wait_for_warp();
    const unsigned g = emulated::thread.x % 32 / 4, t = emulated::thread.x % 4;
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 16;
             k += 2) { /* column k of a and row k of b are in lane k % 8 / 2 of four */
            const unsigned row = i / 2, column = 2 * t + i % 2, from = k % 8 / 2;
            const float2 x = of_float16_pair(emulated::lane(4 * g + from).a[k / 8 * 2 + row]),
                         y = of_float16_pair(emulated::lane(4 * column + from).b[k / 8]);
            d[i] += x.x * y.x, d[i] += x.y * y.y;
        }
    emulated::wait_for_warp();
}
template <typename T> T __shfl_xor_sync(unsigned, T value, int mask)
{
    return emulated::of_lane(value, emulated::thread.x % 32 ^ (unsigned)mask);
}
template <typename T> T __shfl_sync(unsigned, T value, int number)
{
    return emulated::of_lane(value, (unsigned)number);
}
inline unsigned __ballot_sync(unsigned, bool here)
{
    unsigned all = 0;
    emulated::lanes[emulated::thread.x].value = here;
    emulated::wait_for_warp();
    for (unsigned number = 0; number < 32; number++) all |= (unsigned)emulated::lane(number).value << number;
    emulated::wait_for_warp();
    return all;
}
inline void __syncwarp()
{
    emulated::wait_for_warp();
}
inline int __ffs(int bits)
{
    return bits ? std::countr_zero((unsigned)bits) + 1 : 0;
}

#define threadIdx emulated::thread
#define blockIdx emulated::block
#define blockDim emulated::threads
#define gridDim emulated::blocks
#define __syncthreads() emulated::together->arrive_and_wait()

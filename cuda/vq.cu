/* Residual vector quantization: float32 (count, DIM) and books (STAGES, SIZE, DIM) -> int32 (STAGES, count).
 *
 * In each stage the codeword of the least |c|^2 / 2 - x c is taken (the first of equals) and subtracted.
 * Compiled for: DIM, SIZE, STAGES, VECTORS a block (threads: VECTORS x 4), CODES at a time; DIM % 4 == 0.
 * Shared memory: (VECTORS + CODES) x (DIM + 4) x 4 + VECTORS x 4 x 8 bytes. Four threads share a vector, each
 * takes every fourth codeword. Operations: 2 DIM SIZE STAGES a vector in fp32; bytes: x once, the books from
 * L2 once a block. `half`: |c|^2 / 2 of each codeword. */
#include "common.cuh"

constexpr int ROW = DIM + 4; /* rows start 16 bytes apart in the banks */

extern "C" __global__ void rvq(const float *x, int count, const float *books, const float *half, int *out)
{
    DYNAMIC_SHARED(float4, memory);
    float *residual = (float *)memory, *codes = residual + VECTORS * ROW;
    float *best = codes + CODES * ROW;
    int *which = (int *)(best + 4 * VECTORS);
    const int vector = threadIdx.x / 4, lane = threadIdx.x % 4, first = blockIdx.x * VECTORS;
    for (int i = threadIdx.x; i < VECTORS * DIM; i += blockDim.x)
        residual[i / DIM * ROW + i % DIM] = first + i / DIM < count ? x[(size_t)first * DIM + i] : 0.f;
    for (int stage = 0; stage < STAGES; stage++) {
        const float *book = books + (size_t)stage * SIZE * DIM;
        float least = 3.4e38f;
        int index = 0;
        for (int begin = 0; begin < SIZE; begin += CODES) {
            __syncthreads();
            for (int i = threadIdx.x; i < CODES * DIM; i += blockDim.x)
                codes[i / DIM * ROW + i % DIM] = begin + i / DIM < SIZE ? book[(size_t)begin * DIM + i] : 0.f;
            __syncthreads();
            const float4 *r = (const float4 *)(residual + vector * ROW);
            for (int c = lane; c < CODES && begin + c < SIZE; c += 4) {
                const float4 *w = (const float4 *)(codes + c * ROW);
                float dot = 0.f;
                for (int k = 0; k < DIM / 4; k++)
                    dot += r[k].x * w[k].x + r[k].y * w[k].y + r[k].z * w[k].z + r[k].w * w[k].w;
                const float score = half[stage * SIZE + begin + c] - dot;
                if (score < least) least = score, index = begin + c;
            }
        }
        best[threadIdx.x] = least, which[threadIdx.x] = index;
        __syncthreads();
        for (int other = vector * 4; other < vector * 4 + 4; other++)
            if (best[other] < least || (best[other] == least && which[other] < index))
                least = best[other], index = which[other];
        for (int k = lane; k < DIM; k += 4) residual[vector * ROW + k] -= book[(size_t)index * DIM + k];
        if (lane == 0 && first + vector < count) out[(size_t)stage * count + first + vector] = index;
        __syncthreads();
    }
}

/* Residual vector quantization as in vq.cu, its inner products on tensor cores: float32 (count, DIM) and
 * books (STAGES, SIZE, DIM) -> int32 (STAGES, count).
 *
 * A warp has 16 vectors, whose residuals stay in its registers from the first stage to the last, in the
 * layout of mma's first factor. CODES codewords at a time lie in shared memory, CODES x (DIM + 4) x 4 bytes,
 * and serve all warps of a block. Compiled for: DIM, SIZE, STAGES, CODES; DIM % 8 == 0, CODES % 8 == 0.
 * Operations: 3 x 2 DIM SIZE STAGES a vector in TF32; bytes: x once, the books from L2 once a block. `half`:
 * |c|^2 / 2 of each codeword. */
#include "tensor.cuh"

constexpr int ROW = DIM + 4; /* eight rows and four columns lie in 32 banks */
constexpr int STEPS = DIM / 8, TILES = CODES / 8;
constexpr float FAR = 3.4e38f;

extern "C" __global__ void rvq_tc(const float *x, int count, const float *books, const float *half, int *out)
{
    DYNAMIC_SHARED(float4, memory);
    float *codes = (float *)memory;
    const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    const int row = (blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32) * 16 + g; /* and row + 8 */
    float left[STEPS][4];
#pragma unroll
    for (int s = 0; s < STEPS; s++)
        for (int i = 0; i < 4; i++) {
            const int r = row + 8 * (i & 1), k = 8 * s + t + 4 * (i >> 1);
            left[s][i] = r < count ? x[(size_t)r * DIM + k] : 0.f;
        }
    for (int stage = 0; stage < STAGES; stage++) {
        const float *book = books + (size_t)stage * SIZE * DIM;
        float least[2] = {FAR, FAR};
        int index[2] = {0, 0};
        for (int begin = 0; begin < SIZE; begin += CODES) {
            __syncthreads();
            for (int i = threadIdx.x; i < CODES * DIM; i += blockDim.x)
                codes[i / DIM * ROW + i % DIM] = begin + i / DIM < SIZE ? book[(size_t)begin * DIM + i] : 0.f;
            __syncthreads();
            float dot[TILES][4] = {};
#pragma unroll
            for (int s = 0; s < STEPS; s++) {
                unsigned a[4], a_small[4];
                for (int i = 0; i < 4; i++) split(left[s][i], &a[i], &a_small[i]);
#pragma unroll
                for (int tile = 0; tile < TILES; tile++) {
                    const float *code = codes + (8 * tile + g) * ROW + 8 * s + t;
                    unsigned b[2], b_small[2];
                    for (int i = 0; i < 2; i++) split(code[4 * i], &b[i], &b_small[i]);
                    multiply_add_split(dot[tile], a, a_small, b, b_small);
                }
            }
#pragma unroll
            for (int tile = 0; tile < TILES; tile++)
                for (int i = 0; i < 4; i++) {
                    const int code = begin + 8 * tile + 2 * t + (i & 1);
                    const float score = code < SIZE ? half[stage * SIZE + code] - dot[tile][i] : FAR;
                    if (score < least[i >> 1]) least[i >> 1] = score, index[i >> 1] = code;
                }
        }
        for (int h = 0; h < 2; h++) {
            for (int lanes = 1; lanes < 4; lanes *= 2) { /* four lanes share a vector */
                const float score = __shfl_xor_sync(~0u, least[h], lanes);
                const int code = __shfl_xor_sync(~0u, index[h], lanes);
                if (score < least[h] || (score == least[h] && code < index[h]))
                    least[h] = score, index[h] = code;
            }
            if (t == 0 && row + 8 * h < count) out[(size_t)stage * count + row + 8 * h] = index[h];
        }
#pragma unroll
        for (int s = 0; s < STEPS; s++)
            for (int i = 0; i < 4; i++)
                left[s][i] -= book[(size_t)index[i & 1] * DIM + 8 * s + t + 4 * (i >> 1)];
    }
}

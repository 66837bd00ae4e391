/* Polyphase resampling: float32 (batch, length) -> float32 (batch, count); silence before and after the
 * signal.
 *
 * y[n] = sum_k filter[n mod UP][k] x[floor(n DOWN / UP) + k - BEFORE], as a product of two matrices: the
 * outputs fall into periods of PERIOD (a multiple of UP), which begin STEP = PERIOD DOWN / UP inputs apart,
 * and output q of period m is sum_i h[q][i] x[m STEP + i - BEFORE], where h[q] is 0 outside of its phase's
 * taps. A thread makes 8 neighbouring outputs, a group, of ROWS periods, 8 periods apart, so that a word of
 * the signal serves 8 sums and a word of the filter ROWS; 8 threads have a group's other periods. Threads
 * read four words at once: a group's window begins at a multiple of four, and a period takes PITCH words,
 * four times an odd number, so that no banks meet. What STEP leaves over of them is 0 in the tile and in h.
 *
 * filter: (WINDOW / 4, 8, KINDS) x 4 taps, the windows of KINDS groups, after which they repeat; it is read
 * through L1. Compiled for: UP, DOWN (without common factor), BEFORE, PERIOD, STEP, PITCH, WINDOW, KINDS,
 * ROWS, GROUPS a block, CHUNKS of so many groups a period, and the periods HELD at once: 8 ROWS and what the
 * last windows reach into. Grid: (ceil(count / (8 ROWS PERIOD)) CHUNKS, batch); block: 8 GROUPS. Shared
 * memory: max(HELD PITCH, 8 ROWS (8 GROUPS + 4)) x 4 bytes: inputs, then outputs. Bytes: 4 an input and 4 an
 * output; operations: 2 WINDOW an output.
 */
#include "common.cuh"

#define THREADS (8 * GROUPS)
#define WIDTH (THREADS + 4) /* of a row of outputs in the tile: four times an odd number, too */

extern "C" __global__ void __launch_bounds__(THREADS, 2)
    resample(const float *__restrict__ audio, int length, int count, const float4 *__restrict__ filter,
             float *__restrict__ out)
{
    DYNAMIC_SHARED(float, tile);
    const int chunk = blockIdx.x % CHUNKS;
    const long long period = (long long)(blockIdx.x / CHUNKS) * 8 * ROWS, first = period * STEP - BEFORE;
    const float *signal = audio + (long long)blockIdx.y * length + first;
    const int silent = (int)max(0LL, -first),
              inside = (int)min((long long)HELD * STEP, length - first) - silent;
    for (int i = threadIdx.x; i < PITCH; i += THREADS)
#pragma unroll 16
        for (int row = 0; row < HELD; row++) {
            const int at = row * STEP + i;
            tile[row * PITCH + i] = i < STEP && (unsigned)(at - silent) < (unsigned)inside ? signal[at] : 0.f;
        }
    __syncthreads();

    const int lane = threadIdx.x % 8, own = threadIdx.x / 8, group = chunk * GROUPS + own;
    const float4 *x = (const float4 *)tile + (lane * PITCH + 8 * group * DOWN / UP) / 4;
    const float4 *h = filter + group % KINDS;
    float sums[ROWS][8] = {};
    for (int k = 0; k < WINDOW / 4; k++) {
        float4 taps[8];
#pragma unroll
        for (int p = 0; p < 8; p++) taps[p] = h[(8 * k + p) * KINDS];
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            const float4 in = x[2 * PITCH * r + k];
#pragma unroll
            for (int p = 0; p < 8; p++) {
                sums[r][p] += taps[p].x * in.x;
                sums[r][p] += taps[p].y * in.y;
                sums[r][p] += taps[p].z * in.z;
                sums[r][p] += taps[p].w * in.w;
            }
        }
    }

    __syncthreads();
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int p = 0; p < 8; p++) tile[(8 * r + lane) * WIDTH + 8 * own + p] = sums[r][p];
    __syncthreads();
    const int column = chunk * THREADS + threadIdx.x;
    const long long start = period * PERIOD + column;
    const int left = column < PERIOD ? (int)min(8LL * ROWS * PERIOD, count - start) : 0;
    float *y = out + (long long)blockIdx.y * count + start;
#pragma unroll 8
    for (int row = 0; row < 8 * ROWS; row++)
        if (row * PERIOD < left) y[row * PERIOD] = tile[row * WIDTH + threadIdx.x];
}

/* Polyphase resampling: float32 (batch, length) -> float32 (batch, count); silence before and after the
 * signal.
 *
 * y[n] = sum_k filter[n mod UP][k] x[floor(n DOWN / UP) + k - BEFORE], TAPS taps a phase.
 * Compiled for: UP, DOWN (without common factor), TAPS, BEFORE, TILE outputs a block. Grid: (ceil(count /
 * TILE), batch); block: any. Shared memory: (TILE x DOWN / UP + TAPS + 2) x 4 bytes: the inputs of a tile,
 * read once. The filter is read through L1. Bytes: 4 an input and 4 an output; operations: 2 TAPS an output.
 */
#include "common.cuh"

extern "C" __global__ void resample(const float *audio, int length, int count, const float *filter,
                                    float *out)
{
    DYNAMIC_SHARED(float, tile);
    const long long begin = (long long)blockIdx.x * TILE;
    const int size = min((long long)TILE, count - begin);
    const int first = (int)(begin * DOWN / UP) - BEFORE,
              last = (int)((begin + size - 1) * DOWN / UP) - BEFORE + TAPS;
    const float *signal = audio + (size_t)blockIdx.y * length;
    for (int i = threadIdx.x; i < last - first; i += blockDim.x) {
        const int at = first + i;
        tile[i] = at >= 0 && at < length ? signal[at] : 0.f;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
        const long long n = begin + i;
        const float *x = tile + (int)(n * DOWN / UP) - BEFORE - first, *h = filter + n % UP * TAPS;
        float sum = 0.f;
        for (int k = 0; k < TAPS; k++) sum += h[k] * x[k];
        out[(size_t)blockIdx.y * count + n] = sum;
    }
}

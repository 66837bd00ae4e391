/* Inverse STFT: complex64 (batch, frames, BINS) -> float32 (batch, length), the least-squares inverse of
 * Griffin and Lim (1984, eq. 6): overlap-add of windowed frames over the sum of squared windows.
 *
 * Compiled for: N_FFT (even; factors 2, 3, 5), HOP, FRAMES at a time, TILE samples a block.
 * Grid: (ceil(length / TILE), batch); block: any. Shared memory: 2 x FRAMES x PITCH x 8 + TILE x 4 bytes.
 * A block transforms every frame that touches its tile, so that no two blocks write one sample and no atomics
 * are needed; (N_FFT / HOP - 1) x HOP / TILE of the transforms are done twice. `envelope`: 1 / (N_FFT x sum
 * of squared windows) of each sample, made by the host. */
#include "frames.cuh"

extern "C" __global__ void istft(const float2 *spectrum, int length, int frames, int offset,
                                 const float *window, const float2 *twiddle, const float2 *root,
                                 const float *envelope, float *out)
{
    static_assert(PACKED, "N_FFT must be even");
    DYNAMIC_SHARED(float2, buffer);
    float2 *other = buffer + FRAMES * PITCH;
    float *tile = (float *)(other + FRAMES * PITCH);
    const int begin = blockIdx.x * TILE + offset, size = min(TILE, length - (int)blockIdx.x * TILE);
    for (int i = threadIdx.x; i < size; i += blockDim.x) tile[i] = 0.f;
    const int first = begin < N_FFT ? 0 : (begin - N_FFT) / HOP + 1,
              last = min(frames - 1, (begin + size - 1) / HOP);
    const float2 *row = spectrum + (size_t)blockIdx.y * frames * BINS;
    for (int at = first; at <= last; at += FRAMES) {
        const int count = min(FRAMES, last + 1 - at);
        __syncthreads();
        for (int i = threadIdx.x; i < count * POINTS; i += blockDim.x) {
            const int frame = i / POINTS, k = i % POINTS;
            const float2 *bins = row + (size_t)(at + frame) * BINS;
            float2 x = bins[k], mirror = conj(bins[POINTS - k]);
            if (k == 0) /* the imaginary parts of a real signal's first and last bin do not count */
                x.y = 0.f, mirror.y = 0.f;
            const float2 turned = mul(conj(root[k]), sub(x, mirror)); /* times i: */
            const float2 z = add(add(x, mirror), make_float2(-turned.y, turned.x));
            buffer[frame * PITCH + k] = conj(z); /* the inverse is the conjugate's transform, conjugated */
        }
        __syncthreads();
        const float2 *points = fft<POINTS, PITCH>(buffer, other, twiddle, count);
        for (int i = threadIdx.x; i < size; i += blockDim.x) {
            float sum = 0.f;
            for (int frame = 0; frame < count; frame++) {
                const int n = begin + i - (at + frame) * HOP;
                if (n >= 0 && n < N_FFT) {
                    const float2 z = points[frame * PITCH + n / 2];
                    sum += window[n] * (n % 2 ? -z.y : z.x);
                }
            }
            tile[i] += sum;
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < size; i += blockDim.x)
        out[(size_t)blockIdx.y * length + blockIdx.x * TILE + i] = tile[i] * envelope[blockIdx.x * TILE + i];
}

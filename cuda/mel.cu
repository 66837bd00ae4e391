/* Mel spectra: float32 (batch, length) -> (batch, frames, N_MELS), written as OUTPUT says (output.cuh); where
 * LOG is 1, gain x log10(max(mel, floor)) + shift of them.
 *
 * Compiled for: N_FFT (factors 2, 3, 5), HOP, FRAMES a block, WINDOW (N_FFT, and less where KALDI is 1:
 * frames as kaldi.cuh prepares them), N_MELS, POWER (1 or 2), LOG (0 or 1), OUTPUT. Grid: (ceil(frames /
 * FRAMES), batch); block: any. Shared memory: 2 x FRAMES x PITCH x 8 bytes. The triangle of band m is
 * weight[start[m] .. start[m + 1] - 1] over the bins from low[m] on. Everything between samples and mels
 * stays in shared memory: 4 bytes a sample are read (once from memory), 4 N_MELS / HOP written, or half of
 * that in 16 bits.
 *
 * `loudest` (one a row, null where nobody asks) becomes the largest value of the row, as an ordered integer.
 */
#include "kaldi.cuh"
#include "mel_values.cuh"

extern "C" __global__ void mel(const float *audio, int length, int frames, int offset, const float *window,
                               const float2 *twiddle, const float2 *root, const int *low, const int *start,
                               const float *weight, float floor, float gain, float shift, int *loudest,
                               real_out *out)
{
    DYNAMIC_SHARED(float2, buffer);
    const int first = blockIdx.x * FRAMES, count = min(FRAMES, frames - first);
    const float *signal = audio + (size_t)blockIdx.y * length;
    float2 *other = buffer + FRAMES * PITCH;
    const float2 *points =
        KALDI ? kaldi_spectra(signal, window, twiddle, first, count, buffer, other)
              : spectra(signal, length, window, twiddle, first, count, offset, buffer, other);
    float *energy = (float *)(points == buffer ? other : buffer);
    for (int i = threadIdx.x; i < count * BINS; i += blockDim.x) {
        const float2 x = bin(points + i / BINS * PITCH, root, i % BINS);
        const float squared = x.x * x.x + x.y * x.y;
        energy[i] = POWER == 2 ? squared : sqrtf(squared);
    }
    __syncthreads();
    real_out *row = out + ((size_t)blockIdx.y * frames + first) * N_MELS;
    float highest = -3.4e38f;
    for (int i = threadIdx.x; i < count * N_MELS; i += blockDim.x) {
        const int m = i % N_MELS;
        const float *bins = energy + i / N_MELS * BINS + low[m];
        float sum = 0.f;
        for (int k = start[m]; k < start[m + 1]; k++) sum += weight[k] * bins[k - start[m]];
        if (LOG) sum = gain * log10f(fmaxf(sum, floor)) + shift;
        highest = fmaxf(highest, sum);
        row[i] = Output::of(sum);
    }
    if (LOG && loudest) tell_loudest(highest, loudest + blockIdx.y);
}

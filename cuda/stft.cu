/* STFT: float32 (batch, length) -> complex (batch, frames, BINS), whose parts are written as OUTPUT says
 * (output.cuh).
 *
 * Compiled for: N_FFT (factors 2, 3, 5), HOP, FRAMES a block, OUTPUT. Grid: (ceil(frames / FRAMES), batch);
 * block: any. Shared memory: 2 x FRAMES x PITCH x 8 bytes. A sample is read N_FFT / HOP times, from L1 or L2
 * but for the first; the spectrum is written once: 8 BINS / HOP bytes (4 in 16 bits) for each 4 read, so that
 * its floor is the time of writing it. */
#include "frames.cuh"
#include "output.cuh"

extern "C" __global__ void stft(const float *audio, int length, int frames, int offset, const float *window,
                                const float2 *twiddle, const float2 *root, complex_out *out)
{
    DYNAMIC_SHARED(float2, buffer);
    const int first = blockIdx.x * FRAMES, count = min(FRAMES, frames - first);
    const float *signal = audio + (size_t)blockIdx.y * length;
    const float2 *points =
        spectra(signal, length, window, twiddle, first, count, offset, buffer, buffer + FRAMES * PITCH);
    complex_out *row = out + ((size_t)blockIdx.y * frames + first) * BINS;
    for (int i = threadIdx.x; i < count * BINS; i += blockDim.x)
        row[i] = Output::of(bin(points + i / BINS * PITCH, root, i % BINS));
}

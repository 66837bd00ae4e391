"""The STFT's kernels with their tables on the device."""

import numpy as np

from impls._cuda import OUTPUTS, THREADS, frame_tables, frames_a_block
from impls._cuda_lanes import FRAMES, lanes
from impls.stft._envelope import envelope
from suites.stft import frames, hann, inverse_length

TILE = 2048  # samples that a block of the inverse makes


def tables(gpu, n_fft):
    """Window, twiddles and roots on the device."""
    return tuple(gpu.upload(t) for t in (hann(n_fft).astype(np.float32), *frame_tables(n_fft)))


def forward(gpu, case, output="float32"):
    """``run(audio)``: complex64 (batch, frames, bins); in 16 bits (batch, frames, bins, 2), real parts first."""
    (written, dtype), bins = OUTPUTS[output], (case.n_fft // 2 + 1,)
    each, dtype = ((*bins, 2), dtype) if written else (bins, np.complex64)
    count, offset = frames(case), case.n_fft // 2 if case.center else 0
    plan = lanes(gpu, case.n_fft, case.hop_length)
    if plan:
        block, shared, threads = FRAMES, plan.shared(), plan.threads
        kernel = gpu.kernel("stft_lanes.cu", "stft_lanes", most_shared=shared, **plan.constants, OUTPUT=written)
        constant = tuple(map(gpu.upload, plan.tables(hann(case.n_fft))))
    else:
        (block, shared), threads = frames_a_block(case.n_fft), THREADS
        sizes = {"N_FFT": case.n_fft, "HOP": case.hop_length, "FRAMES": block}
        kernel = gpu.kernel("stft.cu", "stft", most_shared=shared, **sizes, OUTPUT=written)
        constant = tables(gpu, case.n_fft)

    def run(audio):
        batch, length = audio.shape
        out = gpu.empty((batch, count, *each), dtype)
        shape = np.int32(length), np.int32(count), np.int32(offset)
        kernel((-(-count // block), batch), shared, audio, *shape, *constant, out, threads=threads)
        return out

    return run


def inverse(gpu, case):
    block, shared = frames_a_block(case.n_fft)
    shared += 4 * TILE
    count, length, offset = frames(case), inverse_length(case), case.n_fft // 2 if case.center else 0
    sizes = {"N_FFT": case.n_fft, "HOP": case.hop_length, "FRAMES": block, "TILE": TILE}
    kernel = gpu.kernel("istft.cu", "istft", most_shared=shared, **sizes)
    constant = (*tables(gpu, case.n_fft), gpu.upload(envelope(case)))

    def run(spectrum):
        out = gpu.empty((spectrum.shape[0], length), np.float32)
        shape = np.int32(length), np.int32(count), np.int32(offset)
        kernel((-(-length // TILE), out.shape[0]), shared, spectrum, *shape, *constant, out)
        return out

    return run

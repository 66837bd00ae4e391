"""The fused mel kernels with their tables on the device."""

import numpy as np

from impls._cuda import OUTPUTS, frame_tables, frames_a_block
from impls._cuda_lanes import FRAMES, lanes
from impls.mel._bands import bands, fours
from suites.mel import PRESETS, filterbank, frames, window

RANGE_BLOCKS, RANGE_VALUES = 1024, 1024  # enough for every multiprocessor; what a block reads at once
LOWEST = -(2**31)  # below every logarithm, as an ordered integer


def fused(gpu, case, log, output="float32"):
    """``run(audio)`` for power or magnitude mels, or the preset's logarithm of them, written as ``output``.

    Where a logarithm is held to so many decades below the loudest of its row, a second kernel must pass over all of
    them: what it raises was rounded before, and the rest stays as it is.
    """
    p, count, (written, dtype) = PRESETS[case.preset], frames(case), OUTPUTS[output]
    ranged = log and np.isfinite(p.decades)
    loudest = gpu.empty((case.batch,), np.int32) if ranged else None
    sizes = {"N_MELS": p.n_mels, "POWER": p.power, "LOG": int(log), "OUTPUT": written}
    kaldi, powers = case.preset == "kaldi", 4 * FRAMES * (p.n_fft // 2 + 1)
    plan = None if kaldi else lanes(gpu, p.n_fft, p.hop_length, powers)
    made = in_lanes(gpu, p, plan, powers, sizes) if plan else by_passes(gpu, p, kaldi, sizes)
    held = gpu.kernel("mel_range.cu", "mel_range", OUTPUT=written) if ranged else None

    def run(audio):
        batch, length = audio.shape
        out = gpu.empty((batch, count, p.n_mels), dtype)
        if ranged:
            loudest.fill(LOWEST)
        made(audio, length, count, loudest or 0, out)
        if ranged:
            values = count * p.n_mels
            blocks = max(1, min(RANGE_BLOCKS // batch, values // RANGE_VALUES))
            held((blocks, batch), 0, out, np.int32(values), loudest, np.float32(p.gain * p.decades))
        return out

    return run


def in_lanes(gpu, p, plan, powers, sizes):
    """``mel(audio, length, frames, loudest, out)`` by mel_lanes.cu."""
    shared = max(plan.shared(powers), 4 * FRAMES * (p.n_mels + 1))
    kernel = gpu.kernel("mel_lanes.cu", "mel_lanes", most_shared=shared, **plan.constants, **sizes)
    constant = tuple(map(gpu.upload, (*plan.tables(window(p)), *fours(filterbank(p)))))
    scale = np.float32(p.floor), np.float32(p.gain * np.log10(2)), np.float32(p.offset)

    def mel(audio, length, count, loudest, out):
        shape = np.int32(length), np.int32(count), np.int32(p.n_fft // 2)
        grid = -(-count // FRAMES), out.shape[0]
        kernel(grid, shared, audio, *shape, *constant, *scale, loudest, out, threads=plan.threads)

    return mel


def by_passes(gpu, p, kaldi, sizes):
    """The same by mel.cu, of any size."""
    block, shared = frames_a_block(p.n_fft)
    frame = {"N_FFT": p.n_fft, "HOP": p.hop_length, "FRAMES": block, "WINDOW": p.win_length, "KALDI": int(kaldi)}
    kernel = gpu.kernel("mel.cu", "mel", most_shared=shared, **frame, **sizes)
    host = (window(p).astype(np.float32), *frame_tables(p.n_fft), *bands(filterbank(p)))
    constant = tuple(map(gpu.upload, host))
    scale = np.float32(p.floor), np.float32(p.gain), np.float32(p.offset)

    def mel(audio, length, count, loudest, out):
        shape = np.int32(length), np.int32(count), np.int32(0 if kaldi else p.n_fft // 2)
        kernel((-(-count // block), out.shape[0]), shared, audio, *shape, *constant, *scale, loudest, out)

    return mel

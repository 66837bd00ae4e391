"""The fused mel kernel with its tables on the device."""

import numpy as np

from impls._cuda import OUTPUTS, frame_tables, frames_a_block
from impls.mel._bands import bands
from suites.mel import PRESETS, filterbank, frames, window

LOWEST = -(2**31)  # below every logarithm, as an ordered integer


def fused(gpu, case, log, output="float32"):
    """``run(audio)`` for power or magnitude mels, or the preset's logarithm of them, written as ``output``.

    Where a logarithm is held to so many decades below the loudest of its row, a second kernel must pass over all of
    them: the first leaves them in float32, so that they, too, are rounded once.
    """
    p, kaldi = PRESETS[case.preset], case.preset == "kaldi"
    block, shared = frames_a_block(p.n_fft)
    sizes = {"N_FFT": p.n_fft, "HOP": p.hop_length, "FRAMES": block, "WINDOW": p.win_length, "KALDI": int(kaldi)}
    sizes |= {"N_MELS": p.n_mels, "POWER": p.power, "LOG": int(log)}
    ranged, (written, dtype) = log and np.isfinite(p.decades), OUTPUTS[output]
    mel = gpu.kernel("mel.cu", "mel", **sizes, OUTPUT=0 if ranged else written)
    dynamic_range = gpu.kernel("mel.cu", "dynamic_range", **sizes, OUTPUT=written) if ranged else None
    loudest = gpu.empty((case.batch,), np.int32) if ranged else None
    host = (window(p).astype(np.float32), *frame_tables(p.n_fft), *bands(filterbank(p)))
    constant, count = tuple(map(gpu.upload, host)), frames(case)
    scale = np.float32(p.gain), np.float32(p.offset)
    first = np.float32(p.floor), *((np.float32(1), np.float32(0)) if ranged else scale)

    def run(audio):
        batch, length = audio.shape
        out = gpu.empty((batch, count, p.n_mels), dtype)
        values = gpu.empty(out.shape, np.float32) if ranged and written else out
        if ranged:
            loudest.fill(LOWEST)
        shape = np.int32(length), np.int32(count), np.int32(0 if kaldi else p.n_fft // 2)
        mel((-(-count // block), batch), shared, audio, *shape, *constant, *first, loudest or 0, values)
        if ranged:
            values_a_row = np.int32(count * p.n_mels)
            dynamic_range((64, batch), 0, values, values_a_row, loudest, np.float32(p.decades), *scale, out)
        return out

    return run

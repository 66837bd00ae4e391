"""The fused mel kernel with its tables on the device."""

import numpy as np

from impls._cuda import frame_tables, frames_a_block
from impls.mel._bands import bands
from suites.mel import PRESETS, filterbank, frames, window

LOWEST = -(2**31)  # below every logarithm, as an ordered integer


def fused(gpu, case, log):
    """``run(audio)`` for power or magnitude mels, or the preset's logarithm of them."""
    p = PRESETS[case.preset]
    block, shared = frames_a_block(p.n_fft)
    sizes = {
        "N_FFT": p.n_fft,
        "HOP": p.hop_length,
        "FRAMES": block,
        "N_MELS": p.n_mels,
        "POWER": p.power,
        "LOG": int(log),
    }
    mel, dynamic_range = (gpu.kernel("mel.cu", name, **sizes) for name in ("mel", "dynamic_range"))
    host = (window(p).astype(np.float32), *frame_tables(p.n_fft), *bands(filterbank(p)))
    constant, count = tuple(map(gpu.upload, host)), frames(case)
    loudest = gpu.empty((case.batch,), np.int32) if log and np.isfinite(p.decades) else None

    def run(audio):
        batch, length = audio.shape
        out = gpu.empty((batch, count, p.n_mels), np.float32)
        if loudest:
            loudest.fill(LOWEST)
        shape = np.int32(length), np.int32(count), np.int32(p.n_fft // 2)
        grid = (-(-count // block), batch)
        mel(grid, shared, audio, *shape, *constant, np.float32(p.floor), loudest or 0, out)
        if log:
            scale = np.float32(min(p.decades, 1e30)), np.float32(p.gain), np.float32(p.offset)
            dynamic_range((64, batch), 0, out, np.int32(count * p.n_mels), loudest or 0, *scale)
        return out

    return run

"""The polyphase kernel with its filter on the device."""

from math import ceil, gcd

import numpy as np

TILE_INPUTS = 4096  # samples of input that a block keeps in shared memory, about


def phases(source, target, hq):
    """(filter float64 (up, taps), taps before the output's own place).

    ``low``: a sinc to 0.99 of the lower Nyquist frequency under a Hann window of 6 zero crossings each side, as
    torchaudio.functional.resample's defaults. ``hq``: under Kaiser's window (beta 12.9) of 128, -6 dB at 0.97.
    """
    up, down = target // gcd(source, target), source // gcd(source, target)
    cutoff = min(1.0, up / down) * (0.97 if hq else 0.99)
    reach = (128 if hq else 6) / cutoff  # input samples on each side
    before = ceil(reach)
    time = np.arange(-before, before + 1) - (np.arange(up) * down % up / up)[:, None]
    inside = np.clip(time / reach, -1, 1)
    taper = np.i0(12.9 * np.sqrt(1 - inside**2)) / np.i0(12.9) if hq else np.cos(np.pi / 2 * inside) ** 2
    return cutoff * np.sinc(cutoff * time) * taper, before


def polyphase(gpu, case, hq):
    filter, before = phases(case.source_rate, case.target_rate, hq)
    up, taps = filter.shape
    down = case.source_rate * up // case.target_rate
    tile = max(256, TILE_INPUTS * up // down)
    sizes = {"UP": up, "DOWN": down, "TAPS": taps, "BEFORE": before, "TILE": tile}
    kernel, constant = gpu.kernel("resample.cu", "resample", **sizes), gpu.upload(filter.astype(np.float32))

    def run(audio):
        batch, length = audio.shape
        out = gpu.empty((batch, -(-length * up // down)), np.float32)
        grid, shared = (-(-out.shape[1] // tile), batch), 4 * (tile * down // up + taps + 2)
        kernel(grid, shared, audio, np.int32(length), np.int32(out.shape[1]), constant, out)
        return out

    return run

"""The polyphase kernel with its filter on the device."""

from math import ceil, gcd

import numpy as np

from bench import Unsupported

OUTPUTS = 128  # of a period, at most, where UP is less
GROUPS = 32  # of 8 outputs that a block makes, at most
SHORT = 100  # taps: up to here memory limits
RESERVED = 1 << 10  # bytes of shared memory that each block takes besides its own


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
    down = case.source_rate // gcd(case.source_rate, case.target_rate)
    windows, sizes = layout(filter, down, gpu.shared_limit)
    shared, outputs, constant = 4 * words(sizes), 8 * sizes["ROWS"] * sizes["PERIOD"], gpu.upload(windows)
    kernel = gpu.kernel("resample.cu", "resample", most_shared=shared, BEFORE=before, **sizes)

    def run(audio):
        batch, length = audio.shape
        out = gpu.empty((batch, -(-length * sizes["UP"] // down)), np.float32)
        grid = (-(-out.shape[1] // outputs) * sizes["CHUNKS"], batch)
        arguments = audio, np.int32(length), np.int32(out.shape[1]), constant, out
        kernel(grid, shared, *arguments, threads=8 * sizes["GROUPS"])
        return out

    return run


def layout(filter, down, shared_limit):
    """The filter as cuda/resample.cu reads it, float32 (WINDOW / 4, 8, KINDS, 4), and what to compile that for.

    A period without words left over, where there is one, makes groups alike. More rows spare reads of the filter,
    fewer leave room for more blocks, which memory asks for where the filter is short.
    """
    up, taps = filter.shape
    period = max(range(up, max(up, OUTPUTS) + 1, up), key=lambda n: (n * down // up % 8 == 4, n))
    step = period * down // up
    pitch, groups = (step + 3) // 8 * 8 + 4, -(-period // 8)
    chunks = -(-groups // GROUPS)
    groups = -(-groups // chunks)
    output = np.arange(8 * groups * chunks)
    place = (output * down // up)[:, None] + np.arange(taps)
    place += place // step * (pitch - step) - (output // 8 * 8 * down // up // 4 * 4)[:, None]
    window = place.max().item() // 4 * 4 + 4
    windows = np.zeros((groups * chunks, 8, window), np.float32)
    np.put_along_axis(windows.reshape(-1, window), place, filter[output % up].astype(np.float32), 1)
    kinds = next(k for k in range(1, len(windows) + 1) if (windows[k:] == windows[: len(windows) - k]).all())
    sizes = {"UP": up, "DOWN": down, "PERIOD": period, "STEP": step, "PITCH": pitch, "WINDOW": window, "KINDS": kinds,
             "GROUPS": groups, "CHUNKS": chunks}  # fmt: skip
    for rows in range(6 if taps > SHORT else 4, 0, -1):
        sizes |= {"ROWS": rows, "HELD": 8 * rows - 1 + -(-(output[-8].item() * down // up + window) // pitch)}
        if 4 * words(sizes) + RESERVED <= shared_limit // 2:
            return windows[:kinds].reshape(kinds, 8, -1, 4).transpose(2, 1, 0, 3), sizes
    raise Unsupported(f"shared memory has no room for 8 periods of {step} samples")


def words(sizes):
    """Floats in the shared memory of a block."""
    return max(sizes["HELD"] * sizes["PITCH"], 8 * sizes["ROWS"] * (8 * sizes["GROUPS"] + 4))

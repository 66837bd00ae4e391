"""What the transforms share: windows of 25 ms every 10 or 5 ms, and the samples kept from one piece to the next."""

from dataclasses import replace
from functools import cache

import numpy as np

from bench import Stream
from suites.mel import PRESETS, filterbank


def sizes(case):
    """Samples of a window, and from one to the next: 25 ms every 10 ms, every 5 ms where pieces are shorter."""
    return case.sample_rate // 40, case.sample_rate // (100 if case.frame_ms >= 10 else 200)


def shape(case):
    """How the windows lie, as the keywords of a Stream: each stands for its middle."""
    size, hop = sizes(case)
    return {"step": hop, "place": size // 2, "frame": hop, "declared": size - size // 2, "features": True}


def bank(case):
    """80 bands on Slaney's scale up to 8 kHz, float64 (80, bins)."""
    size, hop = sizes(case)
    wanted = {"sample_rate": case.sample_rate, "n_fft": size, "win_length": size, "hop_length": hop}
    return filterbank(replace(PRESETS["power400"], **wanted))


def analysis(case, call, tolerance=0.0):
    """A stream of ``call``: (1, samples) -> (1, frames, ...), frame k of a window of samples from k hops on."""
    size, hop = sizes(case)
    nothing = cache(lambda: call(np.zeros((1, size), np.float32))[:, :0])

    def opened():
        kept = np.zeros((1, 0), np.float32)

        def feed(x):
            nonlocal kept
            x = np.concatenate([kept, x], axis=1)
            frames = max(0, 1 + (x.shape[1] - size) // hop)
            kept = x[:, frames * hop :]
            return call(x[:, : (frames - 1) * hop + size]) if frames else nothing()

        return feed

    return Stream(case.sample_rate, opened, call, tolerance=tolerance, **shape(case))

"""Pitch: correlation of its course, and frames whose voicing differs. By WORLD's DIO and StoneMask, in pyworld."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bench.quality.core import MetricFailure, Signal, metric

LOWEST, HIGHEST = 65.0, 500.0  # Hz
PERIOD = 10.0  # ms between estimates
LEAST_VOICED = 10  # frames: a correlation or a rate over fewer says nothing
ESTIMATOR = "F0 by WORLD's DIO and StoneMask, 65 to 500 Hz every 10 ms, at 16 kHz at most"
FACTS = {"rates": (8000, 16000), "shortest": 0.25, "requires": ("pyworld",)}
WORLD = "Morise, Kawahara & Katayose, AES 35th Conf. 2009; Morise, Yokomori & Ozawa, IEICE Trans. E99-D(7), 2016"


@metric(
    "f0_correlation",
    title=f"Pearson's correlation of the logarithm of F0 over frames that are voiced in both signals; {ESTIMATOR}",
    unit="",
    range=(-1, 1),
    better="higher",
    identity=1,
    source=WORLD,
    **FACTS,
)
def f0_correlation(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    first, second = (track(x, sample_rate) for x in (reference, degraded))
    both = (first > 0) & (second > 0)
    if both.sum() < LEAST_VOICED:
        raise MetricFailure(f"fewer than {LEAST_VOICED} frames are voiced in both signals")
    a, b = (np.log(f0[both]) - np.log(f0[both]).mean() for f0 in (first, second))
    spread = float(np.sqrt((a @ a) * (b @ b)))
    if spread == 0:
        raise MetricFailure("the pitch does not move")
    return float(np.clip((a @ b) / spread, -1, 1))


@metric(
    "voicing_error",
    title=f"share of frames that are voiced in one signal and not in the other; {ESTIMATOR}",
    unit="",
    range=(0, 1),
    better="lower",
    identity=0,
    source=f"Nakatani et al., Speech Communication 50(3), 2008 (voicing decision error); {WORLD}",
    **FACTS,
)
def voicing_error(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    first, second = (track(x, sample_rate) > 0 for x in (reference, degraded))
    if first.sum() < LEAST_VOICED:
        raise MetricFailure(f"fewer than {LEAST_VOICED} frames of the reference are voiced")
    return float((first != second).mean())


def track(x: Signal, sample_rate: int) -> Signal:
    """F0 in Hz every 10 ms, 0 where unvoiced, shape (1 + samples // hop,)."""
    return _track(x.tobytes(), sample_rate)


@lru_cache(maxsize=8)  # both metrics ask for the same, and one reference meets several codecs
def _track(samples: bytes, sample_rate: int) -> Signal:
    import pyworld

    x = np.frombuffer(samples).copy()
    coarse, times = pyworld.dio(x, sample_rate, f0_floor=LOWEST, f0_ceil=HIGHEST, frame_period=PERIOD)
    out: Signal = pyworld.stonemask(x, coarse, times, sample_rate)
    return out

"""Scale-invariant signal-to-distortion ratio."""

from __future__ import annotations

import numpy as np

from bench.quality.core import MetricFailure, Signal, metric
from bench.quality.snr import IDENTICAL, decibels

ROUNDING = 1e-30  # a residual below this share of the energy is float64's rounding of the projection


@metric(
    "si_sdr",
    title="power of the reference's part of the degraded signal over the power of the rest; any gain is free",
    unit="dB",
    range=(-np.inf, np.inf),
    better="higher",
    identity=np.inf,
    shortest=0.03,
    raw=True,
    source="Le Roux, Wisdom, Erdogan & Hershey, 'SDR - half-baked or well done?', ICASSP 2019; means are removed first",
)
def si_sdr(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    s, y = reference - reference.mean(), degraded - degraded.mean()
    energy = float(np.sum(s**2))  # not s @ s, whose rounding depends on how many threads share the work
    if energy == 0 or not y.any():
        raise MetricFailure("one of the signals is constant")
    target = (float(np.sum(s * y)) / energy) * s
    noise = float(np.sum((y - target) ** 2))
    if noise <= ROUNDING * float(np.sum(y**2)):
        raise MetricFailure(IDENTICAL)
    return decibels(float(np.sum(target**2)), noise)

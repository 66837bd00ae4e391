"""Signal-to-noise ratio of the whole signal."""

from __future__ import annotations

import numpy as np

from bench.quality.core import MetricFailure, Signal, metric

IDENTICAL = "identical to the reference: the ratio is infinite"


@metric(
    "snr",
    title="power of the reference over the power of the difference; depends on level, delay and phase",
    unit="dB",
    range=(-np.inf, np.inf),
    better="higher",
    identity=np.inf,
    shortest=0.03,
    source="10 log10(sum s^2 / sum (s - y)^2), s the reference, y the degraded signal",
)
def snr(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return decibels(float(np.sum(reference**2)), float(np.sum((reference - degraded) ** 2)))


def decibels(signal: float, noise: float) -> float:
    """10 log10 of two energies; a failure where there is no noise, or no signal, at all."""
    if noise == 0:
        raise MetricFailure(IDENTICAL)
    if signal == 0:
        raise MetricFailure("nothing of the reference is in the degraded signal: the ratio is zero")
    return float(10 * np.log10(signal / noise))

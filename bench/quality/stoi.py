"""Short-time objective intelligibility and its extended form, by pystoi."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from bench.quality.core import SILENT, MetricFailure, Signal, metric

SHORTEST = 0.41  # seconds: 31 frames of 25.6 ms every 12.8 ms, of which one is lost where silence is cut out
SPEECH = 1e-4  # frames within 40 dB of the loudest are speech, by STOI's own rule
FACTS = {"unit": "", "range": (-1, 1), "better": "higher", "identity": 1, "shortest": SHORTEST, "requires": ("pystoi",)}
INTO = "computed at 10 kHz, into which pystoi resamples by its own filter"


@metric(
    "stoi",
    title=f"correlation of third-octave envelopes over 384 ms: how much is understood; {INTO}",
    raw=True,
    source="Taal, Hendriks, Heusdens & Jensen, IEEE Trans. ASLP 19(7), 2011",
    **FACTS,
)
def stoi(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return _pystoi(reference, degraded, sample_rate, extended=False)


@metric(
    "estoi",
    title=f"STOI for noise that fluctuates: spectra are correlated too; {INTO}",
    source="Jensen & Taal, IEEE/ACM Trans. ASLP 24(11), 2016",
    **FACTS,
)
def estoi(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return _pystoi(reference, degraded, sample_rate, extended=True)


def _pystoi(reference: Signal, degraded: Signal, sample_rate: int, extended: bool) -> float:
    """pystoi's figure. Where it would answer 0.0 or 1e-5 for want of anything to compare, a failure instead."""
    import pystoi

    if np.abs(degraded[_speech(reference, sample_rate)]).max() < SILENT:
        raise MetricFailure("the degraded signal is silent wherever the reference is not")
    with warnings.catch_warnings(record=True) as told, fixed_random():
        warnings.simplefilter("always")
        value = pystoi.stoi(reference, degraded, sample_rate, extended=extended)
    if any("Not enough STFT frames" in str(warning.message) for warning in told):
        raise MetricFailure("fewer than 30 frames of speech are left once silence is cut out")
    return float(value)


def _speech(reference: Signal, sample_rate: int) -> np.ndarray:
    """Which samples lie in frames within 40 dB of the loudest, shape (samples,)."""
    size = round(0.0256 * sample_rate)
    power = np.add.reduceat(reference**2, np.arange(0, len(reference), size))
    return np.repeat(power >= SPEECH * power.max(), size)[: len(reference)]


@contextmanager
def fixed_random() -> Iterator[None]:
    """pystoi adds noise of 2e-16 from NumPy's global generator: seeded here, and put back as it was.

    Where a stretch of the degraded signal is exactly zero, the extended form is made of that noise.
    """
    before = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(before)

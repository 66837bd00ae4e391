"""Signal-to-noise ratio of short frames, in decibels, averaged."""

from __future__ import annotations

import numpy as np

from bench.quality.core import MetricFailure, Signal, metric
from bench.quality.spectra import frames

FRAME = 0.030  # seconds
OVERLAP = 4  # frames begin every FRAME / 4
LEAST, MOST = -10.0, 35.0  # dB: a frame outside of these counts as the limit


@metric(
    "segmental_snr",
    title="mean over 30 ms frames (Hann, every 7.5 ms) of the SNR in dB, each limited to -10 ... 35 dB; frames in which"
    " the reference is zero are left out",
    unit="dB",
    range=(LEAST, MOST),
    better="higher",
    identity=MOST,
    shortest=FRAME,
    source="Hansen & Pellom, ICSLP 1998; frame, window and limits as in Loizou, *Speech Enhancement*, 2013, chapter 11",
)
def segmental_snr(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    size = round(FRAME * sample_rate)
    weight = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, size + 1) / (size + 1))) ** 2
    signal, noise = (frames(x**2, size, size // OVERLAP) @ weight for x in (reference, reference - degraded))
    sounding = signal > 0
    if not sounding.any():
        raise MetricFailure("the reference is silent in every frame")
    with np.errstate(divide="ignore"):
        ratio = 10 * np.log10(signal[sounding] / noise[sounding])
    return float(np.clip(ratio, LEAST, MOST).mean())

"""Log-spectral distance."""

from __future__ import annotations

import numpy as np

from bench.quality.core import Signal, metric
from bench.quality.spectra import magnitudes

FRAME = 0.032  # seconds
FLOOR = 1e-5  # amplitude of a full-scale sine at -100 dB: quieter bins count as this


@metric(
    "lsd",
    title="mean over 32 ms frames (Hann, every 8 ms) of the root mean square over frequency of the difference between"
    " the spectra in dB; bins below -100 dB of a full-scale sine count as that",
    unit="dB",
    range=(0, np.inf),
    better="lower",
    identity=0,
    shortest=FRAME,
    source="Gray & Markel, 'Distance measures for speech processing', IEEE Trans. ASSP 24(5), 1976",
)
def lsd(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    size = 2 * round(FRAME * sample_rate / 2)
    logs = (20 * np.log10(np.maximum(magnitudes(x, size, size // 4), FLOOR)) for x in (reference, degraded))
    difference = np.subtract(*logs)
    return float(np.sqrt((difference**2).mean(axis=1)).mean())

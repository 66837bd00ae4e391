"""Multi-scale mel distance, as the Descript Audio Codec defines it."""

from __future__ import annotations

import numpy as np

from bench.quality.core import Signal, metric
from bench.quality.spectra import BLOCK, centred, frames, hann, mel_filters

SCALES = {32: 5, 64: 10, 128: 20, 256: 40, 512: 80, 1024: 160, 2048: 320}  # window in samples: mel bands
FLOOR = 1e-5


@metric(
    "mel_distance",
    title="sum over seven window lengths (32 ... 2048 samples, 5 ... 320 mel bands, hop a quarter) of the mean absolute"
    " difference of log10 mel magnitudes, floor 1e-5; depends on the sample rate",
    unit="log10",
    range=(0, np.inf),
    better="lower",
    identity=0,
    shortest=0.13,
    source="Kumar et al., 'High-fidelity audio compression with improved RVQGAN', NeurIPS 2023; the"
    " settings of descript-audio-codec's conf/final (pow 1, mag_weight 0), not EnCodec's, which adds an L2 term",
)
def mel_distance(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return sum(_distance(reference, degraded, sample_rate, size, bands) for size, bands in SCALES.items())


def _distance(reference: Signal, degraded: Signal, sample_rate: int, size: int, bands: int) -> float:
    """One scale; a block of frames at a time, since the shortest windows make many."""
    filters, window = mel_filters(sample_rate, size, bands).T, hann(size)
    pair = [frames(centred(x, size), size, size // 4) for x in (reference, degraded)]
    total = 0.0
    for at in range(0, len(pair[0]), BLOCK):
        mels = (np.abs(np.fft.rfft(framed[at : at + BLOCK] * window)) @ filters for framed in pair)
        total += float(np.abs(np.subtract(*(np.log10(np.maximum(m, FLOOR)) for m in mels))).sum())
    return total / (len(pair[0]) * bands)

"""Mel-cepstral distance."""

from __future__ import annotations

import numpy as np

from bench.quality.core import Signal, metric
from bench.quality.spectra import magnitudes, mel_filters

FRAME, HOP = 0.025, 0.010  # seconds
N_MELS = 40
N_CEPSTRA = 13  # c1 ... c13; c0, the level, is left out
FLOOR = 1e-10  # mean power in a band at -100 dB of a full-scale sine: quieter bands count as this
DECIBELS = 10 / np.log(10) * np.sqrt(2)
"""Turns a Euclidean distance of cepstra into dB, 6.1415: with c_k the cosine series of the natural logarithm of power
(c_k = 1/M sum_m ln P_m cos(pi k (m + 1/2) / M)), it is the root mean square difference of two smoothed spectra."""


@metric(
    "mcd",
    title="mean over 25 ms frames (Hann, every 10 ms) of 10 sqrt(2) / ln 10 times the Euclidean distance of the"
    " cepstra c1 to c13 of 40 Slaney mel bands, without time warping; bands below -100 dB count as that",
    unit="dB",
    range=(0, np.inf),
    better="lower",
    identity=0,
    shortest=FRAME,
    source="Kubichek, 'Mel-cepstral distance measure for objective speech quality assessment', IEEE PacRim 1993; 13"
    " MFCCs as in Skerry-Ryan et al., ICML 2018. Papers with cepstra of WORLD or SPTK have the unit, not the scale",
)
def mcd(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    difference = np.subtract(*(cepstra(x, sample_rate) for x in (reference, degraded)))
    return float(DECIBELS * np.sqrt((difference**2).sum(axis=1)).mean())


def cepstra(x: Signal, sample_rate: int) -> Signal:
    """c1 to c13 of each frame, shape (frames, 13)."""
    size = round(FRAME * sample_rate)
    n_fft = 1 << (size - 1).bit_length()
    filters = mel_filters(sample_rate, n_fft, N_MELS)
    power = magnitudes(x, size, round(HOP * sample_rate), n_fft) ** 2
    bands = power @ (filters / np.maximum(filters.sum(axis=1, keepdims=True), 1e-300)).T  # means over each triangle
    order, band = np.arange(1, N_CEPSTRA + 1), np.arange(N_MELS)
    basis = np.cos(np.pi * np.outer(order, band + 0.5) / N_MELS) / N_MELS
    out: Signal = np.log(np.maximum(bands, FLOOR)) @ basis.T
    return out

"""Frames, their spectra and mel bands, for the metrics that compare spectra. NumPy only: the base install has it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bench.quality.core import Signal

BLOCK = 4096
"""Frames transformed at a time: memory stays at a few MB however long the signal is."""


def hann(size: int) -> Signal:
    """The periodic Hann window, shape (size,)."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


def frames(x: Signal, size: int, hop: int) -> Signal:
    """Overlapping frames without padding, a view of shape (1 + (samples - size) // hop, size)."""
    return np.lib.stride_tricks.sliding_window_view(x, size)[::hop]


def magnitudes(x: Signal, size: int, hop: int, n_fft: int = 0) -> Signal:
    """|STFT| with a periodic Hann window and no padding, shape (frames, n_fft // 2 + 1); a sine of amplitude 1 that
    falls on a bin gives 1."""
    window = hann(size)
    window /= window.sum() / 2
    framed = frames(x, size, hop)
    parts = [
        np.abs(np.fft.rfft(framed[at : at + BLOCK] * window, n_fft or size)) for at in range(0, len(framed), BLOCK)
    ]
    return np.concatenate(parts)


def centred(x: Signal, size: int) -> Signal:
    """``x`` with size // 2 samples of its own reflection at either end, as torch.stft and librosa centre frames."""
    return np.pad(x, size // 2, mode="reflect")


@lru_cache(maxsize=32)
def mel_filters(sample_rate: int, n_fft: int, n_mels: int) -> Signal:
    """Slaney's mel triangles from 0 Hz to the Nyquist frequency, each of area 1 (in 1/Hz), (n_mels, n_fft // 2 + 1).

    Malcolm Slaney, *Auditory Toolbox*, version 2, 1998: linear below 1 kHz at 200/3 Hz a mel, logarithmic above with
    27 mels a factor of 6.4. The default of ``librosa.filters.mel``.
    """
    edges = _hertz(np.linspace(0, _mels(np.array(sample_rate / 2)), n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]


LINEAR = 200 / 3  # Hz a mel below 1 kHz
KNEE = 1000 / LINEAR  # mel at 1 kHz
STEP = np.log(6.4) / 27  # of ln(hertz) a mel above


def _mels(hertz: Signal) -> Signal:
    return np.where(hertz < 1000, hertz / LINEAR, KNEE + np.log(np.maximum(hertz, 1000) / 1000) / STEP)


def _hertz(mels: Signal) -> Signal:
    return np.where(mels < KNEE, mels * LINEAR, 1000 * np.exp(STEP * (mels - KNEE)))

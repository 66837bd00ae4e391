"""The delay of a codec: estimated on several files, fixed for all of them, and taken out.

Delays are in samples. **Positive: the degraded signal is late**, ``degraded[n + delay]`` belongs to ``reference[n]``.

>>> import numpy as np
>>> reference = np.random.default_rng(0).standard_normal(8000)
>>> late = shift(reference, -40, 8000)
>>> by_waveform(reference, late, 16000).samples
40
>>> bool((shift(late, 40, 8000)[:7960] == reference[:7960]).all())
True
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_low

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.quality.core import SILENT, Signal
from bench.quality.spectra import magnitudes, mel_filters

LONGEST = 0.5  # seconds: delays beyond this are not looked for
TRUSTED = 0.5  # a waveform correlation that is lower says that the codec does not keep the waveform
STEADY = 0.002  # seconds: estimates that spread further are called unstable
OVERLAP = 0.25  # share of either signal's energy that a lag must keep in view to be considered
STEP = 0.001  # seconds between envelope values
WINDOW = 0.020  # seconds that each of them covers
BANDS = 20
RANGE_DB = 50.0  # below the loudest value, envelopes are flat

IMPULSE_SHARE = 0.1  # of the response's energy that its largest sample must hold


@dataclass(frozen=True)
class Delay:
    """An estimate on one pair: ``samples`` (positive: late) and the normalised correlation there, -1 to 1."""

    samples: int
    correlation: float

    @property
    def trusted(self) -> bool:
        return self.correlation >= TRUSTED


@dataclass(frozen=True)
class Calibration:
    """A codec's delay: the median over files, and how far the files agree.

    ``method`` is "waveform" or "envelope"; ``estimates`` are those that were used, of ``files``; ``spread`` is their
    interquartile range in samples; ``correlation`` the median correlation of all files.
    """

    samples: int
    method: str
    estimates: tuple[int, ...]
    files: int
    correlation: float
    sample_rate: int

    @property
    def spread(self) -> float:
        low, high = np.percentile(self.estimates, [25, 75])
        return float(high - low)

    @property
    def stable(self) -> bool:
        """Whether half of the estimates lie within 2 ms of each other, and the signals correlate there."""
        return self.spread <= STEADY * self.sample_rate and self.correlation >= TRUSTED


def calibrate(
    pairs: Iterable[tuple[ArrayLike, ArrayLike]], sample_rate: int, method: str = "auto", longest: float = LONGEST
) -> Calibration:
    """One delay for all files of a codec, from (reference, degraded) pairs of mono signals.

    ``method`` is "waveform", "envelope" (for parametric codecs, whose waveforms do not correlate), or "auto":
    waveform, unless it is trusted on fewer than half of the files. By waveform, the files whose correlation is lower
    than 0.5 are left out of the median. Pairs of which one is silent count for nothing; ValueError when none is left.
    """
    if method not in ("auto", "waveform", "envelope"):
        raise ValueError(f"the method {method!r} is none of auto, waveform, envelope")
    sounding = [(x, y) for x, y in ((np.asarray(a, float), np.asarray(b, float)) for a, b in pairs) if _sounds(x, y)]
    if not sounding:
        raise ValueError("a calibration needs at least one pair of signals that are not silent")
    if method != "envelope":
        found = [by_waveform(x, y, sample_rate, longest) for x, y in sounding]
        trusted = [delay for delay in found if delay.trusted]
        if 2 * len(trusted) >= len(found) or method == "waveform":
            return _calibration(trusted or found, found, "waveform", sample_rate)
    found = [by_envelope(x, y, sample_rate, longest) for x, y in sounding]
    return _calibration(found, found, "envelope", sample_rate)


def by_waveform(reference: ArrayLike, degraded: ArrayLike, sample_rate: int, longest: float = LONGEST) -> Delay:
    """The lag of the largest normalised cross-correlation of two signals, up to ``longest`` seconds either way.

    At each lag the correlation is divided by the energy of what overlaps, so that a shifted copy has exactly 1.
    """
    x, y = (_zero_mean(np.asarray(s, float)[None]) for s in (reference, degraded))
    lag, correlation = _best(x, y, round(longest * sample_rate))
    return Delay(round(lag), correlation)


def by_envelope(reference: ArrayLike, degraded: ArrayLike, sample_rate: int, longest: float = LONGEST) -> Delay:
    """The lag of the largest correlation of the level in dB of 20 mel bands, every 1 ms, interpolated between.

    For codecs that keep the spectrum's course and not the waveform; good to about a millisecond.
    """
    step = max(1, round(STEP * sample_rate))
    x, y = (_envelopes(np.asarray(s, float), sample_rate, step) for s in (reference, degraded))
    lag, correlation = _best(x, y, round(longest * sample_rate / step), interpolate=True)
    return Delay(round(lag * step), correlation)


def by_impulse(response: ArrayLike, at: int) -> Delay | None:
    """The delay of a codec's response to one impulse at sample ``at``: where it is largest.

    None when the codec does not pass an impulse as one: the largest sample holds less than a tenth of the energy.
    """
    energy = np.asarray(response, float) ** 2
    peak = int(energy.argmax()) if len(energy) else 0
    if not len(energy) or energy[peak] < SILENT**2 or energy[peak] < IMPULSE_SHARE * energy.sum():
        return None
    return Delay(peak - at, float(np.sqrt(energy[peak] / energy.sum())))


def shift(degraded: ArrayLike, delay: int, length: int) -> NDArray[np.floating]:
    """``degraded`` with ``delay`` samples taken out (negative: put in as zeros), cut or padded to ``length``.

    A signal that is longer than the reference, as a decoder's output is, keeps its end in this way.
    """
    x = np.asarray(degraded)
    out = np.zeros(length, x.dtype)
    kept = x[max(0, delay) :]
    start = max(0, -delay)
    kept = kept[: max(0, length - start)]
    out[start : start + len(kept)] = kept
    return out


def _calibration(used: Sequence[Delay], found: Sequence[Delay], method: str, sample_rate: int) -> Calibration:
    estimates = tuple(delay.samples for delay in used)
    correlation = float(np.median([delay.correlation for delay in found]))
    return Calibration(median_low(estimates), method, estimates, len(found), correlation, sample_rate)


def _best(x: Signal, y: Signal, reach: int, interpolate: bool = False) -> tuple[float, float]:
    """Lag of ``y`` behind ``x``, both (channels, samples), at the peak of their correlation; that peak."""
    lags, correlation = _correlation(x, y, reach)
    ties = np.flatnonzero(correlation >= correlation.max() - 1e-9)
    at = int(ties[np.abs(lags[ties]).argmin()])  # a periodic signal has several: the nearest to zero
    lag = float(lags[at])
    if interpolate and 0 < at < len(lags) - 1:  # the top of a parabola through three points
        before, peak, after = correlation[at - 1 : at + 2]
        if (bend := before - 2 * peak + after) < 0:
            lag += 0.5 * (before - after) / bend
    return lag, float(correlation[at])


def _correlation(x: Signal, y: Signal, reach: int) -> tuple[NDArray[np.int_], Signal]:
    """Lags -reach ... reach and, at each, sum x[n] y[n + lag] over the energies of the parts that overlap."""
    from scipy.fft import next_fast_len

    n, m = x.shape[1], y.shape[1]
    reach = max(0, min(reach, min(n, m) - 1))
    size = next_fast_len(max(n, m) + reach, real=True)
    cross = (np.fft.rfft(y, size) * np.fft.rfft(x, size).conj()).sum(axis=0)
    lags = np.arange(-reach, reach + 1)
    products = np.fft.irfft(cross, size)[lags]
    of_x, of_y = (np.concatenate([[0.0], np.cumsum((s**2).sum(axis=0))]) for s in (x, y))
    energy_x = of_x[np.minimum(n, m - lags)] - of_x[np.maximum(0, -lags)]
    energy_y = of_y[np.minimum(m, n + lags)] - of_y[np.maximum(0, lags)]
    seen = (energy_x > OVERLAP * of_x[-1]) & (energy_y > OVERLAP * of_y[-1])
    return lags, np.where(seen, products / np.sqrt(np.where(seen, energy_x * energy_y, 1.0)), 0.0)


def _envelopes(x: Signal, sample_rate: int, step: int) -> Signal:
    """Level of each mel band in dB, less its mean: (bands, frames)."""
    size = 2 * round(WINDOW * sample_rate / 2)
    padded = np.pad(x, size // 2)  # a frame is centred on its sample
    levels = 20 * np.log10(magnitudes(padded, size, step) @ mel_filters(sample_rate, size, BANDS).T + 1e-30)
    return _zero_mean(np.maximum(levels, levels.max() - RANGE_DB).T)


def _zero_mean(x: Signal) -> Signal:
    out: Signal = x - x.mean(axis=1, keepdims=True)
    return out


def _sounds(*signals: Signal) -> bool:
    return all(len(x) and np.abs(x).max() >= SILENT for x in signals)

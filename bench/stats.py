"""Medians, intervals and the comparison of two implementations, from samples that are not independent.

Samples of one process share its memory layout, its page faults and the minute in which it ran, so the
process (replicate) is resampled first, then the round within it (hierarchical bootstrap: Davison & Hinkley,
*Bootstrap Methods and their Application*, 1997, section 3.8). A round is one turn of about 25 ms; its median
is the unit of measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rounds = Sequence[Floats]  # one array a replicate: the median of each of its rounds
RESAMPLES = 2000
DIFFERENT = 0.01  # ratios whose 95% interval lies beyond 1% count as different; see `bench selftest`


@dataclass(frozen=True)
class Interval:
    low: float
    value: float
    high: float

    @property
    def relative_half_width(self) -> float:
        return (self.high - self.low) / (2 * self.value) if self.value else float("inf")


def round_medians(samples: npt.ArrayLike, rounds: Sequence[int]) -> Floats:
    """Median of each round; ``rounds`` holds the number of samples in each, in time order."""
    values = np.asarray(samples, np.float64)
    edges = np.cumsum([0, *rounds])
    return np.array([np.median(values[a:b]) for a, b in pairwise(edges) if b > a])


def median_interval(replicates: Rounds, seed: int = 0) -> Interval:
    """The median over replicates of the median over rounds, with its 95% hierarchical bootstrap interval.

    With few replicates that differ much, it covers less than 95%: ARCHITECTURE.md, "How a number is made", has figures.
    """
    return _interval(replicates, np.median, seed)


def ratio_interval(base: Rounds, new: Rounds, seed: int = 0) -> Interval:
    """new / base, paired by replicate and round (the two were interleaved), with its 95% interval.

    Working on the logarithm of each round's ratio cancels whatever slowed the machine during that round. The
    replicates' medians are averaged: with three to five of them a mean finds planted slowdowns more often than
    a median does, at the same rate of false alarms (see `bench selftest`).
    """
    logs = [np.log(b[:n] / a[:n]) for a, b in zip(base, new, strict=False) for n in [min(len(a), len(b))] if n]
    found = _interval(logs, np.mean, seed)
    return Interval(*(float(np.exp(v)) for v in (found.low, found.value, found.high)))


def different(ratio: Interval, threshold: float = DIFFERENT) -> bool:
    """True when the whole interval lies beyond ``threshold`` on one side of 1."""
    return ratio.low > 1 + threshold or ratio.high < 1 / (1 + threshold)


def settled(rounds: Floats, precision: float, least: int = 5) -> bool:
    """The stopping rule within one process: is the median of its rounds known to +-``precision``?"""
    return len(rounds) >= least and half_width(rounds) <= precision


def half_width(rounds: Floats) -> float:
    """Half the 95% interval of the median of one process's rounds, over that median.

    The distribution-free interval from order statistics (Conover, *Practical Nonparametric Statistics*, 1999,
    section 3.2), which needs no resampling and so costs nothing between rounds.
    """
    n = len(rounds)
    ordered = np.sort(rounds)
    reach = int(np.ceil(0.98 * np.sqrt(n)))
    low, high = ordered[max(0, n // 2 - reach)], ordered[min(n - 1, (n - 1) // 2 + reach)]
    return float((high - low) / 2 / np.median(ordered))


def _interval(replicates: Rounds, centre: Callable[..., Any], seed: int) -> Interval:
    """``centre`` over replicates of the median over rounds; both levels are resampled."""
    rng = np.random.default_rng(seed)
    value = float(centre([np.median(r) for r in replicates]))
    # every replicate's own bootstrap distribution once, then draws of replicates from it
    inner = np.stack([np.median(r[rng.integers(0, len(r), (RESAMPLES, len(r)))], axis=1) for r in replicates])
    chosen = rng.integers(0, len(replicates), (RESAMPLES, len(replicates)))
    draws = centre(inner[chosen, rng.integers(0, RESAMPLES, chosen.shape)], axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(float(min(low, value)), value, float(max(high, value)))

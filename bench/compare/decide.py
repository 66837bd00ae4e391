"""Verdicts over many rows, from effects: what is called, what is not, and how many more processes would tell.

A row is called `more` when it is certain that it changed and its estimate is beyond the threshold; `same` when its
95% interval lies within the threshold; otherwise it is open.

Many rows. "Certain" is controlled over all of them by Benjamini & Hochberg, J. R. Stat. Soc. B 57, 1995, in two
families of one-sided tests, all that may have gone up and all that may have gone down, at half of ``RATE`` each. Not
Benjamini-Yekutieli, which pays a factor of log(rows) for any dependence whatever: rows of one run share a machine and
its processes, so that their one-sided tests are positively dependent, and for that the plain procedure holds
(Benjamini & Yekutieli, Ann. Stat. 29, 2001, theorem 1.2). When nothing changed at all, the chance of any call in a run,
however many rows it has, is at most ``RATE``.

Many looks. An interleaved run looks at its rows while it measures, and stops with those that are decided. Each look
spends a stated share of the error (its weight, together at most 1): the p-value of a row is the smallest of its looks'
p / weight, which is valid by the union bound, whatever made the run stop; an interval's error is weighted alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats as distributions

from bench.compare.effect import Effect

RATE = 0.01
LEVEL = 0.95
MOST = 1000  # processes; when more would be needed, the change is as good as the threshold


@dataclass(frozen=True)
class Evidence:
    """What a row's looks have shown: ``threshold`` is on the scale of the effect."""

    effect: Effect  # of the last look
    more: float  # p-values, over all looks
    less: float
    low: float
    high: float
    threshold: float


def evidence(looks: Sequence[tuple[Effect, float]], threshold: float) -> Evidence:
    """``looks`` are (effect, weight) in time order; a row that was seen once has the single weight 1."""
    effect, weight = looks[-1]
    half = effect.half_width(1 - (1 - LEVEL) * weight)
    more, less = (min(1.0, *(tail(e) / w for e, w in looks)) for tail in (Effect.more, Effect.less))
    return Evidence(effect, more, less, effect.value - half, effect.value + half, threshold)


def decide(rows: Sequence[Evidence]) -> list[str]:
    """``more``, ``less``, ``same`` or ``open`` for each row, judged together."""
    if not rows:
        return []
    more = distributions.false_discovery_control([r.more for r in rows], method="bh") <= RATE / 2
    less = distributions.false_discovery_control([r.less for r in rows], method="bh") <= RATE / 2
    return [_verdict(r, bool(up), bool(down)) for r, up, down in zip(rows, more, less, strict=True)]


def _verdict(row: Evidence, more: bool, less: bool) -> str:
    if more and row.effect.value > row.threshold:
        return "more"
    if less and row.effect.value < -row.threshold:
        return "less"
    return "same" if -row.threshold <= row.low and row.high <= row.threshold else "open"


def missing(row: Evidence, rows: int = 1) -> int | None:
    """About how many more processes of each side would decide an open row, if its estimate and its noise stay.

    Either the interval must shrink into the threshold, or the change become certain among ``rows`` rows (the strictest
    step of the procedure). None when more than ``MOST`` would be needed: it lies on the threshold.
    """
    effect, distance = row.effect, abs(row.effect.value)
    if effect.units < 2:
        return 3 - effect.units
    spread = effect.error * math.sqrt(effect.units)
    beyond = distance > row.threshold
    gap, chance = (distance, RATE / 2 / rows) if beyond else (row.threshold - distance, (1 - LEVEL) / 2)
    sizes = np.arange(effect.units + 1, MOST)
    enough = distributions.t.isf(chance, sizes - 1) * spread / np.sqrt(sizes) <= gap
    return int(sizes[np.argmax(enough)]) - effect.units if enough.any() else None

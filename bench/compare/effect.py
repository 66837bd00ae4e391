"""How much one measurement differs from another, and how well that is known: an effect with its standard error.

A process (replicate) is the unit: samples of one process share its memory layout and its minute, so only the spread
between processes says how far an average of them can be trusted. That is the first level of the hierarchical
bootstrap that the tables use (Davison & Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8: draw
processes, keep the rounds of each together). For an average over processes that bootstrap needs no drawing: its
variance, corrected for drawing from n, is s^2 / n (`tests/bench/compare/test_effect.py` draws it and compares). Its
percentiles would be too narrow for the few processes that anybody waits for (with three of them, 14% of identical
pairs were called different), so the tails are Student's, with as many degrees of freedom as the processes give.

A burst of other work can spoil one pair of processes by half. From ``ROBUST`` pairs on, what lies farther from their
median than three times their scaled median absolute deviation is drawn in to there before averaging, at the price of a
degree of freedom: on normal noise the tails then are right to a tenth, on heavier ones the test is a little strict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from bench.stats import Floats

ROBUST = 7


@dataclass(frozen=True)
class Effect:
    """New against base on a scale where 0 is "no change" and more is more: a log ratio, or a plain difference.

    ``error`` is the standard error, ``freedom`` its degrees of freedom, ``units`` the processes of the smaller side.
    ``exact``: figures without noise, one is enough.
    """

    value: float
    error: float
    freedom: float
    units: int
    exact: bool = False

    def more(self) -> float:
        """One-sided p-value of "new is not more than base"."""
        return self._tail(self.value)

    def less(self) -> float:
        """One-sided p-value of "new is not less than base"."""
        return self._tail(-self.value)

    def half_width(self, level: float = 0.95) -> float:
        """Half of the two-sided interval of that confidence level; infinite where nothing is known of the noise."""
        if self.exact:
            return 0.0
        if self.freedom <= 0:
            return math.inf
        return float(special.stdtrit(self.freedom, (1 + level) / 2)) * self.error

    def _tail(self, value: float) -> float:
        if self.exact or (self.error == 0 and self.freedom > 0):
            return 0.0 if value > 0 else 1.0
        if self.freedom <= 0:
            return 1.0
        return float(special.stdtr(self.freedom, -value / self.error))  # the lower tail is exact


def paired(base: Sequence[Floats], new: Sequence[Floats]) -> Effect:
    """log(new / base) of two that were interleaved: one array of round medians a process, rounds side by side.

    The pseudo-median over the rounds of each pair of processes, averaged over the pairs. What slowed the machine for
    the length of a round slowed both, and cancels.
    """
    pairs = [np.log(b[:n] / a[:n]) for a, b in zip(base, new, strict=False) for n in [min(len(a), len(b))] if n]
    return of_units([pseudo_median(logs) for logs in pairs])


def pseudo_median(values: Floats) -> float:
    """The median of the means of all pairs, each value with itself included (Hodges & Lehmann, Ann. Math. Stat. 34,
    1963): as deaf to a quarter of outliers as a median is to half, but on normal noise as sharp as 1.5 times as many
    values are in a median."""
    one, other = np.triu_indices(len(values))
    return float(np.median((values[one] + values[other]) / 2))


def of_units(values: Sequence[float]) -> Effect:
    """The mean of independent units (pairs of processes, speakers), each of which already is a difference."""
    n = len(values)
    if n < 2:
        return Effect(values[0] if n else math.nan, math.inf, 0, n)
    drawn = _drawn_in(np.asarray(values)) if n >= ROBUST else np.asarray(values)
    return Effect(float(drawn.mean()), float(drawn.std(ddof=1)) / math.sqrt(n), n - (2 if n >= ROBUST else 1), n)


def _drawn_in(values: Floats) -> Floats:
    """Outliers moved to three scaled median absolute deviations from the median (1.4826: that of a normal is 1)."""
    middle = np.median(values)
    reach = 3 * 1.4826 * np.median(np.abs(values - middle))
    return np.clip(values, middle - reach, middle + reach)


def apart(base: Sequence[float], new: Sequence[float]) -> Effect:
    """log(new / base) of two that ran at different times: one positive figure a process.

    Welch, "The generalization of Student's problem", Biometrika 34, 1947: the two may be unequally noisy.
    """
    a, b = np.log(base), np.log(new)
    value, units = float(b.mean() - a.mean()), min(len(a), len(b))
    if units < 2:
        return Effect(value, math.inf, 0, units)
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if va + vb == 0:
        return Effect(value, 0.0, len(a) + len(b) - 2, units)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    return Effect(value, math.sqrt(va + vb), float(freedom), units)


def exact(value: float) -> Effect:
    """A difference of two figures that come out the same every time, such as an error against a reference."""
    return Effect(value, 0.0, math.inf, 1, exact=True)

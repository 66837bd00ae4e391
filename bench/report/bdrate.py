"""Bjøntegaard deltas against an anchor: bitrate saved at equal quality (BD-rate), quality won at equal bitrate.

Both are averages between two rate-distortion curves over the stretch that the two share, and over nothing else:
what one of them never reached is not guessed. G. Bjontegaard, "Calculation of average PSNR differences between
RD-curves", ITU-T VCEG-M33, 2001, over the logarithm of the rate; between the points by Akima's splines, which
Herglotz et al., "Beyond Bjøntegaard", ICIP 2022, found the steadiest.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.report.digits import counted

LEAST = 4  # points of a curve
SAME = 0.01  # rates nearer than this, relatively, are one point: a codec that answers two wishes with one setting
LITTLE = 0.75  # shares of overlap below this deserve a warning; the package's own threshold

Curve = Sequence[tuple[float, float]]  # (payload kbit/s, quality); more quality is better


@dataclass(frozen=True)
class Delta:
    """One average between two curves, or why there is none.

    ``value``: percent of bitrate (negative saves), or units of the metric (positive is better, whatever the
    metric's direction). ``low`` to ``high`` is the shared stretch, of quality for BD-rate and of kbit/s for
    BD-quality; ``share`` is its part of all that the two curves cover.
    """

    value: float | None
    low: float = math.nan
    high: float = math.nan
    share: float = 0.0
    reason: str = ""

    @property
    def little(self) -> bool:
        """Is so little shared that the average says little of the whole curves?"""
        return self.value is not None and self.share < LITTLE


def bd_rate(anchor: Curve, test: Curve, sign: int = 1) -> Delta:
    """How much more (+) or less (-) bitrate, in percent, ``test`` takes for the same quality.

    ``sign`` is -1 where the curves hold the negative of a metric of which less is better: ranges are told in its own.

    >>> anchor = [(6, 1.0), (12, 2.0), (24, 3.0), (48, 4.0)]
    >>> round(bd_rate(anchor, [(rate / 2, quality) for rate, quality in anchor]).value, 6)
    -50.0
    """
    both = [points(anchor), points(test)]
    reason = _too_few(both) or _not_rising(both)
    if reason:
        return Delta(None, reason=reason)
    return _delta(
        "bd_rate", both, [[quality for _, quality in curve] for curve in both], "qualities", lambda v: sign * v
    )


def bd_quality(anchor: Curve, test: Curve) -> Delta:
    """How much better (+) or worse (-) ``test`` is at the same bitrate, in the curves' own unit.

    >>> anchor = [(6, 1.0), (12, 2.0), (24, 3.0), (48, 4.0)]
    >>> round(bd_quality(anchor, [(rate, quality + 0.25) for rate, quality in anchor]).value, 6)
    0.25
    """
    both = [points(anchor), points(test)]
    reason = _too_few(both)
    if reason:
        return Delta(None, reason=reason)
    return _delta("bd_psnr", both, [[math.log10(r) for r, _ in c] for c in both], "bitrates", lambda v: 10.0**v)


def points(curve: Curve) -> list[tuple[float, float]]:
    """By rising rate; of several points at the same rate, the first."""
    kept: list[tuple[float, float]] = []
    for rate, quality in sorted(curve, key=lambda p: p[0]):
        if not kept or rate > kept[-1][0] * (1 + SAME):
            kept.append((rate, quality))
    return kept


def _delta(function: str, both: Sequence[Curve], bases: Sequence[Sequence[float]], what: str, shown: Any) -> Delta:
    """``bases``: the variable along which each curve is integrated; ``shown`` turns it into what people read."""
    low, high = max(map(min, bases)), min(map(max, bases))
    if high <= low:
        ends = [sorted((shown(min(base)), shown(max(base)))) for base in (bases[1], bases[0])]
        ranges = " against ".join(f"{least:.3g} to {most:.3g}" for least, most in ends)
        return Delta(None, reason=f"the {what} do not overlap ({ranges}), and nothing is extrapolated")
    import bjontegaard  # type: ignore[import-untyped]

    (rates, qualities), (test_rates, test_qualities) = (tuple(zip(*curve, strict=True)) for curve in both)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of little overlap: it is part of the answer
        value = getattr(bjontegaard, function)(
            rates, qualities, test_rates, test_qualities, method="akima", require_matching_points=False
        )
    share = (high - low) / (max(map(max, bases)) - min(map(min, bases)))
    least, most = sorted((shown(low), shown(high)))
    return Delta(float(value), least, most, share)


def _too_few(both: Sequence[Curve]) -> str:
    for who, curve in zip(("the anchor has", "it has"), both, strict=True):
        if len(curve) < LEAST:
            return f"{who} {counted(len(curve), 'different bitrate')}, and a curve needs {LEAST}"
    return ""


def _not_rising(both: Sequence[Curve]) -> str:
    """Quality that falls as the rate rises is no function to be inverted."""
    for who, curve in zip(("the anchor's", "its"), both, strict=True):
        for (rate, quality), (more, worse) in pairwise(curve):
            if worse <= quality:
                return f"{who} quality does not rise from {rate:.3g} to {more:.3g} kbit/s"
    return ""

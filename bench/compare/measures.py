"""What is compared of a pair of rows: time, memory, counts, and the figures of quality, each with its direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Any

import numpy as np

from bench.compare import effect
from bench.compare.effect import Effect
from bench.compare.pairs import MEASURED, Pair
from bench.compare.sequence import looks, side_by_side
from bench.core import Suite
from bench.quality.scoring import metrics
from bench.results import Row
from bench.scores import Score
from bench.stats import round_medians

METRICS = ("time", "memory", "counts", "quality")
RESOLUTION = 65536.0  # bytes: differences of peak memory below are the allocator's


@dataclass(frozen=True)
class Measurement:
    """``looks``: (effect, weight) in time order. Effects are log ratios, or, with a ``scale``, differences of which
    the threshold is that share of the scale. ``better`` is "lower" or "higher"."""

    metric: str  # of METRICS
    name: str
    unit: str
    better: str
    base: float
    new: float
    looks: list[tuple[Effect, float]]
    processes: tuple[int, int]
    scale: float = 0.0


def time(pair: Pair, together: bool) -> Measurement | None:
    """The median call, ms. ``together``: the two were interleaved, so that their rounds are paired."""
    base, new = (_timed(rows) for rows in (pair.base, pair.new))
    medians = [[float(np.median(round_medians(r.samples_ns, r.rounds))) / 1e6 for r in rows] for rows in (base, new)]
    if not base or not new:
        return None
    seen = looks(*side_by_side(base, new)) if together else [(effect.apart(*medians), 1.0)]
    a, b = (float(np.median(m)) for m in medians)
    return Measurement("time", "time", "ms", "lower", a, b, seen, (len(base), len(new))) if seen else None


def memory(pair: Pair) -> Measurement | None:
    """Peak memory of one call, MB; what one process needs, another needs, so that few processes tell much."""
    found = [[float(r.memory_bytes) for r in rows if r.memory_bytes is not None] for rows in (pair.base, pair.new)]
    if not all(found):
        return None
    base, new = found
    # on top of what a page more or less does to a small figure
    seen = effect.apart([v + RESOLUTION for v in base], [v + RESOLUTION for v in new])
    a, b = (float(np.median(v)) / 1e6 for v in found)
    return Measurement("memory", "memory", "MB", "lower", a, b, [(seen, 1.0)], (len(base), len(new)))


def quality(pair: Pair, suite: Suite | None) -> Iterator[Measurement]:
    """The suite's own figures whose direction is known. They are computed, not timed: one is enough."""
    base, new = (_figures(rows) for rows in (pair.base, pair.new))
    both = base.keys() & new.keys()
    if suite and "error" in both:
        both -= {suite.error} - {"error"}  # the same figure under the suite's own name
    for name in sorted(both):
        better = _direction(name, suite)
        if better:
            yield _exact("quality", name, better, base[name], new[name])


def counts(base: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Measurement]:
    """Instructions and allocations of one call, where the same tool counted both sides (:mod:`bench.counts`)."""
    if base.get("counted_by") == new.get("counted_by"):
        for name in ("instructions", "allocations"):
            if base.get(name) is not None and new.get(name) is not None:
                yield _exact("counts", name, "lower", float(base[name]), float(new[name]))


def _exact(metric: str, name: str, better: str, a: float, b: float) -> Measurement:
    """Of two figures that come out the same every time: their ratio, or where one is not positive, their difference."""
    ratio = a > 0 and b > 0
    seen = effect.exact(log(b / a) if ratio else b - a)
    scale = 0.0 if ratio else max(abs(a), abs(b)) or 1.0
    return Measurement(metric, name, "", better, a, b, [(seen, 1.0)], (1, 1), scale)


def scores(base: Sequence[Score], new: Sequence[Score]) -> Iterator[Measurement]:
    """Each metric of a codec's clips, paired by clip; speakers are the units, since clips of one speaker are alike."""
    known = metrics()
    new_by_clip = {s.clip: s for s in new}
    both = [(s, new_by_clip[s.clip]) for s in base if s.clip in new_by_clip]
    for name in sorted({n for a, b in both for n in a.values.keys() & b.values.keys()}):
        metric = known.get(name.removesuffix("_raw"))
        pairs = [(a, b) for a, b in both if name in a.values and name in b.values]
        if metric is None:
            continue
        a_values, b_values = ([s.values[name] for s in column] for column in zip(*pairs, strict=True))
        units: dict[str, list[float]] = {}
        for a, b in pairs:
            units.setdefault(a.speaker or a.clip, []).append(b.values[name] - a.values[name])
        seen = effect.of_units([float(np.mean(v)) for v in units.values()])
        if not any(d for v in units.values() for d in v):
            seen = effect.exact(0.0)
        width = metric.range[1] - metric.range[0]
        base_mean, new_mean = float(np.mean(a_values)), float(np.mean(b_values))
        scale = width if isfinite(width) else abs(base_mean) or 1.0
        counts = (len(pairs), len(pairs))
        yield Measurement(
            "quality", name, metric.unit, metric.better, base_mean, new_mean, [(seen, 1.0)], counts, scale
        )


def _timed(rows: Sequence[Row]) -> list[Row]:
    return sorted((r for r in rows if r.samples_ns and r.status in MEASURED), key=lambda r: r.replicate)


def _figures(rows: Sequence[Row]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        found = {**row.quality, **({"error": row.error} if row.error is not None else {}), **found}
    return {k: v for k, v in found.items() if v is not None}


def _direction(name: str, suite: Suite | None) -> str:
    if name == "error" or (suite and name == suite.error):
        return "lower"
    if suite and name == suite.quality_axis:
        return "higher"
    metric = metrics().get(name)
    return metric.better if metric else ""

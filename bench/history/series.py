"""Points in the order of time, joined where they are alike, with the changes between them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bench.core import label_of
from bench.history.changes import changes
from bench.history.points import SERIES, Point
from bench.plan import Usage
from bench.registry import matches

METRICS = {
    "time": ("median_ms", "median time a call", "ms"),
    "first": ("first_ms", "the first call", "ms"),
    "end-to-end": ("end_to_end_ms", "prepare + run + finish", "ms"),
    "memory": ("memory_mb", "peak memory of one call", "MB"),
    "rss": ("peak_rss_mb", "peak resident memory", "MB"),
    "instructions": ("instructions", "instructions of one call", ""),
    "allocations": ("allocations", "calls of the C library's allocator in one call", ""),
    "error": ("error", "the suite's error against the float64 reference", ""),
}  # name on the command line: (field of a point, what it is, unit); less is better in all of them


@dataclass(frozen=True)
class Moved:
    """A change between two runs that follow each other; ``what`` names what else changed there."""

    at: int  # index into the measured points of the series
    before: Point
    after: Point
    ratio: float
    p: float

    @property
    def what(self) -> list[str]:
        """``version 2.1 -> 2.2``, ``commit a1b2 -> c3d4``: what differs in the record of the two runs."""
        pairs = ((n, getattr(self.before, n), getattr(self.after, n)) for n in ("version", "commit"))
        return [f"{name} {old or '?'} -> {new or '?'}" for name, old, new in pairs if old != new]


@dataclass(frozen=True)
class Series:
    """Like runs of one implementation, case and operation; ``measured`` are those of ``points`` with a value."""

    points: list[Point]
    metric: str
    moved: list[Moved]

    @property
    def field(self) -> str:
        return METRICS[self.metric][0]

    @property
    def measured(self) -> list[Point]:
        return [p for p in self.points if _value(p, self.field) is not None]

    @property
    def values(self) -> list[float]:
        return [v for p in self.points if (v := _value(p, self.field)) is not None]

    @property
    def head(self) -> Point:
        return self.points[-1]

    @property
    def label(self) -> str:
        """The case's parameters as one text."""
        return label_of(json.loads(self.head.case))

    def record(self) -> dict[str, Any]:
        """For programs: what the series is, its points, its changes."""
        names = ("run", "started", "committed", "commit", "version", "status", "reason")
        ends = ("low_ms", "high_ms") if self.metric == "time" else ()
        return {
            **{name: getattr(self.head, name) for name in SERIES},
            "case": json.loads(self.head.case),
            "label": self.label,
            "metric": self.field,
            "points": [{n: getattr(p, n) for n in (*names, self.field, *ends)} for p in self.points],
            "changes": [
                {"before": m.before.run, "after": m.after.run, "ratio": m.ratio, "p": m.p, "what": m.what}
                for m in self.moved
            ],
        }


def join(points: Sequence[Point], metric: str = "time", threshold: float = 0.03, last: int = 0) -> list[Series]:
    """Series of the points that are alike; those in which nothing was ever measured are left out.

    ``last``: at most so many runs of each, the newest. Two points of one run in a series cannot be.
    """
    if metric not in METRICS:
        near = get_close_matches(metric, METRICS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(METRICS)}"
        raise Usage(f"there is no history of {metric!r}; {hint}")
    groups: dict[tuple[Any, ...], list[Point]] = {}
    for point in sorted(points, key=lambda p: p.when):
        counter = point.counted_by if metric in ("instructions", "allocations") else ""  # two count differently
        groups.setdefault((*point.series, counter), []).append(point)
    ordered = sorted(groups.values(), key=lambda g: _order(g[0]))
    made = [Series(group[-last:], metric, []) for group in ordered]
    return [Series(s.points, metric, _moved(s, threshold)) for s in made if s.measured]


def choose(points: Sequence[Point], wanted: Mapping[str, str], case: Mapping[str, Sequence[str]]) -> list[Point]:
    """Those whose suite, impl, op and machine match ``wanted`` (names or globs with commas), and their case ``case``.

    Raises :class:`Usage` for a pattern that matches nothing.
    """
    chosen = list(points)
    for name, text in wanted.items():
        patterns = [p for p in text.split(",") if p]
        known = sorted({str(getattr(p, name)) for p in points})
        for pattern in patterns:
            if not any(matches(k, pattern) for k in known):
                near = get_close_matches(pattern, known, n=2)
                hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known[:12])}"
                raise Usage(f"no run has the {name} {pattern!r}; {hint}")
        if patterns:
            chosen = [p for p in chosen if any(matches(str(getattr(p, name)), x) for x in patterns)]
    found = [p for p in chosen if all(_shown(p, name) in values for name, values in case.items())]
    if chosen and not found:
        asked = " ".join(f"{name}={','.join(values)}" for name, values in case.items())
        cases = dict.fromkeys(label_of(json.loads(p.case)) for p in chosen)
        raise Usage(f"no run has the case {asked}; there are: {'; '.join(list(cases)[:6])}")
    return found


def _shown(point: Point, name: str) -> str:
    """A parameter as the command line and the labels write it."""
    params = json.loads(point.case)
    return label_of({name: params[name]}).partition("=")[2] if name in params else ""


def _order(point: Point) -> tuple[Any, ...]:
    return (point.machine, point.suite, point.op, point.case, point.threads, point.device, point.impl, point.series)


def _moved(series: Series, threshold: float) -> list[Moved]:
    known = [(p, v) for p, v in zip(series.measured, series.values, strict=True) if v > 0]
    return [
        Moved(series.measured.index(known[c.at][0]), known[c.at - 1][0], known[c.at][0], c.ratio, c.p)
        for c in changes([v for _, v in known], threshold)
    ]


def _value(point: Point, name: str) -> float | None:
    """None where it was not measured, or where the answer was wrong."""
    value: float | None = getattr(point, name)
    return value if point.status in ("ok", "unstable") else None

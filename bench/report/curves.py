"""Quality over rate, of a suite whose cases differ in both (:class:`bench.core.Curve`): points, pictures, a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib

from bench.core import Curve
from bench.report import drawing
from bench.report.digits import significant, slug
from bench.report.drawing import Plot, nice_ticks, set_log, to_svg
from bench.report.labels import label_ends
from bench.report.lines import Line
from bench.report.tables import Table

NOTE = "Quality and rates do not depend on who computes them; the fastest is named, with its speed and its memory."


@dataclass(frozen=True)
class Point:
    """One case. ``figures`` as its fastest implementation, ``fastest``, answered."""

    name: str
    figures: dict[str, float]
    fastest: Line
    case: str


@dataclass(frozen=True)
class Curves:
    """All points, line by line, by rising rate."""

    declared: Curve
    points: list[Point]

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(p.name for p in self.points))

    @property
    def headings(self) -> list[str]:
        figures = (*self.declared.rates, self.declared.quality, *self.declared.also)
        return [*figures, "fastest", "× real time", "memory, MB", "case"]

    def cells(self, point: Point) -> list[str]:
        """What stands beside the line's name in the table, in the order of ``headings``."""
        figures = (*self.declared.rates, self.declared.quality, *self.declared.also)
        one = point.fastest
        speed = [one.impl, significant(one["x_realtime"]), significant(one["memory_mb"])]
        return [*(significant(point.figures.get(name)) for name in figures), *speed, point.case]


def gather(declared: Curve | None, tables: Sequence[Table]) -> Curves | None:
    """The points of a section; None where fewer than two cases have them."""
    if declared is None:
        return None
    first = [(next((p.line for p in t.places if p.rank), None), t.short) for t in tables if t.op == declared.op]
    needed = {declared.rates[0], declared.quality}
    known = [(line, case) for line, case in first if line and needed <= line.quality.keys()]
    varied = [n for n in declared.lines[1:] if len({line.case.get(n) for line, _ in known}) > 1]
    points: dict[tuple[str, float], Point] = {}
    for line, case in known:
        name = " ".join([str(line.case.get(declared.lines[0])), *(f"{n}={line.case.get(n)}" for n in varied)])
        points.setdefault((name, line.quality[declared.rates[0]]), Point(name, line.quality, line, case))
    order = {name: n for n, (name, _) in reversed(list(enumerate(points)))}
    ordered = sorted(points, key=lambda key: (order[key[0]], key[1]))
    return Curves(declared, [points[key] for key in ordered]) if len(points) > 1 else None


def draw(key: str, curves: Curves) -> list[Plot]:
    """A picture for each rate."""
    with matplotlib.rc_context(drawing.STYLE):
        return [_plot(key, curves, rate) for rate in curves.declared.rates]


def _plot(key: str, curves: Curves, rate: str) -> Plot:
    quality, looks = curves.declared.quality, drawing.looks(curves.names)
    figure, axes = drawing.new(max(3.1, 1.0 + 0.165 * len(curves.names)), f"{quality}, more is better")
    ends, said = [], []
    rates: list[float] = []
    for name in curves.names:
        found = [p.figures for p in curves.points if p.name == name]
        known = sorted((f[rate], f[quality]) for f in found if f.get(rate, 0) > 0)
        if not known:
            continue
        x, y = zip(*known, strict=True)
        axes.plot(x, y, marker=looks[name].marker, color=looks[name].colour, ms=5, lw=1.3)
        ends.append((name, known[-1], looks[name]))
        said.append(f"{name} " + ", ".join(f"{significant(q)} at {significant(r)}" for r, q in known))
        rates += x
    low, high = min(rates) / 1.15, max(rates) * 1.15
    ticks = sorted(set(rates)) if len(set(rates)) <= 6 else nice_ticks(low, high, 7)
    set_log(axes, "x", ticks, [f"{t:g}" for t in ticks])
    axes.set_xlim(low, high)
    axes.set_xlabel(rate)
    label_ends(axes, ends)
    title = f"{quality} over {rate}"
    return Plot(slug("curve", key, rate), title, f"{title}: {'; '.join(said)}.", to_svg(figure))

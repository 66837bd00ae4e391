"""The pictures of a report: latency with intervals, growth with size, speed against error or quality, memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report import budget, curves, drawing, growth, scaling
from bench.report.contents import Contents, Section
from bench.report.digits import NOTHING, UNITS, significant, slug
from bench.report.drawing import GRID, Look, Plot, nice_ticks, set_log, shorts, to_svg
from bench.report.labels import label_ends, label_points
from bench.report.lines import Line, names_apart
from bench.report.tables import Table, front

Looks = Mapping[str, Look]
MOST = 40


Pictures = dict[str, list[Plot]]  # by the key of a section or of a table


def draw(contents: Contents, colours: Looks) -> Pictures:
    """Every plot of a report. Past ``MOST`` cases of a section, tables stand without pictures."""
    found: Pictures = {}
    for section in contents.sections:
        found[section.key] = of_section(section, colours)
        found |= {t.key: [*of_table(t, colours), *budget.draw(t)] for t in section.tables[:MOST]}
    return found


def of_table(table: Table, colours: Looks) -> list[Plot]:
    """Latency, and speed against error (or the suite's own axis of quality), where there are two to compare."""
    lines = [p.line for p in table.places if p.rank]
    if len(lines) < 2:
        return []
    with matplotlib.rc_context(drawing.STYLE):
        return [latency(table, lines, colours), *tradeoff(table, lines, colours)]


def of_section(section: Section, colours: Looks) -> list[Plot]:
    """Quality over rate; speed over what the suite names, or growth along each size; memory where most is asked for."""
    with matplotlib.rc_context(drawing.STYLE):
        found = curves.draw(section.key, section.curves) if section.curves else []
        if section.scaling:
            found += scaling.draw(section.name, section.key, section.lines, section.scaling, colours)
        else:
            found += [grown(section, g, colours) for g in growth.find(section.lines)]
        return [*found, *memory(section, colours)]


def palette(contents: Contents) -> Looks:
    timed = {line.impl for line in contents.lines if line.measured}
    scored = {entry.impl for c in contents.codecs for at in c.bitrates for entry in at.entries if entry.means}
    return drawing.looks(timed | scored)


def latency(table: Table, lines: Sequence[Line], colours: Looks) -> Plot:
    """One row an implementation: dot for the median, bar for its 95% interval, tick for the 99th percentile."""
    names = names_apart([x.contestant for x in lines])
    figure, axes = _rows(names, "time a call: dot = median, bar = its 95% interval, | = 99th percentile")
    for y, line in enumerate(lines):
        look = colours[line.impl]
        low, median, high, p99 = (line.number(k) for k in ("low_ms", "median_ms", "high_ms", "p99_ms"))
        axes.plot([low, high], [y, y], color=look.colour, lw=5, alpha=0.35, solid_capstyle="butt")
        axes.plot([median, p99], [y, y], color=look.colour, lw=1)
        axes.plot([p99], [y], "|", color=look.colour, ms=6)
        axes.plot([median], [y], look.marker, color=look.colour, ms=6)
        _beside(axes, time_text(median), (1, y), ("axes fraction", "data"))
    _limits(axes, "x", [line[k] for line in lines for k in ("low_ms", "median_ms", "p99_ms")], _time_tick)
    said = "; ".join(f"{n} {time_text(line['median_ms'])}" for n, line in zip(names, lines, strict=True))
    alt = f"Median time a call of {table.suite} {table.op}, {table.label}, on a logarithmic axis: {said}."
    return Plot(f"latency-{table.key}", "Latency", alt, to_svg(figure))


def tradeoff(table: Table, lines: Sequence[Line], colours: Looks) -> list[Plot]:
    """× real time over error, or over the suite's ``quality_axis``, where finite. Nothing where all have the same."""
    axis = table.axis
    if not axis and any(line["deadline_misses"] is not None for line in lines):
        return []  # a stream's error is how far it is from itself offline
    values = [line.quality.get(axis) if axis else line["error"] for line in lines]
    names = names_apart([line.contestant for line in lines])
    known = [
        (n, line, v)
        for n, line, v in zip(names, lines, values, strict=True)
        if v is not None and math.isfinite(v) and line["x_realtime"] is not None
    ]
    if len({v for _, _, v in known}) < 2:
        return []
    figure, axes = drawing.new(max(3.1, 1 + 0.16 * len(known)), f"× real time (up is faster){_FRONT if axis else ''}")
    place, arrange = _quality_axis(axis) if axis else _error_axis([v for _, _, v in known])
    placed = {n: (place(v), line.number("x_realtime")) for n, line, v in known}
    for name, line, _ in known:
        axes.plot(*placed[name], colours[line.impl].marker, color=colours[line.impl].colour, ms=7)
    unbeaten = [(x.quality[axis], x.number("x_realtime")) for x in front(table) if math.isfinite(x.quality[axis])]
    if unbeaten:
        axes.plot(*zip(*unbeaten, strict=True), color=GRID, lw=3, zorder=0)
    _limits(axes, "y", [y for _, y in placed.values()], significant, room=1.35)
    arrange(axes)
    label_points(axes, dict(zip(shorts(list(placed)), placed.values(), strict=True)))
    what = axis or "error"
    said = "; ".join(f"{n} {significant(x['x_realtime'])} × real time, {what} {significant(v, 2)}" for n, x, v in known)
    title = f"Speed against {what}"
    alt = f"{title} of {table.suite} {table.op}, {table.label}: {said}."
    return [Plot(f"speed-{table.key}", title, alt, to_svg(figure))]


_FRONT = "; line: no other is faster at its quality"
XAxis = tuple[Callable[[float], float], Callable[[Axes], None]]  # where a value goes, and how the axis is set up


def _apart(ticks: Sequence[float]) -> list[str]:
    """Labels of logarithmic ticks; one that would run into its left neighbour stays empty."""
    room = 0.08 * math.log(ticks[-1] / ticks[0]) if len(ticks) > 1 else 0.0
    labels, last = [], 0.0
    for tick in ticks:
        near = last > 0 and math.log(tick / last) < room
        labels.append("" if near else f"{tick:g}")
        last = last if near else tick
    return labels


def _quality_axis(name: str) -> XAxis:
    def arrange(axes: Axes) -> None:
        axes.margins(x=0.25)
        axes.set_xlabel(name)

    return lambda value: value, arrange


def _error_axis(errors: Sequence[float]) -> XAxis:
    """Logarithmic; an error of zero stands in a column of its own, called exact."""
    positive = [e for e in errors if e > 0] or [1e-9]
    exact = min(positive) / 10

    def show(error: float) -> str:
        return "exact" if error == exact else f"{error:.0e}"

    def arrange(axes: Axes) -> None:
        low, high = min(positive) / 4, max(positive) * 4
        ticks = nice_ticks(low, high)
        if min(errors) <= 0:
            low, ticks = exact / 2, [exact, *(t for t in ticks if t > 3 * exact)]
        set_log(axes, "x", ticks, [show(t) for t in ticks])
        axes.set_xlim(low, high)
        axes.set_xlabel("error against the reference (left is better)")

    return lambda error: max(error, exact), arrange


def grown(section: Section, found: growth.Growth, colours: Looks) -> Plot:
    """Median over size on two logarithmic axes; each line ends in its name and fitted exponent."""
    names = names_apart([s.contestant for s in found.series])
    fixed = f" ({found.fixed})" if found.fixed else ""
    figure, axes = drawing.new(max(3.1, 0.9 + 0.17 * len(names)), f"time a call{fixed}")
    for s in found.series:
        look = colours[s.contestant.impl]
        low, middle, high = ([line.number(k) for line in s.lines] for k in ("low_ms", "median_ms", "high_ms"))
        axes.fill_between(s.sizes, low, high, color=look.colour, alpha=0.2, lw=0)
        axes.plot(s.sizes, middle, marker=look.marker, color=look.colour, ms=4.5, lw=1.4)
    sizes = sorted({x for s in found.series for x in s.sizes})
    ticks = sizes if len(sizes) <= 7 else nice_ticks(sizes[0], sizes[-1])
    set_log(axes, "x", ticks, _apart(ticks))
    times = [line[k] for s in found.series for line in s.lines for k in ("low_ms", "high_ms")]
    _limits(axes, "y", times, _time_tick, room=1.2)
    axes.set_xlabel(f"{found.parameter}  (n^b: the power law fitted to each line)")
    texts = [f"{n}  n^{s.exponent:.2f}" for n, s in zip(shorts(names, 20), found.series, strict=True)]
    ends = [(s.sizes[-1], s.lines[-1].number("median_ms")) for s in found.series]
    drawn = [colours[s.contestant.impl] for s in found.series]
    label_ends(axes, list(zip(texts, ends, drawn, strict=True)))
    said = "; ".join(f"{n} to the power {s.exponent:.2f}" for n, s in zip(names, found.series, strict=True))
    title = f"Cost as {found.parameter} grows"
    alt = f"{title}, {section.name}. Time grows with it as follows: {said}."
    return Plot(slug("growth", section.key, found.parameter), title, alt, to_svg(figure))


def memory(section: Section, colours: Looks) -> list[Plot]:
    """Bars of peak memory on the case that asks for the most."""
    table = max(section.tables, key=_most_memory)
    known = [p.line for p in table.places if p.rank and p.line["memory_mb"] is not None]
    lines = sorted(known, key=lambda line: line.number("memory_mb"))
    if len(lines) < 2 or not _most_memory(table):
        return []
    names, values = names_apart([x.contestant for x in lines]), [line.number("memory_mb") for line in lines]
    figure, axes = _rows(names, f"peak memory of a call, {table.short}")
    axes.barh(range(len(lines)), values, color=[colours[line.impl].colour for line in lines], height=0.62)
    for y, value in enumerate(values):
        _beside(axes, f"{significant(value)} MB", (value, y), "data")
    axes.set_xlim(0, 1.22 * max(values))
    said = "; ".join(f"{n} {significant(v)} MB" for n, v in zip(names, values, strict=True))
    alt = f"Peak memory of a call of {section.name}, {table.label}: {said}."
    return [Plot(f"memory-{section.key}", "Memory", alt, to_svg(figure))]


def _most_memory(table: Table) -> float:
    return max((p.line["memory_mb"] or 0.0 for p in table.places if p.rank), default=0.0)


def time_text(ms: float | None) -> str:
    """A time in the unit that suits it.

    >>> time_text(0.5), time_text(1200.0), time_text(None)
    ('500 µs', '1.20 s', '–')
    """
    if not ms:
        return NOTHING
    unit = next((u for u in reversed(UNITS) if ms * u.per_ms >= 1), UNITS[0])
    return f"{significant(ms * unit.per_ms)} {unit.name}"


def _time_tick(ms: float) -> str:
    """The same without trailing zeros: ticks are round numbers."""
    unit = next((u for u in reversed(UNITS) if ms * u.per_ms >= 0.999), UNITS[0])
    return f"{ms * unit.per_ms:.4g} {unit.name}"


def _rows(names: Sequence[str], title: str) -> tuple[Figure, Axes]:
    """A figure with one row a name, the first on top."""
    figure, axes = drawing.new(0.75 + 0.235 * len(names), title)
    axes.set_yticks(range(len(names)), shorts(names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(False, axis="y")
    return figure, axes


def _beside(axes: Axes, text: str, at: tuple[float, float], coordinates: str | tuple[str, str]) -> None:
    axes.annotate(
        text, at, xycoords=coordinates, xytext=(4, 0), textcoords="offset points", va="center_baseline", fontsize=8
    )


def _limits(
    axes: Axes, which: str, values: Sequence[float | None], show: Callable[[float], str], room: float = 1.12
) -> None:
    """A logarithmic axis over the values with some room at both ends, and ticks that ``show`` writes."""
    known = [v for v in values if v]
    low, high = min(known) / room, max(known) * room
    ticks = nice_ticks(low, high)
    set_log(axes, which, ticks, [show(t) for t in ticks])
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)

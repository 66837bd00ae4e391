"""The pictures of a codec run: quality over payload bitrate, over encoding speed, and over delay; with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib
from matplotlib.axes import Axes

from bench.report import drawing
from bench.report.codec_tables import At, Condition, Entry, Mean
from bench.report.digits import significant, slug
from bench.report.drawing import GRID, Plot, nice_ticks, set_log, shorts, to_svg
from bench.report.labels import label_ends, label_points
from bench.report.metrics import Metric
from bench.report.plots import Looks

Point = tuple[Entry, Mean]
CROWD = 6  # points: more are named in a column at the side, for names between them would lie on their bars


def draw(condition: Condition, colours: Looks) -> dict[str, list[Plot]]:
    """Plots by the key of what they belong to: each metric of the condition, and each bitrate."""
    with matplotlib.rc_context(drawing.STYLE):
        found = {condition.key_of(m): rate_distortion(condition, m, colours) for m in condition.metrics}
        for at in condition.bitrates:
            found[at.key] = [
                *against(at, condition.headline, colours, "encoding speed", "× real time, one thread", _encode),
                *against(at, condition.headline, colours, "delay", "algorithmic delay, ms (left is better)", _delay),
            ]
    return found


def rate_distortion(condition: Condition, metric: Metric, colours: Looks) -> list[Plot]:
    """A line a codec through its payload bitrates; bars: 95% intervals, dashed lines: what resampling alone leaves."""
    curves = {i: found for i in condition.codecs if (found := _curve(condition, i, metric))}
    if not curves:
        return []
    figure, axes = drawing.new(max(3.1, 1.0 + 0.165 * len(curves)), f"{metric.title}, {metric.direction}")
    for impl, curve in curves.items():
        _bars(axes, [e.payload or 0.0 for e, _ in curve], [m for _, m in curve], colours[impl], line=True)
    rates = [e.payload or 0.0 for curve in curves.values() for e, _ in curve]
    _log(axes, rates, "payload, kbit/s", room=1.3)
    _height(axes, [m for curve in curves.values() for _, m in curve])
    _ceilings(axes, condition, metric)
    named = zip(shorts(list(curves)), curves.items(), strict=True)
    label_ends(axes, [(n, (c[-1][0].payload or 0.0, c[-1][1].number), colours[i]) for n, (i, c) in named])
    said = "; ".join(
        f"{i} " + ", ".join(f"{significant(m.value)} at {significant(e.payload)} kbit/s" for e, m in curve)
        for i, curve in curves.items()
    )
    title = f"{metric.title} over payload bitrate"
    return [
        Plot(
            slug("rd", condition.name, metric.name, condition.key),
            title,
            f"{title}, {condition.name}: {said}.",
            to_svg(figure),
        )
    ]


def against(
    at: At, metric: Metric | None, colours: Looks, what: str, axis: str, x_of: Callable[[Entry], float | None]
) -> list[Plot]:
    """Quality at one bitrate, of those within the window, over another of their properties."""
    if metric is None:
        return []
    points = [(e, m, x) for e, m in _known(at.entries, metric) if not e.aside and (x := x_of(e)) is not None]
    if len(points) < 2:
        return []
    figure, axes = drawing.new(max(3.1, 1 + 0.16 * len(points)), f"{metric.title}, {metric.direction}")
    for entry, mean, x in points:
        _bars(axes, [x], [mean], colours[entry.impl], line=False)
    values = [x for _, _, x in points]
    if min(values) > 0:
        _log(axes, values, axis, room=1.6)
    else:
        axes.margins(x=0.25)
        axes.set_xlabel(axis)
    _height(axes, [m for _, m, _ in points])
    named = list(zip(shorts([e.impl for e, _, _ in points]), points, strict=True))
    if len(points) > CROWD:
        label_ends(axes, [(n, (x, m.number), colours[e.impl]) for n, (e, m, x) in named])
    else:
        label_points(axes, {n: (x, m.number) for n, (_, m, x) in named})
    said = "; ".join(f"{e.impl} {significant(m.value)} at {significant(x)}" for e, m, x in points)
    title = f"{metric.title} against {what}"
    alt = f"{title} ({axis}) at {at.title}, {at.condition}: {said}."
    return [Plot(slug("against", at.condition, at.title, metric.name, what, at.key), title, alt, to_svg(figure))]


def _encode(entry: Entry) -> float | None:
    return entry.speed("encode", "x_realtime")


def _delay(entry: Entry) -> float | None:
    return entry.delay


def _known(entries: Sequence[Entry], metric: Metric) -> list[Point]:
    return [(e, m) for e in entries if (m := e.means.get(metric.name)) and m.value is not None]


def _curve(condition: Condition, impl: str, metric: Metric) -> list[Point]:
    """By rising payload; a setting that answers several wishes is one point."""
    entries = [e for at in condition.bitrates for e in at.entries if e.impl == impl and e.payload and e.curved]
    known = {significant(e.payload): (e, m) for e, m in reversed(_known(entries, metric))}
    return sorted(known.values(), key=lambda p: p[0].payload or 0.0)


def _bars(axes: Axes, x: Sequence[float], means: Sequence[Mean], look: drawing.Look, line: bool) -> None:
    middle = [m.number for m in means]
    below = [max(0.0, m.number - m.ends[0]) for m in means]  # a rounding may turn nothing into less
    above = [max(0.0, m.ends[1] - m.number) for m in means]
    axes.errorbar(
        x, middle, yerr=[below, above], color=look.colour, marker=look.marker, ms=5, lw=1.3 if line else 0, elinewidth=1
    )


def _log(axes: Axes, values: Sequence[float], label: str, room: float) -> None:
    low, high = min(values) / room, max(values) * room
    ticks = nice_ticks(low, high, 7)
    set_log(axes, "x", ticks, [f"{t:g}" for t in ticks])
    axes.set_xlim(low, high)
    axes.set_xlabel(label)


def _height(axes: Axes, means: Sequence[Mean]) -> None:
    low, high = min(m.ends[0] for m in means), max(m.ends[1] for m in means)
    room = 0.06 * (high - low) or 0.5
    axes.set_ylim(low - room, high + room)


def _ceilings(axes: Axes, condition: Condition, metric: Metric) -> None:
    """What passing through a rate alone leaves; lines nearer to each other than a name is high share one name."""
    known = sorted({(m.number, e.impl) for e, m in _known(condition.ceilings, metric)}, reverse=True)
    if not known:
        return
    low, high = axes.get_ylim()
    room = 0.05 * (high - low)
    low, high = min(low, known[-1][0] - room), max(high, known[0][0] + room)
    axes.set_ylim(low, high)
    named: list[tuple[float, list[str]]] = []
    for y, impl in known:
        axes.axhline(y, color=GRID, lw=1, ls="--", zorder=0)
        if named and named[-1][0] - y < room:
            named[-1][1].append(impl)
        else:
            named.append((y, [impl]))
    for y, impls in named:
        axes.annotate(
            ", ".join(dict.fromkeys(impls)), (0, y), xycoords=("axes fraction", "data"), xytext=(2, 2),
            textcoords="offset points", fontsize=7,
        )  # fmt: skip

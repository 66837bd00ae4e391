"""Histories as people read them: a line of blocks, sentences for the changes, and one picture a series."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from bench.history.points import Point
from bench.history.series import METRICS, Moved, Series
from bench.report import drawing
from bench.report.digits import NOTHING, counted, significant, slug
from bench.report.drawing import GRID, INK, PALETTE, Plot, even_ticks, to_svg
from bench.report.lines import clean
from bench.report.plots import time_text

BLOCKS = "▁▂▃▄▅▆▇█"
FASTER, SLOWER = PALETTE[2], PALETTE[5]


def value_text(series: Series, value: float | None) -> str:
    """With its unit."""
    unit = METRICS[series.metric][2]
    return time_text(value) if unit == "ms" else NOTHING if value is None else f"{significant(value)} {unit}".rstrip()


def blocks(series: Series, width: int = 24) -> str:
    """The newest ``width`` runs, lowest to highest in eight steps; × where a run has no value.

    A spread of less than 10% is drawn in the middle, so that noise does not look like mountains.
    """
    known = np.array(series.values)
    middle = float(np.median(known))
    low, high = min(known.min(), 0.95 * middle), max(known.max(), 1.05 * middle)
    measured = dict(zip(series.measured, series.values, strict=True))

    def block(point: Point) -> str:
        if point not in measured:
            return "×"
        share = (measured[point] - low) / (high - low) if high > low else 0.5
        return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]

    return "".join(block(p) for p in series.points[-width:])


def change_text(moved: Moved) -> str:
    """``+12.3%``, over the level before."""
    return f"{100 * (moved.ratio - 1):+.1f}%"


def drift(series: Series) -> float | None:
    """The last level over the first one; levels are what lies between changes. None where there is one run."""
    return float(np.prod([m.ratio for m in series.moved])) if len(series.values) > 1 else None


def drift_text(series: Series) -> str:
    """The drift in percent."""
    ratio = drift(series)
    return NOTHING if ratio is None else f"{100 * (ratio - 1):+.1f}%" if series.moved else "steady"


def sentence(moved: Moved) -> str:
    """What happened, between which runs, and what else changed there."""
    what = f" ({'; '.join(moved.what)})" if moved.what else ""
    return clean(f"{change_text(moved)} between {moved.before.run} and {moved.after.run}{what}")


def heading(series: Series) -> str:
    """What a series is of, but for the implementation."""
    head = series.head
    where = [head.machine, f"{head.suite} {head.op}", series.label, counted(head.threads, "thread")]
    where += [head.device] if head.device != "cpu" else []
    where += [f"corpus {head.corpus}"] if head.corpus not in ("builtin", "") else []
    where += [f"seed {head.seed}"] if head.seed else []
    return clean(" · ".join(w for w in where if w))


def picture(series: Series) -> Plot:
    """Every run in order, its 95% interval, the level of each segment, a line and its size at each change."""
    with matplotlib.rc_context(drawing.STYLE):
        title = clean(f"{series.head.impl}: {METRICS[series.metric][1]}")
        figure, axes = drawing.new(2.1, title)
        _levels(axes, series)
        _runs(axes, series)
        _axes(axes, series)
        said = "; ".join(sentence(m) for m in series.moved) or "no change"
        ends = f"first {value_text(series, series.values[0])}, last {value_text(series, series.values[-1])}"
        alt = f"{heading(series)}, {title}, {counted(len(series.points), 'run')}: {ends}; {said}."
        return Plot(slug("trend", *(str(part) for part in series.head.series)), title, alt, to_svg(figure))


def _runs(axes: Axes, series: Series) -> None:
    at = {p: n for n, p in enumerate(series.points)}
    x = [at[p] for p in series.measured]
    if series.metric == "time":
        ends = [(p.low_ms or v, p.high_ms or v) for p, v in zip(series.measured, series.values, strict=True)]
        axes.vlines(x, *zip(*ends, strict=True), color=PALETTE[0], alpha=0.4, lw=2.5)
    axes.plot(x, series.values, "o", color=PALETTE[0], ms=4)
    gone = [n for n, p in enumerate(series.points) if p not in series.measured]
    axes.plot(gone, [0.03] * len(gone), "x", color=SLOWER, ms=5, transform=axes.get_xaxis_transform())


def _levels(axes: Axes, series: Series) -> None:
    at = {p: n for n, p in enumerate(series.points)}
    edges = [0, *(m.at for m in series.moved), len(series.measured)]
    for first, end in pairwise(edges):
        level = float(np.median(series.values[first:end]))
        span = [at[series.measured[first]] - 0.4, at[series.measured[end - 1]] + 0.4]
        axes.plot(span, [level, level], color=INK, lw=1, alpha=0.6)
    for moved in series.moved:
        x = (at[moved.before] + at[moved.after]) / 2
        colour = SLOWER if moved.ratio > 1 else FASTER
        axes.axvline(x, color=colour, lw=1, ls=(0, (4, 3)))
        axes.annotate(
            change_text(moved), (x, 1), xycoords=("data", "axes fraction"), xytext=(3, -1),
            textcoords="offset points", va="top", fontsize=8, color=colour,
        )  # fmt: skip


def _axes(axes: Axes, series: Series) -> None:
    """Dates below, values on the left from what the runs span, at least 10% of their middle."""
    number, middle = len(series.points), float(np.median(series.values))
    low, high = min(*series.values, 0.95 * middle), max(*series.values, 1.05 * middle)
    room = 0.12 * (high - low) or 1.0
    axes.set_ylim(low - room, high + 2 * room)
    ticks = even_ticks(low - room, high + 2 * room)
    axes.set_yticks(ticks, [value_text(series, t) if t else "0" for t in ticks])
    axes.set_xlim(-0.7, max(number, 2) - 0.3)
    shown = sorted({round(n) for n in np.linspace(0, number - 1, min(number, 5))})
    axes.set_xticks(shown, _dates([series.points[n].when[0] for n in shown]))
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", colors=GRID, labelcolor=INK)


def _dates(times: Sequence[str]) -> list[str]:
    """Days, or days and minutes where two were on the same day."""
    days = [t[:10] for t in times]
    return days if len(set(days)) == len(days) else [t[5:16].replace("T", " ") for t in times]


def by_heading(found: Sequence[Series]) -> dict[str, list[Series]]:
    groups: dict[str, list[Series]] = {}
    for series in found:
        groups.setdefault(heading(series), []).append(series)
    return groups

"""How speed grows with a parameter that may be zero, such as the number of workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.core import Case
from bench.report import drawing
from bench.report.digits import significant, slug
from bench.report.drawing import Look, Plot, nice_ticks, set_log, shorts, to_svg
from bench.report.labels import label_ends
from bench.report.lines import Contestant, Line, names_apart

Series = dict[Contestant, dict[float, Line]]


def find(lines: Sequence[Line], parameter: str) -> list[tuple[str, Series]]:
    """What stayed the same, and each contestant's line at each value; only where there are two values at least."""
    groups: dict[str, Series] = {}
    for line in lines:
        if parameter in line.case and line["x_realtime"] is not None:
            rest = {k: v for k, v in line.case.items() if k != parameter}
            series = groups.setdefault(Case(line.suite, rest).label, {})
            series.setdefault(line.contestant, {})[float(line.case[parameter])] = line
    return [(fixed, series) for fixed, series in groups.items() if any(len(at) > 1 for at in series.values())]


def draw(section: str, key: str, lines: Sequence[Line], parameter: str, colours: Mapping[str, Look]) -> list[Plot]:
    """A plot for each set of cases that differ in the parameter alone: × real time, on a logarithmic axis."""
    return [_plot(section, key, fixed, series, parameter, colours) for fixed, series in find(lines, parameter)]


def _plot(section: str, key: str, fixed: str, series: Series, parameter: str, colours: Mapping[str, Look]) -> Plot:
    names = names_apart(list(series))
    figure, axes = drawing.new(max(3.1, 0.9 + 0.17 * len(names)), f"× real time ({fixed})")
    ends, told = [], []
    for name, label, (contestant, at) in zip(names, shorts(names), series.items(), strict=True):
        look, places = colours[contestant.impl], sorted(at)
        speeds = [at[p].number("x_realtime") for p in places]
        axes.plot(places, speeds, marker=look.marker, color=look.colour, ms=4.5, lw=1.4)
        ends.append((label, (places[-1], speeds[-1]), look))
        told.append(f"{name} " + ", ".join(f"{significant(s)} at {p:g}" for p, s in zip(places, speeds, strict=True)))
    values = [line.number("x_realtime") for at in series.values() for line in at.values()]
    low, high = min(values) / 1.2, max(values) * 1.2
    ticks = nice_ticks(low, high)
    set_log(axes, "y", ticks, [significant(t) for t in ticks])
    axes.set_ylim(low, high)
    axes.set_xticks(sorted({p for at in series.values() for p in at}))
    axes.set_xlabel(parameter)
    label_ends(axes, ends)
    title = f"Speed as {parameter} grow"
    alt = f"{title}, {section}, {fixed}. Times real time: {'; '.join(told)}."
    return Plot(slug("scaling", key, fixed, parameter), title, alt, to_svg(figure))

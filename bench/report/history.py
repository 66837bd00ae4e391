"""`bench history` on a terminal, within 100 columns, and as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bench.history.changes import LEAST
from bench.history.series import METRICS, Series
from bench.report import trends
from bench.report.digits import counted
from bench.report.drawing import Plot
from bench.report.html import TEMPLATES
from bench.report.lines import clean

MOST = 100  # pictures of one page; the newest changes first
FEW = 8  # runs with which no change can be found


def terminal(found: Sequence[Series], changed: bool = False) -> RenderableType:
    """A table for each machine, operation and case; under it, the changes in words. ``changed``: no other rows."""
    parts: list[RenderableType] = [Text(summary(found), style="bold")]
    for heading, group in trends.by_heading([s for s in found if s.moved or not changed]).items():
        parts += [Text(f"\n{heading}"), _grid(group)]
        for series in group:
            for moved in series.moved:
                colour = "red" if moved.ratio > 1 else "green"
                parts.append(Text(f"{clean(series.head.impl)}: {trends.sentence(moved)}", style=colour))
    return Group(*parts, Text(f"\n{note(found)}", style="dim"))


def _grid(group: Sequence[Series]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    grid.add_column("implementation", min_width=12, max_width=30, overflow="fold")
    for heading in ("runs", "first", "last", "change"):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("trend", no_wrap=True)
    for s in group:
        ends = [trends.value_text(s, s.values[n]) for n in (0, -1)]
        grid.add_row(clean(s.head.impl), str(len(s.points)), *ends, trends.drift_text(s), trends.blocks(s))
    return grid


def summary(found: Sequence[Series]) -> str:
    """The answer in a sentence."""
    runs = {(p.run, p.started) for s in found for p in s.points}
    moved = [m for s in found for m in s.moved]
    up = sum(m.ratio > 1 for m in moved)
    told = f"{counted(len(moved), 'change')}: {up} up, {len(moved) - up} down" if moved else "no change"
    return f"{counted(len(runs), 'run')}, {len(found)} series of like runs, {told}"


def note(found: Sequence[Series]) -> str:
    shown = f"Shown: {METRICS[found[0].metric][1]}. " if found else ""
    few = sum(len(s.values) <= FEW for s in found)
    short = f" {few} of {len(found)} series are shorter, so nothing can be said of them." if few else ""
    return (
        f"{shown}A change is a level that moved and stayed; it takes about {FEW + 2} runs, at least {LEAST} "
        f"on each side, to tell one from noise.{short}"
    )


def draw(found: Sequence[Series]) -> dict[int, Plot]:
    """Pictures by the place of their series: of series with two runs or more, those with changes first."""
    worth = [n for n, s in enumerate(found) if len(s.points) > 1]
    chosen = sorted(worth, key=lambda n: (not found[n].moved, n))[:MOST]
    return {n: trends.picture(found[n]) for n in chosen}


def page(found: Sequence[Series], pictures: Mapping[int, Plot]) -> str:
    """Everything is escaped by the template; only the pictures made here go in as they are."""
    loader = FileSystemLoader(TEMPLATES)
    house = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    places = {id(s): n for n, s in enumerate(found)}
    house.globals |= {
        "trends": trends,
        "clean": clean,
        "drawn": lambda s: Markup(pictures[places[id(s)]].inline(f"p{places[id(s)]}")) if places[id(s)] in pictures
        else "",
    }  # fmt: skip
    left = sum(len(s.points) > 1 for s in found) - len(pictures)
    return house.get_template("history.html").render(
        groups=trends.by_heading(found), summary=summary(found), note=note(found), left=left
    )


def write(found: Sequence[Series], folder: Path) -> Path:
    """``history.html``, and ``plots/`` with a file a picture; the page's path."""
    pictures = draw(found)
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    for plot in pictures.values():
        (folder / "plots" / f"{plot.name}.svg").write_text(plot.file(), encoding="utf-8")
    path = folder / "history.html"
    path.write_text(page(found, pictures), encoding="utf-8")
    return path

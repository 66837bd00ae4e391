"""A codec run on a terminal: one table a bitrate, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bench.report import codec_cells as cells
from bench.report.codec_tables import OUTSIDE, At, Condition, Entry
from bench.report.deltas import Anchored
from bench.report.digits import NOTHING
from bench.report.metrics import Metric

MOST_METRICS = 4  # a table of 100 columns has room for
MOST_FAILURES = 8


def parts(conditions: Sequence[Condition], anchored: Sequence[Anchored]) -> Iterator[RenderableType]:
    """Everything that a terminal shows of the quality of codecs."""
    for c in conditions:
        yield Text(f"\n{c.name}", style="bold")
        yield Text(f"audio: {c.corpus} · {cells.scored(c)}")
        yield from (Text(note, style="yellow") for note in c.notes)
        for at in c.bitrates:
            yield Text(f"\n{cells.headline(at, c.headline)}")
            yield _table(c, at)
            if said := cells.baselines(at):
                yield Text(said)
            yield from _failures(at)
        yield from (Text(f"\n{m.caution}", style="yellow") for m in c.shown[:MOST_METRICS] if m.caution)
        for found in anchored:
            if found.condition is c:
                yield from _anchored(found)
        yield Text(f"\n{cells.WINDOW_NOTE} !2: two clips failed.", style="dim")


def _table(c: Condition, at: At) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    grid.add_column("#", justify="right", no_wrap=True)
    grid.add_column("codec", min_width=12, overflow="fold")
    columns, metrics = cells.facts(terse=True), c.shown[:MOST_METRICS]
    units = {"payload": "\nkbit/s", "delay": "\nms", "encode": "\n× real", "decode": "\n× real"}
    for column in columns:
        grid.add_column(column.heading + units.get(column.heading, ""), justify="right", overflow="fold")
    for metric in metrics:
        grid.add_column(metric.heading.replace("_", "\n", 1).replace(", ", "\n"), justify="right", overflow="fold")
    for entry in at.ordered(c.headline):
        place = cells.place_of(at, c.headline, entry)
        values = [_metric(at, metric, entry) for metric in metrics]
        style = "dim" if entry.aside else ""
        grid.add_row(cells.rank_text(place), _name(entry), *(k.show(entry) for k in columns), *values, style=style)
    return grid


def _name(entry: Entry) -> Text:
    said = "" if entry.aside == OUTSIDE else entry.aside  # the asterisk at its payload says so
    text = Text(entry.impl)
    return text.append(f" ({said})", style="yellow") if said else text


def _metric(at: At, metric: Metric, entry: Entry) -> Text:
    place = cells.place_of(at, metric, entry)
    if place is None:
        return Text(NOTHING)
    failed = f" !{place.mean.failed}" if place.mean.failed else ""
    shown = Text(metric.half_text(place.mean), style="bold green" if place.rank == 1 else "")
    return shown.append(failed, style="red not bold")


def _failures(at: At) -> Iterator[Text]:
    found = cells.grouped_failures(at)
    yield from (Text(f"! {line}", style="red") for line in found[:MOST_FAILURES])
    if len(found) > MOST_FAILURES:
        yield Text(f"and {len(found) - MOST_FAILURES} more kinds of failure: the written report has them all")


def _anchored(found: Anchored) -> Iterator[RenderableType]:
    yield Text(f"\nAgainst the anchor {found.anchor}", style="bold")
    for metric in found.condition.shown[:1]:
        if said := cells.refused(found.of(metric)):
            yield Text(said)
            return
        grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        grid.add_column(f"codec, by {metric.name}", overflow="fold")
        grid.add_column("BD-rate", overflow="fold")
        grid.add_column("BD-quality", overflow="fold")
        for line in found.of(metric):
            grid.add_row(line.impl, *cells.versus_cells(line))
        yield grid
    yield Text(cells.BD_NOTE, style="dim")

"""A codec run in Markdown: short enough for the page of a CI job; the tables of every metric are in the HTML report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.report import codec_cells as cells
from bench.report.codec_tables import At, Condition
from bench.report.deltas import Anchored
from bench.report.drawing import Plot
from bench.report.marks import grid, images, text


def sections(
    conditions: Sequence[Condition], anchored: Sequence[Anchored], pictures: Mapping[str, Sequence[Plot]], link: str
) -> Iterator[str]:
    """One part a condition: a table a bitrate, the curves, the deltas."""
    for c in conditions:
        about = f"audio: {text(c.corpus)} · {text(cells.scored(c))}"
        yield from (f"## {text(c.name)}", about, *(f"> {text(note)}" for note in c.notes))
        for at in c.bitrates:
            yield from (
                f"### {text(at.title)}",
                text(cells.headline(at, c.headline)),
                table(c, at),
                text(cells.baselines(at)),
                _failures(at),
            )
            yield from images(pictures.get(at.key, ()), link)
        for metric in c.shown:
            yield from images(pictures.get(c.key_of(metric), ()), link)
        yield from _cautions(c)
        for found in anchored:
            if found.condition is c:
                yield from _anchored(found)
        yield text(cells.WINDOW_NOTE)


def table(c: Condition, at: At) -> str:
    """The overview of one bitrate."""
    columns = cells.facts(terse=True)
    headings = ["#", "codec", *(text(k.heading) for k in columns), *(text(m.heading) for m in c.shown)]
    rows = []
    for entry in at.ordered(c.headline):
        place = cells.place_of(at, c.headline, entry)
        said = cells.remark(entry)
        name = f"**{text(entry.impl)}**" if place and place.rank == 1 else text(entry.impl)
        row = [text(cells.rank_text(place)), name + (f" *{text(said)}*" if said else "")]
        row += [text(k.show(entry)) for k in columns]
        for metric in c.shown:
            own = cells.place_of(at, metric, entry)
            shown = text(metric.half_text(own.mean)) if own else "–"
            shown = f"**{shown}**" if own and own.rank == 1 else shown
            row.append(shown + (f" ({own.mean.failed} failed)" if own and own.mean.failed else ""))
        rows.append(row)
    return grid(headings, rows, 2)


def _failures(at: At) -> str:
    lines = [f"- {text(line)}" for line in cells.grouped_failures(at)]
    return "\n".join(["Failed, and left out of the means:", "", *lines]) if lines else ""


def _cautions(c: Condition) -> Iterable[str]:
    return dict.fromkeys(f"> {text(m.caution)}" for m in c.metrics if m.caution)


def _anchored(found: Anchored) -> Iterator[str]:
    yield f"### Against the anchor {text(found.anchor)}"
    if said := cells.refused(found.lines):
        yield text(said)
        return
    for metric in found.condition.shown:
        rows = [[text(line.impl), *(text(cell) for cell in cells.versus_cells(line))] for line in found.of(metric)]
        if rows:
            yield f"{text(metric.heading)}:"
            yield (
                text(said)
                if (said := cells.refused(found.of(metric)))
                else grid(["codec", "BD-rate", "BD-quality"], rows, 1)
            )
    yield text(cells.BD_NOTE)

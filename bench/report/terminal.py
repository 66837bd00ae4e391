"""The report on a terminal, within 100 columns; without colour where the output is no terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bench.report import codec_terminal, contents, troubles
from bench.report.digits import NOTHING, counted, significant
from bench.report.ranking import Overall, Place
from bench.report.tables import Cell, Column, Table, caption, like_for_like, rank_text, remark
from bench.results import Results

WIDTH = 100
MOST = 20  # lines of troubles; the written report has them all


def terminal(results: Results | Sequence[Results], anchor: str = "") -> RenderableType:
    """Ranked tables, then what is not in them and why; fits 100 columns."""
    said = contents.gather(results, anchor)
    parts: list[RenderableType] = [Text(note, style="yellow") for note in said.notes]
    parts += codec_terminal.parts(said.codecs, said.anchored)
    for section in said.sections:
        parts += [Text(f"\n{section.name}", style="bold"), Text(contents.headline(section))]
        parts += [Text(section.throughout, style="dim")] if section.throughout else []
        for table in section.tables:
            parts += [Text(f"\n{' · '.join(caption(table))}"), _grid(table)]
            if warning := like_for_like(table):
                parts.append(Text(warning, style="yellow"))
        if section.overall:
            parts += [Text(f"\n{section.name}: {_over(section.overall)}"), _overall(section.overall)]
    return Group(*parts, *_troubles(said.troubles), *_absent(said.absent))


def plain(results: Results | Sequence[Results], width: int = WIDTH, anchor: str = "") -> str:
    """The same as text without colour or escape codes."""
    return _text(terminal(results, anchor), width)


def _text(shown: RenderableType, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width, no_color=True, force_terminal=False, highlight=False).print(shown)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def codecs(results: Results | Sequence[Results], anchor: str = "", width: int = WIDTH) -> str:
    """The quality of codecs alone, as text; nothing where none was scored."""
    said = contents.gather(results, anchor)
    return _text(Group(*codec_terminal.parts(said.codecs, said.anchored)), width) if said.codecs else ""


def show(results: Results | Sequence[Results]) -> None:
    """Print it to standard output; 100 columns where that is a file or a pipe."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    console.print(terminal(results))


HEADINGS = {
    "x_realtime": "× real\ntime",
    "first_ms": "first\ncall",
    "end_to_end_ms": "end to\nend",
    "memory_mb": "memory\nMB",
    "limit_percent": "% of\nlimit",
}


def _heading(column: Column, table: Table) -> str:
    return f"median\n{table.unit.name}" if column.name == "median_ms" else HEADINGS.get(column.name, column.heading)


def _new_grid() -> Grid:
    return Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _grid(table: Table) -> Grid:
    grid = _new_grid()
    grid.add_column("#", justify="right", no_wrap=True)
    grid.add_column("implementation", min_width=12, overflow="fold")
    for column in table.columns:
        text = column.name in ("device", "run")
        grid.add_column(_heading(column, table), justify="left" if text else "right", no_wrap=not text, overflow="fold")
    for place in table.places:
        shown = [_styled(cell) for cell in table.cells(place)]
        grid.add_row(rank_text(place), _name(place), *shown, style="dim" if place.rank is None else "")
    return grid


def _styled(cell: Cell) -> Text:
    return Text(cell.detail or cell.text, style="bold green" if cell.best else "")


def _name(place: Place) -> Text:
    """The name; the rank's ``=`` already says that it is tied."""
    said = ", ".join(s for s in remark(place).split(", ") if s and not s.startswith("tied"))
    text = Text(place.line.impl, style="bold" if place.rank == 1 else "")
    return text.append(f" ({said})", style="yellow not bold") if said else text


def _over(overall: Overall) -> str:
    return f"over {overall.used} of {counted(overall.total, 'case')}, those that all of these measured"


def _overall(overall: Overall) -> Grid:
    grid = _new_grid()
    grid.add_column("#", justify="right", no_wrap=True)
    grid.add_column("implementation", overflow="fold")
    who = overall.identity
    for heading in (*who, "speed, % of\nthe best", "slowest\ncase", "first\nor tied"):
        grid.add_column(heading, justify="right", overflow="fold")
    for s in overall.standings:
        name = Text(s.contestant.impl, style="bold" if s.rank == 1 else "")
        figures = (significant(100 * s.speed), significant(100 * s.worst), f"{s.firsts} of {overall.used}")
        grid.add_row(f"{s.rank}{'=' if s.tied else ''}", name, *(str(getattr(s.contestant, n)) for n in who), *figures)
    for contestant, cases in overall.left_out.items():
        grid.add_row(NOTHING, Text(f"{contestant.impl} ({cases} of {overall.total} cases only)", style="dim"))
    return grid


def _troubles(found: Sequence[troubles.Trouble]) -> Iterator[RenderableType]:
    """One entry a reason, whoever it befell."""
    groups: dict[tuple[str, str], list[troubles.Trouble]] = {}
    for t in found:
        groups.setdefault((t.status, troubles.NUMBER.sub("#", t.reason)), []).append(t)
    if groups:
        yield Text("\nWrong, failed or unstable", style="bold")
        grid = _list()
        for (status, _), group in list(groups.items())[:MOST]:
            who = ", ".join(f"{t.suite}/{t.impl} ({counted(len(t.where), 'case')})" for t in group)
            colour = "yellow" if status == "unstable" else "red"
            grid.add_row(Text(status, style=colour), Text(who).append(f": {group[0].reason}", style="dim"))
        yield grid
    if len(groups) > MOST:
        yield Text(f"and {len(groups) - MOST} more: `bench report` writes them all")


def _absent(found: Sequence[troubles.Absent]) -> Iterator[RenderableType]:
    if found:
        yield Text("\nUnavailable", style="bold")
        grid = _list()
        for entry in found:
            line = Text(f"{', '.join(entry.impls)}: ")
            for text, command in troubles.split_commands(entry.reason):
                line.append(text, style="cyan" if command else "dim")
            grid.add_row("", line)
        yield grid


def _list() -> Grid:
    """Two columns without lines, so that long texts hang under their own beginning."""
    grid = Grid.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=1)
    grid.add_column(overflow="fold")
    return grid

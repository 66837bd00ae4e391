"""The report as Markdown: for a repository, a pull request, or the summary page of a CI job."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.report import budget, codec_markdown, words
from bench.report.contents import Contents, Run, Section, headline
from bench.report.curves import NOTE, Curves
from bench.report.digits import NOTHING, counted, significant
from bench.report.drawing import Plot
from bench.report.marks import code, grid, images, text
from bench.report.profiles import Kept
from bench.report.ranking import Overall, Place
from bench.report.tables import Table, caption, figures, like_for_like, rank_text, remark
from bench.report.troubles import split_commands

CAP = 1 << 20  # bytes that a CI job's summary may hold


def render(
    contents: Contents, pictures: Mapping[str, Sequence[Plot]] | None = None, link: str = "plots", start: Path = Path()
) -> str:
    """The whole report; ``pictures`` are shown by relative links into the folder ``link``, profiles by links from
    ``start``, where the page will lie."""
    shown = pictures or {}
    parts = ["# Benchmark report", *_opening(contents)]
    parts += codec_markdown.sections(contents.codecs, contents.anchored, shown, link)
    for section in contents.sections:
        parts += _section(section)
        parts += images(shown.get(section.key, ()), link)
        for table in section.tables:
            parts += [
                f"### {text(' · '.join(caption(table)))}",
                _table(table),
                text(like_for_like(table)),
                *_figures(table),
                *_budget(table),
            ]
            parts += images(shown.get(table.key, ()), link)
    parts += [*_profiles(contents.profiles, start), *_troubles(contents), *_absent(contents), *_closing(contents)]
    return _joined(parts)


def brief(contents: Contents) -> str:
    """Standings and reasons without a table a case."""
    parts = ["# Benchmark report", *_opening(contents), "The tables of the single cases were too long for this page."]
    parts += codec_markdown.sections(contents.codecs, contents.anchored, {}, "")
    for section in contents.sections:
        parts += _section(section)
    return _joined([*parts, *_troubles(contents), *_absent(contents)])


def step_summary(contents: Contents) -> Path | None:
    """Append the report without pictures to the page of a CI job (``$GITHUB_STEP_SUMMARY``), within its limit."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return None
    path = Path(name)
    try:
        room = CAP - (path.stat().st_size if path.exists() else 0)
        page = next((t for t in (render(contents), brief(contents)) if len(t.encode()) <= room), "")
        if not page:
            page = "# Benchmark report\n\nThe report is too long for this page; `bench report` writes it.\n"
        if len(page.encode()) <= room:
            with path.open("a", encoding="utf-8") as file:
                file.write(page)
    except OSError:
        return None  # the page of a job is an extra: the report itself is written
    return path


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(p for p in parts if p) + "\n"


def _opening(contents: Contents) -> list[str]:
    runs = ", ".join(text(r.name) + (f" ({text(r.started)})" if r.started else "") for r in contents.runs)
    states = ", ".join(f"{n} {status}" for status, n in contents.statuses.items())
    glance = [f"- **{text(s.name)}**: {text(headline(s))}" for s in contents.sections]
    notes = [f"> {text(note)}" for note in contents.notes]
    return [f"Run: {runs}. Results: {states or 'none'}.", *notes, "\n".join(glance)]


def _section(section: Section) -> list[str]:
    parts = [f"## {text(section.name)}", text(section.about), text(headline(section))]
    parts += [_overall(section.overall)] if section.overall else []
    return [*parts, *_curves(section.curves)] if section.curves else parts


def _curves(found: Curves) -> list[str]:
    title = f"### {text(found.declared.quality)} over {text(found.declared.rates[0])}"
    rows = [[text(p.name), *(text(cell) for cell in found.cells(p))] for p in found.points]
    return [title, text(NOTE), grid(["line", *(text(h) for h in found.headings)], rows, 1)]


def _overall(overall: Overall) -> str:
    who = overall.identity
    headings = ["#", "implementation", *who, "speed, % of the best", "slowest case, %", "first or tied"]
    rows = []
    for s in overall.standings:
        name = text(s.contestant.impl)
        row = [f"{s.rank}{'=' if s.tied else ''}", f"**{name}**" if s.rank == 1 else name]
        row += [text(getattr(s.contestant, n)) for n in who]
        rows.append([*row, significant(100 * s.speed), significant(100 * s.worst), f"{s.firsts} of {overall.used}"])
    left_out = ", ".join(f"{text(c.impl)} ({n})" for c, n in overall.left_out.items())
    said = f"Over {overall.used} of {counted(overall.total, 'case')}: those that all of these measured."
    said += f" Left out, for they measured fewer: {left_out}." if left_out else ""
    return f"{said}\n\n{grid(headings, rows, 2)}"


def _table(table: Table) -> str:
    headings = ["#", "implementation", *(text(c.heading) for c in table.columns)]
    rows = []
    for place in table.places:
        cells = [f"**{text(c.text)}**" if c.best else text(c.text) for c in table.cells(place)]
        rows.append([text(rank_text(place)), _name(place), *cells])
    return grid(headings, rows, 2)


def _name(place: Place) -> str:
    name = text(place.line.impl)
    said = remark(place)
    return (f"**{name}**" if place.rank == 1 else name) + (f" *{text(said)}*" if said else "")


def _figures(table: Table) -> list[str]:
    names = figures(table)
    if not names:
        return []
    lines = [p.line for p in table.places if p.line.quality]
    rows = [[text(line.impl), *(significant(line.quality.get(n)) for n in names)] for line in lines]
    return ["Figures of the suite:", grid(["implementation", *(text(n) for n in names)], rows, 1)]


def _profiles(profiles: Sequence[Kept], start: Path) -> list[str]:
    parts = ["## Profiles"] if profiles else []
    for kept in profiles:
        links = ", ".join(f"[{text(name)}]({address})" for name, address in kept.links(start))
        table = grid(kept.headings, [[text(cell) for cell in row] for row in kept.rows], 1)
        parts += [f"**{text(kept.title)}**", table, f"{links}. {text('. '.join(kept.profile.notes))}"]
    return parts


def _budget(table: Table) -> list[str]:
    rows = budget.rows(table)
    if not rows:
        return []
    cells = [[f"**{text(row[0])}**" if row[0] else "", *map(text, row[1:])] for row in rows]
    return ["From a sound to its answer:", grid(list(budget.HEADINGS), cells, 2)]


def _troubles(contents: Contents) -> list[str]:
    if not contents.troubles:
        return []
    rows = []
    for t in contents.troubles:
        where = text("; ".join(list(t.where)[:3])) + (f" and {len(t.where) - 3} more" if len(t.where) > 3 else "")
        rows.append([t.status, text(f"{t.suite}/{t.impl}"), _reason(t.reason), where])
    return ["## Wrong, failed or unstable, and why", grid(["status", "implementation", "reason", "where"], rows, 4)]


def _absent(contents: Contents) -> list[str]:
    if not contents.absent:
        return []
    lines = [f"- {', '.join(text(i) for i in a.impls)}: {_reason(a.reason)}" for a in contents.absent]
    return ["## Unavailable, and why", "\n".join(lines)]


def _reason(reason: str) -> str:
    """The reason, its commands ready to paste."""
    return "".join(code(piece) if command else _padded(piece) for piece, command in split_commands(reason))


def _padded(piece: str) -> str:
    """Escaping folds white space; what joins a text to a command stays."""
    return f"{' ' * piece[:1].isspace()}{text(piece)}{' ' * piece[-1:].isspace()}"


def _closing(contents: Contents) -> list[str]:
    reading = "\n".join(f"- **{text(k)}**: {text(v)}" for k, v in words.HOW_TO_READ.items())
    parts = ["## How to read this", reading, "## How it was measured", text(words.METHOD)]
    parts += ["## How it was scored", text(words.SCORING)] if contents.codecs else []
    parts.append("## Environment")
    for run in contents.runs:
        parts += _environment(run, contents.several_runs)
    if contents.versions:
        parts.append(grid(["implementation", "version"], ([text(i), text(v)] for i, v in contents.versions.items()), 2))
    return parts


def _environment(run: Run, several: bool) -> list[str]:
    heading = [f"### {text(run.name)}"] if several else []
    if not run.environment:
        return [*heading, "No record of the environment was kept with this run."]
    return [*heading, grid(["what", "value"], ([text(k), text(v) or NOTHING] for k, v in run.environment), 2)]

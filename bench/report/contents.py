"""Everything that a report says, gathered once; Markdown, HTML and the terminal only choose how to say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bench import registry
from bench.core import STATUSES, Curve
from bench.report import codec_scores, profiles, ranking, tables, troubles
from bench.report import lines as reading
from bench.report.apart import apart
from bench.report.codec_tables import Condition
from bench.report.deltas import Anchored, against_anchor
from bench.report.digits import counted, slug
from bench.report.lines import Contestant, Line, clean, names_apart
from bench.results import Results

if TYPE_CHECKING:
    from bench.report import curves


@dataclass(frozen=True)
class Run:
    """One run: its name, when it ran, and the environment as (label, value) pairs for people."""

    name: str
    started: str
    environment: list[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """One operation of one suite on one corpus: the standings over its cases, then a table for each."""

    suite: str
    title: str
    op: str
    corpus: str
    overall: ranking.Overall | None
    tables: list[tables.Table]
    curves: curves.Curves | None = None

    @property
    def name(self) -> str:
        return self.suite if self.suite == self.op else f"{self.suite} {self.op}"

    @property
    def key(self) -> str:
        """Names this section in links and files."""
        return slug(self.suite, self.op, self.corpus)

    @property
    def throughout(self) -> str:
        """``throughout: batch=1``: what all cases have in common; empty where nothing is, or there is one case."""
        said = self.tables[0].throughout
        return f"throughout: {said}" if said else ""

    @property
    def about(self) -> str:
        """What is measured, of which audio, and what all cases have in common."""
        return " · ".join(filter(None, (self.title, f"audio: {self.corpus}", self.throughout)))

    @property
    def scaling(self) -> str:
        """The parameter over which the suite wants speed to be drawn, if there is one."""
        return _of_suite(self.suite, "scaling")

    @property
    def lines(self) -> list[Line]:
        """Every ranked line of the section."""
        return [p.line for t in self.tables for p in t.places if p.rank]


@dataclass(frozen=True)
class Contents:
    lines: list[Line]
    sections: list[Section]
    absent: list[troubles.Absent]
    troubles: list[troubles.Trouble]
    runs: list[Run]
    statuses: dict[str, int]
    versions: dict[str, str]
    notes: list[str]
    codecs: list[Condition]
    anchored: list[Anchored]
    profiles: list[profiles.Kept]

    @property
    def several_runs(self) -> bool:
        return len(self.runs) > 1


def gather(results: Results | Sequence[Results], anchor: str = "") -> Contents:
    """Read, rank and group. Several runs are set side by side, one line each, and never pooled.

    ``anchor`` names the codec that rate-distortion curves are compared with; ValueError where none is called so.
    """
    several = apart([results] if isinstance(results, Results) else results)
    found = reading.read(several)
    runs = _runs(several)
    codecs = codec_scores.gather(several, found, lambda suite: _of_suite(suite, "ceiling"))
    return Contents(
        lines=found,
        sections=_sections(tables.tables(found, lambda suite: _of_suite(suite, "quality_axis"), _kind)),
        absent=troubles.absent(several),
        troubles=troubles.troubles(several),
        runs=runs,
        statuses={s: n for s in STATUSES if (n := Counter(line.status for line in found)[s])},
        versions=_versions(found),
        notes=_notes(found, runs, several),
        codecs=codecs,
        anchored=against_anchor(codecs, anchor) if anchor else [],
        profiles=profiles.gather(several),
    )


def headline(section: Section) -> str:
    """The answer in a sentence: who is fastest, over how much, and by how far."""
    ranked: list[tuple[Contestant, int | None, float]]  # who, rank, speed in any unit
    if section.overall:
        ranked = [(s.contestant, s.rank, s.speed) for s in section.overall.standings]
        where = f"over {counted(section.overall.used, 'case')}"
    else:
        one = next((t for t in section.tables if any(p.rank for p in t.places)), None)
        if one is None:
            return "No implementation gave a right answer in time."
        ranked = [(p.line.contestant, p.rank, 1 / p.line.cost) for p in one.places if p.rank]
        where = f"on {one.short}" if one.short else "on the only case"
    called = names_apart([who for who, _, _ in ranked])
    names = [name for name, (_, rank, _) in zip(called, ranked, strict=True) if rank == 1]
    behind = len(ranked) > len(names)
    nearest, lead = (called[len(names)], ranked[0][2] / ranked[len(names)][2]) if behind else ("", 0.0)
    verb = "is fastest" if len(names) == 1 else "are fastest, and cannot be told apart,"
    ahead = f"; {lead:.2f} times as fast as the next, {nearest}" if nearest else ""
    alone = " (nothing to compare it with)" if len(names) == 1 and not nearest else ""
    differ = any(tables.front(t) for t in section.tables)
    warning = " Their quality differs: weigh both, as the note under each case does." if differ else ""
    return f"{', '.join(names)} {verb} {where}{ahead}{alone}.{warning}"


def _sections(made: Sequence[tables.Table]) -> list[Section]:
    groups: dict[tuple[str, str, str], list[tables.Table]] = {}
    for table in made:
        groups.setdefault((table.suite, table.op, table.corpus), []).append(table)
    return [
        Section(
            suite,
            _of_suite(suite, "title"),
            op,
            corpus,
            ranking.overall([t.places for t in group]),
            group,
            _curves(suite, group),
        )
        for (suite, op, corpus), group in groups.items()
    ]


def _curves(suite: str, group: Sequence[tables.Table]) -> curves.Curves | None:
    declared = _curve(suite)
    if declared is None:
        return None
    from bench.report import curves  # late: it draws, too, and a table on a terminal waits for no matplotlib

    return curves.gather(declared, group)


def _curve(name: str) -> Curve | None:
    suite = registry.load().suites.get(name)
    return suite.curve if suite else None


def _of_suite(name: str, attribute: str) -> str:
    """What the suite says of itself; nothing when its file is not on this machine."""
    return str(getattr(registry.load().suites.get(name), attribute, "") or "")


def _kind(suite: str, impl: str) -> str:
    """What the suite says that an implementation does, where it tells them apart."""
    known = registry.load().suites.get(suite)
    return known.kind(impl) if known else ""


def _runs(results: Sequence[Results]) -> list[Run]:
    made: dict[str, Run] = {}
    for result in results:
        for run in dict.fromkeys(row.run for row in result.rows) or [result.path.name if result.path else "(no rows)"]:
            times = [row.started for row in result.rows if row.run == run and row.started]
            made.setdefault(clean(run), Run(clean(run), _day(min(times, default="")), describe(result.environment)))
    return list(made.values())


def describe(environment: Any) -> list[tuple[str, str]]:
    """The environment for people. What cannot be described is shown as it was recorded."""
    if not environment:
        return []
    try:
        from bench import environment as house

        pairs = [(str(label), str(value)) for label, value in house.describe(environment)]
    except Exception as error:  # a record of another version must not cost the report
        pairs = [("note", f"this record is not of this version ({type(error).__name__}: {error}); shown as it is")]
        pairs += [(str(key), str(value)) for key, value in environment.items()]
    return [(clean(label), clean(value)) for label, value in pairs]


def _day(started: str) -> str:
    try:
        return datetime.fromisoformat(started).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return clean(started)


def _versions(found: Sequence[Line]) -> dict[str, str]:
    versions: dict[str, dict[str, None]] = {}
    for line in found:
        if line.version:
            versions.setdefault(line.impl, {})[line.version] = None
    return {impl: ", ".join(known) for impl, known in sorted(versions.items())}


def _notes(found: Sequence[Line], runs: Sequence[Run], results: Sequence[Results]) -> list[str]:
    """Sentences that a reader must see before any number."""
    notes = []
    if not found:
        notes.append("This run has no rows: nothing was measured.")
    elif all(line.status == "unavailable" for line in found):
        notes.append("Nothing could run here: every implementation is unavailable. The reasons are below.")
    elif not any(line.measured for line in found):
        notes.append("Nothing can be ranked: no implementation gave a right answer in time. The reasons are below.")
    if len(runs) > 1:
        notes.append(
            f"{len(runs)} runs are shown side by side. They are never pooled: a line belongs to one run, and two runs "
            "count as tied only where their own intervals overlap, since nothing was interleaved between them."
        )
    if any(not result.environment for result in results):
        notes.append("No record of the environment was kept: the machine behind these numbers is unknown.")
    elif any(line.measured for line in found) and not any(line["limit_percent"] for line in found):
        notes.append("This machine's limits were not measured, so “% of limit” is empty.")
    return notes

"""One ranked table a suite, case and operation: which columns it has, and how each cell reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bench.core import label_of
from bench.report.digits import NOTHING, UNITS, Unit, digits_for, significant, slug, spread_percent, time_unit
from bench.report.lines import Line, clean
from bench.report.ranking import Place, rank
from bench.results import SUMMARY


@dataclass(frozen=True)
class Column:
    """``name`` is the summary's; ``better`` is "low", "high" or "" where no value is best."""

    name: str
    heading: str
    doc: str
    better: str
    show: Callable[[Line], str]


@dataclass(frozen=True)
class Cell:
    """``text`` for people, ``sort`` for sorting (None goes last), ``best`` where it is the best of its column."""

    text: str
    sort: float | str | None = None
    best: bool = False
    detail: str = ""


@dataclass(frozen=True)
class Table:
    """A case and an operation, ranked. ``columns`` are the numbers after rank and implementation."""

    suite: str
    label: str
    op: str
    corpus: str
    audio_seconds: tuple[float, ...]  # of a call, where implementations differ in it
    unit: Unit
    places: list[Place]
    columns: list[Column]
    axis: str = ""  # figure of quality that speed is weighed against; more is better
    throughout: str = ""  # of the label, what all cases of the section have
    short: str = ""  # the rest of it; all of it where there is one case

    @property
    def key(self) -> str:
        """Names this table in links and files."""
        return slug(self.suite, self.op, self.label, self.corpus)

    def cells(self, place: Place) -> list[Cell]:
        """One cell a column; a line that may not be ranked shows its error and no timing."""
        return [self._cell(place, column) for column in self.columns]

    def _cell(self, place: Place, column: Column) -> Cell:
        line = place.line
        if place.rank is None and column.name not in (*IDENTITY, "error", "quality"):
            return Cell(NOTHING)
        value: float | str | None = line[column.name]
        if column.name == "quality":
            value = line.quality.get(column.heading)
        elif column.name in IDENTITY:
            value = getattr(line, column.name)
        detail = _detail(line, self.unit) if column.name == "median_ms" else ""
        return Cell(column.show(line), value, self._is_best(place, column), detail)

    def _is_best(self, place: Place, column: Column) -> bool:
        """The extreme of its column among the ranked; for the median, whatever shares the first rank."""
        if place.rank is None or not column.better:
            return False
        if column.name in ("median_ms", "x_realtime"):
            return place.rank == 1
        known = [v for p in self.places if p.rank and (v := p.line[column.name]) is not None]
        best = max(known, default=None) if column.better == "high" else min(known, default=None)
        return best is not None and place.line[column.name] == best


IDENTITY = ("threads", "device", "run")
COUNTED = ("instructions", "allocations")


def tables(
    lines: Sequence[Line],
    quality_axis: Callable[[str], str] = lambda suite: "",
    kind: Callable[[str, str], str] = lambda suite, impl: "",
) -> list[Table]:
    """One table a suite, operation, case and corpus, in the order of the rows; operations stay together.

    Where ``kind(suite, impl)`` tells implementations apart, each kind has tables of its own: ``op, kind``.
    """
    groups: dict[tuple[str, str, str, str], list[Line]] = {}
    for line in lines:
        if line.op and line.status != "unavailable":  # what failed before any operation has its place below
            op = ", ".join(filter(None, (line.op, kind(line.suite, line.impl))))
            groups.setdefault((line.suite, op, line.corpus, line.label), []).append(line)
    firsts = {key[:3]: n for n, key in reversed(list(enumerate(groups)))}
    ordered = sorted(groups, key=lambda key: firsts[key[:3]])
    made = [table(groups[key], quality_axis(key[0]), key[1]) for key in ordered]
    sections = groupby(made, lambda one: (one.suite, one.op, one.corpus))
    return [one for _, several in sections for one in _shortened(list(several))]


def _shortened(several: Sequence[Table]) -> list[Table]:
    """With what the cases of a section have in common told once. One case is shown whole."""
    cases = [one.places[0].line.case for one in several]
    same = {name: value for name, value in cases[0].items() if all(case.get(name) == value for case in cases)}
    if len({one.label for one in several}) < 2 or not same:
        return [replace(one, short=one.label) for one in several]
    rests = [{name: value for name, value in case.items() if name not in same} for case in cases]
    said = clean(label_of(same))
    return [
        replace(one, throughout=said, short=clean(label_of(rest))) for one, rest in zip(several, rests, strict=True)
    ]


def table(lines: Sequence[Line], axis: str = "", op: str = "") -> Table:
    """The ranked table of one case; ``axis`` names a figure of ``quality`` that deserves a column."""
    unit = time_unit(line["median_ms"] for line in lines if line.measured)
    seconds = tuple(sorted({line.audio_seconds for line in lines}))
    one = lines[0]
    return Table(
        one.suite, one.label, op or one.op, one.corpus, seconds, unit, rank(lines), _columns(lines, unit, axis), axis
    )


def _columns(lines: Sequence[Line], unit: Unit, axis: str) -> list[Column]:
    """All columns of a table; those that say who is who only where lines differ in them."""
    who = [
        Column(name, name, SUMMARY.get(name, "id of the run"), "", lambda line, name=name: str(getattr(line, name)))  # type: ignore[misc]
        for name in IDENTITY
        if len({getattr(line, name) for line in lines}) > 1
    ]
    framed = any(line["deadline_misses"] is not None for line in lines)
    columns = [
        *who,
        *(_plain(n, "× real time", "high") for n in ("x_realtime",) if any(line[n] is not None for line in lines)),
        Column("median_ms", f"median, {unit.name}", SUMMARY["median_ms"], "low", lambda line: _median(line, unit)),
        _time("p95_ms", "p95", unit),
        _time("p99_ms", "p99", unit),
        *(_frames(unit, any(line["cpu_percent"] is not None for line in lines)) if framed else ()),
        _time("first_ms", "first call", unit),
        *(() if framed else (_time("end_to_end_ms", "end to end", unit),)),
        _plain("memory_mb", "memory, MB", "low", MEMORY),
        *(_plain(n, n, "low") for n in COUNTED if any(line[n] is not None for line in lines)),
        _plain("error", "error", "low", digits=2),
        *(() if framed else (_plain("limit_percent", "% of limit", "high", digits=2),)),
    ]
    if axis and any(axis in line.quality for line in lines):
        doc = f"{axis}, as the suite measures it"
        columns.insert(-1, Column("quality", axis, doc, "", lambda line: axis_text(line, axis)))
    return columns


def _plain(name: str, heading: str, better: str, doc: str = "", digits: int = 3) -> Column:
    return Column(name, heading, doc or SUMMARY[name], better, lambda line: significant(line[name], digits))


def _frames(unit: Unit, paced: bool) -> list[Column]:
    """What matters of a stream besides: its worst frame, and how many came too late."""

    def late(line: Line) -> str:
        share = line["deadline_misses"]
        return NOTHING if share is None else f"{significant(100 * share, 2)}%"

    return [
        _time("max_ms", "max", unit),
        Column("deadline_misses", "late", SUMMARY["deadline_misses"], "low", late),
        _time("jitter_ms", "jitter", unit),
        *((_plain("cpu_percent", "CPU, %", "low", digits=2),) if paced else ()),
    ]


MEMORY = "peak memory during one call, less what the process held just before it, MB"


def _time(name: str, heading: str, unit: Unit) -> Column:
    """A column of times in the table's unit; one far longer than the rest (a first call) is shown in its own."""

    def show(line: Line) -> str:
        value = line[name]
        if value is None:
            return NOTHING
        if value * unit.per_ms < 10_000:
            return significant(value * unit.per_ms)
        own = next(u for u in UNITS if value * u.per_ms < 1000 or u is UNITS[-1])
        return f"{significant(value * own.per_ms)} {own.name}"

    return Column(name, heading, SUMMARY[name], "low", show)


def _median(line: Line, unit: Unit) -> str:
    value, low, high = line["median_ms"], line["low_ms"], line["high_ms"]
    if value is None or low is None or high is None:
        return NOTHING
    digits = digits_for(value, low, high)
    shown = [significant(v * unit.per_ms, digits) for v in (value, low, high)]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _detail(line: Line, unit: Unit) -> str:
    """The median and its interval as one short text: ``1.23 ±0.8%``."""
    value = line["median_ms"]
    if value is None:
        return NOTHING
    return f"{significant(value * unit.per_ms)} {spread_percent(value, line['low_ms'], line['high_ms'])}"


def figures(table: Table) -> list[str]:
    """Names of the suite's quality figures for this case, where it has more of them than the error."""
    names = {name: None for p in table.places for name in p.line.quality if not name.startswith("budget.")}
    return list(names) if len(names) > 1 else []


def front(table: Table) -> list[Line]:
    """Ranked lines that no faster line matches in quality, fastest first; empty where quality does not differ."""
    known = [p.line for p in table.places if p.rank and table.axis in p.line.quality]
    values = [line.quality[table.axis] for line in known]
    if not known or max(values) - min(values) <= 0.01 * max(abs(v) for v in values):
        return []
    unbeaten: list[Line] = []
    for line in sorted(known, key=lambda x: (x.cost, -x.quality[table.axis])):
        if not unbeaten or line.quality[table.axis] > unbeaten[-1].quality[table.axis]:
            unbeaten.append(line)
    return unbeaten


def axis_text(line: Line, axis: str) -> str:
    """A figure of quality to three decimals at most: what is below is rounding of the probe."""
    value = line.quality.get(axis)
    return significant(None if value is None else round(value, 3))


def like_for_like(table: Table) -> str:
    """A warning where the fastest is not the best, and whom to choose from."""
    unbeaten = front(table)
    if not unbeaten:
        return ""
    named = ", ".join(f"{line.impl} ({axis_text(line, table.axis)})" for line in unbeaten)
    return f"Quality differs: for their {table.axis}, none is faster than {named}."


def caption(table: Table) -> list[str]:
    """What the table is about: the case, and how much audio one call handles."""
    known = [s for s in table.audio_seconds if s]
    span = " to ".join(dict.fromkeys(significant(s) for s in (known[0], known[-1]))) if known else ""
    return [table.short or table.op, *([f"{span} s of audio a call"] if span else [])]


def rank_text(place: Place) -> str:
    """``1``, ``1=`` when others share it, a dash for what is not ranked."""
    return NOTHING if place.rank is None else f"{place.rank}{'=' if place.tied else ''}"


def remark(place: Place) -> str:
    """What must be said beside the name: why it is not ranked, or what limits its rank."""
    if place.rank is None:
        return "not timed" if place.line.status in ("ok", "unstable") else place.line.status
    said = ["tied with the best"] if place.tied else []
    return ", ".join(said + (["unstable"] if place.line.status == "unstable" else []))

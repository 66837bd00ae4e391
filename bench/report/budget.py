"""Latency budgets: from a sound to its answer, part by part, where rows carry ``budget.<n>.<link>.<kind>_ms``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
from matplotlib.patches import Patch

from bench.report import drawing
from bench.report.digits import significant
from bench.report.drawing import INK, PALETTE, Plot, short, to_svg
from bench.report.lines import Line, names_apart
from bench.report.tables import Table

KINDS = {"capture": PALETTE[4], "algorithmic": PALETTE[0], "compute": PALETTE[1], "decode": PALETTE[2]}
GOALS = (80, 160, 200)  # ms
WHERE = re.compile(r"budget\.(\d+)\.(.*)\.(\w+)_ms")
HEADINGS = ("implementation", "link", *(f"{kind}, ms" for kind in KINDS), "in all, ms")


@dataclass(frozen=True)
class Part:
    """``ms`` of one kind that one link takes. ``link`` is empty for the source, and for what is no chain."""

    number: int
    link: str
    kind: str
    ms: float


def parts(line: Line) -> list[Part]:
    """In the order in which the sound meets them."""
    matches = [(WHERE.fullmatch(name), ms) for name, ms in line.quality.items()]
    found = [Part(int(m[1]), m[2], m[3], ms) for m, ms in matches if m and m[3] in KINDS]
    return sorted(found, key=lambda part: (part.number, list(KINDS).index(part.kind)))


def spending(table: Table) -> list[tuple[str, list[Part]]]:
    """Who has a budget in a table, the quickest first, right answers only."""
    lines = [p.line for p in table.places if p.rank and parts(p.line)]
    named = zip(names_apart([line.contestant for line in lines]), map(parts, lines), strict=True)
    return sorted(named, key=lambda one: total(one[1]))


def total(budget: Sequence[Part]) -> float:
    return sum(part.ms for part in budget)


def rows(table: Table) -> list[list[str]]:
    """A row a link, and one for all of a chain, as HEADINGS name them."""
    made = []
    for name, budget in spending(table):
        links = dict.fromkeys(part.number for part in budget if part.number)
        made.append(_row(name, budget))
        if len(links) > 1:
            made += [_row("", [part for part in budget if part.number == n]) for n in links]
    return made


def _row(name: str, budget: Sequence[Part]) -> list[str]:
    of_kind = [[part.ms for part in budget if part.kind == kind] for kind in KINDS]
    shown = [significant(sum(ms)) if ms else "" for ms in of_kind]
    return [name, "" if name else budget[0].link, *shown, significant(total(budget))]


def draw(table: Table) -> list[Plot]:
    """A bar for each: capture, algorithmic, compute and decode on top of each other, against 80, 160 and 200 ms."""
    budgets = spending(table)
    if not budgets:
        return []
    with matplotlib.rc_context(drawing.STYLE):
        return [_bars(table, budgets)]


def _bars(table: Table, budgets: Sequence[tuple[str, list[Part]]]) -> Plot:
    figure, axes = drawing.new(1.15 + 0.3 * len(budgets), "from a sound to its answer")
    longest = 1.12 * max(GOALS[-1], *(total(budget) for _, budget in budgets))
    for y, (_, budget) in enumerate(budgets):
        left = 0.0
        for part in budget:
            axes.barh(y, part.ms, left=left, height=0.62, color=KINDS[part.kind], edgecolor="#ffffff", linewidth=0.5)
            if part.link and part.kind == "algorithmic" and part.ms > 0.014 * len(part.link) * longest:
                axes.annotate(part.link, (left + part.ms / 2, y), ha="center", va="center_baseline", fontsize=6.5,
                              color="#ffffff")  # fmt: skip
            left += part.ms
        axes.annotate(f"{significant(left)} ms", (left, y), xytext=(4, 0), textcoords="offset points",
                      va="center_baseline", fontsize=8)  # fmt: skip
    for goal in GOALS:
        axes.axvline(goal, color=INK, lw=1, ls=(0, (4, 3)), zorder=0.5)
        axes.annotate(f"{goal} ms", (goal, 1), xycoords=("data", "axes fraction"), xytext=(0, 2),
                      textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
    axes.set_yticks(range(len(budgets)), [short(name, 34) for name, _ in budgets])
    axes.set_ylim(len(budgets) - 0.4, -0.6)
    axes.set_xlim(0, longest)
    axes.set_xlabel("ms")
    axes.grid(False)
    handles = [Patch(color=colour, label=kind) for kind, colour in KINDS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(KINDS), frameon=False, fontsize=8)
    told = "; ".join(f"{name} {significant(total(budget))} ms ({_told(budget)})" for name, budget in budgets)
    alt = f"Latency from a sound to its answer, {table.suite} {table.op}, {table.label}: {told}."
    return Plot(f"budget-{table.key}", "Latency budget", alt, to_svg(figure))


def _told(budget: Sequence[Part]) -> str:
    return ", ".join(f"{part.link} {part.kind}".strip() + f" {significant(part.ms)}" for part in budget)

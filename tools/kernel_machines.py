"""Writes the report on the C kernels on every machine: kernel_machines.py FOLDER... -o REPORT.

Each folder holds one machine's runs. A page of each machine goes beside the report, into a folder of its name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cpu_kernels
from cpu_kernels import Finding, Runs, table
from kernel_goals import GOALS, Goal

from bench import environment
from bench.report.markdown import text
from bench.results import Results

INTRODUCTION = """\
How many times as fast ours is, with the 95% interval, at the worst of the goal's cases; all rivals of a machine took
turns within one run. A page of each machine has every case, how it is counted, versions and conditions. Where a machine
has no AVX-512, half of a factor over a library is asked (½)."""


def render(machines: Sequence[Runs], pages: str, misses: str) -> str:
    """A row for each goal, a column for each machine; ``pages``: the folder of the machines' own pages."""
    lines = [
        f"- [{text(runs.machine)}]({pages}/{runs.machine}.md): {_described(runs)}. {runs.score(GOALS)}"
        for runs in machines
    ]
    headings = ["work", "against", "least", "aim", *(text(runs.machine) for runs in machines)]
    parts = [
        "# C kernels beside the libraries",
        INTRODUCTION,
        "\n".join(lines),
        table(headings, 2, [_row(goal, machines) for goal in GOALS]),
        "## Misses, explained",
        misses.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def _described(runs: Runs) -> str:
    known = dict(environment.describe(runs.results[0].environment))
    return text("; ".join(known[name] for name in ("CPU", "Vector units", "Caches") if name in known))


def _row(goal: Goal, machines: Sequence[Runs]) -> list[str]:
    asked = goal.number(goal.least), goal.number(goal.aim)
    return [goal.work, text(goal.against), *asked, *(_cell(goal, runs.worst(goal)[0]) for runs in machines)]


def _cell(goal: Goal, one: Finding | None) -> str:
    if one is None:
        return "–"
    found = f"{goal.number(one.found.value)} ({goal.number(one.found.low)} to {goal.number(one.found.high)})"
    if one.least is None:
        return found
    half = " ½" if one.least != goal.least else ""
    return f"{found} {'**missed**' if one.missed else 'met'}{half}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a folder of one machine's runs")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="REPORT", help="the Markdown file to write")
    parser.add_argument("--misses", type=Path, required=True, metavar="FILE", help="Markdown that explains the misses")
    options = parser.parse_args(arguments)
    try:
        machines = [Runs([Results.load(run) for run in sorted(folder.iterdir())]) for folder in options.folders]
        misses = options.misses.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"kernel_machines: {error}", file=sys.stderr)
        return 2
    pages = options.out.with_suffix("")
    pages.mkdir(exist_ok=True)
    for runs in machines:
        (pages / f"{runs.machine}.md").write_text(cpu_kernels.render(runs, GOALS), encoding="utf-8")
    options.out.write_text(render(machines, pages.name, misses), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

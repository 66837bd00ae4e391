"""Writes the report on the C kernels of a machine from its runs of the grids `kernels`: cpu_kernels.py RUN... -o PAGE.

A row of the report says whether the runs meet a goal (see kernel_goals.py), at the worst of its cases. All machines
side by side: kernel_machines.py.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from kernel_goals import GOALS, Goal

from bench import environment, stats
from bench.core import label_of
from bench.report import lines as reading
from bench.report.digits import significant
from bench.report.lines import Line
from bench.report.markdown import text
from bench.results import Results


@dataclass(frozen=True)
class Finding:
    """A goal on one case: by what factor (or share), and the same with outputs reused and on AVX2 alone."""

    goal: Goal
    label: str
    found: stats.Interval
    reused: stats.Interval | None = None
    avx2: stats.Interval | None = None
    limit_percent: float | None = None
    only_avx2: bool = False
    remark: str = ""

    @property
    def least(self) -> float | None:
        """What is asked here: where there is only AVX2, half of the factor over a library."""
        return self.goal.least / 2 if self.goal.least and self.only_avx2 and self.goal.halved else self.goal.least

    @property
    def missed(self) -> bool:
        return self.least is not None and self.found.value < self.least

    @property
    def verdict(self) -> str:
        if self.least is None:
            return "–"
        if self.missed:
            return "**missed**"
        word = "met, and the aim" if self.goal.aim and self.found.value >= self.goal.aim else "met"
        return word if self.found.low >= self.least else f"{word}, but the interval reaches below"

    @property
    def avx2_verdict(self) -> str:
        """Half of the factor is asked of AVX2, against libraries and on one thread."""
        goal = self.goal
        if self.avx2 is None or goal.least is None or not goal.halved:
            return "–"
        return "met" if self.avx2.value >= goal.least / 2 else "**missed**"


class Runs:
    """What several runs measured. Pairs are made within a run; only goals of several threads may look across runs."""

    def __init__(self, results: Sequence[Results]):
        # where a case was measured twice, the run with more rivals speaks for it
        self.results = sorted(results, key=lambda result: -len({row.impl for row in result.rows}))
        self.lines = [line for line in reading.read(self.results) if line.measured]
        rows = [(row, result) for result in self.results for row in result.rows]
        self.flops = {(row.run, row.suite, label_of(row.case), row.op): row.flops for row, _ in rows if row.samples_ns}
        self.limits = {row.run: result.environment.get("limits", {}).get("cpu", {}) for row, result in rows}
        self.most: dict[tuple[str, int], float] = defaultdict(float)
        for line in self.lines:
            for adds in line.adds.values():
                self.most[line.run, line.threads] = max(self.most[line.run, line.threads], adds.max())
        known = [limit["isa"] for limits in self.limits.values() for limit in limits.values()]
        self.only_avx2 = bool(known) and set(known) == {"avx2"}

    @property
    def machine(self) -> str:
        return str(self.results[0].environment.get("machine", "an unknown machine"))

    def findings(self, goal: Goal) -> list[Finding]:
        """One for each case, in the order of the runs; none where ours or the rival was not measured."""
        made: dict[str, Finding] = {}
        for line in self._find(goal, goal.ours, goal.threads):
            found = self._measure(goal, line)
            if found is None or line.label in made:
                continue
            variants = [self._find(goal, f"{goal.ours}:{name}", goal.threads, line) for name in ("reused", "avx2")]
            others = [self._measure(goal, v[0]) if v and goal.rival != goal.ours else None for v in variants]
            remark = self._remark(goal, line)
            made[line.label] = Finding(goal, line.label, found, *others, line["limit_percent"], self.only_avx2, remark)
        return list(made.values())

    def worst(self, goal: Goal) -> tuple[Finding | None, int]:
        """At the case where the goal is furthest, and of how many; none where it was not measured."""
        found = self.findings(goal)
        return min(found, key=lambda f: f.found.value, default=None), len(found)

    def score(self, goals: Sequence[Goal]) -> str:
        """``21 of 30 goals are met, 9 missed.``"""
        asked = [one for goal in goals if (one := self.worst(goal)[0]) and one.least is not None]
        missed = sum(one.missed for one in asked)
        return f"{len(asked) - missed} of {len(asked)} goals are met, {missed} missed."

    def why(self, goal: Goal) -> str:
        """What the rows say of those of a goal's two who could not run."""
        rows = [row for result in self.results for row in result.rows if row.suite == goal.suite and not row.samples_ns]
        said = {f"{row.impl}: {row.reason}" for row in rows if row.impl in (goal.ours, goal.rival) and row.reason}
        return "".join(f" ({text(one)})" for one in sorted(said))

    def _find(self, goal: Goal, impl: str, threads: int, like: Line | None = None) -> list[Line]:
        """An implementation's lines on the goal's cases, or on one case: then those of the same run come first."""
        who = (goal.suite, goal.op, impl, threads)
        found = [n for n in self.lines if (n.suite, n.op, n.impl, n.threads) == who and goal.of(n.case)]
        if like is None:
            return found
        found = [n for n in found if (n.case, n.corpus) == (like.case, like.corpus)]
        return sorted((n for n in found if n.run == like.run or goal.threads > 1), key=lambda n: n.run != like.run)

    def _measure(self, goal: Goal, ours: Line) -> stats.Interval | None:
        if not goal.rival:
            return self._share(goal, ours)
        if goal.rival == goal.ours:
            one = self._find(goal, goal.ours, 1, ours)
            return scaling(ours, one[0], goal.registers) if one else None
        as_ours = f"{goal.rival}:reused" if ours.impl.endswith(":reused") else goal.rival  # where the rival can, too
        rivals = self._find(goal, as_ours, 1, ours) or self._find(goal, goal.rival, 1, ours)
        return faster(ours, rivals[0]) if rivals else None

    def _remark(self, goal: Goal, ours: Line) -> str:
        """Of a share, and of several threads against one: how many rounds count, and what all of them say."""
        if not goal.rival:
            share = np.mean([whole for r in ours.adds for whole in self._whole(ours, r)]) if ours.adds else 1
            every = self._share(goal, ours, every=True)
        elif goal.rival == goal.ours and not goal.registers:
            one = self._find(goal, goal.ours, 1, ours)[0]
            share = np.mean([given for r in _together(ours, one) for given in _granted(ours, one, r)])
            every = scaling(ours, one, every=True)
        else:
            return ""
        return f" ({100 * share:.0f}% of rounds; all: {goal.number(every.value)})" if every and share < 1 else ""

    def _share(self, goal: Goal, ours: Line, every: bool = False) -> stats.Interval | None:
        """Of the peak rate of multiply-adds, in which each counts as two operations. Only of rounds that had the whole
        core, unless there is none or ``every`` one is asked for."""
        flops = goal.flops(ours.case) if goal.flops else self.flops[(ours.run, ours.suite, ours.label, ours.op)]
        shared = sorted(ours.rounds.keys() & ours.peaks.keys())
        masks = {r: self._whole(ours, r) for r in shared}
        if every or not any(mask.any() for mask in masks.values()):
            masks = {r: np.ones_like(mask) for r, mask in masks.items()}
        kept = [r for r in shared if masks[r].any()]
        if kept:  # as long as the work would take at the peak of that very moment
            times = [ours.rounds[r][masks[r]] for r in kept]
            return stats.ratio_interval(times, [flops / ours.peaks[r][masks[r]] for r in kept])
        peak = self.limits[ours.run].get(str(ours.threads), {}).get("fma_gflops")
        ends = [ours.number(name) for name in ("high_ms", "median_ms", "low_ms")]
        return stats.Interval(*(flops / (end * 1e6 * peak) for end in ends)) if peak else None

    def _whole(self, ours: Line, replicate: int) -> Any:
        """Of each round: whether nobody else computed on the core's other hardware thread, as a host's other guests do.
        Additions of integers bear witness, which need all that a core can begin in a cycle; multiply-adds do not."""
        if replicate not in ours.adds:
            return np.ones(len(ours.rounds[replicate]), bool)
        return ours.adds[replicate] >= WHOLE * self.most[ours.run, ours.threads]


def faster(ours: Line, rival: Line) -> stats.Interval:
    """How many times as fast ours is: paired round by round where the two took turns, else from their own intervals."""
    shared = sorted(ours.rounds.keys() & rival.rounds.keys())
    if ours.run == rival.run and shared:
        return stats.ratio_interval([ours.rounds[r] for r in shared], [rival.rounds[r] for r in shared])
    low, value, high = (ours.number(name) for name in ("high_ms", "median_ms", "low_ms"))
    return stats.Interval(
        rival.number("low_ms") / low, rival.number("median_ms") / value, rival.number("high_ms") / high
    )


WHOLE = 0.95  # of the most additions of a run
GRANTED = 0.875  # of as many times the multiply-adds of one thread as there are threads; 1.75 for two


def scaling(ours: Line, one: Line, registers: bool = False, every: bool = False) -> stats.Interval | None:
    """How many times as fast several threads are as one, which goes from processor to processor (bench/runner.py): of
    ``ours.threads`` rounds each, the mean speeds. Only of rounds in which the machine gave each thread a processor,
    unless there is none or ``every`` one is asked for. ``registers``: of multiply-adds in registers, measured just
    before each turn, instead. None where they were not."""
    if registers:
        both = sorted(ours.peaks.keys() & one.peaks.keys())
        speeds = [[_means(line.peaks[r], ours.threads) for r in both] for line in (one, ours)]
        return stats.ratio_interval(*speeds) if both else None
    both = _together(ours, one)
    masks = {r: _granted(ours, one, r) for r in both}
    if every or not any(mask.any() for mask in masks.values()):
        masks = {r: np.ones_like(mask) for r, mask in masks.items()}
    kept = [r for r in both if masks[r].any()]
    speeds = [
        [_means(1 / line.rounds[r], ours.threads)[: len(masks[r])][masks[r]] for r in kept] for line in (one, ours)
    ]
    return stats.ratio_interval(*speeds) if kept else None


def _together(ours: Line, one: Line) -> list[int]:
    return sorted(ours.rounds.keys() & one.rounds.keys())


def _granted(ours: Line, one: Line, replicate: int) -> Any:
    """Of each ``ours.threads`` rounds: whether the machine gave as many processors in all of them. Hosts give two of a
    virtual machine one core now and then; multiply-adds in registers, just before each turn, bear witness."""
    rounds = min(len(line.rounds[replicate]) for line in (ours, one))
    together = min(ours.threads, rounds)
    whole = rounds // together * together
    if replicate not in ours.peaks or replicate not in one.peaks:
        return np.ones(whole // together, bool)
    enough = ours.peaks[replicate][:whole] >= GRANTED * ours.threads * one.peaks[replicate][:whole]
    return enough.reshape(-1, together).all(axis=1)


def _means(speeds: stats.Floats, every: int) -> stats.Floats:
    every = min(every, len(speeds))
    whole = len(speeds) // every * every
    return np.asarray(speeds[:whole].reshape(-1, every).mean(axis=1))


def render(runs: Runs, goals: Sequence[Goal]) -> str:
    """The report: a row for each goal at its worst case, every case, the machine."""
    worst = [(goal, *runs.worst(goal)) for goal in goals]
    absent = [f"- {goal.work} against {text(goal.against)}{runs.why(goal)}" for goal, one, _ in worst if not one]
    rows = (start(goal, str(n)) + cells(one) for goal, one, n in worst if one)
    parts = [
        f"# C kernels beside the libraries: {text(runs.machine)}",
        runs.score(goals),
        METHOD,
        HALVED if runs.only_avx2 else "",
        table(["work", "against", "cases", *HEADINGS], 3, rows),
        "Not measured in these runs:\n\n" + "\n".join(absent) if absent else "",
        "## Every case",
    ]
    for work in dict.fromkeys(goal.work for goal in goals):
        some = [(g, f) for g in goals if g.work == work for f in runs.findings(g)]
        rows = (start(g, text(f.label))[1:] + cells(f) for g, f in some)
        parts += [f"### {work}", table(["against", "case", *HEADINGS], 2, rows)] if some else []
    parts += ["## What the answers are worth", *worth(runs), *machine(runs)]
    return "\n\n".join(part for part in parts if part) + "\n"


WORTH = """\
The error is each suite's own figure. SNR: of a resampler's probe tones, of what a quantizer decodes. Band edge: where a
resampler is 3 dB down, over the lower Nyquist frequency. Ties: codewords that are as near as the nearest to 1e-6."""
METHOD = """\
“Ours over it” is the rival's time over ours: the mean over processes of the medians of the ratios of rounds that took
turns, with its 95% interval; one thread each unless said otherwise. “Outputs reused” is ours writing into the same
array in every call, and the rival too where the registry has it so; “AVX2 only” is ours without AVX-512, of which half
of the factor is asked. A share of the peak is operations over time over the rate of fused multiply-adds (two operations
each) that was measured just before, round by round (`bench run --peak`); an FFT counts as 2.5 n log2 n operations.
Where integer additions were measured just before and after, rounds count in which they were at least 95% of the run's
most: fewer are left when another guest of the host computes on the core's other hardware thread, which multiply-adds
do not show, or when its clock is lower. How many rounds count is said, and what all of them say.
Where more threads are measured, too, the one thread goes from processor to processor, round by round, and the factor
is over its mean speed. “The machine itself” are multiply-adds in registers, just before each turn. Rounds count where
these are at least 1.75 times as many on two threads as on one, for hosts give two processors of a virtual machine one
core now and then, and then there is nothing to share; how many count is said, and what all of them say.
“% of limit” is the suite's own roofline, which counts bytes too, and the FFT alone by split radix."""
HALVED = "This machine has no AVX-512: of a factor over a library, half is asked."
HEADINGS = ("ours over it", "least", "aim", "verdict", "outputs reused", "AVX2 only", "half of it", "% of limit")


def start(goal: Goal, third: str) -> list[str]:
    return [goal.work, text(goal.against), third]


def cells(one: Finding) -> list[str]:
    goal, found = one.goal, one.found
    interval = f"{goal.number(found.value)} ({goal.number(found.low)} to {goal.number(found.high)})"
    others = [goal.number(other.value if other else None) for other in (one.reused, one.avx2)]
    limit = significant(one.limit_percent)
    verdict = one.verdict + one.remark
    return [interval, goal.number(one.least), goal.number(goal.aim), verdict, *others, one.avx2_verdict, limit]


def table(headings: Sequence[str], left: int, rows: Iterable[Sequence[str]]) -> str:
    rule = [":--" if n < left else "--:" for n in range(len(headings))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, rule, *rows))


def worth(runs: Runs) -> list[str]:
    """Errors of ours and of the rivals, and how well resamplers filter: like is to be compared with like."""
    headings = ["suite", "operation", "implementation", "largest error", "least SNR, dB", "least band edge", "ties, %"]
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in runs.lines:
        groups.setdefault((line.suite, line.op, line.impl), []).append(line)
    rows = []
    for names, some in groups.items():
        error = max((line.number("error") for line in some), default=None)
        figures = [[n.quality[name] for n in some if name in n.quality] for name in ("snr_db", "edge", "ties")]
        snr, edge, ties = min(figures[0], default=None), min(figures[1], default=None), max(figures[2], default=None)
        values = significant(error), significant(snr, 4), significant(edge)
        rows.append([*map(text, names), *values, significant(None if ties is None else 100 * ties)])
    return [WORTH, table(headings, 3, rows)]


def machine(runs: Runs) -> list[str]:
    """The environment of the first run, its limits, and the versions of everything that was measured."""
    first = runs.results[0]
    limits = [
        f"- {threads} thread{'s' * (threads != '1')}: {known['fma_gflops']:.0f} GFLOP/s of fused multiply-adds "
        f"({known['isa']}); copying "
        + ", ".join(f"{copy:.0f} GB/s in {size >> 10} KiB" for size, _, copy in known["bandwidth"])
        for result in runs.results
        for threads, known in result.environment.get("limits", {}).get("cpu", {}).items()
    ]
    versions = {f"{name} {n.version}" for n in runs.lines if (name := n.impl.split(":")[0]) != "c" and n.version}
    described = [f"- {text(name)}: {text(value)}" for name, value in environment.describe(first.environment)]
    made: dict[str, set[str]] = {}
    for result in runs.results:
        by = dict(environment.describe(result.environment)).get("audio-bench", "an unknown version")
        made.setdefault(by, set()).update(row.run for row in result.rows)
    return [
        "## Machine and versions",
        "\n".join([*described, *dict.fromkeys(limits)]),
        f"Implementations: {text(', '.join(sorted(versions)))}.",
        "Runs, made and read by `make kernels`:",
        "\n".join(f"- {text(by)}: {text(', '.join(sorted(names)))}" for by, names in made.items()),
    ]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run directory")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="REPORT", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        runs = Runs([Results.load(run) for run in options.runs])
    except (OSError, ValueError) as error:
        print(f"cpu_kernels: {error}", file=sys.stderr)
        return 2
    options.out.write_text(render(runs, GOALS), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

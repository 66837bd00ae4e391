"""Who is fastest, and what cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench import stats
from bench.report.lines import Contestant, Line

FAR = 1.5  # medians whose own intervals are further apart than this need no bootstrap to be told apart


@dataclass(frozen=True)
class Place:
    """A line with its rank; ``tied`` where it shares the first rank with others. Rank None: not ranked."""

    line: Line
    rank: int | None = None
    tied: bool = False


def ratio(base: Line, new: Line) -> stats.Interval:
    """Cost of new / base with its 95% interval: paired by replicate and round within a run, unpaired between runs."""
    shared = sorted(base.rounds.keys() & new.rounds.keys())
    found = _unpaired(base, new)
    near = found.low <= FAR and found.high >= 1 / FAR
    if base.run == new.run and base.corpus == new.corpus and shared and near:
        found = stats.ratio_interval([base.rounds[r] for r in shared], [new.rounds[r] for r in shared])
    share = (base.audio_seconds or 1.0) / (new.audio_seconds or 1.0)
    return stats.Interval(found.low * share, found.value * share, found.high * share)


def _unpaired(base: Line, new: Line) -> stats.Interval:
    """The widest ratio that the two medians' own intervals allow."""
    b, n = ([line.number(k) for k in ("low_ms", "median_ms", "high_ms")] for line in (base, new))
    return stats.Interval(n[0] / b[2], n[1] / b[1], n[2] / b[0])


def rank(lines: Sequence[Line]) -> list[Place]:
    """Places of one case: the fastest, whatever is not measurably slower (they share rank 1), the rest by cost.

    Lines that may not be ranked follow in the order they came.
    """
    ranked = sorted((line for line in lines if line.measured), key=lambda line: line.cost)
    if not ranked:
        return [Place(line) for line in lines]
    best = ranked[0]
    first = [line for line in ranked if line is best or not stats.different(ratio(best, line))]
    rest = [line for line in ranked if line not in first]
    places = [Place(line, 1, len(first) > 1) for line in first]
    places += [Place(line, len(first) + n) for n, line in enumerate(rest, 1)]
    return places + [Place(line) for line in lines if not line.measured]


@dataclass(frozen=True)
class Standing:
    """One contestant over several cases. ``speed``: geometric mean of (best cost / own cost), 1 is the best."""

    contestant: Contestant
    rank: int
    tied: bool
    speed: float
    worst: float
    firsts: int


@dataclass(frozen=True)
class Overall:
    """The standings over the cases that every one of these contestants measured."""

    suite: str
    op: str
    corpus: str
    standings: list[Standing]
    used: int
    total: int
    left_out: dict[Contestant, int]

    @property
    def identity(self) -> list[str]:
        """What tells these contestants apart besides their names."""
        names = ("threads", "device", "run")
        return [n for n in names if len({getattr(s.contestant, n) for s in self.standings}) > 1]


def overall(cases: Sequence[Sequence[Place]]) -> Overall | None:
    """Standings over the ranked cases of one suite and operation; None where there is nothing to add to one table."""
    ranked = [{p.line.contestant: p for p in case if p.rank} for case in cases]
    ranked = [case for case in ranked if case]
    inside, used = _common(ranked)
    if len(used) < 2 or len(inside) < 2:
        return None
    standings = sorted((_standing(c, used) for c in inside), key=lambda s: -s.speed)
    leader = standings[0].contestant
    tied = [s.contestant for s in standings if s.contestant == leader or not _slower(leader, s.contestant, used)]
    ordered = [s for s in standings if s.contestant in tied] + [s for s in standings if s.contestant not in tied]
    final = [
        Standing(s.contestant, 1 if n <= len(tied) else n, n <= len(tied) > 1, s.speed, s.worst, s.firsts)
        for n, s in enumerate(ordered, 1)
    ]
    everyone = sorted(set().union(*ranked))
    left_out = {c: sum(c in case for case in ranked) for c in everyone if c not in inside}
    line = next(iter(used[0].values())).line
    return Overall(line.suite, line.op, line.corpus, final, len(used), len(ranked), left_out)


Ranked = dict[Contestant, Place]


def _common(ranked: Sequence[Ranked]) -> tuple[list[Contestant], list[Ranked]]:
    """Contestants and the cases all of them measured: whoever measured least leaves until half of the cases remain."""
    coverage = {c: sum(c in case for case in ranked) for c in sorted(set().union(*ranked))}
    inside = sorted(coverage, key=lambda c: -coverage[c])
    while inside:
        used = [case for case in ranked if all(c in case for c in inside)]
        if 2 * len(used) >= len(ranked):
            return inside, used
        inside.pop()
    return [], []


def _standing(contestant: Contestant, used: Sequence[Ranked]) -> Standing:
    relative = [_best(case) / case[contestant].line.cost for case in used]
    firsts = sum(case[contestant].rank == 1 for case in used)
    speed = float(np.exp(np.mean(np.log(relative))))
    return Standing(contestant, 0, False, speed, min(relative), firsts)


def _best(case: Ranked) -> float:
    return min(p.line.cost for p in case.values())


def _slower(leader: Contestant, other: Contestant, used: Sequence[Ranked]) -> bool:
    """Is the geometric mean of the cases' ratios measurably above 1? The cases' errors are independent."""
    ratios = [ratio(case[leader].line, case[other].line) for case in used]
    middle = float(np.mean([np.log(r.value) for r in ratios]))
    half = [max(np.log(r.high / r.value), np.log(r.value / r.low)) for r in ratios]
    reach = float(np.sqrt(np.sum(np.square(half)))) / len(ratios)
    return stats.different(stats.Interval(*(float(np.exp(middle + d)) for d in (-reach, 0, reach))))

"""Looking while measuring: an interleaved comparison stops each row as soon as it is decided, and says so honestly.

After 6, 12 and 30 pairs of processes every row is looked at, with the weights of ``LOOKS`` (see
:mod:`bench.compare.decide`). When time is up there is one more look, with the weight that is left. The looks of a row
can be made again from its rows alone, so that a run that is judged later gets the same verdicts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from bench.compare.decide import Evidence, decide, evidence
from bench.compare.effect import Effect, paired
from bench.plan import Usage
from bench.results import Row
from bench.runner import Referee
from bench.stats import Floats, round_medians

LOOKS = {6: 0.1, 12: 0.2, 30: 0.7}
MOST_PAIRS = max(LOOKS)

Place = tuple[str, str, str, str, int]  # suite, label of an implementation, case as JSON, operation, threads
Pair = tuple[Place, Place, list[Row], list[Row]]


def looks(base: Sequence[Floats], new: Sequence[Floats], final: bool = True) -> list[tuple[Effect, float]]:
    """The looks that this many pairs of processes have had; ``final`` spends what is left of the error on all of them.

    ``base`` and ``new`` hold one array of round medians a process, in the order in which they ran.
    """
    have, seen, spent = min(len(base), len(new)), [], 0.0
    for pairs, weight in LOOKS.items():
        if pairs <= have:
            seen.append((paired(base[:pairs], new[:pairs]), weight))
            spent += weight
    if final and have and have not in LOOKS:
        seen.append((paired(base, new), 1 - spent))
    return seen


class Sequential(Referee):
    """``groups``: pairs of labels (base, new); the rows of a group are judged together, groups apart.

    ``seconds`` is the time that a row may take; ``threshold(row)`` its log ratio.
    """

    def __init__(
        self,
        groups: Sequence[Mapping[str, str]],
        threshold: Callable[[Row], float],
        seconds: float,
        clock: Callable[[], float] = monotonic,
    ):
        self.groups, self.threshold, self.seconds, self.clock = groups, threshold, seconds, clock
        self.began = clock()
        self.over = False
        self.open: dict[Place, bool] = {}  # still needed?

    def decided(self, row: Row) -> bool:
        return self.over or not self.open.get(_place(row), True)

    def look(self, rows: Sequence[Row]) -> None:
        timed = by_place(rows)
        # what one pair of processes costs a row, its share of their starting included; is there time for another,
        # which may take a little longer?
        pairs, processes = max(map(len, timed.values()), default=0), sum(map(len, timed.values()))
        self.over = (pairs + 1.5) * (self.clock() - self.began) * 2 / max(1, processes) > self.seconds
        if not self.over and pairs not in LOOKS:
            return
        self.open = dict.fromkeys(timed, False)  # what only one side has: no more of it would tell anything
        for group in self.groups:
            self._judge(self._contests(group, timed))

    def _contests(self, group: Mapping[str, str], timed: dict[Place, list[Row]]) -> list[Pair]:
        found = []
        for (suite, label, case, op, threads), base in timed.items():
            other = (suite, group.get(label, ""), case, op, threads)
            if other in timed:
                found.append(((suite, label, case, op, threads), other, base, timed[other]))
        return found

    def _judge(self, group: list[Pair]) -> None:
        known: list[tuple[Pair, Evidence]] = []
        for pair in group:
            _, _, base, new = pair
            seen = looks(*side_by_side(base, new), final=self.over)
            if seen:
                known.append((pair, evidence(seen, self.threshold(base[0]))))
        verdicts = decide([e for _, e in known])
        settled = {(p[0], p[1]) for (p, _), v in zip(known, verdicts, strict=True) if v != "open"}
        for place, other, _, _ in group:
            needed = (place, other) not in settled
            for side in (place, other):
                self.open[side] = self.open.get(side, False) or needed


def by_place(rows: Sequence[Row]) -> dict[Place, list[Row]]:
    """The rows that were timed, by what they measure; replicates in order."""
    found: dict[Place, list[Row]] = {}
    for row in sorted(rows, key=lambda r: r.replicate):
        if row.samples_ns and row.status in ("ok", "unstable"):
            found.setdefault(_place(row), []).append(row)
    return found


def side_by_side(base: Sequence[Row], new: Sequence[Row]) -> tuple[list[Floats], list[Floats]]:
    """Round medians of the processes that ran together: those whose replicate both sides have."""
    a, b = ({r.replicate: round_medians(r.samples_ns, r.rounds) for r in rows} for rows in (base, new))
    common = sorted(set(a) & set(b))
    return [a[n] for n in common], [b[n] for n in common]


def ratio_of(rows: Sequence[Row], impl: str) -> float:
    """log(new / base) of the one row of an interleaved run. Raises :class:`Usage` where there is none."""
    timed = {place[1]: found for place, found in by_place(rows).items()}
    both = [timed.get(f"{impl}@{side}") for side in ("base", "new")]
    if both[0] and both[1]:
        return paired(*side_by_side(both[0], both[1])).value
    why = next((f"{r.impl} {r.status}: {r.reason}" for r in rows if r.reason), "it is not there")
    raise Usage(f"{impl} cannot be measured: {why}")


def _place(row: Row) -> Place:
    return row.suite, row.impl, json.dumps(row.case, sort_keys=True), row.op, row.threads

"""Which rows of two runs belong together, and whether two runs may be compared at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bench.core import label_of
from bench.measure.gpu_limits import kinds
from bench.plan import Usage
from bench.results import Results, Row

ALLOWANCES = {
    "machine": "different machines",
    "inputs": "different inputs",
    "threads": "different thread counts",
    "allocator": "different allocator settings",
}
SIDES = ("base", "new")
MEASURED = ("ok", "unstable")


@dataclass
class Pair:
    """One operation of one implementation in one case: all its processes on either side."""

    suite: str
    impl: str
    case: dict[str, object]
    op: str
    device: str
    threads: int
    base: list[Row] = field(default_factory=list)
    new: list[Row] = field(default_factory=list)

    @property
    def label(self) -> str:
        return label_of(self.case)


def match(base: Iterable[Row], new: Iterable[Row], ignore_threads: bool = False) -> list[Pair]:
    """Rows of one suite, implementation, case, operation and device (and thread count), in NEW's order.

    ``ignore_threads``: of suites that have one thread count on either side; where there are more, like goes with like.
    """
    both = {"new": list(new), "base": list(base)}
    counts = [(side, r.suite, r.threads) for side, rows in both.items() for r in rows]
    several = Counter((side, suite) for side, suite, _ in dict.fromkeys(counts))
    found: dict[str, Pair] = {}
    for side, rows in both.items():
        for r in rows:
            case = json.dumps(r.case, sort_keys=True)
            unlike = ignore_threads and all(several[s, r.suite] <= 1 for s in both)
            key = json.dumps([r.suite, r.impl, case, r.op, r.device, 0 if unlike else r.threads])
            pair = found.setdefault(key, Pair(r.suite, r.impl, r.case, r.op, r.device, r.threads))
            getattr(pair, side).append(r)
    return list(found.values())


def sides(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of an interleaved run, ``impl@base`` and ``impl@new``, with their plain names."""
    found: tuple[list[Row], list[Row]] = ([], [])
    for row in rows:
        impl, _, side = row.impl.rpartition("@")
        if side in SIDES:
            found[SIDES.index(side)].append(replace(row, impl=impl))
    return found


def interleaved(rows: Iterable[Row]) -> bool:
    return any(row.impl.endswith(("@base", "@new")) for row in rows)


def check(base: Results, new: Results, allow: Collection[str] = ()) -> None:
    """Raises :class:`Usage` where the two cannot be compared, unless ``allow`` names what differs (``ALLOWANCES``)."""
    for what, (one, other) in _differences(base, new).items():
        if what not in allow:
            raise Usage(
                f"BASE and NEW are of {ALLOWANCES[what]}: {one} and {other}; "
                f"measure both alike (bench compare --interleave), or compare them all the same with --allow {what}"
            )


def _differences(base: Results, new: Results) -> dict[str, tuple[str, str]]:
    found = {}
    machines = tuple(str(r.environment.get("machine", "an unknown one")) for r in (base, new))
    if machines[0] != machines[1]:
        found["machine"] = (machines[0], machines[1])
    gpus = [kinds(r.environment.get("limits") or {}) for r in (base, new)]
    for device in gpus[0].keys() & gpus[1].keys():
        if gpus[0][device] != gpus[1][device]:  # of one machine: what is called cuda is another
            found["machine"] = (gpus[0][device], gpus[1][device])
    if differ := _first(base, new, lambda r: f"seed {r.seed}, corpus {r.corpus}, {r.audio_seconds:g} s of audio"):
        found["inputs"] = differ
    counts = [{s: {r.threads for r in run.rows if r.suite == s} for s in _suites(run)} for run in (base, new)]
    for suite in counts[0].keys() & counts[1].keys():
        if not counts[0][suite] & counts[1][suite]:
            one, other = (", ".join(map(str, sorted(c[suite]))) for c in counts)
            found["threads"] = (one, other)
    if differ := _first(base, new, lambda r: r.allocator or "none recorded"):
        found["allocator"] = differ
    return found


def _first(base: Results, new: Results, fact: object) -> tuple[str, str] | None:
    """The first pair of rows in which a fact differs, as texts."""
    assert callable(fact)
    for pair in match(base.rows, new.rows, ignore_threads=True):
        a, b = ([fact(r) for r in rows if r.status in MEASURED] for rows in (pair.base, pair.new))
        if a and b and a[0] != b[0]:
            return str(a[0]), str(b[0])
    return None


def _suites(run: Results) -> set[str]:
    return {r.suite for r in run.rows}

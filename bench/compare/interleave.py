"""Two interpreters or checkouts measured alternately in one run, so that the machine's drift falls on both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from math import log1p
from pathlib import Path
from typing import Any

from bench import api, plan
from bench.compare import homes
from bench.compare.homes import Offer
from bench.compare.sequence import MOST_PAIRS, Sequential
from bench.compare.thresholds import Gate
from bench.process import Home
from bench.registry import load, matches, nearest
from bench.results import Row
from bench.runner import Observer

TURN_S = 0.005  # short turns: what disturbs the machine for longer falls on both sides of a round
ROUNDS = 20
SECONDS = 10.0


def settings(memory: bool) -> dict[str, Any]:
    """How an interleaved run measures: many pairs of fresh processes, few short rounds in each."""
    return {
        "precision": 0.0,
        "replicates": MOST_PAIRS,
        "turn_s": TURN_S,
        "budget_s": ROUNDS * TURN_S * MOST_PAIRS,
        "extras": memory,
        "copies": True,
        "ahead": True,
    }


def run(
    base: Home,
    new: Home,
    suites: Sequence[str],
    gate: Gate,
    *,
    metric: str = "all",
    impl: Sequence[str] = ("all",),
    exclude: Sequence[str] = (),
    grid: str = "quick",
    case: Sequence[str] = (),
    op: Sequence[str] = (),
    threads: int = 1,
    seconds: float = SECONDS,
    out: Path | None = None,
    observer: Observer | None = None,
) -> Path:
    """Measure until every row is decided or has had its ``seconds``; returns the run directory.

    The cases are those of the suite as this process knows it; NEW opens each first, so that inputs and references are
    NEW's for both. Raises :class:`bench.plan.Usage` where a side cannot run, or has nothing that was asked for.
    """
    both = {"new": homes.offered(new, "NEW"), "base": homes.offered(base, "BASE")}
    items: list[plan.Item] = []
    unread: list[Row] = []
    for name in suites:
        suite = load().suite(name)
        labels = [
            f"{i}@{side}"
            for side, found in both.items()
            for i in found.impls.get(name, [])
            if _wanted(i, impl, exclude)
        ]
        unread += _unread(name, both, impl, exclude)
        if labels:
            items.append(plan.Item(name, plan.cases(suite, grid, plan.parse_case(case)), labels, plan.ops(suite, op)))
    if not items:
        if unread:
            raise plan.Usage(f"{unread[0].impl} cannot be measured: {unread[0].reason}")
        names = dict.fromkeys(i for found in both.values() for name in suites for i in found.impls.get(name, []))
        hint = next((nearest(p, names) for p in impl if not any(matches(name, p) for name in names)), "")
        raise plan.Usage(f"neither side has an implementation of {', '.join(suites)} that --impl asks for{hint}")
    wish = plan.Plan(
        items,
        threads=(threads,),
        homes={side: asdict(home) for side, home in (("base", base), ("new", new))},
        **settings(memory=metric != "time"),
    )
    group = {label: f"{label.removesuffix('@base')}@new" for i in items for label in i.impls if label.endswith("@base")}

    def threshold(row: Row) -> float:
        return log1p(gate.threshold(row.suite, row.impl.rpartition("@")[0], "time"))

    # the gate judges time while it measures; memory and quality need few processes
    store = api.start(replace(wish, metrics=(), asr="none"), out)
    for row in unread:
        store.append(replace(row, run=store.folder.name))
    api.execute(store, observer, Sequential([group], threshold, seconds))
    return store.folder


def _unread(suite: str, both: Mapping[str, Offer], impl: Sequence[str], exclude: Sequence[str]) -> list[Row]:
    """A failed row for each plug-in that a side cannot read: what it brought is not gone, it is broken.

    It counts where its own name was asked for, or where something that was asked for is of the other side only: what a
    file would have brought, nobody knows.
    """
    names = {side: {i for i in found.impls.get(suite, []) if _wanted(i, impl, exclude)} for side, found in both.items()}
    lacking = {"base": names["new"] - names["base"], "new": names["base"] - names["new"]}
    return [
        Row("", suite, f"{broken.name}@{side}", {}, "", status="error", reason=f"{broken.source}: {broken.reason}")
        for side, found in both.items()
        for broken in found.broken
        if broken.suite in (suite, "") and (lacking[side] or (broken.suite and _wanted(broken.name, impl, exclude)))
    ]


def first(suite: str, case: Sequence[str], op: str) -> dict[str, Any]:
    """The one row that a bisection asks for, as options of :func:`run`: a single case and a single operation."""
    known = load().suite(suite)
    setting = plan.cases(known, "quick", plan.parse_case(case))[0]
    return {
        "grid": "quick",
        "case": [f"{name}={_text(value)}" for name, value in setting.items()],
        "op": [plan.ops(known, [op] if op else [])[0]],
    }


def _text(value: Any) -> str:
    """A parameter as ``--case`` takes it."""
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _wanted(name: str, patterns: Sequence[str], exclude: Sequence[str]) -> bool:
    return any(matches(name, p) for p in patterns) and not any(matches(name, p) for p in exclude)

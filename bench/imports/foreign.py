"""What all readers of other harnesses' files share: the record of the machine, samples, rounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.environment import machine_id
from bench.results import Row

ROUND_NS = 25e6  # as long as a turn of ours
NO_SAMPLES = "only statistics were kept, not the samples: the interval is that of {}; {}"


@dataclass(frozen=True)
class Foreign:
    """One file: whose it is, its rows (the run's id is not known yet), its record, and what was left out and why."""

    tool: str
    rows: list[Row]
    environment: dict[str, Any]
    left_out: list[str] = field(default_factory=list)


def environment(tool: str, version: str, time: str, **facts: Any) -> dict[str, Any]:
    """A record as :func:`bench.environment.collect` makes it, of the facts that a file holds.

    ``machine`` is named as there; without its memory where the file does not say how much there is.
    """
    record = {"time": time, "harness": {"name": tool, "version": version}, **facts}
    return {"machine": machine_id(record).removesuffix("-0g"), **record}


def samples(seconds: Sequence[float], loops: int = 1) -> dict[str, Any]:
    """The columns of samples (s a call, in time order): in ns, and grouped into rounds of about 25 ms."""
    values = [1e9 * float(s) for s in seconds]
    rounds, spent = [0], 0.0
    for value in values:
        if spent >= ROUND_NS:
            rounds.append(0)
            spent = 0.0
        rounds[-1] += 1
        spent += value * loops
    return {"samples_ns": values, "rounds": rounds, "loops": loops}


def statistics(what: str, seconds: Sequence[float | None], remedy: str) -> dict[str, Any]:
    """The same where a tool kept quantiles only: they stand for the samples, and the row says so."""
    values = [1e9 * s for s in seconds if s is not None and math.isfinite(s)]
    reason = NO_SAMPLES.format(what, remedy)
    return {"samples_ns": values, "rounds": [1] * len(values), "status": "unstable", "reason": reason}


def plain(value: Any) -> Any:
    """A parameter as a case holds it: a number, a truth value or a text."""
    number = isinstance(value, int | float) and math.isfinite(value)  # JSON has no infinity, and no NaN
    return value if number or isinstance(value, str) else str(value)


def case(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {str(name): plain(value) for name, value in (params or {}).items()}

"""What is not in the ranking, and why: grouped so that a reader sees each reason once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.core import STATUSES, Case
from bench.report.lines import clean
from bench.results import Results, Row

PIP = r"(?:python3? -m |uv )?pip install (?:'[^']*'|\"[^\"]*\"|[\w.\-\[\]=<>~]+)"
APT = r"(?:sudo )?apt(?:-get)? install(?: [\w.+\-]+)+"
COMMAND = re.compile(rf"`([^`]+)`|({PIP}|{APT})")


@dataclass(frozen=True)
class Absent:
    """Implementations that cannot run here for one and the same reason."""

    reason: str
    impls: list[str]  # "suite/implementation"


@dataclass(frozen=True)
class Trouble:
    """Why one implementation was wrong, failed or stayed unstable: reasons that differ in numbers only are one.

    ``where`` maps each case to its own reasons; ``reason`` is the first of them all.
    """

    status: str
    suite: str
    impl: str
    reason: str
    where: dict[str, list[str]]


NUMBER = re.compile(r"\d[\d.,]*(e[+-]?\d+)?")
ORDER = ("wrong", "crash", "oom", "timeout", "error", "unstable")


def absent(results: Sequence[Results]) -> list[Absent]:
    found: dict[str, dict[str, None]] = {}
    for row in _rows(results):
        if row.status == "unavailable":
            found.setdefault(_reason(row), {})[clean(f"{row.suite}/{row.impl}")] = None
    return [Absent(reason, list(impls)) for reason, impls in found.items()]


def troubles(results: Sequence[Results]) -> list[Trouble]:
    """Every other row that is not ok, whatever its other replicates said, the gravest status first."""
    found: dict[tuple[str, ...], Trouble] = {}
    for row in _rows(results):
        if row.status not in ("ok", "unavailable"):
            reason = _reason(row)
            who = (row.status, clean(row.suite), clean(row.impl))
            trouble = found.setdefault((*who, NUMBER.sub("#", reason)), Trouble(*who, reason, {}))
            reasons = trouble.where.setdefault(_where(row), [])
            if reason not in reasons:
                reasons.append(reason)
    rank = {status: n for n, status in enumerate(ORDER)}
    return sorted(found.values(), key=lambda t: rank.get(t.status, -1))


def split_commands(reason: str) -> list[tuple[str, bool]]:
    """The text cut into pieces; True marks a command that a reader can paste.

    >>> split_commands("needs x: pip install 'audio-bench[x]' or `make deps`")
    [('needs x: ', False), ("pip install 'audio-bench[x]'", True), (' or ', False), ('make deps', True)]
    """
    pieces, at = [], 0
    for match in COMMAND.finditer(reason):
        pieces += [(reason[at : match.start()], False), (match[1] or match[2], True)]
        at = match.end()
    return [(text, command) for text, command in [*pieces, (reason[at:], False)] if text]


def _rows(results: Sequence[Results]) -> Iterable[Row]:
    return (row for result in results for row in result.rows)


def _reason(row: Row) -> str:
    return clean(row.reason).strip() or f"no reason was recorded ({STATUSES.get(row.status, 'unknown status')})"


def _where(row: Row) -> str:
    """``forward, n_fft=512 hop_length=128``, with what else sets the row apart."""
    threads = f"{row.threads} threads" if row.threads != 1 else ""
    device = row.device if row.device != "cpu" else ""
    parts = (row.op, Case(row.suite, row.case).label, device, threads)
    return clean(", ".join(p for p in parts if p)) or "everywhere"

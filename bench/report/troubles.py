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
    """One reason for which one implementation was wrong, failed or stayed unstable, and where."""

    status: str
    suite: str
    impl: str
    reason: str
    where: list[str]


ORDER = ("wrong", "crash", "oom", "timeout", "error", "unstable")


def absent(results: Sequence[Results]) -> list[Absent]:
    found: dict[str, dict[str, None]] = {}
    for row in _rows(results):
        if row.status == "unavailable":
            found.setdefault(_reason(row), {})[clean(f"{row.suite}/{row.impl}")] = None
    return [Absent(reason, list(impls)) for reason, impls in found.items()]


def troubles(results: Sequence[Results]) -> list[Trouble]:
    """Every other row that is not ok, whatever its replicates said, the gravest status first."""
    found: dict[tuple[str, str, str, str], dict[str, None]] = {}
    for row in _rows(results):
        if row.status not in ("ok", "unavailable"):
            key = (row.status, clean(row.suite), clean(row.impl), _reason(row))
            found.setdefault(key, {})[_where(row)] = None
    rank = {status: n for n, status in enumerate(ORDER)}
    return sorted((Trouble(*key, list(where)) for key, where in found.items()), key=lambda t: rank.get(t.status, -1))


def similar(found: Sequence[Trouble]) -> list[tuple[Trouble, int]]:
    """Troubles whose reasons differ in their numbers only, as the first of them and how many cases there are."""
    groups: dict[tuple[str, str, str, str], list[Trouble]] = {}
    for t in found:
        groups.setdefault((t.status, t.suite, t.impl, re.sub(r"[\d.]+(e[+-]?\d+)?", "#", t.reason)), []).append(t)
    return [(group[0], len({place for t in group for place in t.where})) for group in groups.values()]


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
    label = Case(row.suite, row.case).label
    more = "" if row.device == "cpu" else f", {row.device}"
    return clean(f"{row.op}, {label}{more}" if label else f"{row.op}{more}")

"""How cost grows with size: which cases form a series, and the exponent of the power law fitted to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.core import Case
from bench.report.lines import Contestant, Line

LEAST = 3  # sizes, for a line to be fitted
MOST = 2  # parameters shown for one operation


@dataclass(frozen=True)
class Series:
    """One contestant: sizes in rising order, its line at each, and the exponent b of time ~ size**b."""

    contestant: Contestant
    sizes: list[float]
    lines: list[Line]
    exponent: float


@dataclass(frozen=True)
class Growth:
    """``fixed`` says what stayed the same, and what grew in proportion."""

    parameter: str
    fixed: str
    series: list[Series]

    @property
    def lines(self) -> list[Line]:
        return [line for s in self.series for line in s.lines]


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Slope of log time over log size, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def find(lines: Sequence[Line]) -> list[Growth]:
    """The parameters along which at least three sizes were measured, those with the most sizes first."""
    parameters = {k: None for line in lines for k, v in line.case.items() if _size(v)}
    found: list[Growth] = []
    for parameter in parameters:
        new = _along(parameter, lines)
        if new and not any(new.lines == old.lines for old in found):  # a size and its partner give one series
            found.append(new)
    return sorted(found, key=lambda g: -max(len(s.sizes) for s in g.series))[:MOST]


def _size(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _along(parameter: str, lines: Sequence[Line]) -> Growth | None:
    """The largest group of cases in which this parameter grows and the others stay, or one grows in proportion."""
    usable = [line for line in lines if _size(line.case.get(parameter))]
    others = {k: None for line in usable for k, v in line.case.items() if k != parameter and _size(v)}
    best: list[Line] = []
    coupled = ""
    for partner in ("", *others):
        groups: dict[str, list[Line]] = {}
        for line in usable:
            groups.setdefault(_rest(line, parameter, partner), []).append(line)
        largest = max(groups.values(), key=lambda g: _sizes(g, parameter), default=[])
        if _sizes(largest, parameter) > _sizes(best, parameter):
            best, coupled = largest, partner
    series = [s for s in _series(best, parameter) if len(s.sizes) >= LEAST]
    return Growth(parameter, _fixed(best[0], parameter, coupled), series) if series else None


def _sizes(lines: Sequence[Line], parameter: str) -> int:
    return len({line.case[parameter] for line in lines})


def _rest(line: Line, parameter: str, partner: str) -> str:
    """Everything about a case but the parameter; its partner counts by its ratio to it."""
    rest = {k: v for k, v in line.case.items() if k != parameter}
    if partner in rest and _size(rest[partner]):
        rest[partner] = f"{rest[partner] / line.case[parameter]:.3g}"
    return repr(sorted(rest.items()))


def _fixed(line: Line, parameter: str, partner: str) -> str:
    rest = {k: v for k, v in line.case.items() if k not in (parameter, partner)}
    said = [Case(line.suite, rest).label] if rest else []
    if partner:
        said.append(f"{partner} in proportion")
    return ", ".join(said)


def _series(lines: Sequence[Line], parameter: str) -> list[Series]:
    groups: dict[Contestant, dict[float, Line]] = {}
    for line in lines:
        groups.setdefault(line.contestant, {}).setdefault(float(line.case[parameter]), line)
    made = []
    for contestant, by_size in groups.items():
        sizes = sorted(by_size)
        ordered = [by_size[s] for s in sizes]
        slope = exponent(sizes, [line.number("median_ms") for line in ordered]) if len(sizes) >= LEAST else 0.0
        made.append(Series(contestant, sizes, ordered, slope))
    return made

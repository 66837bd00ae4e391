"""Pairs of rows -> a verdict each -> an exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import expm1, inf, isfinite, log1p
from typing import Any

from bench import exits
from bench.compare import measures
from bench.compare.decide import Evidence, decide, evidence, missing
from bench.compare.measures import Measurement
from bench.compare.pairs import MEASURED, Pair
from bench.compare.thresholds import Gate
from bench.core import Suite
from bench.counts import key_of
from bench.results import Row
from bench.scores import Score

VERDICTS = {
    "slower": "certain to have changed for the worse, and by more than the threshold (time)",
    "worse": "the same of memory, counts and quality",
    "wrong": "NEW gave a wrong answer, or none although it could run",
    "inconclusive": "neither: more processes would tell",
    "gone": "only BASE has it",
    "new": "only NEW has it",
    "faster": "certain to have changed for the better, and by more than the threshold (time)",
    "better": "the same of memory, counts and quality",
    "same": "the 95% interval of the change lies within the threshold",
}


@dataclass(frozen=True)
class Verdict:
    """One line. ``change``, ``low`` and ``high`` are shares (0.03: 3% more), the ends those of the 95% interval;
    ``chance`` is the one-sided p-value of a change in the direction of ``change``, before the many rows are counted."""

    suite: str
    impl: str
    label: str
    op: str
    device: str
    threads: int
    metric: str
    verdict: str
    unit: str = ""
    base: float | None = None
    new: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    chance: float | None = None
    processes: tuple[int, int] = (0, 0)
    more_processes: int | None = None
    reason: str = ""

    @property
    def where(self) -> str:
        """``stft numpy forward n_fft=512 hop_length=128``."""
        threads = f"{self.threads} threads" if self.threads != 1 else ""
        device = self.device if self.device != "cpu" else ""
        return " ".join(filter(None, (self.suite, self.impl, self.op, self.label, device, threads)))

    def to_json(self) -> dict[str, Any]:
        return {k: v if not isinstance(v, float) or isfinite(v) else None for k, v in asdict(self).items()}


@dataclass(frozen=True)
class Comparison:
    base: str  # names of what was compared
    new: str
    together: bool
    verdicts: list[Verdict]
    notes: list[str]
    inconclusive: str = "fail"

    def count(self, *names: str) -> int:
        return sum(v.verdict in names for v in self.verdicts)

    @property
    def exit_code(self) -> int:
        """What failed comes first, then a regression, then what nobody can tell; see ARCHITECTURE.md."""
        if self.count("wrong"):
            return exits.FAILED
        if self.count("slower", "worse"):
            return exits.REGRESSION
        return exits.INCONCLUSIVE if self.inconclusive == "fail" and self.count("inconclusive") else exits.FINE


@dataclass(frozen=True)
class Beside:
    """What a run has beside its rows."""

    scores: Mapping[tuple[str, str, str], Sequence[Score]] = field(default_factory=dict)
    """{(suite, implementation, case as text): its clips}"""
    counts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """{:func:`bench.counts.key_of` a row: its instructions and allocations}"""


NOTHING = (Beside(), Beside())


def judge(
    pairs: Sequence[Pair],
    wanted: Sequence[str],
    gate: Gate,
    suites: Mapping[str, Suite],
    beside: tuple[Beside, Beside] = NOTHING,
) -> list[Verdict]:
    """A verdict for each pair and metric; ``wanted`` of ``measures.METRICS``. Metrics are families of their own:
    noise in one costs the others nothing."""
    whole = [p for p in pairs if _measured(p.base) and _measured(p.new)]
    verdicts = [v for p in pairs if p not in whole for v in _one_sided(p)]
    for metric in wanted:
        if metric == "counts":
            found = [(p, m) for p in whole for m in _counts(p, beside)]
        else:
            found = [(p, m) for p in whole for m in _measurements(p, metric, gate, suites)]
        if metric == "quality":
            found += _scores(beside)
        verdicts += _family(found, gate)
    order = list(VERDICTS)
    return sorted(verdicts, key=lambda v: order.index(v.verdict))


def _measurements(pair: Pair, metric: str, gate: Gate, suites: Mapping[str, Suite]) -> list[Measurement]:
    if metric == "quality":
        return list(measures.quality(pair, suites.get(pair.suite)))
    found = measures.time(pair, gate.together) if metric == "time" else measures.memory(pair)
    return [found] if found else []


def _counts(pair: Pair, beside: tuple[Beside, Beside]) -> list[Measurement]:
    base, new = (side.counts.get(key_of(rows[0]), {}) for side, rows in zip(beside, (pair.base, pair.new), strict=True))
    return list(measures.counts(base, new))


def _scores(beside: tuple[Beside, Beside]) -> list[tuple[Pair, Measurement]]:
    base, new = (side.scores for side in beside)
    found = []
    for key in base.keys() & new.keys():
        suite, impl, _ = key
        pair = Pair(suite, impl, dict(base[key][0].case), "", "cpu", 1)
        found += [(pair, m) for m in measures.scores(base[key], new[key])]
    return sorted(found, key=lambda f: (f[0].suite, f[0].impl, f[0].label, f[1].name))


def _family(found: Sequence[tuple[Pair, Measurement]], gate: Gate) -> list[Verdict]:
    shares = [gate.threshold(p.suite, p.impl, "error" if m.name == "error" else m.metric) for p, m in found]
    known = [
        evidence(m.looks, share * m.scale if m.scale else log1p(share))
        for (_, m), share in zip(found, shares, strict=True)
    ]
    return [
        _verdict(p, m, e, call, share, len(known))
        for (p, m), e, call, share in zip(found, known, decide(known), shares, strict=True)
    ]


def _verdict(pair: Pair, m: Measurement, e: Evidence, call: str, share: float, rows: int) -> Verdict:
    worse = (call == "more") == (m.better == "lower")
    names = ("slower", "faster") if m.metric == "time" else ("worse", "better")
    verdict = {"same": "same", "open": "inconclusive"}.get(call, names[0] if worse else names[1])
    more = missing(e, rows) if verdict == "inconclusive" else None
    return Verdict(
        **_place(pair),
        metric=m.name,
        verdict=verdict,
        unit=m.unit,
        base=m.base,
        new=m.new,
        change=_share(e.effect.value, m.scale),
        low=_share(e.low, m.scale),
        high=_share(e.high, m.scale),
        threshold=share,
        chance=min(e.more, e.less),
        processes=m.processes,
        more_processes=more,
        reason=_remedy(more) if verdict == "inconclusive" else "",
    )


def _remedy(more: int | None) -> str:
    if more is None:
        return "the change is as large as the threshold; more processes will not tell, another threshold would"
    return f"about {more} more {'process' if more == 1 else 'processes'} of each side would tell"


def _share(value: float, scale: float) -> float:
    return value / scale if scale else expm1(value) if value < 700 else inf


def _one_sided(pair: Pair) -> list[Verdict]:
    """What has figures on one side at most. What was unavailable on both sides is nobody's business here."""
    base, new = (_measured(rows) for rows in (pair.base, pair.new))
    failed = [r for r in pair.new if r.status not in (*MEASURED, "unavailable")]
    if failed:
        before = any(r.status == failed[0].status for r in pair.base)
        reason = f"{failed[0].status}: {failed[0].reason}" + ("; BASE as well" if before else "")
        return [Verdict(**_place(pair), metric="", verdict="wrong", reason=reason)]
    if base:
        reason = next((r.reason for r in pair.new), "")
        return [Verdict(**_place(pair), metric="", verdict="gone", reason=reason)]
    if new:
        reason = next((f"BASE: {r.status}: {r.reason}" for r in pair.base), "")
        return [Verdict(**_place(pair), metric="", verdict="new", reason=reason)]
    return []


def _measured(rows: Sequence[Row]) -> bool:
    return bool(rows) and all(r.status in MEASURED for r in rows) and any(r.samples_ns for r in rows)


def _place(pair: Pair) -> dict[str, Any]:
    return {
        "suite": pair.suite,
        "impl": pair.impl,
        "label": pair.label,
        "op": pair.op,
        "device": pair.device,
        "threads": pair.threads,
    }

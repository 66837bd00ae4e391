"""Codecs at fixed bitrates: means with intervals from ``scores.jsonl``, ranked within each metric.

A codec is compared at a bitrate when its payload is within the window (``bench.codec.WINDOW``) of what was asked; what
falls outside is shown with its payload, and not ranked. A clip on which a metric failed is counted with its reason and
never averaged in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.codec import within
from bench.quality.summary import interval
from bench.report.digits import significant, slug
from bench.report.lines import Line
from bench.report.metrics import Metric

CEILING, RANDOM, OUTSIDE, NOTHING_SCORED = "ceiling", "random weights", "outside", "no score"


@dataclass(frozen=True)
class Mean:
    """A metric's mean over ``n`` clips, with the 95% interval of a bootstrap over speakers; failures by reason.

    ``baseline`` is the same figure of the untouched audio, for metrics that have one.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    failures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    baseline: float | None = None
    clips: Mapping[str, float] = field(default_factory=dict, repr=False)
    weights: Mapping[str, float] = field(default_factory=dict, repr=False)  # of clips; 1 where there is none

    @property
    def failed(self) -> int:
        """Clips on which it could not be computed."""
        return sum(map(len, self.failures.values()))

    @property
    def number(self) -> float:
        """The mean, NaN where there is none."""
        return math.nan if self.value is None else self.value

    @property
    def ends(self) -> tuple[float, float]:
        """The interval; the mean itself where there is none."""
        return self.number if self.low is None else self.low, self.number if self.high is None else self.high


@dataclass(frozen=True)
class Entry:
    """One codec that was asked for one bitrate. Bitrates in kbit/s over all clips, delays in ms, None: not known."""

    impl: str
    version: str
    asked: float
    clips: int
    seconds: float
    payload: float | None
    nominal: float | None
    container: float | None
    delay_declared: float | None
    delay_measured: float | None
    ceiling: bool
    parametric: bool
    random_weights: bool
    model_bytes: int
    parameters: int
    macs_per_second: float
    means: dict[str, Mean]
    failures: dict[str, list[str]]  # why clips gave no answer at all -> the clips
    speeds: dict[str, Line] = field(default_factory=dict, repr=False, compare=False)

    @property
    def off(self) -> float:
        """How far its payload is from what was asked, relatively."""
        return self.payload / self.asked - 1 if self.payload is not None and self.asked else math.inf

    @property
    def aside(self) -> str:
        """Why it is in no ranking at this bitrate; empty where it is."""
        if self.ceiling:
            return CEILING
        if self.random_weights:
            return RANDOM
        if not any(m.n for m in self.means.values()):
            return NOTHING_SCORED
        return "" if self.payload is not None and within(self.payload, self.asked) else OUTSIDE

    @property
    def curved(self) -> bool:
        """Has a place on a rate-distortion curve, whatever was asked."""
        return self.aside in ("", OUTSIDE)

    @property
    def delay(self) -> float | None:
        """Measured where it was, else declared, ms."""
        return self.delay_declared if self.delay_measured is None else self.delay_measured

    def speed(self, op: str, name: str) -> float | None:
        """A figure of the summary of one operation's timing, None where it was not measured."""
        line = self.speeds.get(op)
        return line[name] if line and line.measured else None


@dataclass(frozen=True)
class Place:
    """One codec within a metric. ``tied``: what it loses on the best, clip by clip, cannot be told from nothing."""

    entry: Entry
    mean: Mean
    rank: int | None
    tied: bool = False
    why: str = ""  # it is not ranked


@dataclass(frozen=True)
class Ranking:
    """One metric at one bitrate, best first; then who is not ranked."""

    metric: Metric
    places: list[Place]

    @property
    def key(self) -> str:
        return slug(self.metric.name, *(f"{p.entry.impl}{p.entry.asked}" for p in self.places))


@dataclass(frozen=True)
class At:
    """Everything that was asked for one bitrate, in one condition."""

    run: str
    corpus: str
    condition: str
    asked: float
    entries: list[Entry]
    rankings: list[Ranking]

    @property
    def title(self) -> str:
        return f"{self.asked:g} kbit/s"

    @property
    def key(self) -> str:
        return slug("at", self.condition, self.title, self.run, self.corpus)

    def ranking(self, metric: str) -> Ranking | None:
        return next((r for r in self.rankings if r.metric.name == metric), None)

    def ordered(self, metric: Metric | None) -> list[Entry]:
        """Entries in the order of their ranks in ``metric``."""
        ranking = self.ranking(metric.name) if metric else None
        first = [p.entry for p in ranking.places] if ranking else []
        return first + [e for e in self.entries if e not in first]


@dataclass(frozen=True)
class Condition:
    """One run's codecs on one kind of sound of a corpus, at one sample rate and number of channels."""

    run: str
    corpus: str
    kind: str  # speech, music, ...: what the corpus says; means over several kinds would mean nothing
    label: str
    metrics: list[Metric]
    shown: list[Metric]  # those that short tables have room for; speed and delay are weighed against the first
    clips: int
    speakers: int  # 0 where the corpus names none
    notes: list[str]
    bitrates: list[At]
    beside: str = ""  # its run's name, where the report has several

    @property
    def name(self) -> str:
        return ", ".join(part for part in ("codec quality", self.kind, self.label, self.beside) if part)

    @property
    def key(self) -> str:
        return slug(self.name, self.run, self.corpus)

    def key_of(self, metric: Metric) -> str:
        """Names one metric of this condition in links and files."""
        return slug(self.key, metric.name)

    @property
    def codecs(self) -> list[str]:
        """Implementations with a place on a curve, in the order of the run."""
        return list(dict.fromkeys(e.impl for at in self.bitrates for e in at.entries if e.curved))

    @property
    def ceilings(self) -> list[Entry]:
        """What passing through a rate without a codec leaves; it does not depend on the bitrate."""
        return list({e.impl: e for at in self.bitrates for e in at.entries if e.ceiling}.values())

    @property
    def headline(self) -> Metric | None:
        """The metric that speed and delay are weighed against."""
        return self.shown[0] if self.shown else None


def rank(metric: Metric, entries: Sequence[Entry], speakers: Mapping[str, str]) -> Ranking:
    """The best first, and with it whatever loses nothing measurable on it over the clips that both computed.

    ``speakers``: who speaks in each clip. Nobody is ranked whose payload is outside the window, and no parametric
    codec by a metric that misjudges them.
    """
    asked = [(e, e.means[metric.name]) for e in entries if metric.name in e.means]
    why = {e.impl: _why(metric, e, mean) for e, mean in asked}
    ranked = sorted((p for p in asked if not why[p[0].impl]), key=lambda p: -metric.sign * p[1].number)
    first = [p for p in ranked[:1] + [p for p in ranked[1:] if _tied(ranked[0][1], p[1], speakers)]]
    rest = [p for p in ranked if p not in first]
    places = [Place(e, m, 1, len(first) > 1) for e, m in first]
    places += [Place(e, m, n) for n, (e, m) in enumerate(rest, len(first) + 1)]
    aside = sorted((p for p in asked if why[p[0].impl]), key=lambda p: (p[0].ceiling, p[0].payload or 0.0))
    return Ranking(metric, places + [Place(e, m, None, why=why[e.impl]) for e, m in aside])


def _why(metric: Metric, entry: Entry, mean: Mean) -> str:
    """Why it is not ranked; empty where it is."""
    if entry.aside:
        return entry.aside
    if mean.value is None:
        return "failed on every clip"
    if not metric.better:
        return "no metric of this version"
    return "parametric: not to be ranked by this alone" if metric.caution and entry.parametric else ""


def _tied(best: Mean, other: Mean, speakers: Mapping[str, str]) -> bool:
    """Does the 95% interval of their difference, clip by clip, hold zero? A mere overlap of intervals is no test."""
    both = best.clips.keys() & other.clips.keys()
    groups: dict[str, list[float]] = {}
    for clip in sorted(both):
        lost = (best.clips[clip] - other.clips[clip]) * best.weights.get(clip, 1.0)
        groups.setdefault(speakers.get(clip) or f"clip {clip}", []).append(lost)
    if len(both) < 2:
        return False
    low, high = interval([np.array(group) for group in groups.values()])
    return low <= 0 <= high


def outside_text(entry: Entry) -> str:
    """How far a payload is from what was asked: ``64 kbit/s, +433%``."""
    return f"{significant(entry.payload)} kbit/s, {100 * entry.off:+.0f}%"

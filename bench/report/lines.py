"""Lines of a report: what one implementation did on one case in one run, with its rounds kept for comparing.

Runs are never pooled: each run, and each corpus within it, is summarised on its own.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench import stats
from bench.results import Results, Row

UNPRINTABLE = ("Cc", "Cs", "Cn")
RANKED = ("ok", "unstable")


@dataclass(frozen=True)
class Line:
    """One line of ``Results.summary()``. ``rounds`` holds each replicate's medians of rounds, ns; ``peaks`` and
    ``adds`` its ``peak_gflops`` and ``peak_gadds``, where they were measured."""

    run: str
    corpus: str
    suite: str
    label: str
    op: str
    impl: str
    device: str
    threads: int
    status: str
    case: dict[str, Any]
    version: str
    audio_seconds: float
    values: dict[str, float | None]
    quality: dict[str, float]
    rounds: dict[int, stats.Floats] = field(default_factory=dict, repr=False, compare=False)
    peaks: dict[int, stats.Floats] = field(default_factory=dict, repr=False, compare=False)
    adds: dict[int, stats.Floats] = field(default_factory=dict, repr=False, compare=False)

    @property
    def measured(self) -> bool:
        """May be ranked: timed, and its answer is right."""
        return self.status in RANKED and self["median_ms"] is not None

    def __getitem__(self, name: str) -> float | None:
        return self.values.get(name)

    def number(self, name: str) -> float:
        """The same, NaN where it is not known."""
        value = self[name]
        return math.nan if value is None else value

    @property
    def cost(self) -> float:
        """What is ranked: ms for a second of audio. Frames of a stream differ in length from codec to codec."""
        return self.number("median_ms") / (self.audio_seconds or 1.0)

    @property
    def contestant(self) -> Contestant:
        return Contestant(self.impl, self.device, self.threads, self.run)


@dataclass(frozen=True, order=True)
class Contestant:
    """Who competes: an implementation on a device with a number of threads, in a run."""

    impl: str
    device: str
    threads: int
    run: str


def names_apart(contestants: Sequence[Contestant]) -> list[str]:
    """Names that tell these apart: threads, device and run are added where they differ."""
    varied = [a for a in ("threads", "device", "run") if len({getattr(c, a) for c in contestants}) > 1]
    sign = {"threads": "×"}
    return [" ".join([c.impl, *(f"{sign.get(a, '')}{getattr(c, a)}" for a in varied)]) for c in contestants]


NUMBERS = (
    *("x_realtime", "median_ms", "low_ms", "high_ms", "p95_ms", "p99_ms", "first_ms", "setup_ms"),
    *("max_ms", "deadline_misses", "jitter_ms", "wake_ms", "cpu_percent"),
    *("end_to_end_ms", "memory_mb", "peak_rss_mb", "error", "limit_percent", "samples"),
    *("replicates", "instructions", "allocations"),
)


def read(results: Sequence[Results]) -> list[Line]:
    """Every line of every run, best first within each case."""
    return [line for part in parts(results) for line in _lines(part)]


def parts(results: Sequence[Results]) -> Iterator[Results]:
    """Each run and corpus by itself, so that a summary never mixes two of them."""
    for result in results:
        rows: dict[tuple[str, str], list[Row]] = {}
        for row in result.rows:
            rows.setdefault((row.run, row.corpus), []).append(row)
        yield from (Results(group, result.environment, result.path) for group in rows.values())


def _lines(part: Results) -> Iterator[Line]:
    groups: dict[str, list[Row]] = {}
    for row in part.rows:
        groups.setdefault(_key(row.suite, row.impl, row.case, row.op, row.device, row.threads), []).append(row)
    for record in part.summary().to_dict("records"):
        names = ("suite", "impl", "case", "op", "device", "threads")
        group = groups[_key(*(record[name] for name in names))]
        yield Line(
            run=clean(group[0].run),
            corpus=clean(group[0].corpus),
            **{name: clean(record[name]) for name in ("suite", "label", "op", "impl", "device", "status")},
            threads=int(record["threads"]),
            case=record["case"],
            version=clean(record["version"] or ""),
            audio_seconds=group[0].audio_seconds,
            values={name: _number(record[name]) for name in NUMBERS},
            quality={clean(k): v for k, v in record["quality"].items() if _number(v) is not None},
            rounds={r.replicate: stats.round_medians(r.samples_ns, r.rounds) for r in group if r.samples_ns},
            peaks={r.replicate: np.asarray(r.peak_gflops) for r in group if r.peak_gflops},
            adds={r.replicate: np.asarray(r.peak_gadds) for r in group if r.peak_gadds},
        )


def _key(*parts: Any) -> str:
    return json.dumps(parts, sort_keys=True, default=str)


def _number(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def clean(text: Any) -> str:
    """Text that any terminal, XML or UTF-8 file can hold: control characters and lone surrogates become U+FFFD.

    So do those that turn the direction of writing, for what follows would read otherwise than it is.
    """
    return "".join("\ufffd" if _unfit(c) else c for c in str(text))


def _unfit(c: str) -> bool:
    turns = unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    return turns or (unicodedata.category(c) in ("Cc", "Cs", "Cn") and c not in "\n\t")

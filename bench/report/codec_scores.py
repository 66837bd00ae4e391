"""From ``scores.jsonl`` and ``rows.jsonl`` of a run to its conditions, bitrates and entries."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from bench.core import label_of
from bench.quality.summary import FEW_SPEAKERS, ratio_interval, summarise
from bench.report import apart, metrics
from bench.report.codec_tables import At, Condition, Entry, Mean, rank
from bench.report.digits import counted
from bench.report.lines import Line, clean
from bench.report.metrics import Metric
from bench.results import Results
from bench.scores import ORIGINAL, Score

Edits = dict[str, tuple[int, int]]  # clip -> edits, words


def gather(results: Sequence[Results], lines: Sequence[Line], ceiling: Callable[[str], str]) -> list[Condition]:
    """The conditions of every run that was scored, in the order of their lines.

    ``ceiling(suite)`` names the implementation that changes the rate and nothing else, with all its variants.
    """
    found: dict[tuple[str, ...], list[Score]] = {}
    for result in results:
        for score in apart.scores(result):
            found.setdefault((score.run, score.corpus, _condition(score.case), score.kind), []).append(score)
    scored = [group for group in found.values() if any(s.impl != ORIGINAL for s in group)]
    made = [_build(group, lines, ceiling(group[0].suite)) for group in scored]
    return [replace(c, beside=c.run) for c in made] if len({c.run for c in made}) > 1 else made


def _condition(case: Mapping[str, Any]) -> str:
    return label_of({k: v for k, v in case.items() if k not in ("bitrate", "seconds")})


def _build(scores: Sequence[Score], lines: Sequence[Line], ceiling: str) -> Condition:
    untouched = [s for s in scores if s.impl == ORIGINAL]
    groups: dict[float, dict[str, list[Score]]] = {}
    for s in scores:
        if s.impl != ORIGINAL:
            groups.setdefault(float(s.case.get("bitrate", math.nan)), {}).setdefault(clean(s.impl), []).append(s)
    speakers = {clean(s.clip): s.speaker for s in scores}
    first = scores[0]
    label = _condition(first.case)
    entries = {
        asked: [_entry(asked, group, untouched, lines, ceiling) for group in impls.values()]
        for asked, impls in sorted(groups.items())
    }
    known = metrics.facts(name for group in entries.values() for entry in group for name in entry.means)
    computed = [m for m in known if any(e.means[m.name].n for g in entries.values() for e in g if m.name in e.means)]
    return Condition(
        run=clean(first.run),
        corpus=clean(first.corpus),
        kind=clean(first.kind),
        label=label,
        metrics=known,
        shown=metrics.short_list(computed, first.kind in ("", "speech")),
        clips=len(speakers),
        speakers=len({who for who in speakers.values() if who}),
        bitrates=[
            At(
                clean(first.run),
                clean(first.corpus),
                _title(first, label),
                asked,
                group,
                _rankings(known, group, speakers),
            )
            for asked, group in entries.items()
        ],
        notes=_notes(speakers),
    )


def _title(score: Score, label: str) -> str:
    return " ".join(part for part in (clean(score.kind), label) if part)


def _rankings(known: Sequence[Metric], entries: Sequence[Entry], speakers: Mapping[str, str]) -> list[Any]:
    return [rank(m, entries, speakers) for m in known if any(m.name in e.means for e in entries)]


def _notes(speakers: Mapping[str, str]) -> list[str]:
    voices = {who for who in speakers.values() if who}
    if not voices:
        return ["The corpus names no speakers: the intervals are over clips alone, as if each were another speaker's."]
    if len(voices) < FEW_SPEAKERS:
        said = f"With {counted(len(voices), 'speaker')} an interval is little more than the range of the data"
        return [f"{said}; it takes {FEW_SPEAKERS} or more."]
    return []


def _entry(
    asked: float, scores: Sequence[Score], untouched: Sequence[Score], lines: Sequence[Line], ceiling: str
) -> Entry:
    first, done = scores[0], [s for s in scores if s.status == "ok"]
    impl = clean(first.impl)
    speeds = {line.op: line for line in lines if _same(line, first, impl)}
    failures: dict[str, list[str]] = {}
    for s in scores:
        if s.status != "ok":
            failures.setdefault(clean(f"{s.status}: {s.reason}" if s.reason else s.status), []).append(clean(s.clip))
    return Entry(
        impl=impl,
        version=clean(first.version),
        asked=asked,
        clips=len(scores),
        seconds=sum(s.seconds for s in done),
        payload=_rate(done, "payload_bps"),
        nominal=_rate(done, "nominal_bps"),
        container=_rate(done, "container_bps"),
        delay_declared=next((s.declared_delay_ms for s in done if s.declared_delay_ms is not None), None),
        delay_measured=next((s.algorithmic_delay_ms for s in done if s.algorithmic_delay_ms is not None), None),
        ceiling=bool(ceiling) and impl.split(":")[0] == ceiling,
        parametric=any(s.parametric for s in scores),
        random_weights=any(s.random_weights for s in scores),
        model_bytes=max(s.model_bytes for s in scores),
        parameters=max(s.parameters for s in scores),
        macs_per_second=max(s.macs_per_second for s in scores),
        means=_means(done) | _error_rates(done, untouched),
        failures=failures,
        speeds=speeds,
    )


def _same(line: Line, score: Score, impl: str) -> bool:
    """Is this the timing of the same codec in the same case? The clip that is timed may have another length."""
    case = {k: v for k, v in line.case.items() if k != "seconds"}
    return (line.run, line.suite, line.impl) == (clean(score.run), score.suite, impl) and case == {
        k: v for k, v in score.case.items() if k != "seconds"
    }


def _rate(scores: Iterable[Score], name: str) -> float | None:
    """kbit/s over all clips: the bits of all over the seconds of all."""
    known = [(getattr(s, name), s.seconds) for s in scores if getattr(s, name) is not None and s.seconds > 0]
    seconds = sum(s for _, s in known)
    return sum(rate * s for rate, s in known) / seconds / 1000 if seconds else None


def _means(scores: Sequence[Score]) -> dict[str, Mean]:
    """Every metric's mean over the clips that it could be computed on."""
    names = dict.fromkeys(name for s in scores for name in (*s.values, *s.failures))
    found = {}
    for name in names:
        asked = [s for s in scores if name in s.values or name in s.failures]
        values = tuple(s.values.get(name) for s in asked)
        summary = _summarise(values, tuple(s.speaker for s in asked))
        failures = _failures(asked, name)
        clips = {clean(s.clip): s.values[name] for s in asked if name in s.values}
        found[clean(name)] = Mean(summary.mean, summary.low, summary.high, summary.n, failures, clips=clips)
    return found


def _failures(scores: Iterable[Score], name: str) -> dict[str, list[str]]:
    """The clips on which a metric failed, by reason."""
    found: dict[str, list[str]] = {}
    for s in scores:
        if name in s.failures:
            found.setdefault(clean(s.failures[name]), []).append(clean(s.clip))
    return found


@lru_cache(maxsize=4096)
def _summarise(values: tuple[float | None, ...], speakers: tuple[str, ...]) -> Any:
    """A codec of one bitrate gives the same audio whatever is asked: its intervals are found once."""
    return summarise(values, speakers)


def _error_rates(scores: Sequence[Score], untouched: Sequence[Score]) -> dict[str, Mean]:
    """WER and CER in percent, pooled over clips, beside those of the untouched audio of the same clips."""
    found = {}
    for name in ("wer", "cer"):
        edits, before = _edits(scores, name), _edits(untouched, name)
        words = sum(w for _, w in edits.values())
        if not words:
            continue
        shared = [before[clip] for clip in edits if clip in before]
        heard = sum(w for _, w in shared)
        speakers = {clean(s.clip): s.speaker for s in scores}
        low, high = pooled_interval(edits, speakers) if len(edits) > 1 else (None, None)
        found[name] = Mean(
            100 * sum(e for e, _ in edits.values()) / words, low, high, len(edits), _failures(scores, name),
            100 * sum(e for e, _ in shared) / heard if heard else None,
            {clip: 100 * e / w for clip, (e, w) in edits.items() if w},
            {clip: float(w) for clip, (_, w) in edits.items()},
        )  # fmt: skip
    return found


def _edits(scores: Sequence[Score], unit: str) -> Edits:
    """Of the clips whose words are known; ``unit`` is "wer" or "cer"."""
    found = {}
    for s in scores:
        if s.wer and s.transcript:
            errors = sum(s.wer[kind] for kind in ("substitutions", "deletions", "insertions"))
            counts = {"wer": (errors, s.wer["words"])}
            if "characters" in s.wer:
                counts["cer"] = (s.wer["character_errors"], s.wer["characters"])
            if unit in counts:
                found[clean(s.clip)] = counts[unit]
    return found


def pooled_interval(edits: Edits, speakers: Mapping[str, str]) -> tuple[float, float]:
    """The 95% interval, in percent, of edits over words: speakers are drawn, then clips within each."""
    groups: dict[str, list[tuple[int, int]]] = {}
    for clip, counts in edits.items():
        groups.setdefault(speakers.get(clip) or f"clip {clip}", []).append(counts)
    low, high = ratio_interval([np.array(group, np.float64) for group in groups.values()])
    return 100 * low, 100 * high

"""How the tables of a codec run read, whatever they are written in: columns, cells, remarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.codec import WINDOW
from bench.report.bdrate import LITTLE, Delta
from bench.report.codec_tables import OUTSIDE, At, Condition, Entry, Place
from bench.report.deltas import Versus
from bench.report.digits import NOTHING, counted, significant
from bench.report.metrics import Metric


@dataclass(frozen=True)
class Column:
    """``value`` sorts, ``show`` is read."""

    heading: str
    doc: str
    show: Callable[[Entry], str]
    value: Callable[[Entry], float | None]


def facts(terse: bool = False) -> list[Column]:
    """The columns that are no metric: bitrates, delay, speed; ``terse`` has the few that a terminal has room for."""
    columns = [
        _column(
            "payload", f"kbit/s that a decoder needs; * where it is not within {WINDOW:.0%} of what was asked", _paid
        ),
        _column("delay, ms", "algorithmic delay, measured", lambda e: e.delay_measured),
        _column("declared", "algorithmic delay that the codec declares, ms", lambda e: e.delay_declared),
        _column("encode", "× real time on one thread", lambda e: e.speed("encode", "x_realtime")),
        _column("decode", "× real time on one thread", lambda e: e.speed("decode", "x_realtime")),
        _column("first frame, ms", "the first frame of a stream", lambda e: e.speed("stream", "first_ms")),
        _column("frame p50, ms", "the median frame of a stream", lambda e: e.speed("stream", "median_ms")),
        _column("p99, ms", "99 frames of 100 took at most so long", lambda e: e.speed("stream", "p99_ms")),
        _column("max, ms", "the longest frame", lambda e: e.speed("stream", "max_ms")),
        _column("late, %", "frames that took longer than they last", _late),
        _column("memory, MB", "peak memory of encoding, beyond what the process held before", _memory),
        _column("nominal", "kbit/s that the codec was set to", lambda e: e.nominal),
        _column("container", "kbit/s in its usual file or transport format", lambda e: e.container),
        _column("model, MB", "size of the parameters of a trained codec", lambda e: e.model_bytes / 1e6 or None),
        _column("parameters, M", "how many they are, codebooks included", lambda e: e.parameters / 1e6 or None),
        _column(
            "GMAC/s", "multiplications for a second of audio, both ways", lambda e: e.macs_per_second / 1e9 or None
        ),
    ]
    if not terse:
        return columns
    few = [c for c in columns if c.heading in ("payload", "encode", "decode")]
    few.insert(1, _column("delay", "measured, else declared, ms", lambda e: e.delay))
    return few


def _memory(entry: Entry) -> float | None:
    return entry.speed("encode", "memory_mb")


def _late(entry: Entry) -> float | None:
    share = entry.speed("stream", "deadline_misses")
    return None if share is None else 100 * share


def _paid(entry: Entry) -> float | None:
    return entry.payload


def _column(heading: str, doc: str, value: Callable[[Entry], float | None]) -> Column:
    def show(entry: Entry) -> str:
        mark = "*" if value is _paid and entry.aside == OUTSIDE else ""
        return significant(value(entry)) + mark

    return Column(heading, doc, show, value)


def place_of(at: At, metric: Metric | None, entry: Entry) -> Place | None:
    """Where an entry stands in a metric at a bitrate."""
    ranking = at.ranking(metric.name) if metric else None
    return next((p for p in ranking.places if p.entry is entry), None) if ranking else None


def rank_text(place: Place | None) -> str:
    """``1``, ``1=`` when others share it, a dash for what is not ranked."""
    return NOTHING if place is None or place.rank is None else f"{place.rank}{'=' if place.tied else ''}"


def remark(entry: Entry) -> str:
    """What must be said beside the name of what is not ranked."""
    if entry.aside == OUTSIDE and entry.payload is not None:
        return f"outside, {100 * entry.off:+.0f}%"
    return entry.aside


def headline(at: At, metric: Metric | None) -> str:
    """The answer in a sentence: who is best at this bitrate, by which metric, and how sure that is."""
    ranking = at.ranking(metric.name) if metric else None
    best = [p for p in ranking.places if p.rank == 1] if ranking else []
    if not best or metric is None:
        return f"At {at.title}, no codec is within the window of what was asked."
    named = ", ".join(f"{p.entry.impl} ({metric.value_text(p.mean)})" for p in best)
    verb = "is best" if len(best) == 1 else "are best, and cannot be told apart,"
    ranked = sum(p.rank is not None for p in ranking.places) if ranking else 0
    return f"At {at.title}, {named} {verb} of {ranked} by {metric.name}."


def baselines(at: At) -> str:
    """What the untouched audio scores, for metrics that have such a baseline; empty where none has."""
    found = {r.metric.name: p.mean.baseline for r in at.rankings for p in r.places if p.mean.baseline is not None}
    said = ", ".join(f"{name} {significant(value)}%" for name, value in found.items())
    return f"Untouched audio, by the same recogniser: {said}." if said else ""


def scored(condition: Condition) -> str:
    """How much was heard: ``40 clips of 8 speakers``."""
    voices = f" of {counted(condition.speakers, 'speaker')}" if condition.speakers else ""
    return counted(condition.clips, "clip") + voices


def grouped_failures(at: At) -> list[str]:
    """The same in few lines, a metric and reason each: ``estoi: shorter than 0.41 s (lc3 2, opus 2 clips)``."""
    groups: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for impl, metric, reason, clips in failures(at):
        groups.setdefault((metric, reason), []).append((impl, len(clips)))
    lines = []
    for (metric, reason), who in groups.items():
        counts = {n for _, n in who}
        if len(who) > 3 and len(counts) == 1:
            said = f"{len(who)} codecs, {counted(counts.pop(), 'clip')} each"
        else:
            said = ", ".join(f"{impl} {counted(n, 'clip')}" for impl, n in who)
        lines.append(f"{metric}: {reason} ({said})")
    return lines


def failures(at: At) -> list[tuple[str, str, str, list[str]]]:
    """(codec, metric or "every metric", reason, clips), once a codec and reason, the gravest first."""
    found = [(e.impl, "every metric", reason, clips) for e in at.entries for reason, clips in e.failures.items()]
    for entry in at.entries:
        for metric, mean in entry.means.items():
            found += [(entry.impl, metric, reason, list(clips)) for reason, clips in mean.failures.items()]
    return found


def delta_text(delta: Delta, unit: str) -> str:
    """``-23.4% (2.1 to 3.8, 81% shared)``, or why there is none."""
    if delta.value is None:
        return f"none: {delta.reason}"
    little = ", little" if delta.little else ""
    over = f"{significant(delta.low)} to {significant(delta.high)}"
    return f"{delta.value:+.3g}{unit} (over {over}: {delta.share:.0%} of both{little})"


def refused(lines: Sequence[Versus]) -> str:
    """Why no codec can be compared with the anchor, where it is one and the same reason for all; else empty."""
    reasons = {(line.rate.reason, line.quality.reason) for line in lines}
    rate, quality = next(iter(reasons)) if len(reasons) == 1 else ("", "")
    return f"No BD-rate: {rate}." if rate and rate == quality else ""


def versus_cells(line: Versus) -> list[str]:
    """BD-rate and BD-quality of one codec."""
    return [delta_text(line.rate, "%"), delta_text(line.quality, f" {line.metric.unit}".rstrip())]


BD_NOTE = (
    "BD-rate: average bitrate, in percent of the anchor's, for the same quality; negative saves. BD-quality: average "
    "quality at the same bitrate; positive is better, whatever the metric's direction. Both over the stretch that the "
    f"two curves share, and nothing beyond it is guessed; less than {LITTLE:.0%} shared is marked as little."
)
WINDOW_NOTE = (
    f"Ranked are codecs whose payload is within {WINDOW:.0%} of what was asked; the others (*) are shown with how far "
    "off they are. 1= marks those whose loss on the best, clip by clip, cannot be told from nothing. Means are over "
    "the clips that could be computed, with 95% intervals of a bootstrap over speakers; the rest is counted as failed."
)

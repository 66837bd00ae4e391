"""Two files scored against each other: the body of ``bench score``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import audiofile
from bench.quality.align import Delay, by_waveform, shift
from bench.quality.scoring import RAW, Scores, choose, score

FAR_APART = 1.0  # seconds: files whose lengths differ by more are hardly the same recording


@dataclass(frozen=True)
class PairScores:
    """Scores of one pair of files, and what was done to them before. ``delay`` is None where none was looked for."""

    scores: Scores
    sample_rate: int
    delay: Delay | None
    longer: int  # samples that the degraded file has more than the reference
    by_name: bool = False  # whether the metrics were asked for by name

    @property
    def taken_out(self) -> int:
        """The delay that was taken out, in samples: none where the waveforms hardly correlate."""
        return self.delay.samples if self.delay and self.delay.trusted else 0

    @property
    def failed(self) -> bool:
        """Whether there is no figure at all, or none of a metric that was asked for by name."""
        return not self.scores.values or (self.by_name and bool(self.scores.failures))

    def as_dict(self) -> dict[str, Any]:
        """What ``bench score --json`` prints."""
        found = self.delay and {"samples": self.delay.samples, "correlation": self.delay.correlation}
        return {
            "sample_rate": self.sample_rate,
            "delay": found,
            "delay_taken_out": self.taken_out,
            "longer_by": self.longer,
            "values": self.scores.values,
            "failures": self.scores.failures,
            "flags": list(self.scores.flags),
        }

    def lines(self) -> list[str]:
        """What ``bench score`` prints: the notes, then a line a figure, then a line a failure."""
        names = [*self.scores.values, *self.scores.failures]
        width = max(map(len, names), default=0) + 2
        facts = {metric.name: metric for metric in choose({name.removesuffix(RAW) for name in names})}
        notes = self.notes()
        shown = [*(f"note: {note}" for note in notes), *([""] if notes else [])]
        for name, value in self.scores.values.items():
            metric = facts[name.removesuffix(RAW)]
            shown.append(f"{name:<{width}}{value:>10.4f}  {metric.unit:<8}{metric.better} is better".rstrip())
        shown += [f"{name:<{width}}{'-':>10}  {why}" for name, why in self.scores.failures.items()]
        return shown

    def notes(self) -> list[str]:
        found, milliseconds = [], 1000 * self.taken_out / self.sample_rate
        if self.taken_out:
            late = "late" if milliseconds > 0 else "early"
            found.append(
                f"the degraded file is {abs(self.taken_out)} samples ({abs(milliseconds):.1f} ms) {late}; aligned"
            )
        elif self.delay and not self.delay.trusted:
            found.append(f"not aligned: the waveforms hardly correlate ({self.delay.correlation:.2f}, at best)")
        if self.longer:
            word = "longer, cut" if self.longer > 0 else "shorter, padded"
            found.append(f"the degraded file is {abs(self.longer)} samples {word}")
        return found + list(self.scores.flags)


def score_files(reference: Path, degraded: Path, metrics: Sequence[str] | None, align: bool) -> PairScores:
    """Score two mono files of one sample rate. With ``align``, a delay is found by waveform and taken out, and what is
    scored both ways appears twice.

    Raises FileNotFoundError, :class:`bench.audiofile.BadFileError`, ValueError (rates, channels, lengths), each with
    the way out, and :class:`bench.quality.UnknownMetric`.
    """
    choose(metrics)
    facts = [_facts(path) for path in (reference, degraded)]
    rate = facts[0].sample_rate
    if facts[1].sample_rate != rate:
        raise ValueError(
            f"{reference} has {rate} Hz and {degraded} {facts[1].sample_rate} Hz; resample one of them (soxr, sox -r)"
        )
    clean, coded = audiofile.read(reference), audiofile.read(degraded)
    longer = len(coded) - len(clean)
    if longer and not align:
        raise ValueError(
            f"{reference} has {len(clean)} samples and {degraded} {len(coded)}; cut them alike, or leave out --no-align"
        )
    if abs(longer) > FAR_APART * rate:
        raise ValueError(
            f"{reference} and {degraded} differ by {abs(longer) / rate:.1f} s; cut them to the same stretch"
        )
    delay = by_waveform(clean, coded, rate) if align else None
    taken = delay.samples if delay and delay.trusted else 0
    raw = shift(coded, 0, len(clean)) if align else None
    scores = score(clean, shift(coded, taken, len(clean)), rate, metrics, raw)
    return PairScores(scores, rate, delay, longer, metrics is not None)


def _facts(path: Path) -> audiofile.Facts:
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    facts = audiofile.probe(path)
    if facts.channels > 1:
        raise ValueError(
            f"{path} has {facts.channels} channels; metrics take one: mix it down, or score them one by one"
        )
    return facts

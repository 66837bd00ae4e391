"""What a reader must know of each metric: unit, direction, meaning, and where it misleads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.quality.scoring import RAW, metrics
from bench.report.digits import significant

if TYPE_CHECKING:
    from bench.report.codec_tables import Mean

RATES = {
    "wer": "word error rate of a recogniser, pooled over clips: edits over words; the baseline is its rate on the "
    "untouched audio",
    "cer": "character error rate of a recogniser, pooled over clips; the baseline is its rate on the untouched audio",
}
SPEECH = (
    "pesq_wb",
    "estoi",
    "wer",
    "visqol_speech",
    "si_sdr",
)  # in the short tables; speed is weighed against the first
OTHER = ("visqol_audio", "mel_distance", "lsd", "si_sdr")
CAUTIONS = {
    "visqol": "Do not rank generative or parametric codecs by ViSQOL alone: Mimi at 1.1 kbit/s scores 1.84 with a "
    "MUSHRA of 81, its non-adversarial twin 2.82 with 59 (Défossez et al., Moshi, arXiv 2410.00037).",
}


@dataclass(frozen=True)
class Metric:
    """``better`` is "higher", "lower", or "" for a metric that nobody knows any more, which is shown and not ranked."""

    name: str
    unit: str
    better: str
    doc: str
    caution: str = ""

    @property
    def title(self) -> str:
        """Its name in the data, so that tables and files can be matched."""
        return self.name

    @property
    def heading(self) -> str:
        return f"{self.name}, {self.unit}" if self.unit in ("dB", "%") else self.name

    @property
    def direction(self) -> str:
        return f"{self.better} is better" if self.better else "direction unknown"

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self.better == "lower" else 1

    def value_text(self, mean: Mean) -> str:
        """The mean alone.

        >>> from bench.report.codec_tables import Mean
        >>> m = Metric("stoi", "", "higher", "")
        >>> m.value_text(Mean(0.9512, 0.94, 0.96)), m.half_text(Mean(0.9512, 0.94, 0.96)), m.interval_text(Mean(None))
        ('0.951', '0.951±.011', '–')
        """
        return significant(None if mean.value is None else _rounded(mean.value))

    def interval_text(self, mean: Mean) -> str:
        """``3.84 [3.80, 3.88]``."""
        if mean.value is None or mean.low is None or mean.high is None:
            return self.value_text(mean)
        return f"{self.value_text(mean)} [{significant(_rounded(mean.low))}, {significant(_rounded(mean.high))}]"

    def half_text(self, mean: Mean) -> str:
        """``3.84±.04``: the larger side of the interval, where there is little room."""
        if mean.value is None or mean.low is None or mean.high is None:
            return self.value_text(mean)
        half = max(mean.value - mean.low, mean.high - mean.value)
        shown = self.value_text(mean)
        decimals = min(len(shown.partition(".")[2]), max(0, 1 - math.floor(math.log10(half))) if half else 0)
        return f"{shown}±{f'{half:.{decimals}f}'.removeprefix('0') or '0'}"


def _rounded(value: float) -> float:
    """To three decimals: below that is no difference that anybody hears."""
    return round(value, 3)


def facts(names: Iterable[str]) -> list[Metric]:
    """The metrics of these names: those of the short tables first, then by name, what is not aligned last."""
    order = [*SPEECH, *OTHER]
    known = sorted(set(names), key=lambda n: (n.endswith(RAW), order.index(n) if n in order else len(order), n))
    return [_fact(name) for name in known]


def _fact(name: str) -> Metric:
    caution = next((said for start, said in CAUTIONS.items() if name.startswith(start)), "")
    if name in RATES:
        return Metric(name, "%", "lower", RATES[name])
    found = metrics().get(name.removesuffix(RAW))
    if found is None:
        return Metric(name, "", "", "no metric of this version has this name")
    doc = f"{found.title} ({found.source})" + (", before alignment" if name.endswith(RAW) else "")
    return Metric(name, found.unit, found.better, doc, caution)


def short_list(known: Sequence[Metric], speech: bool) -> list[Metric]:
    """The few that a short table has room for, the one that speed is weighed against first."""
    wanted = SPEECH if speech else OTHER
    named = {m.name: m for m in known}
    return [named[n] for n in wanted if n in named] or [m for m in known if m.better][:4]

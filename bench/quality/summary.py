"""Means over files with their intervals; what could not be computed is counted, with its reason.

The 95% interval is a percentile bootstrap in two stages: speakers are drawn with replacement, then files within each
(Davison & Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8; for speech, Bisani & Ney, "Bootstrap
estimates for confidence intervals in ASR performance evaluation", ICASSP 2004, who draw speakers). Files of one
speaker are alike, so that an interval over files alone would be too narrow. Its percentiles are moved outwards for the
number of speakers, as Student's t is wider than the normal (Hesterberg, "What teachers should know about the
bootstrap", The American Statistician 69(4), 2015, the expanded percentile interval): with 20 speakers
the plain one holds the truth in about 92 of 100 cases.

>>> found = summarise([3.0, 4.0, None], ["a", "b", "b"], ["", "", "the degraded signal is silent"])
>>> found.mean, found.n, found.failures
(3.5, 2, {'the degraded signal is silent': 1})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np

from bench.quality.core import Signal
from bench.quality.scoring import Scores

RESAMPLES = 2000
FEW_SPEAKERS = 5  # below this an interval is little more than the range of the data


@dataclass(frozen=True)
class Summary:
    """One metric over files: the mean over the ``n`` that it could be computed on, from ``speakers`` speakers.

    ``low`` and ``high`` are the ends of the 95% interval; None where n < 2. ``failures`` counts the reasons.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    speakers: int
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return sum(self.failures.values())


def over_files(scores: Sequence[Scores], speakers: Sequence[str] = (), seed: int = 0) -> dict[str, Summary]:
    """{metric: its summary} of the scores of several files; ``speakers`` names each file's, "" where it has none."""
    names = dict.fromkeys(name for s in scores for name in (*s.values, *s.failures))
    who = list(speakers) or [""] * len(scores)
    found = {}
    for name in names:
        asked = [(s, speaker) for s, speaker in zip(scores, who, strict=True) if name in s.values or name in s.failures]
        values = [s.values.get(name) for s, _ in asked]
        reasons = [s.failures.get(name, "") for s, _ in asked]
        found[name] = summarise(values, [speaker for _, speaker in asked], reasons, seed)
    return found


def flags(scores: Sequence[Scores]) -> dict[str, int]:
    """{flag: on how many files}, such as "degraded clipped"."""
    return dict(Counter(flag for s in scores for flag in s.flags))


def summarise(
    values: Sequence[float | None], speakers: Sequence[str] = (), reasons: Sequence[str] = (), seed: int = 0
) -> Summary:
    """The mean of the values that are not None, its interval, and the reasons of those that are.

    A file without a speaker ("") stands for itself. Deterministic from ``seed`` and the order of the files.
    """
    who = list(speakers) or [""] * len(values)
    clusters: dict[tuple[str, int], list[float]] = {}
    failures: Counter[str] = Counter()
    for at, (value, speaker, reason) in enumerate(zip(values, who, reasons or repeat("", len(values)), strict=True)):
        if value is None:
            failures[reason or "no reason given"] += 1
        else:
            clusters.setdefault((speaker, -1 if speaker else at), []).append(float(value))
    known = [value for cluster in clusters.values() for value in cluster]
    mean = float(np.mean(known)) if known else None
    low, high = interval([np.array(c) for c in clusters.values()], seed) if len(known) > 1 else (None, None)
    return Summary(mean, low, high, len(known), len(clusters), dict(failures))


def interval(clusters: Sequence[Signal], seed: int = 0) -> tuple[float, float]:
    """The 95% interval of the mean over all values, by drawing clusters and then values within each."""
    low, high = ratio_interval([np.column_stack([c, np.ones(len(c))]) for c in clusters], seed)
    mean = float(np.concatenate(clusters).mean())  # which may differ from the ratio by a rounding
    return min(low, mean), max(high, mean)


def ratio_interval(clusters: Sequence[Signal], seed: int = 0) -> tuple[float, float]:
    """The same of a ratio of sums, such as edits over words; each cluster has shape (files, 2): above, below the line.

    A draw in which nothing is below the line has no ratio, and is left out.
    """
    rng = np.random.default_rng(seed)
    # every cluster's own bootstrap distribution of its sums once, then draws of clusters from it
    sums = np.stack([c[rng.integers(0, len(c), (RESAMPLES, len(c)))].sum(axis=1) for c in clusters])
    chosen = rng.integers(0, len(clusters), (RESAMPLES, len(clusters)))
    above, below = sums[chosen, rng.integers(0, RESAMPLES, chosen.shape)].sum(axis=1).T
    whole = np.concatenate(clusters).sum(axis=0)
    value = float(whole[0] / whole[1])
    low, high = np.quantile(above[below > 0] / below[below > 0], [tail := _tail(len(clusters)), 1 - tail])
    return min(float(low), value), max(float(high), value)


def _tail(n: int) -> float:
    """The share of the bootstrap distribution beyond either end of the interval: 2.5% where ``n`` is large."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, 0.025))) if n > 1 else 0.025

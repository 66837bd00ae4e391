"""Every codec of a condition against an anchor, metric by metric."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bench.report.bdrate import Curve, Delta, bd_quality, bd_rate
from bench.report.codec_tables import Condition
from bench.report.metrics import Metric


@dataclass(frozen=True)
class Versus:
    """One codec and one metric against the anchor."""

    impl: str
    metric: Metric
    rate: Delta
    quality: Delta


@dataclass(frozen=True)
class Anchored:
    """One condition's codecs against the anchor, in the order of the condition's metrics and codecs."""

    condition: Condition
    anchor: str
    lines: list[Versus]

    def of(self, metric: Metric) -> list[Versus]:
        """Its lines, those that save most bitrate first; those without a BD-rate last."""
        found = [line for line in self.lines if line.metric == metric]
        return sorted(found, key=lambda v: (v.rate.value is None, v.rate.value or 0.0))


def against_anchor(conditions: Sequence[Condition], anchor: str) -> list[Anchored]:
    """Raises ValueError where no codec is called ``anchor``, or the package that knows the sum is missing."""
    names = sorted({impl for condition in conditions for impl in condition.codecs})
    if anchor not in names:
        near = get_close_matches(anchor, names, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names) or 'none'}"
        raise ValueError(f"no codec of this run is called {anchor!r}, so it cannot be the anchor; {hint}")
    if importlib.util.find_spec("bjontegaard") is None:
        raise ValueError("BD-rate needs bjontegaard: pip install 'audio-bench[quality]'")
    return [Anchored(c, anchor, _lines(c, anchor)) for c in conditions if anchor in c.codecs]


def _lines(condition: Condition, anchor: str) -> list[Versus]:
    found = []
    for metric in condition.metrics:
        base = curve(condition, anchor, metric)
        for impl in condition.codecs:
            own = curve(condition, impl, metric)
            if impl != anchor and own and base:
                found.append(Versus(impl, metric, bd_rate(base, own, metric.sign), bd_quality(base, own)))
    return found


def curve(condition: Condition, impl: str, metric: Metric) -> Curve:
    """Payload kbit/s and mean, the sign turned where less is better; what was asked plays no part."""
    return [
        (e.payload, metric.sign * m.value)
        for at in condition.bitrates
        for e in at.entries
        if e.impl == impl and e.curved and e.payload and (m := e.means.get(metric.name)) and m.value is not None
    ]

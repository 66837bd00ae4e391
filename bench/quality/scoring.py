"""All metrics of the package, what can run here, and the scores of one pair of signals."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache

from numpy.typing import ArrayLike

from bench.quality.core import REGISTRY, Metric, MetricFailure, Signal, checked, is_clipped

RAW = "_raw"


class UnknownMetric(ValueError):
    """A name that no metric has; the text suggests the nearest."""


@dataclass(frozen=True)
class Scores:
    """Figures of one pair: a name is in ``values`` or in ``failures`` (with the reason), never in both.

    ``flags`` are facts that leave the figures standing and that a reader should know: "reference clipped",
    "degraded clipped".
    """

    values: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


@cache
def metrics() -> dict[str, Metric]:
    """Every metric by name, sorted. Importing their files costs next to nothing: libraries load when one is used."""
    import bench.quality as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(REGISTRY.items()))


def choose(names: Iterable[str] | None) -> list[Metric]:
    """The metrics of these names, in their order, all of them for None. Raises :class:`UnknownMetric`."""
    known = metrics()
    if names is None:
        return list(known.values())
    for name in (wanted := list(dict.fromkeys(names))):
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
            raise UnknownMetric(f"no metric is called {name!r}; {hint}")
    return [known[name] for name in wanted]


def available() -> dict[str, str]:
    """{metric: why it cannot run here, with the way out, or ""}, proven by importing what each needs."""
    return {name: metric.missing() for name, metric in metrics().items()}


def score(
    reference: ArrayLike,
    degraded: ArrayLike,
    sample_rate: int,
    metrics: Sequence[str] | None = None,
    raw: ArrayLike | None = None,
) -> Scores:
    """Figures of ``degraded`` (aligned) against ``reference``: mono floats, shape (samples,), full scale 1.0.

    ``metrics`` names them (None: all). With ``raw``, the same signal before alignment, cut or padded to the same
    length, those that are also scored raw appear once more as ``si_sdr_raw``, ``stoi_raw``. A metric without an
    answer is in ``failures`` with its reason; nothing stands in for it. Raises ValueError for arrays that are no
    pair, :class:`UnknownMetric` for a name that no metric has.
    """
    chosen = choose(metrics)
    clean, coded = checked(reference, degraded)
    unaligned = None if raw is None else checked(reference, raw)[1]
    sides = (("reference", clean), ("degraded", coded))
    scores = Scores(flags=tuple(f"{side} clipped" for side, x in sides if is_clipped(x)))
    for metric in chosen:
        _add(scores, metric.name, metric, clean, coded, sample_rate)
        if unaligned is not None and metric.raw:
            _add(scores, metric.name + RAW, metric, clean, unaligned, sample_rate)
    return scores


def _add(scores: Scores, name: str, metric: Metric, reference: Signal, degraded: Signal, sample_rate: int) -> None:
    try:
        scores.values[name] = metric(reference, degraded, sample_rate)
    except MetricFailure as failure:
        scores.failures[name] = str(failure)
    except Exception as error:  # a library's own fault on one file takes no other figure with it
        scores.failures[name] = f"{type(error).__name__}: {error}"

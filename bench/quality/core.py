"""What a quality metric is: a function, and what a reader must know to believe its figure. Nothing heavy is imported.

A metric is a file of this package that decorates a function of (reference, degraded, sample_rate):

>>> from bench.quality.core import metric, MetricFailure
>>> @metric("peak", title="peak of the error", unit="", range=(0, 2), better="lower", identity=0, source="an example")
... def peak(reference, degraded, sample_rate):
...     return abs(reference - degraded).max()
>>> REGISTRY.pop("peak").unit
''
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Signal = NDArray[np.float64]
Compute = Callable[[Signal, Signal, int], float]

SILENT = 2.0**-16
"""A signal whose peak is lower is silent: half a step of 16-bit PCM could not hold it."""

FULL_SCALE = 1 - 2.0**-15
"""The largest positive sample of 16-bit PCM: three neighbours at or beyond it count as clipped."""


class MetricFailure(Exception):
    """A metric has no answer for these signals; the text says why, without figures that differ from file to file."""


class Unavailable(MetricFailure):
    """A metric cannot run on this machine; the text says what to install."""


@dataclass(frozen=True)
class Metric:
    """A registered metric. Calling it gives its figure for one pair of signals, or raises :class:`MetricFailure`."""

    name: str
    title: str
    unit: str
    range: tuple[float, float]
    better: str  # "higher" or "lower"
    identity: float  # what a signal scores against itself; infinite: a failure that says so
    source: str
    compute: Compute
    rates: tuple[int, ...] = ()  # Hz at which it is defined; () is any
    lowest_rate: int = 8000  # Hz of the signals that it takes; what lies between is resampled to one of `rates`
    shortest: float = 0.0  # seconds; shorter signals are a failure
    raw: bool = False  # also scored before alignment
    requires: tuple[str, ...] = ()
    extra: str = "quality"
    revision: int = 1  # counts changes of our own code that change a figure
    aggregation: str = "mean"  # over the files that it could be computed on

    def __call__(self, reference: ArrayLike, degraded: ArrayLike, sample_rate: int) -> float:
        """The figure of two mono signals, float32 or float64, shape (samples,), alike in length, full scale 1.0.

        Raises :class:`MetricFailure` where there is no finite answer: silent, too short, not finite, a rate too low,
        a library that refuses or is not installed; ValueError for arrays that are no such pair.
        """
        if why := self.missing():
            raise Unavailable(why)
        pair = checked(reference, degraded)
        self._refuse(*pair, sample_rate)
        rate = self.working_rate(sample_rate)
        clean, coded = (resampled(x, sample_rate, rate) for x in pair)
        value = float(self.compute(clean, coded, rate))
        if not math.isfinite(value):
            raise MetricFailure(f"its value is {value}")
        return value

    def missing(self) -> str:
        """Why it cannot run here, with the way out; "" when it can. Proven by the real import."""
        for module in self.requires:
            try:
                importlib.import_module(module)
            except ImportError:
                return f"needs {module.partition('.')[0]}: pip install 'audio-bench[{self.extra}]'"
            except Exception as error:  # a library that is there and broken
                return f"{module} cannot be imported ({type(error).__name__}: {error})"
        return ""

    def working_rate(self, sample_rate: int) -> int:
        """The rate at which it is computed: the signals' own, else the nearest below it that the metric has."""
        if not self.rates or sample_rate in self.rates:
            return sample_rate
        return max((r for r in self.rates if r < sample_rate), default=min(self.rates))

    @property
    def version(self) -> str:
        """Changes whenever its figures may: our revision, and the versions of what it stands on. For caches."""
        found = [f"{self.name} {self.revision}", f"numpy {np.__version__}"]
        if self.rates:
            found.append(f"soxr {_version('soxr')}")
        return ", ".join(found + [f"{module} {_version(module)}" for module in self.requires])

    def _refuse(self, reference: Signal, degraded: Signal, sample_rate: int) -> None:
        if sample_rate < self.lowest_rate:
            raise MetricFailure(f"needs a sample rate of at least {self.lowest_rate} Hz")
        if len(reference) < max(1, self.shortest * sample_rate):
            raise MetricFailure(f"shorter than {self.shortest:g} s")
        for name, x in (("reference", reference), ("degraded", degraded)):
            if not np.isfinite(x).all():
                raise MetricFailure(f"the {name} signal holds NaN or Inf")
            if np.abs(x).max() < SILENT:
                raise MetricFailure(f"the {name} signal is silent")


REGISTRY: dict[str, Metric] = {}


def metric(name: str, **facts: Any) -> Callable[[Compute], Compute]:
    """Register ``function(reference, degraded, sample_rate)`` under ``name``; ``facts`` as in :class:`Metric`.

    The function gets float64 signals that are finite, not silent, long enough and at one of the metric's rates.
    """

    def register(function: Compute) -> Compute:
        if name in REGISTRY:
            raise ValueError(f"the metric {name!r} is already defined by {REGISTRY[name].compute.__module__}")
        REGISTRY[name] = Metric(name=name, compute=function, **facts)
        return function

    return register


def checked(reference: ArrayLike, degraded: ArrayLike) -> tuple[Signal, Signal]:
    """Both as float64; ValueError unless they are mono and alike in length. The arguments are left as they were."""
    pair = np.asarray(reference), np.asarray(degraded)
    for x in pair:
        if x.ndim != 1 or x.dtype.kind != "f":
            raise ValueError(f"a metric takes mono signals of floats, shape (samples,); this is {x.dtype} {x.shape}")
    if len(pair[0]) != len(pair[1]):
        lengths = f"{len(pair[0])} and {len(pair[1])} samples"
        raise ValueError(
            f"reference and degraded differ in length ({lengths}); bench.quality.align.shift cuts and pads"
        )
    return pair[0].astype(np.float64), pair[1].astype(np.float64)


def resampled(x: Signal, source: int, target: int) -> Signal:
    """``x`` at another rate by soxr VHQ, shape (round(samples target / source),)."""
    if source == target:
        return x
    import soxr

    out: Signal = soxr.resample(x, source, target, "VHQ")
    return out


def is_clipped(x: ArrayLike) -> bool:
    """Whether three neighbouring samples stand at or beyond full scale."""
    beyond = np.abs(np.asarray(x)) >= FULL_SCALE
    return bool((beyond[2:] & beyond[1:-1] & beyond[:-2]).any())


@cache
def _version(module: str) -> str:
    """Version of the distribution that a module comes from; "absent" where it is not installed."""
    top = module.partition(".")[0]
    try:
        return version(top)
    except PackageNotFoundError:  # it goes by another name: looking for that takes a second
        return version(found[0]) if (found := packages_distributions().get(top)) else "absent"

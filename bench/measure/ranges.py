"""NVTX ranges: what a profiler sees of a measurement.

All in the domain ``bench``, named ``suite/impl/case/op/phase``, with the phase as category. Without a profiler a
range costs a few hundred nanoseconds, so none is opened inside the timed loop unless it is profiled.
"""

from __future__ import annotations

from types import TracebackType

import nvtx

DOMAIN = "bench"
COLOURS = {"set-up": "gray", "check": "yellow", "warm-up": "orange", "sample": "green", "end to end": "blue",
           "memory": "purple"}  # fmt: skip
"""The phases of a measurement, and the colour of each in a timeline."""


def name(suite: str, impl: str, case: str, op: str, phase: str) -> str:
    """``stft/numpy/n_fft=400 hop_length=160/forward/sample``; set-up comes before there is an ``op``."""
    return "/".join(filter(None, (suite, impl, case, op, phase)))


class Range:
    """A context manager around a phase of :data:`COLOURS`; may be entered again and again."""

    def __init__(self, suite: str, impl: str, case: str, op: str, phase: str):
        self.domain = nvtx.get_domain(DOMAIN)
        self.attributes = self.domain.get_event_attributes(
            message=name(suite, impl, case, op, phase),
            color=COLOURS[phase],
            category=self.domain.get_category_id(phase),
        )

    def __enter__(self) -> None:
        self.domain.push_range(self.attributes)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.domain.pop_range()

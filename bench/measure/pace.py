"""The clock of a live source: frame k is there at ``start + k period``, whatever the calls before it took."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter_ns, process_time_ns, sleep
from typing import Any


@dataclass
class Paced:
    """Of each call, in ns: how long it took, how long after its frame's arrival it began, and its processor time.

    Processor time is the process's, all threads together. A frame's answer is ready ``late + samples`` after its
    arrival; past the next arrival, the deadline is missed.
    """

    samples: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class Pace:
    """Calls at absolute times, ``period_ns`` apart. A call that overruns delays the next ones; nobody skips a frame."""

    def __init__(
        self,
        period_ns: float,
        now: Callable[[], int] = perf_counter_ns,
        cpu: Callable[[], int] = process_time_ns,
        wait: Callable[[float], None] = sleep,
    ):
        self.period_ns, self.now, self.cpu, self.wait = period_ns, now, cpu, wait

    def turn(self, run: Callable[..., Any], args: tuple[Any, ...], count: int, overhead_ns: float = 0.0) -> Paced:
        """``count`` calls in time order; the cyclic collector waits meanwhile."""
        found = Paced()
        gc.disable()
        try:
            start = self.now() + self.period_ns
            for k in range(count):
                due = start + k * self.period_ns
                self._until(due)
                worked = self.cpu()
                began = self.now()
                run(*args)
                ended = self.now()
                found.cpu.append(float(self.cpu() - worked))
                found.samples.append(round(max(0.1, ended - began - overhead_ns), 1))
                found.late.append(float(began - round(due)))
        finally:
            gc.enable()
        return found

    def _until(self, due: float) -> None:
        """Sleep; the clock is read again, for a sleep may end early."""
        while (left := due - self.now()) > 0:
            self.wait(left / 1e9)

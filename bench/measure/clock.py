"""Clocks and warm-up. A clock times calls; what to call and when to stop is decided elsewhere."""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import repeat
from statistics import median
from time import perf_counter_ns
from typing import Any

Call = Callable[..., Any]
PATIENCE = 10  # times what calls may take in a warm-up, with what must be done ahead of each
FIRST_ALONE = 5  # calls of a warm-up, which tell how many make one sample


class HostClock:
    """The monotonic clock of the host, around one call or around a loop of calls.

    Calls shorter than ``shortest_ns`` are looped, so that the clock's own cost (two readings and an empty
    Python call, about 70 ns together) is small; what is left is calibrated and subtracted.
    """

    shortest_ns = 200_000

    def loops_for(self, call_ns: float) -> int:
        """How many calls make one sample."""
        return max(1, min(100_000, round(self.shortest_ns / max(call_ns, 1.0))))

    def overhead_ns(self, loops: int, args: tuple[Any, ...] = ()) -> float:
        """Cost per call of timing an empty function in the same way: the median of 200 samples."""
        return median(self._time(_empty, args, loops) for _ in range(200)) / loops

    def sample(self, run: Call, args: tuple[Any, ...], loops: int, overhead_ns: float) -> float:
        """One sample: ns a call, less the clock's overhead; 0.1 ns where nothing is left."""
        return max(0.1, self._time(run, args, loops) / loops - overhead_ns)

    def turn(
        self,
        run: Call,
        args: tuple[Any, ...],
        loops: int,
        overhead_ns: float,
        turn_ns: int,
        before: Call | None = None,
        least: int = 1,
    ) -> list[float]:
        """Samples for about ``turn_ns``, ``least`` at least, in time order; the cyclic collector waits meanwhile.

        ``before()`` is called ahead of each, untimed.
        """
        samples: list[float] = []
        gc.disable()
        try:
            end = perf_counter_ns() + turn_ns
            while len(samples) < least or perf_counter_ns() < end:
                if before:
                    before()
                samples.append(round(self.sample(run, args, loops, overhead_ns), 1))
        finally:
            gc.enable()
        return samples

    def wait(self) -> None:
        """Until what was called has happened; on the host it has."""

    def figures(self, run: Call, args: tuple[Any, ...], turn_ns: int) -> dict[str, Any]:
        """What another clock and the device have to say beside the samples, as columns of a row; here nothing."""
        return {}

    def warm_up(
        self,
        run: Call,
        args: tuple[Any, ...],
        least_ns: int = 20_000_000,
        most_ns: int = 500_000_000,
        before: Call | None = None,
    ) -> float:
        """Call until the times no longer fall: the last third's median is within 2% of the middle third's.

        Returns the last third's median in ns. Slow calls get at least one call after the first. Short ones are looped
        as when they are measured, and the times are looked at only when there are a tenth more: medians of a hundred
        thousand times after every call of 100 ns would take hours to spend ``most_ns`` on calls.
        """
        times: list[float] = []
        spent, loops, look = 0, 1, 0.0
        end = perf_counter_ns() + PATIENCE * most_ns
        while True:
            if before:
                before()
            taken = self._time(run, args, loops)
            times.append(taken / loops)
            spent += taken
            third = len(times) // 3
            if spent >= most_ns or perf_counter_ns() >= end:
                return median(times[-max(1, third) :])
            if spent >= least_ns and third >= 2 and len(times) >= look:
                last = median(times[-third:])
                if last >= 0.98 * median(times[-2 * third : -third]):
                    return last
                look = 1.1 * len(times)
            if len(times) == FIRST_ALONE and not before:
                loops = self.loops_for(min(times))

    @staticmethod
    def _time(run: Call, args: tuple[Any, ...], loops: int) -> int:
        if loops == 1:
            start = perf_counter_ns()
            run(*args)
            return perf_counter_ns() - start
        turns = repeat(None, loops)
        start = perf_counter_ns()
        for _ in turns:
            run(*args)
        return perf_counter_ns() - start


def _empty(*_args: Any) -> None:
    return None

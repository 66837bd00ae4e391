"""The clock of a GPU: events on the implementation's own stream, cold and hot, with an eye on throttling.

**Cold**: the L2 cache is emptied before every call by writing a buffer of twice its size on the same stream. That
writing also keeps the stream busy while the host is still launching, so that a launch is never what is measured; it is
repeated as often as that takes. **Hot**: events around so many calls in a row that one sample lasts 200 us or longer.
Beside both, the clock of the host around a call and the wait for its end. After nvbench's measure_cold and
measure_hot (https://github.com/NVIDIA/nvbench).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from bench.measure.clock import Call, HostClock
from bench.measure.gpu import Gpu

SHORTEST_HOT_NS = 200_000
MOST_FLUSHES = 64
LOOK_NS = 2_000_000  # how long calls go on between two looks at the counter of energy
SLOWEST_MOVE_NS = 100_000_000  # of that counter


class EventClock(HostClock):
    """Times ``run`` on ``stream`` (a raw CUstream; 0 is the legacy default stream), cold.

    ``stream=None``: it works on streams that it does not tell; then the time is the host's, around the call and the
    wait for the whole device, with the cache emptied before it all the same.
    """

    def __init__(self, gpu: Gpu, stream: Callable[[], int] | int | None = 0):
        self.gpu = gpu
        self._stream = stream
        self.start, self.end = gpu.event(), gpu.event()
        self.flushes = 1
        self.discarded = 0
        self.held_by = ""
        self.sm_mhz: list[int] = []

    @property
    def stream(self) -> int:
        found = self._stream() if callable(self._stream) else self._stream
        return 0 if found is None else int(found)

    @property
    def how(self) -> str:
        """For the reader of a row."""
        told = self._stream is not None
        clock = "CUDA events on its stream" if told else "the host's clock and a wait for the device"
        hot = "events" if told else "the same"
        return f"cold: {clock}, one call a sample, L2 emptied before each; hot: {hot} around many calls"

    def wait(self) -> None:
        self.gpu.synchronize()

    def loops_for(self, call_ns: float) -> int:
        """A cold sample is one call, however short."""
        return 1

    def warm_up(
        self, run: Call, args: tuple[Any, ...], least_ns: int = 100_000_000, most_ns: int = 2_000_000_000,
        before: Call | None = None,
    ) -> float:  # fmt: skip
        """As the host's, longer, for clocks rise slowly; then it is known how long the host takes to launch."""
        call_ns = super().warm_up(run, args, least_ns, most_ns, before)
        launch_ns = max(self._launch_ns(run, args) for _ in range(5))
        self.flushes = max(1, min(MOST_FLUSHES, 1 + math.ceil(launch_ns / self._gained_ns())))
        return call_ns

    def _gained_ns(self) -> float:
        """How much longer the stream is busy with a flush than the host is at launching it."""
        busy = self._between(lambda: self.gpu.flush(self.stream, MOST_FLUSHES)) / MOST_FLUSHES
        return max(1.0, busy - self._launch_ns(lambda: self.gpu.flush(self.stream, 8), ()) / 8)

    def turn(
        self, run: Call, args: tuple[Any, ...], loops: int, overhead_ns: float, turn_ns: int,
        before: Call | None = None, least: int = 1,
    ) -> list[float]:  # fmt: skip
        """As the host's. Samples between readings of which one says "throttled" are discarded, and counted.

        So the answer may be empty: the caller tells what that means for its row.
        """
        clocks = self.gpu.clocks()
        samples = super().turn(run, args, loops, overhead_ns, turn_ns, before, least)
        after = self.gpu.clocks()
        if held_by := clocks.held_by or after.held_by:
            self.discarded += len(samples)
            self.held_by = held_by
            return []
        self.sm_mhz.append(after.sm_mhz)
        return samples

    def figures(self, run: Call, args: tuple[Any, ...], turn_ns: int) -> dict[str, Any]:
        """Hot samples and the host's, for ``turn_ns`` each, three at least, and how the device fared."""
        loops = max(1, min(10_000, math.ceil(SHORTEST_HOT_NS / self._hot(run, args, 1))))
        hot: list[float] = []
        started = perf_counter_ns()
        while len(hot) < 3 or perf_counter_ns() < started + turn_ns:
            hot.append(self._hot(run, args, loops) / loops)
        power, busy = self._watts(run, args, loops), self.gpu.busy_percent()
        host: list[float] = []
        started = perf_counter_ns()
        while len(host) < 3 or perf_counter_ns() < started + turn_ns:
            host.append(float(self._on_host(run, args)))
        return {
            "timing": self.how,
            "hot_ns": hot,
            "hot_loops": loops,
            "host_ns": host,
            "power_w": power,
            "busy_percent": busy,
            "sm_mhz": self.sm_mhz,
            "discarded": self.discarded,
            "held_by": self.held_by,
            "driver_bytes": self.gpu.own_bytes(),
        }

    def _time(self, run: Call, args: tuple[Any, ...], loops: int) -> int:  # type: ignore[override]
        if self._stream is None:
            self.gpu.flush(0)
            self.gpu.synchronize()
            return self._on_host(run, args)
        self.gpu.flush(self.stream, self.flushes)
        return round(self._between(lambda: run(*args)))

    def _hot(self, run: Call, args: tuple[Any, ...], loops: int) -> float:
        """ns of so many calls in a row."""

        def calls() -> list[Any]:
            return [run(*args) for _ in range(loops)]

        return float(self._on_host(calls, ())) if self._stream is None else self._between(calls)

    def _watts(self, run: Call, args: tuple[Any, ...], loops: int) -> float | None:
        """While hot calls go on. The counter of energy moves only every 20 to 100 ms: the time is from one of its moves
        to another, ten times as long as between two looks. None where it stands still, or is not told."""
        first: tuple[int, int] | None = None
        last, now = self.gpu.millijoules(), perf_counter_ns()
        moved = now
        while last is not None:
            before = now
            while perf_counter_ns() < before + LOOK_NS:
                self._hot(run, args, loops)
            energy, now = self.gpu.millijoules(), perf_counter_ns()
            if energy is None or (energy == last and now >= moved + 4 * SLOWEST_MOVE_NS):
                break
            if energy != last:
                first, moved = first or (energy, now), now
                if now - first[1] >= max(SLOWEST_MOVE_NS, 10 * min(now - before, SLOWEST_MOVE_NS)):
                    return 1e6 * (energy - first[0]) / (now - first[1])
            last = energy
        return None

    def _between(self, work: Callable[[], Any]) -> float:
        """ns on the stream between an event before ``work`` and one after it.

        What it returns is let go afterwards: freeing memory may wait for the device.
        """
        stream = self.stream
        self.gpu.record(self.start, stream)
        kept = work()
        self.gpu.record(self.end, stream)
        taken = max(1.0, self.gpu.elapsed_ns(self.start, self.end))
        del kept
        return taken

    def _on_host(self, run: Call, args: tuple[Any, ...]) -> int:
        started = perf_counter_ns()
        run(*args)
        self.gpu.synchronize()
        return perf_counter_ns() - started

    def _launch_ns(self, run: Call, args: tuple[Any, ...]) -> int:
        """How long the host is at a call before it may go on."""
        self.gpu.synchronize()
        started = perf_counter_ns()
        kept = run(*args)
        launched = perf_counter_ns() - started
        self.gpu.synchronize()
        del kept
        return launched

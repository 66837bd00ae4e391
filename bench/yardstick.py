"""What the processor gives at this moment: a process that only measures its peak rates.

The clock of a shared or hot machine swings by a third within seconds, so that a share of a peak that was measured at
another moment says little. ``bench run --peak`` asks this process ahead of every turn and after it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

from bench.plan import Usage
from bench.process import Conditions, Failed, Worker
from bench.worker import serve

SECONDS = 1e-3  # beyond what the library needs to find its number of rounds: some 10 ms together


def possible(device: str) -> None:
    """Raises :class:`Usage` where rows of that device cannot have their peaks."""
    if device != "cpu":
        raise Usage("--peak is the processor's; rows of a GPU have its clocks in sm_mhz")
    if find_spec("audiokern") is None:
        raise Usage("--peak measures with the C library, which is missing: install audio-bench with a C compiler")


class Peak(NamedTuple):
    gflops: float  # float32 multiply-adds in registers, two operations each
    gadds: float  # integer additions in registers, 1e9/s: fewer while somebody has the core's other hardware thread


class Yardstick:
    """Gives up silently where it fails: rows then lack their peaks, and are whole without."""

    def __init__(self, conditions: Conditions):
        self.threads = conditions.threads
        self.worker: Worker | None = Worker([], conditions, module="bench.yardstick")
        self.peak()
        if self.worker:
            self.worker.pin()

    def peak(self) -> Peak | None:
        """None where it cannot be had."""
        found = self._ask("peak")
        return Peak(found["gflops"], found["gadds"]) if found else None

    def after(self, before: Peak | None) -> Peak | None:
        """The same with no more additions than there are now."""
        found = self._ask("adds") if before else None
        return before._replace(gadds=min(before.gadds, found["gadds"])) if before and found else None

    def _ask(self, what: str) -> Mapping[str, Any] | None:
        if self.worker is None:
            return None
        try:
            return self.worker.ask(what, "measuring the peak", threads=self.threads)
        except Failed:
            self.close()
            return None

    def pin(self, turn: int) -> None:
        if self.worker:
            self.worker.pin(turn)

    def close(self) -> None:
        if self.worker:
            self.worker.kill()
            self.worker = None


def _handle(request: dict[str, Any]) -> dict[str, Any]:
    import audiokern

    found = {"gadds": audiokern.limits.add_stats(threads=request["threads"], seconds=SECONDS).median}
    if request["do"] == "peak":
        found["gflops"] = audiokern.limits.fma_stats(threads=request["threads"], seconds=SECONDS).median
    return found


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), _handle)

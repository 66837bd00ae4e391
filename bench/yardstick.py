"""What the processor gives at this moment: a process that only measures its peak rate of multiply-adds.

The clock of a shared or hot machine swings by a third within seconds, so that a share of a peak that was measured at
another moment says little. ``bench run --peak`` asks this process ahead of every turn.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

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


class Yardstick:
    """Gives up silently where it fails: rows then lack their peaks, and are whole without."""

    def __init__(self, conditions: Conditions):
        self.threads = conditions.threads
        self.worker: Worker | None = Worker([], conditions, module="bench.yardstick")
        self.peak()
        if self.worker:
            self.worker.pin()

    def peak(self) -> float | None:
        """GFLOP/s of float32 multiply-adds (two operations each) in registers; None where it cannot be had."""
        if self.worker is None:
            return None
        try:
            return float(self.worker.ask("peak", "measuring the peak", threads=self.threads)["gflops"])
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

    return {"gflops": audiokern.limits.fma_stats(threads=request["threads"], seconds=SECONDS).median}


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), _handle)

"""perf, the sampling profiler of the Linux kernel, on the clock of the processor or, where a virtual machine has no
counters, on that of the kernel."""

from __future__ import annotations

import math
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bench.profiling import flame
from bench.profiling.stacks import Stacks, hottest, unfolded
from bench.profiling.tools import Found, Refused, which
from bench.profiling.wish import Wish

about = "samples of the C call stack, kernel included, as a flame graph"
remedy = "apt-get install linux-perf (Debian) or linux-tools-generic (Ubuntu)"
RATE = 997  # samples/s; a prime, so that it beats with nothing
most_calls = math.inf
DATA, CONTROL, ANSWER = "perf.data", "control", "answer"


def program(wish: Wish) -> str:
    return which("perf")


def command(target: Sequence[str], wish: Wish) -> list[str]:
    for name in (CONTROL, ANSWER):
        (wish.path / name).unlink(missing_ok=True)
        os.mkfifo(wish.path / name)
    control = f"fifo:{wish.path / CONTROL},{wish.path / ANSWER}"
    options = ["-e", "cpu-clock", "-F", str(RATE), "--call-graph", "dwarf,16384", "--delay", "-1", "--control", control]
    return [program(wish), "record", *options, "-o", str(wish.path / DATA), "--", *target]


@contextmanager
def bracket(wish: Wish) -> Iterator[None]:
    """perf starts with its events off; the target turns them on around the calls."""
    with open(wish.path / CONTROL, "w") as control, open(wish.path / ANSWER) as answer:
        for word in ("enable", "disable"):
            control.write(f"{word}\n")
            control.flush()
            answer.readline()
            if word == "enable":
                yield


def read(wish: Wish, facts: Mapping[str, Any]) -> Found:
    """Raises :class:`Refused` where perf recorded nothing."""
    listing = [program(wish), "script", "-i", str(wish.path / DATA), "-F", "comm,ip,sym,dso", "--no-inline"]
    shown = subprocess.run(listing, capture_output=True, text=True, check=False)
    stacks = parse(shown.stdout)
    if not stacks:
        last = (shown.stderr.strip() or "it said nothing").splitlines()[-1]
        raise Refused(f"perf took no samples ({last}); kernel.perf_event_paranoid must be 2 or less")
    for name in (CONTROL, ANSWER, DATA):  # the samples are hundreds of megabytes, and are read
        (wish.path / name).unlink(missing_ok=True)
    (wish.path / "samples.txt").write_text(unfolded(stacks))
    (wish.path / "flame.svg").write_text(flame.draw(stacks, f"{wish.suite} {wish.impl} {wish.op} {wish.label}"))
    seconds = facts["calls"] * facts["call_ms"] / 1000
    return Found(hottest(stacks, seconds), ["flame.svg", "samples.txt"], [f"{sum(stacks.values())} samples"])


def parse(text: str) -> Stacks:
    """``perf script -F comm,ip,sym,dso``: samples apart by empty lines, frames from the innermost out.

    The interpreter's own frames above the first call are folded into its program's name.
    """
    stacks: Stacks = Counter()
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.strip()]
        frames = [_frame(line) for line in lines if line[:1].isspace()]
        if frames:
            stacks[tuple(_without_interpreter(frames[::-1]))] += 1
    return stacks


def _frame(line: str) -> str:
    """``7f12 name+0x1c (/usr/lib/libx.so)`` -> ``name (libx.so)``."""
    _address, _, rest = line.strip().partition(" ")
    symbol, _, where = rest.rpartition(" (")
    library = where.rstrip(")").rsplit("/", 1)[-1]
    return f"{symbol.partition('+0x')[0]} ({library})"


def _without_interpreter(frames: list[str]) -> list[str]:
    """The stack from the last of Python's own frames on."""
    own = [
        n
        for n, frame in enumerate(frames)
        if frame.startswith(("_Py", "Py", "_start", "__libc_start", "main ", "[unknown] (python"))
    ]
    return frames[min(own[-1], len(frames) - 1) :] if own else frames

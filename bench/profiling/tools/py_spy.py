"""py-spy: a sampling profiler for Python, which it does not stop; see https://github.com/benfred/py-spy.

Time in a library's C code falls on the line that called it; ``--tool perf`` looks below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.profiling import flame
from bench.profiling.stacks import folded, hottest, inside, unfolded
from bench.profiling.tools import Found, Refused, which
from bench.profiling.wish import Wish

about = "samples of the Python call stack, as a flame graph"
remedy = "pip install 'audio-bench[profile]'"
RATE = 500  # samples/s
most_calls = math.inf
RAW = "samples.txt"


def program(wish: Wish) -> str:
    return which("py-spy")


def command(target: Sequence[str], wish: Wish) -> list[str]:
    options = ["--nonblocking", "--rate", str(RATE), "--format", "raw", "--output", str(wish.path / RAW)]
    return [program(wish), "record", *options, "--", *target]


def read(wish: Wish, facts: Mapping[str, Any]) -> Found:
    path = wish.path / RAW
    whole = folded(path.read_text()) if path.exists() else {}
    measured = inside(whole, "profiled_calls")  # type: ignore[arg-type]
    if not measured:
        raise Refused("py-spy took no sample inside the calls; a longer --seconds helps")
    path.write_text(unfolded(measured))
    seconds = facts["calls"] * facts["call_ms"] / 1000
    (wish.path / "flame.svg").write_text(flame.draw(measured, f"{wish.suite} {wish.impl} {wish.op} {wish.label}"))
    return Found(hottest(measured, seconds), ["flame.svg", RAW], [f"{sum(measured.values())} samples"])

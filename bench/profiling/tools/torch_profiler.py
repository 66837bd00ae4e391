"""The profiler of PyTorch: its operators, their kernels, and a timeline for chrome://tracing or ui.perfetto.dev."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from bench.profiling.tools import Found, Refused
from bench.profiling.wish import Hot, Wish

about = "PyTorch's operators and CUDA kernels, and a timeline"
remedy = "pip install 'audio-bench[torch]'"
TRACE, TABLE = "trace.json", "operators.json"


def program(wish: Wish) -> str:
    found = find_spec("torch")
    return str(found.origin) if found else ""


def command(target: Sequence[str], wish: Wish) -> list[str]:
    return list(target)


@contextmanager
def bracket(wish: Wish) -> Iterator[None]:
    from torch.profiler import ProfilerActivity, profile

    on_gpu = wish.device.startswith("cuda")
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]) as recorder:
        yield
    recorder.export_chrome_trace(str(wish.path / TRACE))
    kind = "device" if on_gpu else "cpu"
    table = [
        {"name": e.key, "calls": e.count, "self_us": getattr(e, f"self_{kind}_time_total")}
        for e in recorder.key_averages()
    ]
    (wish.path / TABLE).write_text(json.dumps(table))


def read(wish: Wish, facts: Mapping[str, Any]) -> Found:
    table = [line for line in json.loads((wish.path / TABLE).read_text()) if line["self_us"] > 0]
    if not table:
        raise Refused(f"PyTorch saw none of its operators in {wish.impl}; --tool py-spy or perf sees any code")
    total = sum(line["self_us"] for line in table)
    hot = [Hot(x["name"], x["self_us"] / total, x["self_us"] / 1000, x["calls"]) for x in table]
    note = "every operator is recorded, which slows short ones: compare shares, not times"
    return Found(sorted(hot, key=lambda h: -h.share)[:30], [TRACE], [note])

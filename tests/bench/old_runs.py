"""Run directories of long ago, written as the harness writes them, at times and speeds that a test chooses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.results import Row


def write(
    folder: Path, levels: Sequence[float], machine: str = "vm-2c-8g", first: int = 1, **fields: Any
) -> list[Path]:
    """One run a level (ms): three processes of five rounds each, which vary by 0.2%."""
    rng = np.random.default_rng(first)
    for n, level in enumerate(levels, first):
        run = folder / f"run-{machine}-{n:03}"
        run.mkdir(parents=True)
        rows = [
            Row(
                **{"run": run.name, "suite": "toy", "impl": "good", "case": {"size": 64}, "op": "add"}
                | {"started": f"2026-01-{n:02}T12:00:00.000+00:00", "version": "2.0" if n < 11 else "2.1"}
                | {"allocator": "top_pad=1", "audio_seconds": 1.0, "memory_bytes": 1000 * n, "replicate": replicate}
                | {"samples_ns": list(1e6 * level * (1 + 0.002 * rng.standard_normal(5))), "rounds": [1] * 5}
                | fields
            )
            for replicate in range(3)
        ]
        (run / "rows.jsonl").write_text("".join(json.dumps(asdict(r)) + "\n" for r in rows))
        record = {"machine": machine, "project": {"commit": f"{n:02x}".ljust(40, "0"), "dirty": False}}
        (run / "environment.json").write_text(json.dumps(record))


def drifting(count: int, step: float = 1.0, at: int = 10, seed: int = 0, noise: float = 0.01) -> list[float]:
    """``count`` levels around 5 ms with 1% of noise, ``step`` times as long from ``at`` on."""
    rng = np.random.default_rng(seed)
    return [5.0 * (step if n >= at else 1.0) * (1 + noise * rng.standard_normal()) for n in range(count)]

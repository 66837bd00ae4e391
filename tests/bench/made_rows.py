"""Rows with a known truth, for the tests of comparisons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from bench.results import Row

ALLOCATOR = "mmap_threshold=1"


def rows(
    impl: str = "mine",
    ms: float = 5.0,
    *,
    replicates: int = 3,
    spread: float = 0.001,
    seed: int = 0,
    memory: int | None = 50_000_000,
    **facts: Any,
) -> list[Row]:
    """One row a process: 10 rounds of 3 samples around ``ms``, each process with a level of its own."""
    rng = np.random.default_rng(seed)
    found = []
    for replicate in range(replicates):
        level = ms * 1e6 * np.exp(spread * rng.standard_normal())
        samples = (level * np.exp(spread * rng.standard_normal(30))).tolist()
        usual = {
            "suite": "toy",
            "case": {"size": 64},
            "op": "add",
            "audio_seconds": 1.0,
            "error": 1e-7,
            "quality": {"error": 1e-7},
            "allocator": ALLOCATOR,
            "memory_bytes": memory,
        }
        row = {"samples_ns": samples, "rounds": [3] * 10, "replicate": replicate, **usual, **facts}
        found.append(Row("run", impl=impl, **row))
    return found


def failed(impl: str = "mine", status: str = "wrong", reason: str = "differs by 1", **facts: Any) -> list[Row]:
    return [Row("run", "toy", impl, {"size": 64}, "add", status=status, reason=reason, **facts)]


def run(folder: Path, content: list[Row], machine: str = "a-machine") -> Path:
    """A run directory that holds them."""
    folder.mkdir(parents=True)
    (folder / "environment.json").write_text(json.dumps({"machine": machine}))
    (folder / "rows.jsonl").write_text("".join(json.dumps(vars(r)) + "\n" for r in content))
    return folder

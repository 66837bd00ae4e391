"""Pairs of rows for tools/gate.py: measured through the runner, judged by the gate and by its rivals, kept as lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from rival_rules import RULES

from bench import api
from bench.compare.decide import decide, evidence
from bench.compare.effect import pseudo_median
from bench.compare.interleave import settings
from bench.compare.sequence import Sequential, by_place, looks, side_by_side
from bench.plan import Item, Plan
from bench.process import Home, ahead
from bench.store import Store

METHOD = 3  # of measuring: every array's place drawn, few copies a template; 2: before
THRESHOLD = 0.01
SECONDS = 10.0  # a row may take
PLANTED = {"same": 0.0, "2%": 0.02, "3%": 0.03, "10%": 0.1}


def _cases(*settings: tuple[int, int, int, int, float]) -> list[dict[str, Any]]:
    names = ("n_fft", "hop_length", "center", "sample_rate", "batch", "seconds")
    return [dict(zip(names, (n, h, True, rate, batch, s), strict=True)) for n, h, rate, batch, s in settings]


KERNELS = {  # ms a call, implementation, cases; the seconds of audio are fitted to the machine, see calls_of
    "computing": (
        5.0,
        "c:plain",
        _cases(
            (400, 160, 16000, 1, 3.3),
            (512, 128, 16000, 1, 1.55),
            (1024, 256, 48000, 1, 0.5),
            (2048, 512, 48000, 1, 0.5),
        ),
    ),
    "memory": (
        5.0,
        "numpy:blocked",
        _cases(
            (4096, 1024, 48000, 1, 10.0),
            (2048, 512, 48000, 1, 10.0),
            (1024, 256, 48000, 1, 10.0),
            (512, 128, 16000, 16, 2),
        ),
    ),
    "short": (
        0.2,
        "c",
        _cases(
            (400, 160, 16000, 1, 4.0),
            (512, 128, 16000, 1, 4.0),
            (1024, 256, 48000, 1, 1.0),
            (2048, 512, 48000, 1, 1.0),
        ),
    ),
}


def calls_of(milliseconds: float, impl: str, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases with as many seconds of audio as make a call last about so long on this machine."""
    wish = Plan([Item("stft", cases, [impl], ["forward"])], replicates=1, budget_s=0.3, precision=0.0, extras=False)
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch) / "run", wish, {})
        api.execute(store)
        rows = {row.case["n_fft"]: row for row in store.results().rows}
    took = [float(np.median(rows[case["n_fft"]].samples_ns)) / 1e6 for case in cases]
    return [
        {**case, "seconds": round(case["seconds"] * milliseconds / ms, 2)} for case, ms in zip(cases, took, strict=True)
    ]


@contextmanager
def background(load: str) -> Iterator[None]:
    """``busy``: one process on every processor that does nothing but count; ``none``: nothing of ours."""
    cores = sorted(os.sched_getaffinity(0)) if load == "busy" else []
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(["taskset", "-c", str(core), *command]) for core in cores]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def measure(
    kernel: str, cases: list[dict[str, Any]], kind: str, load: str, seed: int, sides: tuple[Home, Home]
) -> list[dict[str, Any]]:
    """Two installations of the same code, one perhaps with a slowdown, in all cases of a kernel: a line for each.

    ``kind`` is one of ``PLANTED``. Two labels a run, as in a comparison of one implementation: more would come between
    the two, and chill the caches.
    """
    impl = KERNELS[kernel][1]
    base, new = labels = [f"{impl}@base", f"{impl}@new"]
    wish = Plan(
        [Item("stft", cases, labels, ["forward"])],
        seed=seed,
        slowdowns={new: PLANTED[kind]},
        homes={side: asdict(home) for side, home in zip(("base", "new"), sides, strict=True)},
        **settings(memory=False),
    )
    referee = Sequential([{base: new}], lambda row: THRESHOLD, SECONDS)
    with tempfile.TemporaryDirectory() as scratch:
        began = monotonic()
        store = Store(Path(scratch) / "run", wish, {})
        api.execute(store, referee=referee)
        seconds = monotonic() - began
        rows = by_place(store.results().rows)
    with ahead() as permitted:
        pass
    facts = {"method": METHOD, "kernel": kernel, "load": load, "seed": seed, "ahead": permitted}
    facts |= {"loadavg": round(os.getloadavg()[0], 1)}
    processes = sum(map(len, rows.values()))
    found = []
    for case in cases:
        key = json.dumps(case, sort_keys=True)
        line = _judge(*(rows["stft", who, key, "forward", 1] for who in labels))
        line["seconds"] = round(seconds * 2 * line["pairs"] / processes, 2)
        found.append({**facts, "planted": PLANTED[kind], "n_fft": case["n_fft"], **line})
    return found


def _judge(base: list[Any], new: list[Any]) -> dict[str, Any]:
    rounds = side_by_side(base, new)
    seen = looks(*rounds)
    last = evidence(seen, THRESHOLD)
    logs = [pseudo_median(np.log(b[:n] / a[:n])) for a, b in zip(*rounds, strict=True) for n in [min(len(a), len(b))]]
    ran = {r.replicate for r in base} & {r.replicate for r in new}
    a, b = (np.concatenate([r.samples_ns for r in rows if r.replicate in ran]) for rows in (base, new))
    return {
        "verdict": decide([last])[0],
        "ratio": round(float(np.exp(last.effect.value)), 5),
        "pairs": len(logs),
        "logs": [round(v, 5) for v in logs],
        "call_ms": round(float(np.median(a)) / 1e6, 2),
        "rivals": [name for name, rule in RULES.items() if rule(a, b)],
    }


def append(lines: list[dict[str, Any]], path: Path) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

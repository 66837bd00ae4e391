"""asv's results (``.asv/results/MACHINE/COMMIT-ENVIRONMENT.json``), version 2; https://asv.readthedocs.io/en/stable/dev.html.

A benchmark is an operation of its module or class, asv the implementation. The order in a history is that of the
commits. Names of parameters are read from ``benchmarks.json``, one folder above.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from bench.imports.foreign import Foreign, environment, plain, samples, statistics
from bench.results import Row

TOOL = "asv"
REMEDY = "asv run --record-samples keeps them"
COLUMNS = ("result", "params", "version", "started_at", "duration")  # what a file without result_columns has


def knows(data: dict[str, Any]) -> bool:
    return "commit_hash" in data and "results" in data and "params" in data


def is_beside(path: Path) -> bool:
    """asv's own records, which lie among the results and hold none."""
    return path.name in ("machine.json", "benchmarks.json") and path.is_file()


def read(data: dict[str, Any], path: Path) -> Foreign:
    described = _described(path)
    rows: list[Row] = []
    left_out = []
    for name, values in data["results"].items():
        told = dict(zip(data.get("result_columns", COLUMNS), values, strict=False))
        about = described.get(name) or {}
        kind = about.get("type") or _kind(name)
        if kind in ("time", "peakmemory"):
            rows += _rows(name, told, about.get("param_names") or [], memory=kind == "peakmemory")
        else:
            left_out.append(f"{name}: it is neither a time nor a peak of memory ({kind})")
    return Foreign(TOOL, rows, _environment(data), left_out)


def _described(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path.parent.parent / "benchmarks.json").read_text())
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, dict)}


def _kind(name: str) -> str:
    """By the prefix that asv itself goes by."""
    prefix = name.rpartition(".")[2].partition("_")[0].lower()
    return {"time": "time", "timeraw": "time", "peakmem": "peakmemory"}.get(prefix, prefix)


def _environment(data: dict[str, Any]) -> dict[str, Any]:
    params = data["params"]
    committed = _iso(data["date"])
    return environment(
        TOOL,
        "",
        min((_iso(v[3]) for v in data["results"].values() if len(v) > 3 and v[3]), default=committed),
        host=params.get("machine"),
        system={"name": params.get("os"), "kernel": params.get("os")},
        cpu={
            "model": params.get("cpu"),
            "architecture": params.get("arch"),
            "logical": _whole(params.get("num_cpu")),
            "physical": None,
        },
        memory={"total": _whole(params.get("ram"))},
        python={"version": "" if "/" in str(data.get("python")) else data.get("python")},
        packages={str(k): str(v) for k, v in (data.get("requirements") or {}).items()},
        project={"commit": data["commit_hash"], "dirty": False, "committed": committed},
    )


def _rows(name: str, told: dict[str, Any], names: list[str], memory: bool) -> Iterator[Row]:
    suite, _, op = name.rpartition(".")
    grid = list(product(*(told.get("params") or [])))
    results = told["result"] if told["result"] is not None else [None] * len(grid)
    for n, (values, result) in enumerate(zip(grid, results, strict=True)):
        case = {names[i] if i < len(names) else f"param{i + 1}": _value(v) for i, v in enumerate(values)}
        if result is None:
            figures: dict[str, Any] = {"status": "error", "reason": "it failed under asv"}
        elif math.isnan(result):
            figures = {"status": "unavailable", "reason": "it was skipped under asv"}
        else:
            figures = {"peak_rss_bytes": int(result)} if memory else _timed(told, n, result)
        started = _iso(told["started_at"]) if told.get("started_at") else ""
        yield Row("", suite or TOOL, TOOL, case, op, started=started, allocator=TOOL, corpus="", **figures)


def _timed(told: dict[str, Any], n: int, result: float) -> dict[str, Any]:
    def of(column: str) -> Any:
        return (told.get(column) or [])[n] if n < len(told.get(column) or []) else None

    if of("samples"):
        return samples(of("samples"), int(of("stats_number") or 1))
    return statistics("the quartiles", [of("stats_q_25"), result, of("stats_q_75")], REMEDY)


def _value(text: str) -> Any:
    """asv keeps the repr of a parameter."""
    try:
        return plain(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return text


def _whole(text: Any) -> int:
    return int(text) if str(text or "").isdigit() else 0


def _iso(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")

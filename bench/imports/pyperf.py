"""pyperf's JSON (``-o FILE``), version 1.0; https://pyperf.readthedocs.io/en/latest/api.html.

A process of pyperf's is a replicate, a value is a round. Values in bytes (``--track-memory``) are peak memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.imports.foreign import Foreign, environment
from bench.results import Row

TOOL = "pyperf"


def knows(data: dict[str, Any]) -> bool:
    benchmarks = data.get("benchmarks")
    return isinstance(benchmarks, list) and bool(benchmarks) and all("runs" in b for b in benchmarks)


def read(data: dict[str, Any], _path: Path) -> Foreign:
    common = data.get("metadata", {})
    rows: list[Row] = []
    left_out = []
    for number, benchmark in enumerate(data["benchmarks"]):
        facts = common | benchmark.get("metadata", {})
        name = facts.get("name") or f"benchmark {number + 1}"
        if facts.get("unit", "second") in ("second", "byte"):
            rows += _rows(benchmark, facts, name)
        else:
            left_out.append(f"{name}: its values are neither times nor bytes ({facts['unit']})")
    dates = [run.get("metadata", {}).get("date") for b in data["benchmarks"] for run in b["runs"]]
    return Foreign(TOOL, rows, _environment(common, data["benchmarks"], min(d for d in dates if d)), left_out)


def _environment(common: dict[str, Any], benchmarks: list[Any], date: str) -> dict[str, Any]:
    known = common | benchmarks[0].get("metadata", {}) | benchmarks[0]["runs"][0].get("metadata", {})
    return environment(
        TOOL,
        known.get("perf_version", ""),
        _iso(date),
        host=known.get("hostname"),
        system={"name": known.get("platform"), "kernel": known.get("platform")},
        cpu={
            "model": known.get("cpu_model_name"),
            "architecture": None,
            "logical": known.get("cpu_count", 0),
            "physical": None,
        },
        python={
            "version": str(known.get("python_version", "")).partition(" ")[0],
            "implementation": known.get("python_implementation"),
            "compiler": known.get("python_compiler"),
        },
    )


def _rows(benchmark: dict[str, Any], facts: dict[str, Any], name: str) -> Iterator[Row]:
    measured = [run for run in benchmark["runs"] if run.get("values")]  # the others calibrated
    for replicate, run in enumerate(measured):
        own = facts | run.get("metadata", {})
        memory = own.get("unit") == "byte"
        values = run["values"]
        yield Row(
            "", TOOL, TOOL, {}, name,
            replicate=replicate,
            allocator=TOOL,
            corpus="",
            started=_iso(own["date"]) if own.get("date") else "",
            samples_ns=[] if memory else [1e9 * v for v in values],
            rounds=[] if memory else [1] * len(values),
            loops=own.get("loops", 1) * own.get("inner_loops", 1),
            peak_rss_bytes=int(max(values)) if memory else None,
        )  # fmt: skip


def _iso(date: str) -> str:
    """pyperf writes the local time without its zone; it is taken for UTC."""
    return datetime.fromisoformat(date).replace(tzinfo=UTC).isoformat(timespec="milliseconds")

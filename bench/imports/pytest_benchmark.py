"""pytest-benchmark's JSON (``--benchmark-json``, ``--benchmark-autosave``); https://pytest-benchmark.readthedocs.io.

A test that ``--bench-suite`` made becomes the row that it measured. Of others, a group is a suite and its tests are the
rivals, with their file where two files have one of that name; a test without a group is an operation of its file, and
the project is the implementation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.imports.foreign import Foreign, case, environment, samples, statistics
from bench.results import COLUMNS, Row

TOOL = "pytest-benchmark"
REMEDY = "--benchmark-save-data keeps them"


def knows(data: dict[str, Any]) -> bool:
    return "machine_info" in data and "benchmarks" in data


def read(data: dict[str, Any], _path: Path) -> Foreign:
    rows = [_row(b, data) for b in data["benchmarks"]]
    often = Counter(row.key for row in rows)
    for n, (row, b) in enumerate(zip(rows, data["benchmarks"], strict=True)):
        if often[row.key] > 1 and b.get("group"):
            rows[n] = replace(row, impl=f"{b['fullname'].partition('::')[0]}::{row.impl}")
    return Foreign(TOOL, rows, _environment(data))


def _environment(data: dict[str, Any]) -> dict[str, Any]:
    info, commit = data["machine_info"], data.get("commit_info") or {}
    cpu = info.get("cpu") or {}
    python = {"version": info["python_version"], "implementation": info["python_implementation"]}
    versioned = commit.get("id") not in (None, "", "unversioned")
    return environment(
        TOOL,
        data.get("version", ""),
        data["datetime"],
        host=info.get("node"),
        system={"name": info["system"], "kernel": f"{info['system']} {info['release']}"},
        cpu={
            "model": cpu.get("brand_raw") or info.get("processor"),
            "family": f"{cpu.get('family', '')} {cpu.get('model', '')}".strip(),
            "architecture": info["machine"],
            "logical": cpu.get("count", 0),
            "physical": None,
        },
        python={**python, "compiler": info.get("python_compiler")},
        project={
            "commit": commit["id"] if versioned else None,
            "dirty": commit.get("dirty"),
            "committed": commit.get("time") if versioned else None,
        },
    )


def _row(b: dict[str, Any], data: dict[str, Any]) -> Row:
    ours = (b.get("extra_info") or {}).get("bench")
    who = {k: v for k, v in ours.items() if k in COLUMNS} if ours else _who(b, data.get("commit_info") or {})
    stats, iterations = b["stats"], b["stats"].get("iterations", 1)
    if stats.get("data"):
        timed = samples(stats["data"], iterations)
    else:
        five = [stats[k] for k in ("min", "q1", "median", "q3", "max")]
        timed = statistics("minimum, quartiles and maximum", five, REMEDY) | {"loops": iterations}
    return Row(**{"run": "", "started": data["datetime"], "allocator": TOOL, "corpus": "", **who, **timed})


def _who(b: dict[str, Any], commit: dict[str, Any]) -> dict[str, Any]:
    file, _, name = b["fullname"].partition("::")
    params = case(b.get("params"))
    test = name.partition("[")[0] if params else name
    if b.get("group"):
        return {"suite": b["group"], "impl": test or b["name"], "op": "run", "case": params}
    return {
        "suite": Path(file).with_suffix("").as_posix(),
        "impl": commit.get("project") or TOOL,
        "op": test or b["name"],
        "case": params,
    }

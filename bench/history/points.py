"""From run directories to points: one a run and row, with what tells like runs from unlike ones.

Runs are joined in a series only where everything in ``SERIES`` is the same: machine, suite, implementation, case,
operation, device, threads, allocator settings and input. A run of another machine is another series; a run whose
machine is not known is alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from bench import counts
from bench.measure.gpu_limits import kinds
from bench.plan import Usage
from bench.results import SUMMARY, Results, Row, summarise, text_only


def column(doc: str, **default: Any) -> Any:
    return field(metadata={"doc": doc}, **default)


@dataclass(frozen=True)
class Point:
    """What one run says of one implementation, case and operation."""

    machine: str = column(
        "the machine, as `bench env` names it, and its GPU where that was measured; its run's own where not recorded"
    )
    suite: str = column(SUMMARY["suite"])
    impl: str = column(SUMMARY["impl"])
    case: str = column("the suite's parameters of this case, as a JSON text")
    op: str = column(SUMMARY["op"])
    device: str = column(SUMMARY["device"])
    threads: int = column(SUMMARY["threads"])
    allocator: str = column("allocator settings of the worker")
    corpus: str = column("where the audio comes from")
    seed: int = column("seed of every random draw")
    run: str = column("id of the run")
    started: str = column("UTC time at which the first of its rows began, ISO 8601")
    committed: str = column("UTC time of the commit where it is recorded; it goes before `started`", default="")
    commit: str = column("revision of the project that was measured, with + where it had changes", default="")
    version: str = column(SUMMARY["version"], default="")
    status: str = column(SUMMARY["status"], default="ok")
    reason: str = column(SUMMARY["reason"], default="")
    median_ms: float | None = column(SUMMARY["median_ms"], default=None)
    low_ms: float | None = column(SUMMARY["low_ms"], default=None)
    high_ms: float | None = column(SUMMARY["high_ms"], default=None)
    first_ms: float | None = column(SUMMARY["first_ms"], default=None)
    end_to_end_ms: float | None = column(SUMMARY["end_to_end_ms"], default=None)
    memory_mb: float | None = column(SUMMARY["memory_mb"], default=None)
    peak_rss_mb: float | None = column(SUMMARY["peak_rss_mb"], default=None)
    error: float | None = column(SUMMARY["error"], default=None)
    instructions: int | None = column(SUMMARY["instructions"], default=None)
    allocations: int | None = column(SUMMARY["allocations"], default=None)
    counted_by: str = column(SUMMARY["counted_by"], default="")
    samples: int = column(SUMMARY["samples"], default=0)
    replicates: int = column(SUMMARY["replicates"], default=0)
    stamp: int = column("bytes of the run's files when it was read: it is read again once they have grown", default=0)

    @property
    def series(self) -> tuple[Any, ...]:
        """What all points of a series share. The order of a case's parameters is for the eye alone."""
        case = json.dumps(json.loads(self.case), sort_keys=True)
        return tuple(case if name == "case" else getattr(self, name) for name in SERIES)

    @property
    def when(self) -> tuple[str, str]:
        return self.committed or self.started, self.run


COLUMNS = {f.name: str(f.metadata["doc"]) for f in fields(Point)}
SERIES = ("machine", "suite", "impl", "case", "op", "device", "threads", "allocator", "corpus", "seed")
_FIGURES = (
    *("version", "status", "reason", "median_ms", "low_ms", "high_ms", "first_ms", "end_to_end_ms", "memory_mb"),
    *("peak_rss_mb", "error", "samples", "replicates"),
)


def runs_in(source: Path) -> list[Path]:
    """The run directories of a folder: itself, or those directly in it and in the folders in it."""
    if (source / "rows.jsonl").is_file():
        return [source]
    if not source.is_dir():
        raise Usage(f"{source} is no folder of runs, no run, and no .parquet or .duckdb file")
    found = sorted(p.parent for depth in ("*", "*/*", "*/*/*") for p in source.glob(f"{depth}/rows.jsonl"))
    if not found:
        raise Usage(f"there is no run in {source}/; `bench run stft` makes one, `bench import` brings those of others")
    return found


def read(runs: Iterable[Path], known: Iterable[Point] = ()) -> list[Point]:
    """The points of ``runs``, beside those ``known``; a run that is known as it stands is not read again.

    A run is known by its name and its beginning: `--out` may call the runs of many days alike.
    """
    points = {(p.series, p.run, p.started): p for p in known}
    stamps: dict[tuple[str, int], set[str]] = {}
    for p in points.values():
        stamps.setdefault((p.run, p.stamp), set()).add(p.started)
    for folder in runs:
        stamp = sum((folder / f).stat().st_size for f in ("rows.jsonl", counts.FILE) if (folder / f).exists())
        if not any(_begun(folder, started) for started in stamps.get((text_only(folder.name), stamp), ())):
            points |= {(p.series, p.run, p.started): p for p in of_run(Results.load(folder), stamp)}
    return sorted(points.values(), key=lambda p: p.when)


def _begun(folder: Path, started: str) -> bool:
    """Is there a row of that time? Found without reading the rows, of which there may be many."""
    with (folder / "rows.jsonl").open("rb") as file:
        return any(f'"{started}"'.encode() in line for line in file)


def of_run(results: Results, stamp: int = 0) -> Iterator[Point]:
    """One point a series; an operation that was never reached, because opening failed, has none."""
    environment = results.environment
    project = environment.get("project") or {}
    commit = f"{(project.get('commit') or '')[:12]}{'+' if project.get('dirty') else ''}"
    groups: dict[tuple[Any, ...], list[Row]] = {}
    name = text_only(results.path.name) if results.path else ""
    started = min((r.started for r in results.rows if r.started), default=str(environment.get("time") or ""))
    gpus = kinds(environment.get("limits") or {})
    for row in (r for r in results.rows if r.op):
        case = json.dumps(row.case)
        machine = environment.get("machine") or f"unknown ({name or row.run}, {started})"
        machine += f" with {gpus[row.device]}" if row.device in gpus else ""
        inputs = (text_only(row.corpus), row.seed)
        key = (machine, row.suite, row.impl, case, row.op, row.device, row.threads, row.allocator, *inputs)
        groups.setdefault(key, []).append(row)
    counted = counts.by_row(results.path)
    for key, rows in groups.items():
        line = summarise(rows, {})
        figures: dict[str, Any] = {name: line[name] for name in _FIGURES} | counted.get(counts.key_of(rows[0]), {})
        yield Point(
            *key,
            run=name or rows[0].run,
            started=started,
            committed=str(project.get("committed") or ""),
            commit=commit,
            stamp=stamp,
            **figures,
        )


def as_dicts(points: Iterable[Point]) -> list[dict[str, Any]]:
    return [asdict(p) for p in points]

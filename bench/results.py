"""Rows: their columns (documented here and nowhere else), their file, and the tables made from them.

A run directory holds ``environment.json``, ``plan.json``, ``rows.jsonl`` (one line a row, appended and flushed
as it is made) and, at the end, ``rows.parquet``. A row is one operation of one implementation in one process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import counts, lines, stats
from bench.core import STATUSES, label_of

if TYPE_CHECKING:
    import pandas as pd  # late: half a second, which a command that makes no table is spared


def column(doc: str, **default: Any) -> Any:
    return field(metadata={"doc": doc}, **default)


@dataclass(frozen=True)
class Row:
    """One operation of one implementation, measured (or not) in one worker process."""

    run: str = column("id of the run")
    suite: str = column("suite, e.g. stft")
    impl: str = column("implementation, with its variant after a colon, e.g. pyfftw:planned")
    case: dict[str, Any] = column("the suite's parameters of this case")
    op: str = column("operation, e.g. forward")
    device: str = column("cpu or cuda:N", default="cpu")
    threads: int = column("CPU threads that the implementation may use", default=1)
    seed: int = column("seed of every random draw", default=0)
    corpus: str = column("where the audio comes from", default="builtin")
    replicate: int = column("number of the worker process, from 0", default=0)
    status: str = column("ok, unavailable, wrong, error, crash, timeout, oom or unstable", default="ok")
    reason: str = column("why the status is not ok, with the way out", default="")
    version: str = column("version of the library that the implementation stands on", default="")
    started: str = column("UTC time at which this row's measuring began, ISO 8601", default="")
    audio_seconds: float = column("seconds of audio that one call handles", default=0.0)
    frame_seconds: float = column("seconds of a stream's frame, where a sample is one frame; else 0", default=0.0)
    samples_ns: list[float] = column("every sample in time order, ns a call, overhead subtracted", default_factory=list)
    late_ns: list[float] = column(
        "at real-time pace: how long after its frame's arrival each call began, ns", default_factory=list
    )
    cpu_ns: list[float] = column("at real-time pace: processor time of each call, ns", default_factory=list)
    rounds: list[int] = column("number of samples in each interleaved round", default_factory=list)
    peak_gflops: list[float] = column(
        "with --peak: multiply-adds in registers just before each round, GFLOP/s", default_factory=list
    )
    peak_gadds: list[float] = column(
        "with --peak: integer additions in registers, 1e9/s, the fewer of those just before and just after each round; "
        "where they are fewer than the best, somebody else had a part of the core, or its clock was lower",
        default_factory=list,
    )
    loops: int = column("calls in each sample", default=1)
    overhead_ns: float = column("calibrated cost of timing one call, already subtracted", default=0.0)
    first_ns: float | None = column("the first call after preparing, ns", default=None)
    setup_ns: float | None = column("making the implementation: imports, plans, tables, ns", default=None)
    end_to_end_ns: list[float] = column("prepare + run + finish, host arrays in and out, ns", default_factory=list)
    peak_rss_bytes: int | None = column(
        "high-water mark of memory during one call, of the process and of those that it started", default=None
    )
    memory_bytes: int | None = column("that mark, less what the process itself held just before the call", default=None)
    timing: str = column("on a GPU: which clock, and what was done between samples", default="")
    hot_ns: list[float] = column("on a GPU: samples of many calls in a row, ns a call", default_factory=list)
    hot_loops: int = column("on a GPU: calls in each hot sample", default=1)
    host_ns: list[float] = column("on a GPU: the host's clock, call and wait for its end, ns", default_factory=list)
    sm_mhz: list[int] = column("on a GPU: SM clock after each round", default_factory=list)
    discarded: int = column("on a GPU: samples taken while something held its clocks down; not kept", default=0)
    held_by: str = column("on a GPU: what held the clocks down, where something did", default="")
    power_w: float | None = column("on a GPU: mean power while hot calls follow each other, W", default=None)
    busy_percent: int | None = column("on a GPU: share of the time in which a kernel ran, by the driver", default=None)
    driver_bytes: int | None = column(
        "on a GPU: memory that the driver has handed out since before the set-up, workspaces included", default=None
    )
    allocated_bytes: int | None = column("on a GPU: peak of the framework's own allocator in one call", default=None)
    allocator: str = column("allocator settings of the worker", default="")
    weights: str = column("SHA-256 of the file of weights that the user gave; empty: none", default="")
    error: float | None = column("the suite's own error figure against the float64 reference", default=None)
    quality: dict[str, float] = column("every figure of the check, by name", default_factory=dict)
    flops: float = column("least floating-point operations that any implementation must do", default=0.0)
    bytes: float = column("least bytes to and from memory that any implementation must move", default=0.0)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"no status is called {self.status!r}")

    @property
    def key(self) -> str:
        """What makes this row the same work as another: resuming skips keys that are on disk."""
        case = json.dumps(self.case, sort_keys=True)
        return json.dumps([self.suite, self.impl, case, self.op, self.device, self.threads, self.replicate])


COLUMNS = {f.name: str(f.metadata["doc"]) for f in fields(Row)}

SUMMARY = {
    "suite": COLUMNS["suite"],
    "label": "the case's parameters as one text",
    "op": COLUMNS["op"],
    "impl": COLUMNS["impl"],
    "device": COLUMNS["device"],
    "threads": COLUMNS["threads"],
    "status": "the worst status of the replicates; unstable only if most of them are",
    "reason": COLUMNS["reason"],
    "x_realtime": "seconds of audio handled in a second (audio_seconds / median); none where it handles no audio",
    "median_ms": "median over replicates of the median over rounds, ms a call",
    "low_ms": "lower end of the median's 95% hierarchical bootstrap interval, ms",
    "high_ms": "upper end of that interval, ms",
    "p95_ms": "95th percentile of all samples, ms",
    "p99_ms": "99th percentile of all samples, ms",
    "max_ms": "longest sample, ms",
    "deadline_misses": "share of a stream's frames whose answer was not ready when the next frame had arrived; at full "
    "speed, of those that took longer than they last",
    "jitter_ms": "99th percentile less median of the time from a frame's arrival to its answer (at full speed: of the "
    "call), ms",
    "wake_ms": "at real-time pace: 99th percentile of how late a call began, which is the machine's part, ms",
    "cpu_percent": "at real-time pace: processor time of the calls, all threads, over the time of their frames, %",
    "hot_ms": "on a GPU: median a call of many in a row, the cache as they left it, ms",
    "host_ms": "on a GPU: median of a call and the wait for its end by the host's clock, ms",
    "gpu_mb": "on a GPU: largest driver_bytes of the replicates, MB",
    "first_ms": "median over replicates of the first call, ms",
    "setup_ms": "median over replicates of the set-up, ms",
    "end_to_end_ms": "median of prepare + run + finish, ms",
    "memory_mb": "largest memory_bytes of the replicates, MB",
    "peak_rss_mb": "largest peak_rss_bytes of the replicates, MB",
    "error": COLUMNS["error"],
    "limit_percent": "least possible time on this machine (its FMA peak, with --peak that of the same moments; its "
    "memory bandwidth) / median, %",
    "instructions": "instructions of one call, where `bench count` counted them; see docs/counting.md",
    "allocations": "how often one call asked the C library for memory, where that was counted",
    "counted_by": "what counted these two; figures of different counters are not alike",
    "samples": "number of samples",
    "replicates": "number of processes",
    "version": COLUMNS["version"],
    "quality": COLUMNS["quality"],
    "case": COLUMNS["case"],
}

_WORST = ("crash", "oom", "timeout", "error", "wrong", "unavailable", "unstable", "ok")


class Results:
    """The rows of one or several runs, with the environments in which they were made."""

    def __init__(self, rows: Iterable[Row], environment: Mapping[str, Any] | None = None, path: Path | None = None):
        self.rows = list(rows)
        self.environment = dict(environment or {})
        self.path = path

    @classmethod
    def load(cls, path: str | Path) -> Results:
        """Read a run directory. A last line that a kill cut short is left out.

        Raises FileNotFoundError when there is no ``rows.jsonl``, ValueError when a whole line is not a row, and when
        ``environment.json`` cannot be read.
        """
        folder = Path(path)
        if not (folder / "rows.jsonl").exists():
            raise FileNotFoundError(f"{folder} is not a run: it has no rows.jsonl")
        return cls(read_rows(folder / "rows.jsonl"), environment_of(folder), folder)

    def frame(self) -> pd.DataFrame:
        """One line a row of ``rows.jsonl``; columns as in ``COLUMNS``."""
        import pandas as pd

        told = [{k: text_only(v) if isinstance(v, str) else v for k, v in asdict(r).items()} for r in self.rows]
        return pd.DataFrame(told, columns=list(COLUMNS))

    def scores(self, window: float = 0.10) -> pd.DataFrame:
        """The scores of a run of codecs, one line a clip (:func:`bench.scores.frame`); empty where there are none."""
        from bench.scores import frame

        if self.path is None:
            raise FileNotFoundError("these rows are of no run directory; Results.load(path) has one")
        return frame(self.path, window)

    def failed(self) -> list[Row]:
        """Rows of implementations that gave a wrong answer, or none although they could run here."""
        return [r for r in self.rows if r.status not in ("ok", "unstable", "unavailable")]

    def to_json(self) -> str:
        """``summary()`` as a JSON array of objects."""
        return str(self.summary().to_json(orient="records", indent=1))

    def to_parquet(self, path: Path) -> None:
        """``frame()`` as Parquet; the two nested columns, whose keys differ by suite, become JSON texts."""
        frame = self.frame()
        for name in ("case", "quality"):
            frame[name] = frame[name].map(json.dumps)
        with open(path, "wb") as file:  # Arrow opens no path that is not UTF-8
            frame.to_parquet(file)

    def summary(self) -> pd.DataFrame:
        """One line an implementation, case and operation, best first within each; columns as in ``SUMMARY``."""
        import pandas as pd

        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(json.dumps(json.loads(row.key)[:-1]), []).append(row)
        limits = self.environment.get("limits", {})
        counted = counts.by_row(self.path)
        made = [summarise(g, limits) | counted.get(counts.key_of(g[0]), {}) for g in groups.values()]
        frame = pd.DataFrame(made, columns=list(SUMMARY))
        order = {key: n for n, key in enumerate(dict.fromkeys(zip(frame.suite, frame.label, frame.op, strict=True)))}
        rank = [order[k] for k in zip(frame.suite, frame.label, frame.op, strict=True)]
        return (
            frame.assign(_rank=rank)
            .sort_values(["_rank", "median_ms"], kind="stable")
            .drop(columns="_rank")
            .reset_index(drop=True)
        )


def latest(folder: Path) -> Path:
    """The run directory in ``folder`` that was written to last."""
    runs = [p.parent for p in folder.glob("*/rows.jsonl")]
    if not runs:
        raise FileNotFoundError(f"there is no run in {folder}/ yet; `bench run stft` makes one")
    return max(runs, key=lambda run: (run / "rows.jsonl").stat().st_mtime)


def summarise(group: list[Row], limits: Mapping[str, Any]) -> dict[str, Any]:
    """One line of ``summary`` from the replicates of one implementation, case and operation."""
    first = group[0]
    ranked = sorted(group, key=lambda r: _WORST.index(r.status))
    worst = ranked[0] if ranked[0].status != "unstable" else ranked[len(ranked) // 2]
    timed = [r for r in group if r.samples_ns]
    line: dict[str, Any] = dict.fromkeys(SUMMARY)
    line |= {k: getattr(first, k) for k in ("suite", "op", "impl", "device", "threads", "version", "case")}
    line |= {
        "label": label_of(first.case),
        "status": worst.status,
        "reason": worst.reason,
        "quality": {k: v for r in reversed(group) for k, v in r.quality.items()},
        "error": max((r.error for r in group if r.error is not None), default=None),
        "memory_mb": _megabytes(r.memory_bytes for r in group),
        "peak_rss_mb": _megabytes(r.peak_rss_bytes for r in group),
        "first_ms": _median_ms(r.first_ns for r in group),
        "setup_ms": _median_ms(r.setup_ns for r in group),
        "hot_ms": _median_ms(v for r in group for v in r.hot_ns),
        "host_ms": _median_ms(v for r in group for v in r.host_ns),
        "gpu_mb": _megabytes(r.driver_bytes for r in group),
        "end_to_end_ms": _median_ms(v for r in group for v in r.end_to_end_ns),
        "replicates": len(timed),
        "samples": sum(len(r.samples_ns) for r in timed),
    }
    if timed:
        interval = stats.median_interval([stats.round_medians(r.samples_ns, r.rounds) for r in timed])
        everything = np.concatenate([r.samples_ns for r in timed])
        p95, p99 = np.percentile(everything, [95, 99]) / 1e6
        line |= {"median_ms": interval.value / 1e6, "low_ms": interval.low / 1e6, "high_ms": interval.high / 1e6}
        line |= {"p95_ms": p95, "p99_ms": p99, "x_realtime": None}
        if timed[0].audio_seconds and interval.value:
            line["x_realtime"] = timed[0].audio_seconds / (interval.value / 1e9)
        line["max_ms"] = float(everything.max()) / 1e6
        line |= streamed(timed)
        peaks = [peak for r in timed for peak in r.peak_gflops]
        beside = float(np.median(peaks)) if peaks else None
        line["limit_percent"] = limit_percent(first, interval.value / 1e9, limits, beside)
    return line


def streamed(timed: list[Row]) -> dict[str, float]:
    """What counts of a stream's frames besides their quantiles; nothing of other rows."""
    frame_ns = 1e9 * timed[0].frame_seconds
    if not frame_ns:
        return {}
    late = np.concatenate([r.late_ns or np.zeros(len(r.samples_ns)) for r in timed])
    answered = late + np.concatenate([r.samples_ns for r in timed])
    median, p99 = np.percentile(answered, [50, 99])
    found = {"deadline_misses": float((answered > frame_ns).mean()), "jitter_ms": float(p99 - median) / 1e6}
    if cpu := [ns for r in timed for ns in r.cpu_ns]:
        found |= {"wake_ms": float(np.percentile(late, 99)) / 1e6, "cpu_percent": 100 * sum(cpu) / len(cpu) / frame_ns}
    return found


def limit_percent(row: Row, seconds: float, limits: Mapping[str, Any], gflops: float | None = None) -> float | None:
    """How near to the roofline: the least time that the work can take here, over the time it took, in %.

    ``limits`` as :func:`bench.measure.limits.limits` gives them; the bandwidth is the copy bandwidth of the
    smallest working set that holds ``row.bytes``; ``gflops`` is the FMA peak where it was measured beside the row.
    Williams, Waterman & Patterson, "Roofline", CACM 52(4), 2009.
    None where this machine's limits were not measured, and where the suite states no least work.
    """
    if not row.flops and not row.bytes:
        return None
    here = limits.get(row.device, {}).get(str(row.threads))
    if not here or not here.get("bandwidth"):
        return None
    *levels, memory = here["bandwidth"]
    copy_gbs = next((copy for size, _read, copy in levels if size >= row.bytes), memory[2])
    least = max(row.flops / ((gflops or here["fma_gflops"]) * 1e9), row.bytes / (copy_gbs * 1e9))
    return float(100 * least / seconds)


def read_rows(path: Path) -> list[Row]:
    """Reasons are of texts alone: those of old runs were not."""
    return [replace(row, reason=text_only(row.reason)) for row in lines.read(path, Row, "row")]


def environment_of(run: Path) -> dict[str, Any]:
    """The record of the machine in a run directory; empty where none was kept. Raises ValueError."""
    path = run / "environment.json"
    try:
        found = json.loads(path.read_text()) if path.exists() else {}
    except ValueError as error:  # of JSON, or of UTF-8
        raise ValueError(f"{path} is not JSON ({error}); mend it or remove it") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no record but {found!r:.60}; mend it or remove it")
    limits = found.get("limits", {})
    if not isinstance(limits, dict) or not all(isinstance(of, dict) for of in limits.values()):
        raise ValueError(f"{path} holds no limits of devices but {limits!r:.60}; mend it or remove it")
    return found


def text_only(text: str) -> str:
    """The name of a file may hold bytes that are no characters: lone surrogates, which no table takes; spelled out."""
    return text.encode(errors="backslashreplace").decode()


def _median_ms(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.median(known)) / 1e6 if known else None


def _megabytes(values: Iterable[int | None]) -> float | None:
    return max((v / 1e6 for v in values if v is not None), default=None)

"""Nsight Systems: the timeline of kernels, copies and NVTX ranges, and from it who is hot and where the GPU waits."""

from __future__ import annotations

import csv
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from bench.profiling import cuda_range
from bench.profiling.tools import Found, Refused, which
from bench.profiling.wish import Hot, Wish

about = "the timeline of GPU kernels, copies and ranges, with the gaps between them"
remedy = "https://developer.nvidia.com/nsight-systems"
REPORT, TRACE = "nsys", "cuda_gpu_trace"


def program(wish: Wish) -> str:
    return which("nsys")


def command(target: Sequence[str], wish: Wish, whole: bool = False) -> list[str]:
    """``whole``: everything from the start, for the range of the profiler's API sometimes records nothing."""
    ranged = [] if whole else ["--capture-range=cudaProfilerApi", "--capture-range-end=stop"]
    options = ["-t", "cuda,nvtx,osrt,cublas", *ranged, "--force-overwrite=true", "-o", str(wish.path / REPORT)]
    return [program(wish), "profile", *options, *target]


def second_command(target: Sequence[str], wish: Wish) -> tuple[list[str], str] | None:
    """What to try where the first recording is empty, and the sentence that says so."""
    if _kernels(wish):
        return None
    note = (
        "the range of cudaProfilerStart recorded nothing, so the whole process was recorded, set-up and check included"
    )
    return command(target, wish, whole=True), note


@contextmanager
def bracket(wish: Wish) -> Iterator[None]:
    with cuda_range.recorded():
        yield


def read(wish: Wish, facts: Mapping[str, Any]) -> Found:
    rows = _kernels(wish)
    if not rows:
        raise Refused(f"Nsight Systems saw no kernel of {wish.impl}; does it run on the GPU? --device cuda")
    return Found(hot(rows), [f"{REPORT}.nsys-rep"], ["gap_us: the GPU idle before a kernel of this name, median"])


def _kernels(wish: Wish) -> list[dict[str, str]]:
    report = wish.path / f"{REPORT}.nsys-rep"
    if not report.exists():
        return []
    stats = [program(wish), "stats", "--report", TRACE, "--format", "csv", "--force-export=true", str(report)]
    return parse(subprocess.run(stats, capture_output=True, text=True, check=False).stdout)


def parse(text: str) -> list[dict[str, str]]:
    """The rows of ``nsys stats --report cuda_gpu_trace --format csv``; words before the heading are skipped."""
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith("Start (ns),")), None)
    return [] if start is None else [row for row in csv.DictReader(lines[start:]) if row.get("Duration (ns)")]


def hot(rows: Sequence[Mapping[str, str]]) -> list[Hot]:
    """By name: time, calls, launch shape, bandwidth of copies, and the gap before each on the device."""
    spans = sorted(((int(r["Start (ns)"]), int(r["Duration (ns)"]), r) for r in rows), key=lambda span: span[0])
    busy_until: int | None = None
    gaps = defaultdict[str, list[int]](list)
    times, first = defaultdict[str, list[int]](list), dict[str, Mapping[str, str]]()
    for start, duration, row in spans:
        if busy_until is not None:
            gaps[row["Name"]].append(max(0, start - busy_until))
        busy_until = max(busy_until or 0, start + duration)
        times[row["Name"]].append(duration)
        first.setdefault(row["Name"], row)
    total = sum(sum(t) for t in times.values())
    found = [
        Hot(
            name,
            sum(t) / total,
            sum(t) / 1e6,
            len(t),
            {"mean_us": sum(t) / len(t) / 1e3, **_more(first[name], gaps[name])},
        )
        for name, t in times.items()
    ]
    return sorted(found, key=lambda h: -h.share)


def _more(row: Mapping[str, str], gaps: Sequence[int]) -> dict[str, float | str]:
    more: dict[str, float | str] = {"gap_us": median(gaps) / 1e3} if gaps else {}
    if row.get("Throughput (MB/s)"):
        more["gb_per_s"] = float(row["Throughput (MB/s)"]) / 1e3
    if row.get("GrdX"):
        more["grid"] = "x".join(row[f"Grd{axis}"] for axis in "XYZ")
        more["block"] = "x".join(row[f"Blk{axis}"] for axis in "XYZ")
        more["registers"] = float(row["Reg/Trd"] or 0)
    return more

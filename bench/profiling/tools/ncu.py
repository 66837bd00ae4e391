"""Nsight Compute: hardware counters of every kernel inside the range ``sample``: bandwidth, occupancy, throughput."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bench.measure import ranges
from bench.profiling import cuda_range
from bench.profiling.tools import Found, Refused, which
from bench.profiling.wish import Hot, Wish

about = "hardware counters of each GPU kernel: achieved bandwidth, occupancy, throughput"
remedy = "https://developer.nvidia.com/nsight-compute"
TABLE, REPORT = "ncu.csv", "ncu"
TIME = "gpu__time_duration.sum"
METRICS = {
    TIME: "time",
    "dram__bytes.sum.per_second": "dram_gb_per_s",
    "dram__throughput.avg.pct_of_peak_sustained_elapsed": "dram_percent",
    "sm__throughput.avg.pct_of_peak_sustained_elapsed": "sm_percent",
    "sm__warps_active.avg.pct_of_peak_sustained_active": "occupancy_percent",
    "launch__registers_per_thread": "registers",
}
"""Counters, and the columns that they become."""

SCALE = {"nsecond": 1e-6, "ns": 1e-6, "usecond": 1e-3, "us": 1e-3, "msecond": 1.0, "ms": 1.0, "second": 1e3, "s": 1e3,
         "byte/second": 1e-9, "byte/s": 1e-9, "Kbyte/second": 1e-6, "Kbyte/s": 1e-6, "Mbyte/second": 1e-3,
         "Mbyte/s": 1e-3, "Gbyte/second": 1.0, "Gbyte/s": 1.0, "Tbyte/second": 1e3, "Tbyte/s": 1e3}  # fmt: skip
"""Units as the versions write them, into ms and GB/s; all others stay."""

LAUNCHES = 50  # each is replayed for its counters


def program(wish: Wish) -> str:
    return which("ncu")


def command(target: Sequence[str], wish: Wish) -> list[str]:
    options = ["--nvtx", "--nvtx-include", included(wish), "--metrics", ",".join(METRICS), "--csv",
               "--launch-count", str(LAUNCHES), "--clock-control", "none",  # by itself it would lock them to their base
               "--log-file", str(wish.path / TABLE)]  # fmt: skip
    return [program(wish), *options, *target]


def included(wish: Wish) -> str:
    """Kernels inside the range of a sample, wherever it is on the stack of ranges; its delimiters are escaped."""
    sample = ranges.name(wish.suite, wish.impl, wish.label, wish.op, "sample")
    escaped = re.sub(r"([/\[\]*+@,])", r"\\\1", sample)
    return f"{ranges.DOMAIN}@{escaped}/"


@contextmanager
def bracket(wish: Wish) -> Iterator[None]:
    with cuda_range.recorded():
        yield


def read(wish: Wish, facts: Mapping[str, Any]) -> Found:
    path = wish.path / TABLE
    text = path.read_text() if path.exists() else ""
    if "ERR_NVGPUCTRPERM" in text:
        raise Refused(
            "the driver lets only administrators read the GPU's counters: see https://developer.nvidia.com/ERR_NVGPUCTRPERM"
        )
    rows = parse(text)
    if not rows:
        said = next((line for line in text.splitlines() if line.startswith("==ERROR==")), "")
        raise Refused(
            f"Nsight Compute saw no kernel of {wish.impl}; does it run on the GPU? --device cuda {said}".strip()
        )
    return Found(hot(rows), [TABLE], ["each kernel was replayed for its counters: times are without its neighbours"])


def parse(text: str) -> list[dict[str, Any]]:
    """One entry a launch: {"name", column: value}, from ``ncu --csv`` in the layout of one metric a line."""
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith('"ID","Process ID"')), None)
    launches: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in csv.DictReader(lines[start:]) if start is not None else ():
        column = METRICS.get(row.get("Metric Name") or "")
        value = (row.get("Metric Value") or "").replace(",", "")
        if column and re.fullmatch(r"[0-9.eE+-]+", value):
            launch = launches[row["ID"]]
            launch["name"] = row["Kernel Name"]
            launch[column] = float(value) * SCALE.get(row["Metric Unit"], 1.0)
    return [launch for launch in launches.values() if "time" in launch]


def hot(launches: Sequence[Mapping[str, Any]]) -> list[Hot]:
    """By kernel: total time, and every counter's mean over its launches, weighted by their time."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for launch in launches:
        groups[launch["name"]].append(launch)
    total = sum(launch["time"] for launch in launches)
    found = []
    for name, group in groups.items():
        spent = sum(launch["time"] for launch in group)
        more = {
            column: sum(x[column] * x["time"] for x in group if column in x) / spent
            for column in METRICS.values()
            if column != "time" and any(column in x for x in group)
        }
        found.append(Hot(name, spent / total, spent, len(group), {"mean_us": 1e3 * spent / len(group), **more}))
    return sorted(found, key=lambda h: -h.share)

"""A line of the summary from three processes that differ in every figure."""

from __future__ import annotations

from typing import Any

import pytest

from bench.results import Results, Row, summarise

MS = 1e6


def row(replicate: int, **facts: Any) -> Row:
    usual = {"samples_ns": [1.0 * MS] * 6, "rounds": [2, 2, 2], "audio_seconds": 1.0}
    return Row("run", "toy", "mine", {"size": 64}, "add", replicate=replicate, **{**usual, **facts})


def test_sizes_and_errors_are_the_largest_and_times_the_median_of_the_processes():
    """The second process is the largest, and what is least typical in time."""
    per_row = {
        "memory_bytes": (3_000_000, 5_000_000, 4_000_000),
        "peak_rss_bytes": (30_000_000, 50_000_000, 40_000_000),
        "driver_bytes": (300_000_000, 500_000_000, 400_000_000),
        "allocated_bytes": (1, 2, 3),
        "error": (1e-7, 3e-7, 2e-7),
        "first_ns": (10 * MS, 90 * MS, 20 * MS),
        "setup_ns": (100 * MS, 900 * MS, 200 * MS),
        "hot_ns": ([0.1 * MS], [0.9 * MS], [0.2 * MS]),
        "host_ns": ([1.1 * MS], [9.9 * MS], [2.2 * MS]),
        "end_to_end_ns": ([3.0 * MS], [30.0 * MS], [4.0 * MS]),
        "samples_ns": ([1.0 * MS] * 5 + [7.0 * MS], [9.0 * MS] * 6, [2.0 * MS] * 6),
    }
    rows = [row(n, **{name: values[n] for name, values in per_row.items()}) for n in range(3)]
    line = summarise(rows, {})
    sizes = {name: line[name] for name in ("memory_mb", "peak_rss_mb", "gpu_mb", "error")}
    assert sizes == {"memory_mb": 5, "peak_rss_mb": 50, "gpu_mb": 500, "error": 3e-7}
    times = ("first_ms", "setup_ms", "hot_ms", "host_ms", "end_to_end_ms", "median_ms", "max_ms")
    assert [line[name] for name in times] == [20, 200, 0.2, 2.2, 4, 2, 9]
    assert (line["x_realtime"], line["samples"], line["replicates"]) == (500, 18, 3)


def test_figures_that_only_one_process_found_are_told():
    rows = [row(0, quality={"snr_db": 90.0}), row(1, quality={"error": 1e-7}), row(2, quality={"snr_db": 1.0})]
    assert summarise(rows, {})["quality"] == {"snr_db": 90.0, "error": 1e-7}


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        (("ok", "wrong", "ok"), "wrong"),
        (("wrong", "crash", "error"), "crash"),
        (("unavailable", "wrong", "ok"), "wrong"),
        (("unstable", "ok", "ok"), "ok"),
        (("unstable", "ok", "unstable"), "unstable"),
        (("unstable", "timeout", "unstable"), "timeout"),
    ],
)
def test_the_worst_status_counts_and_unstable_only_where_most_are(statuses, whole):
    rows = [row(n, status=status, reason=f"because {status}") for n, status in enumerate(statuses)]
    line = summarise(rows, {})
    assert (line["status"], line["reason"]) == (whole, f"because {whole}")


def test_the_roofline_takes_the_median_of_the_peaks_beside_the_row():
    limits = {"cpu": {"1": {"fma_gflops": 1.0, "bandwidth": [[1 << 30, 1.0, 1.0]]}}}
    rows = [row(n, flops=1e8, peak_gflops=peaks) for n, peaks in enumerate(([100.0, 120.0], [1000.0], [90.0, 110.0]))]
    assert summarise(rows, limits)["limit_percent"] == pytest.approx(100 * (0.1 / 110) / 1e-3)


def test_an_answer_at_the_very_deadline_is_in_time():
    rows = [row(0, samples_ns=[10.0 * MS, 10.1 * MS], rounds=[2], frame_seconds=0.01)]
    assert summarise(rows, {})["deadline_misses"] == 0.5


def test_devices_threads_and_operations_have_lines_of_their_own_the_fastest_first():
    other = [{"device": "cuda:0"}, {"threads": 2}, {"op": "undo"}, {"case": {"size": 128}}, {"suite": "toys"}]
    slow, fast = row(0), Row(**{**vars(row(0)), "impl": "fast", "samples_ns": [0.5 * MS] * 6})
    rows = [slow, fast, *(Row(**{**vars(slow), **facts}) for facts in other)]
    frame = Results(rows).summary()
    assert len(frame) == 7 and set(frame.replicates) == {1} and len({r.key for r in rows}) == 7
    assert frame.impl[0] == "fast" and frame.median_ms[:2].tolist() == [0.5, 1.0]

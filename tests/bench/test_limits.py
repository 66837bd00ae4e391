"""This machine's limits, and the share of them that a row reaches."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

from bench.measure import limits
from bench.results import Row, limit_percent

BANDWIDTH = [[1000, 90.0, 80.0], [10**6, 45.0, 40.0], [10**9, 30.0, 20.0]]  # bytes, read GB/s, copy GB/s
HERE = {"cpu": {"1": {"fma_gflops": 100.0, "bandwidth": BANDWIDTH}}}


def row(flops: float, size: float) -> Row:
    return Row("run", "toy", "a", {}, "add", flops=flops, bytes=size)


@pytest.mark.parametrize(
    ("flops", "size", "seconds", "percent"),
    [
        (1e9, 0, 0.1, 10.0),  # 10 ms of arithmetic
        (0, 800, 1e-8, 100.0),  # in the first level: 80 GB/s
        (0, 4e5, 1e-4, 10.0),  # in the second: 40 GB/s
        (0, 2e10, 10.0, 10.0),  # in main memory: 20 GB/s
        (1e9, 2e10, 10.0, 10.0),  # whichever takes longer counts
    ],
)
def test_percent_of_the_limit_is_the_roofline(flops, size, seconds, percent):
    assert limit_percent(row(flops, size), seconds, HERE) == pytest.approx(percent)


def test_no_figure_where_the_limits_are_unknown():
    assert limit_percent(row(1, 1), 1.0, {}) is None
    assert limit_percent(Row("run", "toy", "a", {}, "add", threads=2), 1.0, HERE) is None


def test_limits_are_measured_once_and_kept(tmp_path, monkeypatch):
    pytest.importorskip("audiokern", reason="the C library is not built")
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(limits, "SECONDS", 0.01)
    found = limits.limits("this-machine", (1,))
    one = found["cpu"]["1"]
    assert one["fma_gflops"] > 0.1 and [size for size, _, _ in one["bandwidth"]] == limits.working_sets()
    assert all(read > 0 and copy > 0 for _, read, copy in one["bandwidth"])
    monkeypatch.setattr(limits, "_measure", lambda threads: pytest.fail("measured again"))
    assert limits.limits("this-machine", (1,)) == found
    assert json.loads((tmp_path / "limits-this-machine.json").read_text()) == found


def test_bandwidth_is_of_half_of_each_data_cache_and_of_memory_reading_first(monkeypatch):
    monkeypatch.setattr(limits.hardware, "caches", lambda: {"L1d": 32 << 10, "L1i": 64 << 10, "L2": 1 << 20})
    known = SimpleNamespace(
        bandwidth=lambda size, kind, threads, seconds: {"read": 90.0, "copy": 40.0}[kind],
        fma=lambda threads, seconds: 100.0 * threads,
    )
    monkeypatch.setitem(sys.modules, "audiokern", SimpleNamespace(limits=known, isa=lambda: "none"))
    found = limits._measure(2)
    assert found["bandwidth"] == [[16 << 10, 90.0, 40.0], [512 << 10, 90.0, 40.0], [256 << 20, 90.0, 40.0]]
    assert found["fma_gflops"] == 200


def test_a_damaged_record_is_measured_again(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(limits, "_measure", lambda threads: {"fma_gflops": 1.0, "bandwidth": []})
    for damaged in ("", '{"cpu"', "[]"):
        (tmp_path / "limits-m.json").write_text(damaged)
        assert limits.limits("m", (1,))["cpu"]["1"]["fma_gflops"] == 1.0


def test_without_the_library_there_is_no_figure_and_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(limits, "_measure", lambda threads: {})
    assert limits.limits("bare", (1, 2)) == {"cpu": {}}
    monkeypatch.setattr(limits, "_measure", lambda threads: {"fma_gflops": 1.0, "bandwidth": []})
    assert list(limits.limits("bare", (1, 2))["cpu"]) == ["1", "2"]

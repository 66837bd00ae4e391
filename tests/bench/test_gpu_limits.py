"""A GPU's limits: the arithmetic on a simulated device, the kernels on the emulated one, the way to rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.measure import gpu_limits
from bench.measure.gpu_limits import IN_MEMORY, Meter, cached, limits, measure
from bench.results import Row, limit_percent
from tests.cuda.conftest import emulated  # noqa: F401

PROCESSORS, THREADS = 132, 132 * 4 * 256
FLOPS_A_NS = {"fma32": 60e3, "tf32": 300e3, "bf16": 600e3}
FLOPS_A_ROUND = {"fma32": 2 * 8 * THREADS, "tf32": 2048 * 8 * THREADS / 32, "bf16": 4096 * 8 * THREADS / 32}


class Simulated:
    """Copies 8 bytes a ns within its second-level cache and 4 outside; every launch but the second is slower."""

    name, processors, l2_bytes, capability = "NVIDIA H200", PROCESSORS, 50 << 20, (9, 0)

    def __init__(self):
        self.calls: list[str] = []

    def allocate(self, size):
        assert size == IN_MEMORY // 2
        return 1 << 20

    def time_ns(self, kernel, arguments):
        self.calls.append(kernel)
        late = 1.0 if self.calls.count(kernel) % 3 == 2 else 1.3
        values = [value for value, _type in arguments]
        if kernel == "copy":
            moved = 2 * values[2] * 16 * values[3]
            return late * moved / (8.0 if 2 * values[2] * 16 <= self.l2_bytes else 4.0)
        return late * values[2] * FLOPS_A_ROUND[kernel] / FLOPS_A_NS[kernel]


def test_rates_are_those_of_the_device_at_its_best():
    found = measure(Simulated())
    assert found["fma_gflops"] == pytest.approx(60e3)
    assert (found["tf32_gflops"], found["bf16_gflops"]) == (pytest.approx(300e3), pytest.approx(600e3))
    assert found["bandwidth"] == [[25 << 20, *2 * [pytest.approx(8.0)]], [1 << 30, *2 * [pytest.approx(4.0)]]]
    assert (found["isa"], found["name"]) == ("sm_90", "NVIDIA H200")


def test_an_idle_device_is_given_time_to_raise_its_clocks():
    class Idle(Simulated):
        busy_ns = 0.0

        def time_ns(self, kernel, arguments):
            taken = super().time_ns(kernel, arguments) * max(1.0, 6 - self.busy_ns / 4e7)  # a sixth, for 200 ms
            self.busy_ns += taken
            return taken

    assert measure(Idle()) == measure(Simulated())


def test_before_ampere_there_is_no_such_matrix_rate():
    turing = Simulated()
    turing.capability = (7, 5)
    assert measure(turing)["tf32_gflops"] is None
    assert "tf32" not in turing.calls


def test_they_are_measured_once_for_a_kind_of_device(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    first, second, other = Simulated(), Simulated(), Simulated()
    other.name = "NVIDIA A10"
    assert cached(first) == cached(second)
    assert first.calls and not second.calls
    cached(other)
    assert other.calls


def test_a_row_is_measured_against_them():
    here = limits("cuda:1", (1, 4), lambda device: "noise\n" + json.dumps(measure(Simulated())))
    row = Row("run", "toy", "a", {}, "add", device="cuda:1", threads=4, bytes=4e9)
    assert limit_percent(row, 2.0, here) == pytest.approx(50.0)


def test_a_cpu_has_none_and_a_failure_is_told():
    assert limits("cpu") == {}
    assert limits("cuda", ask=lambda device: "")["cuda"]["unmeasured"].startswith("IndexError")
    assert limits("cuda", ask=lambda device: '{"unmeasured": "no CUDA device 0"}') == {
        "cuda": {"unmeasured": "no CUDA device 0"}
    }


def test_the_process_that_asks_says_what_is_missing():
    try:
        Meter()
    except gpu_limits.NoGpu:
        assert "unmeasured" in limits("cuda")["cuda"]
    else:
        assert limits("cuda")["cuda"]["1"]["fma_gflops"] > 1000


def test_the_copy_copies(emulated):  # noqa: F811
    source = np.arange(4 * 101, dtype=np.float32)
    target = np.zeros_like(source)
    launch = emulated("limits.cu", "copy", "const float4 *, float4 *, size_t, int")
    launch((2, 1), 8, 0, source, target, 101, 2)
    assert np.array_equal(source, target)


def test_sums_are_written_only_where_they_are_no_numbers(emulated):  # noqa: F811
    launch, out = emulated("limits.cu", "fma32", "float *, float, int"), np.zeros(4, np.float32)
    launch((1, 1), 4, 0, out, 0.5, 3)
    assert not out.any()
    launch((1, 1), 4, 0, out, np.nan, 3)
    assert np.isnan(out).all()

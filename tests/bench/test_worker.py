"""Each figure of a worker is of what it says: an implementation whose parts last differently, and known clocks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench import registry
from bench.measure.clock import HostClock
from bench.plan import Plan
from bench.results import Row
from bench.runner import Observer, Runner, Turn
from bench.worker import Session, _slowed

TOYS = Path(__file__).parent.parent / "toys"
MS = 1_000_000

PARTS = """
import time

import numpy as np

from bench import Op, impl

@impl("toy")
def parts(case):
    time.sleep(0.02)
    calls = []

    def run(x):
        time.sleep(0.002 if calls else 0.04)
        calls.append(np.ones(1 << 21).sum())
        return x + 1

    def slowly(x):
        time.sleep(0.008)
        return x

    return {"add": Op(run, slowly, slowly)}

@impl("toy")
def nothing(case):
    return lambda x: x * np.float32("nan")

@impl("toy")
def quick(case):
    return lambda x: x + 1
"""


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A worker of the toy suite, in this process."""
    (tmp_path / "impls" / "toy").mkdir(parents=True)
    (tmp_path / "impls" / "toy" / "parts.py").write_text(PARTS)
    monkeypatch.setenv("BENCH_PATH", f"{TOYS}{os.pathsep}{tmp_path}")
    registry.load.cache_clear()
    yield lambda impl: Session("toy", impl, str(tmp_path / "scratch"))
    registry.load.cache_clear()


def test_setting_up_the_first_call_and_the_way_from_end_to_end_are_told_apart(session):
    """20 ms to set up, 40 ms for the first call, 2 for the others, 8 on either side of them; 16 MiB in a call."""
    made = session("parts")
    assert made.open({"suite": "toy", "params": {"size": 64}})["setup_ns"] >= 20 * MS
    facts = made.ready("add", 0.0, probe=False)
    assert facts["first_ns"] >= 40 * MS and facts["loops"] == 1
    assert min(made.sample("add", turn_ns=1, least=3)["samples"]) >= 2 * MS
    found = made.finish("add", turn_ns=1)
    assert min(found["end_to_end_ns"]) >= (8 + 2 + 8) * MS
    assert found["memory_bytes"] >= 16e6


def test_the_clocks_overhead_is_calibrated_for_the_loop_that_is_timed(session, monkeypatch):
    asked = []
    monkeypatch.setattr(HostClock, "overhead_ns", lambda self, loops, args=(): asked.append(loops) or 12.5)
    made = session("quick")
    made.open({"suite": "toy", "params": {"size": 64}})
    facts = made.ready("add", 0.0, probe=False)
    assert asked == [facts["loops"]] and facts["loops"] > 1 and facts["overhead_ns"] == 12.5


def test_an_error_that_is_no_number_is_none_and_the_answer_wrong(session):
    """A line of JSON holds no NaN."""
    made = session("nothing")
    made.open({"suite": "toy", "params": {"size": 64}})
    facts = made.ready("add", 0.0, probe=False)
    assert facts["wrong"] and facts["error"] is None and facts["quality"] == {"error": None}


def test_a_planted_slowdown_lasts_as_long_as_it_says():
    run = _slowed(lambda x: time.sleep(0.01) or x, 0.5)
    began = time.perf_counter()
    assert run(7) == 7 and time.perf_counter() - began >= 0.015


def test_a_failure_is_that_of_its_case_and_operation():
    runner = Runner.__new__(Runner)
    runner.failed = set()
    runner._note(Row("run", "toy", "mine", {"size": 64}, "add", status="crash", started="now"))
    runner._note(Row("run", "toy", "unread", {}, "", status="error"))  # of a file that was never started
    runner._note(Row("run", "toy", "shaky", {"size": 64}, "add", status="unstable", started="now"))
    assert runner.has_failed("toy", "mine", 1, {"size": 64}, "add")
    for suite, impl, threads, size, op in (
        ("toys", "mine", 1, 64, "add"), ("toy", "shaky", 1, 64, "add"), ("toy", "mine", 2, 64, "add"),
        ("toy", "mine", 1, 128, "add"), ("toy", "mine", 1, 64, "undo"),
    ):  # fmt: skip
        assert not runner.has_failed(suite, impl, threads, {"size": size}, op)
    assert not runner.has_failed("toy", "unread", 1, {}, "")


class Known(HostClock):
    """Reading the clock costs 50 ns, an empty call 20, any other 1020; every fifth time somebody else takes 1 ms, and
    every seventh the clock jumps by 40 ns."""

    times = 0

    @classmethod
    def _time(cls, run: Any, args: tuple[Any, ...], loops: int) -> int:
        cls.times += 1
        disturbed = (MS if cls.times % 5 == 0 else 0) - (40 if cls.times % 7 == 0 else 0)
        return 50 + loops * (1020 if run is print else 20) + disturbed


@pytest.mark.parametrize("loops", [1, 100])
def test_of_a_sample_is_left_what_the_call_takes_beyond_an_empty_one(loops):
    clock = Known()
    overhead = clock.overhead_ns(loops)
    assert overhead == 50 / loops + 20
    Known.times = 0
    assert clock.sample(print, (), loops, overhead) == 1000


def test_a_budget_is_spent_by_the_calls_that_were_made():
    """Three samples of 100 calls of 1 ms are 300 ms; after two rounds nothing is spent."""
    turn = Turn({"loops": 100, "paced": False}, "", samples=[1.0 * MS] * 3, rounds=[1, 1, 1])
    assert turn.spent(299 * MS) and not turn.spent(301 * MS)
    assert not Turn({"loops": 100, "paced": False}, "", samples=[1.0 * MS] * 3, rounds=[2, 1]).spent(299 * MS)


def test_slow_calls_share_the_budget_among_the_processes():
    """3 s over three processes are 1.2 s each, a fifth more than their share: four calls of 0.3 s, not ten."""

    class Crew:
        yardstick = None

        def ask(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {"samples": [300.0 * MS]}

    runner = Runner.__new__(Runner)
    runner.plan = Plan([], replicates=3, precision=0.0, budget_s=3.0)
    runner.observer, runner.order = Observer(), random.Random(0)
    turn = Turn({"paced": False, "least": 0, "loops": 1}, "")
    runner._rounds({}, "add", {(Crew(), "x"): turn})
    assert turn.rounds == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("samples", "wrong", "status"),
    [([100.0] * 6, "", "ok"), ([100.0] * 4, "", "unstable"), ([100.0, 120, 80, 110, 90, 130], "", "unstable"),
     ([100.0] * 6, "differs by 1", "wrong"), ([100.0] * 4, "differs by 1", "wrong")],
)  # fmt: skip
def test_what_is_not_known_to_the_asked_precision_is_unstable_and_what_is_wrong_is_wrong(samples, wrong, status):
    names = "first_ns loops overhead_ns quality error flops bytes audio_seconds frame_seconds setup_ns version"
    facts = {**dict.fromkeys(names.split()), "wrong": wrong, "paced": False}
    runner = Runner.__new__(Runner)
    runner.plan = Plan([], precision=0.02)
    found = runner._figures(Turn(facts, "", samples=samples, rounds=[1] * len(samples)))
    assert found["status"] == status and bool(found["reason"]) == (status != "ok")
    assert found["samples_ns"] == samples


PEAK = """
import resource

import numpy as np
from bench.measure import memory

np.ones(1 << 25).sum()  # twice as much, before
held = []
def call():
    made = np.ones(1 << 24)
    held.append(int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize())
found = memory.peak(call)
print(found.peak_bytes / held[0], found.extra_bytes / (1 << 27))
"""


def test_memory_is_in_bytes():
    """128 MiB, and what the kernel says by pages while they are held: a kilobyte has 1024. What was held before counts
    no more."""
    said = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True).stdout
    peak, extra = map(float, said.split())
    assert 0.99 < peak < 1.02 and 0.99 < extra < 1.02

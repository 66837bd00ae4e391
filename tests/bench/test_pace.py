"""The clock of a live source, on a clock of the test's own: when calls begin, what they cost, what is late."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from bench import registry
from bench.measure.pace import Pace
from bench.plan import Plan
from bench.results import Row, summarise
from bench.runner import Observer, Runner, Turn
from bench.worker import Session

TOYS = Path(__file__).parent.parent / "toys"

MS = 1_000_000


class World:
    """Time that passes only in sleep, which ends up to ``early`` ns too soon, and in the calls."""

    def __init__(self, early: int = 0):
        self.time, self.worked, self.early = 0, 0, early

    def sleep(self, seconds: float) -> None:
        self.time += max(1, round(1e9 * seconds) - self.early)

    def call(self, durations: list[int]):
        left = iter(durations)

        def run() -> None:
            duration = next(left)
            self.time += duration
            self.worked += duration // 2

        return run

    def turn(self, period: int, durations: list[int]):
        pace = Pace(period, lambda: self.time, lambda: self.worked, self.sleep)
        return pace.turn(self.call(durations), (), len(durations))


@pytest.mark.parametrize("early", [0, 5000])
def test_calls_begin_when_their_frames_are_there(early):
    found = World(early).turn(10 * MS, [2 * MS, 3 * MS, 1 * MS])
    assert found.samples == [2 * MS, 3 * MS, 1 * MS] and found.late == [0, 0, 0]
    assert found.cpu == [1 * MS, 1.5 * MS, 0.5 * MS]


def test_what_overruns_delays_the_next_ones_until_the_backlog_is_gone():
    found = World().turn(10 * MS, [25 * MS, 8 * MS, 1 * MS, 1 * MS])
    assert found.late == [0, 15 * MS, 13 * MS, 4 * MS]


def test_who_is_slower_than_the_source_falls_ever_further_behind():
    found = World().turn(10 * MS, [12 * MS] * 50)
    assert found.late == [2 * MS * k for k in range(50)]


def row(**more) -> Row:
    return Row("run", "stream", "x", {}, "paced", frame_seconds=0.01, audio_seconds=0.01, rounds=[4], **more)


def test_a_deadline_is_missed_by_what_is_ready_after_the_next_arrival():
    """Calls of 1, 6, 6 and 11 ms that began 0, 3, 5 and 0 ms late: 1, 9, 11 and 11 ms, of 10."""
    samples, late = [1.0 * MS, 6.0 * MS, 6.0 * MS, 11.0 * MS], [0.0, 3.0 * MS, 5.0 * MS, 0.0]
    line = summarise([row(samples_ns=samples, late_ns=late, cpu_ns=[1.0 * MS] * 4)], {})
    assert line["deadline_misses"] == 0.5 and line["cpu_percent"] == pytest.approx(10)
    median, p99 = np.percentile([1, 9, 11, 11], [50, 99])
    assert line["jitter_ms"] == pytest.approx(p99 - median)
    assert line["wake_ms"] == pytest.approx(np.percentile([0, 3, 5, 0], 99))
    flat_out = summarise([row(samples_ns=samples)], {})
    assert flat_out["deadline_misses"] == 0.25 and flat_out["cpu_percent"] is None and flat_out["wake_ms"] is None
    assert flat_out["jitter_ms"] == pytest.approx(np.percentile([1, 6, 6, 11], 99) - 6)


PACED = """
from bench import Op, impl

@impl("toy")
def paced(case):
    return Op(lambda x: x + 1, frame_seconds=0.002, paced=True, least=60, probe=lambda: {"of_its_own": 5.0})

@impl("toy")
def flat(case):
    return Op(lambda x: x + 1, frame_seconds=0.002, least=3000)
"""


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A worker of the toy suite, in this process."""
    (tmp_path / "impls" / "toy").mkdir(parents=True)
    (tmp_path / "impls" / "toy" / "paces.py").write_text(PACED)
    monkeypatch.setenv("BENCH_PATH", f"{TOYS}{os.pathsep}{tmp_path}")
    registry.load.cache_clear()

    def opened(impl: str) -> tuple[Session, dict]:
        made = Session("toy", impl, str(tmp_path / "scratch"))
        made.open({"suite": "toy", "params": {"size": 64}})
        return made, made.ready("add", 0.0, probe=True)

    yield opened
    registry.load.cache_clear()


def test_a_worker_keeps_the_pace_and_counts_every_frame(session):
    made, facts = session("paced")
    assert facts["paced"] and facts["least"] == 60 and facts["quality"]["of_its_own"] == 5.0
    began = time.perf_counter()
    found = made.sample("add", turn_ns=1, least=20)
    assert time.perf_counter() - began >= 20 * 0.002
    assert [len(found[name]) for name in ("samples", "late", "cpu")] == [20] * 3 and min(found["late"]) >= 0


def test_a_turn_at_full_speed_has_as_many_samples_as_it_must(session):
    made, facts = session("flat")
    assert not facts["paced"] and len(made.sample("add", turn_ns=1, least=333)["samples"]) >= 333


@pytest.mark.parametrize(("replicates", "least"), [(1, 334), (3, 112)])
def test_the_runner_asks_for_a_rows_samples_in_three_rounds(monkeypatch, replicates, least):
    """1000 frames are 334 in each of three rounds of one process, 112 in each of three rounds of three."""
    asked = []

    class Crew:
        yardstick = None

        def ask(self, impl, params, op, do, doing, turn_ns, least):
            asked.append(least)
            return {"samples": [1e6] * least, "late": [0.0] * least, "cpu": [1.0] * least}

    plan = Plan([], replicates=replicates, precision=0.02, budget_s=1.25)
    runner = Runner.__new__(Runner)
    runner.plan, runner.observer, runner.order = plan, Observer(), random.Random(0)
    turn = Turn({"paced": True, "least": 1000, "loops": 1}, "")
    runner._rounds({}, "paced", {(Crew(), "x"): turn})
    assert asked == [least] * 3 and turn.rounds == asked and len(turn.late) == len(turn.cpu) == 3 * least

"""The peak that is measured beside: one a round, of the same moment, and its end costs no row."""

from __future__ import annotations

import os
import signal

import pytest
from click.testing import CliRunner
from test_faults import measure

from bench.cli import main
from bench.process import Conditions
from bench.results import Row, limit_percent
from bench.yardstick import Peak, Yardstick

pytest.importorskip("audiokern", reason="the C library is not built")


def test_every_round_has_its_peak(toys, tmp_path):
    for peak in (True, False):
        rows = measure(toys, tmp_path / str(peak), ["good"], precision=0.0, peak=peak)
        timed = [r for r in rows if r.samples_ns]
        assert timed and all(len(r.peak_gflops) == (len(r.rounds) if peak else 0) for r in timed)
        assert all(1 < rate < 10_000 for r in timed for rate in r.peak_gflops), "GFLOP/s of one core"
        assert all(len(r.peak_gadds) == len(r.peak_gflops) for r in timed)
        assert all(0.01 < rate < 100 for r in timed for rate in r.peak_gadds), "1e9 additions a second of one core"


def test_a_yardstick_that_dies_gives_up():
    yardstick = Yardstick(Conditions())
    before = yardstick.peak()
    assert yardstick.worker and before
    os.kill(yardstick.worker.process.pid, signal.SIGKILL)
    assert yardstick.after(before) is None and yardstick.peak() is None and yardstick.after(None) is None
    yardstick.close()


def test_of_additions_the_fewer_count():
    yardstick = Yardstick(Conditions())
    for gadds in (1e-6, 1e6):
        after = yardstick.after(Peak(100.0, gadds))
        assert after and after.gflops == 100 and (after.gadds == gadds) == (gadds < 1)
    yardstick.close()


def test_the_roofline_takes_the_peak_that_was_measured_beside():
    row = Row("r", "stft", "c", {}, "forward", flops=1e9, bytes=1.0)
    limits = {"cpu": {"1": {"fma_gflops": 200.0, "bandwidth": [[1 << 20, 9.0, 9.0], [1 << 28, 9.0, 9.0]]}}}
    assert limit_percent(row, 0.01, limits) == pytest.approx(50)
    assert limit_percent(row, 0.01, limits, 125.0) == pytest.approx(80)


def test_it_is_the_processors(toys, monkeypatch):
    found = CliRunner().invoke(main, ["run", "toy", "--peak", "--device", "cuda"])
    assert found.exit_code == 2 and "--peak is the processor's" in found.output
    monkeypatch.setattr("bench.yardstick.find_spec", lambda name: None)
    found = CliRunner().invoke(main, ["run", "toy", "--peak"])
    assert found.exit_code == 2 and "the C library, which is missing" in found.output

"""The bridge to pytest-benchmark, in pytests of their own: what it measures, what it says, and that it keeps quiet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from bench.imports import bring
from bench.results import Results

pytest.importorskip("pytest_benchmark")
ROOT = Path(__file__).parents[2]
TOYS = ROOT / "tests" / "toys"
KNOWN = any(p.name == "audio_bench" for p in entry_points(group="pytest11"))
QUICK = ("--benchmark-max-time=0.005", "--benchmark-min-rounds=3")


@pytest.fixture
def pytest_in(tmp_path):
    def call(*args: str) -> subprocess.CompletedProcess[str]:
        # pytest-benchmark measures nothing where it finds xdist at work, as it may be around this very test
        outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
        env = {**outer, "BENCH_PATH": str(TOYS), "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
        given = [] if KNOWN else ["-p", "bench.pytest_plugin"]
        quiet = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # of an editable installation's own files
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *quiet, *given, *args]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)

    return call


def test_the_entry_point_is_there():
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert points == {"audio_bench": "bench.pytest_plugin"}


def test_right_answers_are_timed_wrong_ones_fail_and_absent_ones_are_skipped(pytest_in, tmp_path):
    (tmp_path / "test_of_mine.py").write_text("def test_not_collected(): assert False")
    (tmp_path / "impls" / "toy").mkdir(parents=True)
    (tmp_path / "impls" / "toy" / "shattered.py").write_text("def x(:")
    done = pytest_in(
        "--benchmark-only", "--bench-suite", "toy", "--bench-impl", "good,wrong,absent,raises",
        "--bench-exclude", "good:twice", "--bench-op", "add",
        "--benchmark-json=out.json", "-rs", *QUICK,
    )  # fmt: skip
    assert "test_not_collected" not in done.stdout and done.returncode == 1, done.stdout + done.stderr
    assert "3 failed, 1 passed, 1 skipped in" in done.stdout and "warning" not in done.stdout
    for reason in ("wrong answer: differs by", "no such luck", "SyntaxError", "pip install"):
        assert reason in done.stdout
    (only,) = json.loads((tmp_path / "out.json").read_text())["benchmarks"]
    assert only["fullname"] == "bench-toy::add size=64::good" and only["group"] == "toy add size=64"
    ((run, _),) = bring([tmp_path / "out.json"], tmp_path / "results")
    (row,) = Results.load(run).rows
    assert (row.suite, row.impl, row.op, row.case, row.threads) == ("toy", "good", "add", {"size": 64}, 1)
    assert row.audio_seconds == 64 / 16000 and row.samples_ns and row.allocator.startswith("pytest-benchmark")


def test_beside_files_that_are_named_and_chosen_by_k(pytest_in, tmp_path):
    (tmp_path / "test_mine.py").write_text("def test_mine(benchmark): benchmark(sum, [1])")
    good = ("--bench-suite", "toy", "--bench-impl", "good", "--bench-exclude", "good:twice")
    done = pytest_in("test_mine.py", *good, "--collect-only", "-q")
    lines = done.stdout.splitlines()[:3]
    assert lines == ["test_mine.py::test_mine", "bench-toy::add size=64::good", "bench-toy::undo size=64::good"]
    done = pytest_in(*good, "--collect-only", "-q", "-k", "undo")
    assert done.stdout.splitlines()[0] == "bench-toy::undo size=64::good"


@pytest.mark.parametrize(
    "args, says",
    [
        (["--bench-suite", "toyy"], "did you mean toy?"),
        (["--bench-suite", "toy", "--bench-threads", "4096"], "--bench-threads takes 1 to"),
        (["--bench-suite", "toy", "-p", "no:benchmark"], "needs pytest-benchmark"),
    ],
)
def test_mistakes_are_told_before_anything_is_collected(pytest_in, args, says):
    done = pytest_in(*args)
    assert done.returncode == 4 and says in done.stderr and "Traceback" not in done.stderr


def test_without_the_option_nothing_heavy_is_loaded_and_nothing_is_added(tmp_path):
    (tmp_path / "test_mine.py").write_text("def test_mine(): pass")
    program = f"""
import sys, pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", *{[] if KNOWN else ["-p", "bench.pytest_plugin"]!r}])
assert "bench.pytest_plugin" in sys.modules
heavy = ("numpy", "pandas", "torch", "scipy", "matplotlib", "rich", "bench.worker", "bench.pytest_items")
print(int(code), sorted(set(heavy) & set(sys.modules)))
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "" if KNOWN else "1"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "0 []" and "1 passed" in done.stdout


def test_what_comes_before_each_call_comes_and_a_live_source_is_left_to_bench_run(pytest_in, tmp_path):
    done = pytest_in(
        "--benchmark-only", "--bench-suite", "toy", "--bench-impl", "readied,at_pace", "--bench-op", "add",
        "--benchmark-json=out.json", "-rs", *QUICK,
    )  # fmt: skip
    assert "1 passed, 1 skipped in" in done.stdout, done.stdout + done.stderr
    assert "pace of a live source" in done.stdout
    (only,) = json.loads((tmp_path / "out.json").read_text())["benchmarks"]
    assert only["stats"]["rounds"] == 20

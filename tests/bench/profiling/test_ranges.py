"""The NVTX ranges as a profiler sees them: a recorder is loaded through NVTX's own injection interface."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure.ranges import COLOURS
from bench.profiling.wish import Wish

SOURCE = Path(__file__).parent / "nvtx_recorder.c"
TOYS = Path(__file__).parents[2] / "toys"
CASE = "size=64"


@pytest.fixture(scope="session")
def recorder(tmp_path_factory):
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler is here to build the recorder with")
    library = tmp_path_factory.mktemp("nvtx") / "recorder.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, SOURCE], check=True)
    return library


@pytest.fixture
def watched(recorder, tmp_path):
    record = tmp_path / "record.tsv"
    return record, {"NVTX_INJECTION64_PATH": str(recorder), "NVTX_RECORD": str(record)}


def events(record: Path) -> list[list[str]]:
    return [line.split("\t") for line in record.read_text().splitlines()]


def test_a_run_is_seen_phase_by_phase(bench, watched):
    record, environment = watched
    one = ("--impl", "good", "--exclude", "good:*", "--grid", "quick", "--op", "add", "--replicates", "1")
    ran = bench("run", "toy", *one, "--budget", "0.1s", "--quiet", **environment)
    assert ran.returncode == 0, ran.stderr
    seen = events(record)
    assert {e[2] for e in seen if e[0] == "domain"} == {"bench"}
    categories = {e[2]: e[3] for e in seen if e[0] == "category"}
    assert set(categories.values()) == set(COLOURS)
    pushed = [(categories[e[2]], e[3]) for e in seen if e[0] == "push"]
    order = list(dict.fromkeys(phase for phase, _ in pushed))
    assert order == ["set-up", "check", "warm-up", "sample", "end to end", "memory"]
    assert all(name == f"toy/good/{CASE}/{'' if phase == 'set-up' else 'add/'}{phase}" for phase, name in pushed)
    assert [e[0] for e in seen if e[0] in ("push", "pop")] == ["push", "pop"] * len(pushed)  # none lies in another


def test_a_profile_has_a_range_around_every_call(watched, tmp_path):
    record, environment = watched
    wish = tmp_path / "wish.json"
    Wish("toy", "good", {"size": 64}, "add", "py-spy", str(tmp_path), seconds=0.02).write(wish)
    env = {**os.environ, **environment, "BENCH_PATH": str(TOYS)}
    subprocess.run([sys.executable, "-m", "bench.profiling.target", str(wish)], check=True, env=env, cwd=tmp_path)
    calls = json.loads((tmp_path / "facts.json").read_text())["calls"]
    samples = [e for e in events(record) if e[0] == "push" and e[3] == f"toy/good/{CASE}/add/sample"]
    assert len(samples) == calls > 1

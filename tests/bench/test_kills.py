"""kill -9 of the parent or of a worker at random moments, then --resume: no row lost, none doubled.

Five kills in the suite; BENCH_KILLS=200 makes the longer check.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from bench.results import Results

KILLS = int(os.environ.get("BENCH_KILLS", "5"))
TOYS = Path(__file__).parents[1] / "toys"
ROWS = 2 * 2 * 2 * 3  # implementations x sizes x operations x replicates


def start(folder: Path, *args: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench", "run", *args, "--quiet"]
    env = {**os.environ, "BENCH_PATH": str(TOYS)}
    return subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True)


def test_no_kill_loses_or_doubles_a_row(tmp_path):
    rng = random.Random(0)
    fresh = ("toy", "--impl", "good,good:twice", "--budget", "0.1s", "--out", "run")
    kills = runs = 0
    while kills < KILLS:
        folder = tmp_path / str(runs)
        folder.mkdir()
        runs += 1
        args = fresh
        before: list = []
        while True:
            running = start(folder, *args)
            if kills < KILLS:
                time.sleep(rng.uniform(0.2, 3.0))
                kills += running.poll() is None and kill(running.pid, rng.choice(["parent", "worker"]))
            _, err = running.communicate(timeout=120)
            assert "Traceback" not in err
            path = folder / "run" / "rows.jsonl"
            rows = Results.load(folder / "run").rows if path.exists() else []
            assert rows[: len(before)] == before, "a row that was on disk is gone or changed"
            assert len({r.key for r in rows}) == len(rows), "a row is there twice"
            before = rows
            if running.returncode in (0, 4):
                break
            args = ("--resume", "run") if (folder / "run" / "plan.json").exists() else fresh
        lost = [r for r in before if r.status == "crash"]  # a killed worker costs its own row
        assert all("SIGKILL" in r.reason for r in lost)
        for impl in {"good", "good:twice"} - {r.impl for r in lost}:
            assert sum(r.impl == impl for r in before) == ROWS // 2


def kill(parent: int, target: str) -> int:
    """SIGKILL for the run or for one of its workers; 0 when it was over already."""
    try:
        process = psutil.Process(parent)
        victim = process if target == "parent" else random.choice(process.children() or [process])
        victim.send_signal(signal.SIGKILL)
    except psutil.Error:
        return 0
    return 1

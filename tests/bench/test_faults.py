"""Whatever an implementation does costs its own row, with the reason, and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bench.plan import Plan, make
from bench.process import Conditions, Failed, Worker
from bench.results import Results, Row
from bench.runner import Observer, Runner
from bench.store import Store
from bench.worker import _alike


def measure(registry, folder: Path, impls: list[str], **settings) -> list[Row]:
    settings = {"replicates": 1, "budget_s": 0.05, "turn_s": 0.005, "deadline_s": 20.0} | settings
    plan = make(registry, ["toy"], impls, grid="quick", **settings)
    store = Store(folder, plan, {})
    try:
        Runner(store, registry, Observer()).run()
    finally:
        store.close()
    return store.rows


FAULTS = {
    "overwrites": ("wrong", "writes into its input"),
    "wrong": ("wrong", "differs by 1"),
    "raises": ("error", "ValueError: no such luck"),
    "raises_oddly": ("error", r"ValueError: file caf\udce9 is gone"),
    "babbles": ("error", "wrote into the harness's own socket"),
    "raises_at_setup": ("error", "RuntimeError: cannot be made"),
    "exits": ("error", "SystemExit: I quit"),
    "segfaults": ("crash", "SIGSEGV"),
    "aborts": ("crash", "SIGABRT"),
    "leaves": ("crash", "exited with code 3"),
    "killed": ("crash", "SIGKILL"),
    "killed_namelessly": ("crash", f"was killed by signal {signal.SIGRTMIN + 1}"),
    "floods": ("error", "printed more than 8 MiB"),
    "memory_error": ("oom", "cannot allocate 8 TiB"),
    "unsupported": ("unavailable", "only even sizes on Sundays"),
    "absent": ("unavailable", "pip install 'audio-bench[torch]'"),
    "unknown_op": ("error", "offers ['ad']"),
    "crashes_later": ("crash", "SIGABRT"),
}


ALL_FAULTS: list[Row] = []
"""Of one run in which everything goes wrong that can, beside a neighbour."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_one_row_and_its_neighbour_nothing(toys, tmp_path, name):
    status, reason = FAULTS[name]
    rows = ALL_FAULTS
    if not rows:
        rows += measure(toys, tmp_path / "run", [*FAULTS, "good"], replicates=2)
    mine = [r for r in rows if r.impl == name]
    if status == "wrong":  # it runs: it is measured, and shown as wrong
        assert [r.status for r in mine] == ["wrong"]
    assert len(mine) == 1, "a failure is not repeated by the other replicates"
    assert mine[0].status == status and reason in mine[0].reason
    assert "\n" not in mine[0].reason
    good = [r for r in rows if r.impl == "good"]
    assert len(good) == 4 and all(r.status in ("ok", "unstable") and r.samples_ns for r in good)


@pytest.mark.parametrize("line", [b"7\n", b"null\n", b"\xff\n"])
def test_what_is_no_answer_ends_the_worker(line):
    worker = object.__new__(Worker)
    worker.pending, worker.conditions, worker.kill = line, Conditions(), lambda: None
    with pytest.raises(Failed, match="calling wrote into the harness's own socket"):
        worker.receive("calling")


def test_an_input_is_the_same_to_the_last_bit():
    x = np.array([1, np.nan, 0], np.float32)
    assert _alike(x, x.copy()) and _alike(np.array("a path"), np.array("a path"))
    assert _alike(np.asfortranarray([[1j, 2], [3, 4]]), np.asfortranarray([[1j, 2], [3, 4]]))
    assert not any(_alike(x, other) for other in (-x, x[:2], x.view(np.int32), np.zeros(3, np.float32)))


@pytest.mark.parametrize("name", ["endless", "stuck", "has_children"])
def test_a_deadline_ends_what_never_ends(toys, tmp_path, name):
    rows = measure(toys, tmp_path / "run", [name, "good"], deadline_s=6.0)
    (row,) = [r for r in rows if r.impl == name]
    assert row.status == "timeout" and "longer than 6 s" in row.reason and "--deadline" in row.reason
    assert len([r for r in rows if r.impl == "good"]) == 2
    assert subprocess.run(["pgrep", "-f", "sleep 3601"], capture_output=True, check=False).stdout == b""


def test_too_much_memory_is_stopped_and_named(toys, tmp_path):
    rows = measure(toys, tmp_path / "run", ["hoards", "good"], memory_limit=1_000_000_000)
    (row,) = [r for r in rows if r.impl == "hoards"]
    assert row.status == "oom" and "--memory-limit" in row.reason
    assert len([r for r in rows if r.impl == "good"]) == 2


def test_output_within_reason_disturbs_nothing(toys, tmp_path):
    rows = measure(toys, tmp_path / "run", ["chatty"])
    assert [r.status in ("ok", "unstable") for r in rows] == [True]


def test_a_crash_in_one_operation_leaves_the_other(toys, tmp_path):
    rows = measure(toys, tmp_path / "run", ["crashes_in_undo"])
    assert {r.op: r.status for r in rows if r.status != "unstable"} | {"add": "ok"} == {"add": "ok", "undo": "crash"}
    assert [r.op for r in rows if r.samples_ns] == ["add"]


def test_a_broken_plugin_is_a_row(toys, tmp_path, monkeypatch):
    from bench import registry

    mine = tmp_path / "mine"
    shutil.copytree(Path(__file__).parents[1] / "toys", mine)
    (mine / "impls/toy/broken.py").write_text("import nothing_of_that_name\n")
    (mine / "impls/toy/syntax.py").write_text("def f(:\n")
    (mine / "impls/toy/left_out.py").write_text("def f(:\n")
    (mine / "impls/toy/leaves.py").write_text("raise SystemExit(7)\n")
    (mine / "impls/toy/rival.py").write_text('from bench import impl\n\n@impl("toy")\ndef good(case): ...\n')
    monkeypatch.setenv("BENCH_PATH", str(mine))
    registry.load.cache_clear()
    rows = measure(registry.load(), tmp_path / "run", ["good"], exclude=["left*"])
    broken = {r.impl: r for r in rows if r.status == "error"}
    assert set(broken) == {"broken", "syntax", "leaves", "good"}
    assert "nothing_of_that_name" in broken["broken"].reason and "SyntaxError" in broken["syntax"].reason
    assert "already defined" in broken["good"].reason
    assert len([r for r in rows if r.impl == "good" and r.samples_ns]) == 2, "whoever had the name first is measured"


def test_what_fails_in_one_suite_is_tried_in_the_next(toys, tmp_path, monkeypatch):
    from bench import registry

    for folder, text in {
        "suites/twin.py": "from suites.toy import Toy\n\nclass Twin(Toy):\n    name = 'twin'\n",
        "impls/twin/absent.py": "from bench import impl\n\n@impl('twin')\ndef absent(case): return lambda x: x + 1\n",
    }.items():
        (tmp_path / folder).parent.mkdir(parents=True)
        (tmp_path / folder).write_text(text)
    registry.load.cache_clear()
    plan = make(registry.load(), ["toy", "twin"], ["absent"], grid="quick", replicates=1, budget_s=0.05, turn_s=0.005)
    store = Store(tmp_path / "run", plan, {})
    Runner(store, registry.load(), Observer()).run()
    store.close()
    assert [(r.suite, bool(r.samples_ns)) for r in store.rows] == [("toy", False), ("twin", True)]


def test_workers_die_with_their_parent(toys, tmp_path):
    """kill -9 of the parent: PR_SET_PDEATHSIG takes the workers along."""
    folder = tmp_path / "run"
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_faults import measure
from bench.registry import load
from pathlib import Path
measure(load(), Path({str(folder)!r}), ["endless"], deadline_s=600.0)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
    end = time.monotonic() + 30
    workers: list[str] = []
    while time.monotonic() < end and not workers:
        found = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, text=True, check=False)
        workers = found.stdout.split()
        time.sleep(0.1)
    time.sleep(1.0)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 10
    while time.monotonic() < end and any(Path(f"/proc/{w}/exe").exists() for w in workers):
        time.sleep(0.05)
    assert workers and not any(Path(f"/proc/{w}/exe").exists() for w in workers)


def test_a_plan_survives_json():
    import json

    plan = Plan([], threads=(1, 2), slowdowns={"a@slow": 0.03})
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.fixture
def small_world():
    """A control group with 700 MB of memory, where we may make one."""
    roots = [Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")]
    limits = ["memory.limit_in_bytes", "memory.max"]
    for root, limit in zip(roots, limits, strict=True):
        group = root / f"audio-bench-test-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text("700000000")
        except OSError:
            if group.is_dir():
                group.rmdir()
            continue
        yield group
        group.rmdir()
        return
    pytest.skip("making a control group with a memory limit is not allowed here")


def test_the_kernels_own_kill_is_told_from_others(small_world, bench, tmp_path):
    """The whole run sits in the group; the worker is the one that the kernel picks."""
    inside = f"echo $$ > {small_world}/cgroup.procs; exec {sys.executable} -m bench run toy --impl hoards,good"
    env = {**os.environ, "BENCH_PATH": str(Path(__file__).parents[1] / "toys")}
    options = "--grid quick --replicates 1 --budget 0.05s --out run"
    done = subprocess.run(["sh", "-c", f"{inside} {options}"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    rows = Results.load(tmp_path / "run").rows
    (row,) = [r for r in rows if r.impl == "hoards"]
    assert row.status == "oom" and "the kernel killed it because memory ran out" in row.reason
    assert sum(bool(r.samples_ns) for r in rows) == 4

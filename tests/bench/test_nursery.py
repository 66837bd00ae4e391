"""Workers that are copies: alike in what they answer, apart in what they are, and gone with the one they came from."""

from __future__ import annotations

import itertools
import os
import signal
import time
from functools import partial

import pytest
from test_faults import FAULTS, measure

from bench.nursery import COPIES, Nursery
from bench.process import Conditions, Failed, Worker
from bench.runner import in_turn

CASE = {"suite": "toy", "params": {"size": 8}}


def greeted(scratch, impl: str = "good") -> Worker:
    worker = Worker(["toy", impl, str(scratch)], Conditions())
    worker.ask("hello", "starting")
    return worker


@pytest.fixture
def template(toys, tmp_path):
    worker = greeted(tmp_path)
    yield worker
    worker.kill()


def measured(worker: Worker) -> list[float]:
    worker.ask("open", "setting up", case=CASE)
    worker.ask("ready", "the first call", op="add", slowdown=0.0, probe=False)
    return worker.ask("sample", "sampling", op="add", turn_ns=1_000_000)["samples"]


def implementation(folder, name: str, body: str, requires: str = "numpy") -> None:
    """A toy in the current folder, which every registry reads."""
    (folder / "impls" / "toy").mkdir(parents=True, exist_ok=True)
    text = f'from bench import Op, impl\n\n\n@impl("toy", requires="{requires}")\ndef {name}(case):\n    {body}\n'
    (folder / "impls" / "toy" / f"{name}.py").write_text(text)


def test_copies_measure_side_by_side_in_processes_of_their_own(template):
    one, other = template.copy(), template.copy()
    assert len({template.process.pid, one.process.pid, other.process.pid}) == 3
    assert all(os.getsid(w.process.pid) == w.process.pid for w in (one, other)), "killing one spares the others"
    assert min(measured(one)) > 0 and min(measured(other)) > 0
    one.kill()
    assert min(measured(other)) > 0
    assert template.copy().ask("hello", "starting")["version"]


def test_where_a_copy_allocates_is_drawn_anew(toys, tmp_path, monkeypatch):
    """Also where importing left holes, in one of which the array would lie in every copy."""
    (tmp_path / "leaves_holes.py").write_text("kept = [bytes(90_000) for _ in range(20)]\ndel kept[::2]\n")
    made = "import numpy as np; return Op(lambda x: x + 1, probe=lambda: {'address': np.empty(9999).ctypes.data})"
    implementation(tmp_path, "where", made, "leaves_holes")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    template, found = greeted(tmp_path, "where"), set()
    for _ in range(8):
        copy = template.copy()
        copy.ask("open", "setting up", case=CASE)
        found.add(copy.ask("ready", "", op="add", slowdown=0.0, probe=True)["quality"]["address"])
        copy.kill()
    template.kill()
    assert len(found) >= 7


def test_a_killed_copy_is_told_as_any_worker_and_the_next_one_works(template):
    copy = template.copy()
    os.kill(copy.process.pid, signal.SIGKILL)
    with pytest.raises(Failed, match="sampling: the process was killed by SIGKILL") as caught:
        copy.ask("sample", "sampling", op="add", turn_ns=1)
    assert caught.value.dead and measured(template.copy())


def test_what_a_copy_says_last_is_told_as_its_own(toys, tmp_path):
    implementation(tmp_path, "cries", "import os; os.write(2, b'no more of this'); os.abort()")
    template = greeted(tmp_path, "cries")
    copy = template.copy()
    with pytest.raises(Failed, match="SIGABRT; its last words: no more of this"):
        measured(copy)
    assert template.said == 0
    template.kill()


def test_copies_end_with_their_template(template):
    copy = template.copy()
    os.kill(template.process.pid, signal.SIGKILL)
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{copy.process.pid}/cmdline") and time.monotonic() < end:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{copy.process.pid}")
    with pytest.raises(Failed, match="the process was killed by SIGKILL"):
        copy.ask("hello", "starting")
    with pytest.raises(Failed, match="copying itself"):
        template.copy()


def test_a_template_serves_a_few_replicates(toys, tmp_path):
    starts, nursery = {"good": partial(Worker, ["toy", "good", str(tmp_path)], Conditions())}, Nursery(copies=True)
    templates = []
    for replicate in range(2 * COPIES):
        nursery.prepare(replicate, starts)
        templates.append(nursery.templates["good"].process.pid)
    assert len(set(templates)) == 2 and len(set(templates[:COPIES])) == 1
    nursery.close()
    assert not nursery.templates


def test_where_one_cannot_be_copied_none_is(toys, tmp_path, monkeypatch):
    """A thread that importing left behind would be lost: the rivals of such an implementation start anew, too."""
    (tmp_path / "leaves_a_thread.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    implementation(tmp_path, "threaded", "return None", "leaves_a_thread")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    names = ["good", "threaded"]
    starts = {name: partial(Worker, ["toy", name, str(tmp_path)], Conditions()) for name in names}
    nursery = Nursery(copies=True)
    nursery.prepare(0, starts)
    assert not nursery.copies and not nursery.templates
    worker = nursery.worker("good", starts["good"])
    assert worker.ask("hello", "starting")["copies"], "the worker itself is fine"
    worker.kill()


def test_of_any_two_each_is_opened_first_as_often():
    """And starts the templates as often, which is done by the first replicate of each."""
    impls = list("abcde")
    orders = [in_turn(impls, replicate) for replicate in range(2 * COPIES)]
    assert orders[0] == impls, "the inputs and references are those of the first, which the first replicate computes"
    assert orders[COPIES] != orders[0]
    for one, other in itertools.combinations(impls, 2):
        assert sum(o.index(one) < o.index(other) for o in orders) == COPIES


def test_who_is_opened_first_alternates(toys, tmp_path):
    rows = measure(toys, tmp_path / "run", ["good"], replicates=2, copies=True)
    one, other = (
        [r.impl for r in sorted(rows, key=lambda r: r.started) if r.replicate == n and r.op == "add"] for n in (0, 1)
    )
    assert len(one) == 2 and one == other[::-1]


@pytest.mark.parametrize("name", ["raises_at_setup", "segfaults", "absent"])
def test_a_fault_in_a_copy_costs_what_it_costs_elsewhere(toys, tmp_path, name):
    status, reason = FAULTS[name]
    rows = measure(toys, tmp_path / "run", [name, "good"], replicates=2, copies=True)
    (mine,) = [r for r in rows if r.impl == name]
    assert mine.status == status and reason in mine.reason
    assert [r.replicate for r in rows if r.impl == "good" and r.samples_ns] == [0, 0, 1, 1]

"""How a number is made: conditions, turns, clocks, memory."""

from __future__ import annotations

import ctypes
import gc
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_faults import measure

from bench import registry
from bench.measure import clock, memory, tree
from bench.measure.clock import HostClock
from bench.process import Conditions
from bench.results import Results
from bench.runner import _unsettled

TOYS = Path(__file__).parents[1] / "toys"


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_affinity_and_allocator_are_pinned_before_anything_is_imported(toys, tmp_path, threads):
    (row,) = measure(toys, tmp_path / "run", ["tells"], threads=(threads,))
    facts = json.loads(row.reason)
    assert facts == {
        "OMP_NUM_THREADS": str(threads),
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
        "cpus": threads,
        "threads": threads,
    }
    assert "mmap_threshold=33554432" in row.allocator


@pytest.mark.parametrize(("device", "cpus"), [("cpu", 1), ("cuda", len(os.sched_getaffinity(0)))])
def test_libraries_of_a_gpu_load_on_all_processors(tmp_path, monkeypatch, device, cpus):
    """Eleven rivals that import PyTorch on one processor keep the device waiting; those of the CPU size their pools."""
    (tmp_path / "tells_where.py").write_text(
        "import os\nraise ImportError(f'imported on {len(os.sched_getaffinity(0))}')\n"
    )
    plugin = tmp_path / "impls/toy/where.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(
        "from bench import impl\n\n\n"
        "@impl('toy', requires='tells_where', devices=('cpu', 'cuda'))\ndef where(case):\n    return lambda x: x + 1\n"
    )
    monkeypatch.setenv("BENCH_PATH", os.pathsep.join([str(TOYS), str(tmp_path)]))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    registry.load.cache_clear()
    try:
        (row,) = measure(registry.load(), tmp_path / "run", ["where"], device=device)
    finally:
        registry.load.cache_clear()
    assert row.reason.startswith(f"ImportError: imported on {cpus}")


def test_rivals_take_turns_and_never_overlap(toys, tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setenv("BENCH_TEST_LOG", str(log))
    rows = measure(toys, tmp_path / "run", ["logs"], precision=0.0, budget_s=0.3, turn_s=0.02, seed=3)
    calls = [(n, int(a), int(b)) for n, a, b, _ in (line.split() for line in log.read_text().splitlines())]
    calls.sort(key=lambda c: c[1])
    assert all(end <= begin for (_, _, end), (_, begin, _) in itertools.pairwise(calls)), "two measured at once"
    turns = [name for name, _ in itertools.groupby(n for n, _, _ in calls)]
    (rounds,) = {len(r.rounds) for r in rows}
    sampling = turns[3:-3]  # getting ready goes first, finishing last; in between, the rounds
    assert len(sampling) >= 2 * rounds, "every rival has its turn; the last of a round may begin the next"
    triples = {tuple(sampling[i : i + 3]) for i in range(0, len(sampling) - 2, 3)}
    assert len(triples) > 1, "the order within a round is shuffled"
    assert all(sum(r.rounds) == len(r.samples_ns) and min(r.rounds) >= 1 for r in rows)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc from 2.33 on")
def test_the_users_tunables_do_not_undo_the_pinned_thresholds(monkeypatch):
    """Of both, glibc follows GLIBC_TUNABLES: 4 MiB would be mapped anew each time."""
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=65536:glibc.malloc.arena_max=2")
    code = """
import ctypes
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks a b c d e f".split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype, libc.malloc.restype = Info, ctypes.c_void_p
before = libc.mallinfo2().hblks
libc.malloc(ctypes.c_size_t(4 << 20))
print(libc.mallinfo2().hblks - before)
"""
    env = Conditions().environment()
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert found.stdout == "0\n", "blocks that malloc mapped"
    assert env["GLIBC_TUNABLES"] == "glibc.malloc.arena_max=2", "what is not ours stays"


def test_a_librarys_threads_are_idle_soon_after_its_last_call():
    """Of NumPy's OpenBLAS they would spin for a tenth of a second, on the processor of whoever is measured next."""
    code = "import time, numpy as np; a = np.ones((600, 600)); a @ a; s = time.process_time(); time.sleep(0.2)"
    code += "; print(time.process_time() - s)"
    env = Conditions(threads=2).environment()
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert float(found.stdout) < 0.02, "seconds of processor time in 0.2 s of sleep"


LIES = """
import sys
from dataclasses import replace
import numpy as np
from bench.core import Case
from bench.worker import Session

session = Session("toy", "good", sys.argv[1])
made = lambda case: {"add": lambda x, table=np.ones(9000): x + 1}
session.implementation = replace(session.implementation, make=made)
session.open(vars(Case("toy", {"size": 18000, "loud": False})))
table, (x, *_) = session.ops["add"].run.__defaults__[0], session.inputs["add"]
print((x.ctypes.data - table.ctypes.data) % 4096)
"""


def test_how_tables_and_inputs_lie_to_one_another_is_drawn(toys, tmp_path):
    """Else every process of an installation has the same collisions in its caches, and another installation others."""
    found = set()
    for _ in range(6):
        command = [sys.executable, "-c", LIES, str(tmp_path)]
        found.add(subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout)
    assert len(found) > 3, found


def test_numbers_of_threads_take_turns_too(toys, tmp_path, monkeypatch):
    """So that a drift of the machine does not pass for a gain by threads."""
    log = tmp_path / "log"
    monkeypatch.setenv("BENCH_TEST_LOG", str(log))
    wish = {"precision": 0.0, "budget_s": 0.2, "turn_s": 0.02, "replicates": 2, "threads": (1, 2)}
    rows = measure(toys, tmp_path / "run", ["logs"], **wish)
    assert sorted((r.threads, r.replicate) for r in rows) == [(t, n) for t in (1, 2) for n in (0, 1) for _ in range(3)]
    names = [line.split()[0] for line in sorted(log.read_text().splitlines(), key=lambda line: int(line.split()[1]))]
    turns = [name for name, _ in itertools.groupby(names)]
    following = [(one, other) for one, other in itertools.pairwise(turns) if one[:-2] == other[:-2]]
    assert len(following) >= sum(len(r.rounds) for r in rows) / 2 - 6, "in succession"
    assert {one[-1] for one, _ in following} == {"1", "2"}, "in random order"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor")
def test_beside_more_threads_one_thread_is_measured_on_each_processor_in_turn(toys, tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setenv("BENCH_TEST_LOG", str(log))
    wish = {"precision": 0.0, "budget_s": 0.2, "turn_s": 0.02, "replicates": 1}
    ours = sorted(os.sched_getaffinity(0))
    places = {}
    for threads in ((1,), (1, 2)):
        log.unlink(missing_ok=True)
        rows = measure(toys, tmp_path / f"run{len(threads)}", ["logs:a"], threads=threads, **wish)
        calls = [line.split() for line in log.read_text().splitlines() if line.startswith("a-1")]
        calls.sort(key=lambda call: int(call[1]))
        places[threads] = [place for place, _ in itertools.groupby(cpus for *_, cpus in calls)]
        assert min(len(r.rounds) for r in rows) > 4
    assert places[(1,)] == [str(ours[-1])], "alone it stays where it is"
    turns = [str(cpu) for cpu in reversed(ours)]
    assert places[(1, 2)][: len(turns)] == turns and set(places[(1, 2)]) == set(turns)
    assert Conditions(1).cpus(0) == {ours[-1]} and Conditions(1).cpus(len(ours)) == {ours[-1]}
    assert Conditions(len(ours)).cpus(3) == set(ours)


def test_the_order_of_turns_comes_from_the_seed_and_is_balanced():
    from bench.plan import Plan
    from bench.runner import Runner

    class Kept:
        plan = Plan([], seed=7)
        rows: list = []

    rivals = [(None, f"{n}@{side}") for side in "ab" for n in range(50)]

    def rounds() -> list[list[str]]:
        runner, before = Runner(Kept, None, None), {}
        return [[impl for _, impl in runner._shuffled(rivals, before)] for _ in range(4)]

    orders = rounds()
    assert orders == rounds() and orders[0] != orders[1]
    first: list[dict[str, str]] = []
    for order in orders:
        pairs = [order[n : n + 2] for n in range(0, 100, 2)]
        assert all(one.partition("@")[0] == other.partition("@")[0] for one, other in pairs), "sides follow each other"
        first.append({name.partition("@")[0]: name.partition("@")[2] for name, _ in pairs})
    assert 0 < sum(side == "a" for side in first[0].values()) < 50
    assert all(first[0][name] != first[1][name] and first[2][name] != first[3][name] for name in first[0])
    assert any(first[1][name] != first[2][name] for name in first[0]), "no fixed alternation that a clock could follow"


def test_memory_is_that_of_the_call_not_of_the_process(toys, tmp_path):
    rows = {r.impl: r for r in measure(toys, tmp_path / "run", ["holds"])}
    small, large = rows["holds:small"], rows["holds:large"]
    assert 8e6 <= small.memory_bytes <= 12e6 and 64e6 <= large.memory_bytes <= 70e6
    assert large.peak_rss_bytes > large.memory_bytes + 10e6


KEPT = """
import numpy as np
from bench.measure import memory

for _ in range(3):  # 24 MiB: from the heap, kept after the first call
    print(memory.peak(lambda: np.ones(3 << 20)).extra_bytes)
"""


def test_a_worker_holds_no_inputs_of_operations_that_are_not_measured(toys, tmp_path, monkeypatch):
    """All rivals of a case are open at once: each would hold the 64 MB of ``undo`` while ``add`` is measured."""
    (tmp_path / "mine/suites").mkdir(parents=True)
    heavy = "np.zeros((1, 16_000_000), np.float32)"
    text = (TOYS / "suites/toy.py").read_text().replace('"undo": (audio + 1,)', f'"undo": ({heavy},)')
    (tmp_path / "mine/suites/toy.py").write_text(text)
    shutil.copytree(TOYS / "impls", tmp_path / "mine/impls")
    monkeypatch.setenv("BENCH_PATH", str(tmp_path / "mine"))
    registry.load.cache_clear()
    peaks = {}
    for ops in (["add"], ["add", "undo"]):
        rows = measure(registry.load(), tmp_path / "-".join(ops), ["good"], op=ops)
        assert {r.op for r in rows if r.samples_ns} == set(ops)
        peaks[len(ops)] = max(r.peak_rss_bytes for r in rows if r.op == "add")
    assert peaks[2] - peaks[1] > 50e6


def test_memory_that_the_allocator_kept_is_counted_again():
    """In a process of its own: one in which tests ran may have children, which count."""
    said = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True).stdout
    found = [int(line) for line in said.split()]
    assert len(found) == 3 and all(24e6 <= extra <= 30e6 for extra in found), found


def test_memory_of_processes_that_a_call_starts_counts(toys):
    def call():
        subprocess.run([sys.executable, "-c", "import time; held = b'x' * (64 << 20); time.sleep(1)"], check=True)

    found = memory.peak(call)
    assert found is not None and 64e6 <= found.extra_bytes <= 100e6
    assert found.peak_bytes >= tree.rss(os.getpid()) + 60e6


PIPES: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def test_a_tree_of_processes_is_seen_whole():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(10**7)); input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as child:
        while len(tree.descendants(child.pid)) < 1 or tree.cpu_seconds(child.pid) < 0.1:
            time.sleep(0.01)
        (grandchild,) = tree.descendants(child.pid)
        assert {child.pid, grandchild} <= set(tree.descendants(os.getpid()))
        assert 1e6 < tree.pss(grandchild) <= tree.rss(grandchild)
        assert tree.handles(child.pid) >= 6, "three of each, at least"
        before = tree.cpu_seconds(os.getpid())
        child.communicate(b"\n")
    assert tree.descendants(child.pid) == [] and tree.pss(grandchild) == 0
    assert tree.cpu_seconds(os.getpid()) >= before, "the time of those that ended is kept"


def test_what_is_mapped_from_a_file_is_not_held(tmp_path):
    """What a process seems to use of a file grows when another one that maps it ends; what it holds does not."""
    path, size = tmp_path / "library", 32 << 20
    path.write_bytes(bytes(size))
    code = (
        f"import mmap; file = open({str(path)!r}, 'rb'); m = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ);"
        "sum(m[::4096]); print(1, flush=True); input()"
    )
    with (
        subprocess.Popen([sys.executable, "-c", code], **PIPES) as stranger,
        subprocess.Popen([sys.executable, "-c", code], **PIPES) as ours,
    ):
        assert stranger.stdout and ours.stdout
        assert stranger.stdout.readline() == ours.stdout.readline() == b"1\n"
        seemed, held = tree.pss(ours.pid), tree.held(ours.pid)
        stranger.communicate(b"\n")
        assert tree.pss(ours.pid) - seemed > 0.4 * size
        assert abs(tree.held(ours.pid) - held) < 0.1 * size and 1e5 < held < seemed
        ours.communicate(b"\n")


def test_what_comes_before_a_sample_is_called_ahead_of_each_and_not_timed():
    told = []
    samples = HostClock().turn(
        lambda: told.append("call"), (), 1, 0.0, 20_000_000, lambda: (time.sleep(0.005), told.append("before"))
    )
    assert told == ["before", "call"] * len(samples) and max(samples) < 5e6
    told.clear()
    HostClock().warm_up(lambda: told.append("call"), (), least_ns=1, most_ns=1, before=lambda: told.append("before"))
    assert told == ["before", "call"]


def test_a_precision_that_was_just_missed_is_told_with_as_many_digits_as_it_takes():
    rounds = np.array([90, 97.996, 98, 99, 100, 100, 101, 102, 102.004, 110])
    assert "known to 2.004%, not to 2.000%," in _unsettled(rounds, 0.02)
    assert "known to 2.0%, not to 1.0%," in _unsettled(rounds, 0.01)


def test_a_short_call_is_looped_and_a_long_one_is_not():
    clock = HostClock()
    assert clock.loops_for(1.0) == 100_000 and clock.loops_for(1000.0) == 200
    assert clock.loops_for(5e6) == 1 and clock.loops_for(0.0) == 100_000


def test_a_turn_calls_as_often_as_it_says_and_gives_back_the_collector():
    calls = []
    samples = HostClock().turn(lambda x: calls.append((x, gc.isenabled())), ("arg",), 10, 0.0, 2_000_000)
    assert len(calls) == 10 * len(samples) >= 10
    assert set(calls) == {("arg", False)} and gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        HostClock().turn(lambda: 1 / 0, (), 1, 0.0, 1)
    assert gc.isenabled()


def test_a_sample_is_time_a_call():
    clock = HostClock()
    for loops in (1, 4):
        sample = clock.sample(time.sleep, (0.004,), loops, 0.0)
        assert sample >= 4e6
    assert clock.sample(lambda: None, (), 100, 1e9) == 0.1, "the overhead is subtracted, never below nothing"


def test_warm_up_waits_for_a_falling_slope():
    """A call that takes 8, 7.5, 7 ... 1 ms and then stays at 1 ms is not warm before it stays."""

    class Scripted(HostClock):
        times = itertools.chain(np.linspace(8e6, 1e6, 15), itertools.repeat(1e6))
        calls = 0

        @classmethod
        def _time(cls, run, args, loops):
            cls.calls += 1
            return int(next(cls.times))

    assert Scripted().warm_up(print, (), least_ns=1, most_ns=10**9) == 1e6
    assert Scripted.calls > 15


def test_warm_up_gives_up_when_its_time_is_spent():
    class Falling(HostClock):
        times = (int(t) for t in 1e9 * 0.9 ** np.arange(100))

        @classmethod
        def _time(cls, run, args, loops):
            return next(cls.times)

    assert Falling().warm_up(print, (), most_ns=2_000_000_000) == 810_000_000


def test_a_short_call_that_grows_faster_is_warm_all_the_same(monkeypatch):
    """Its times were looked at after every call, 100 000 of them and more: a worker was given up after two minutes."""
    sorted_times = []
    monkeypatch.setattr(clock, "median", lambda times: sorted_times.append(len(times)) or statistics.median(times))

    class Falling(HostClock):
        calls = 0

        @classmethod
        def _time(cls, run, args, loops):
            cls.calls += loops
            return loops * (110 if cls.calls < 150_000 else 100)

    assert Falling().warm_up(print, ()) == 100
    assert Falling.calls < 1_000_000 and sum(sorted_times) < 10_000


def test_what_must_be_readied_before_each_call_is_never_looped_in_warm_up():
    looped = []

    class Short(HostClock):
        @classmethod
        def _time(cls, run, args, loops):
            looped.append(loops)
            return 100

    Short().warm_up(print, (), least_ns=100_000, before=lambda: None)
    assert set(looped) == {1}
    looped.clear()
    Short().warm_up(print, (), least_ns=10**9, most_ns=10**6, before=lambda: time.sleep(0.001))
    assert len(looped) <= 10, "what is done before counts, too, where it takes longer than the calls"


def test_the_summary_is_made_from_the_rows(toys, tmp_path):
    rows = measure(toys, tmp_path / "run", ["good"], replicates=3)
    summary = Results.load(tmp_path / "run").summary()
    line = summary[(summary.op == "add") & (summary.impl == "good")].iloc[0]
    mine = [r for r in rows if (r.op, r.impl) == ("add", "good")]
    medians = [
        np.median([np.median(s) for s in np.split(np.array(r.samples_ns), np.cumsum(r.rounds)[:-1])]) for r in mine
    ]
    assert line.median_ms == pytest.approx(np.median(medians) / 1e6)
    assert line.low_ms <= line.median_ms <= line.high_ms
    assert line.x_realtime == pytest.approx(64 / 16000 / (np.median(medians) / 1e9))
    assert line.replicates == 3 and line.samples == sum(len(r.samples_ns) for r in mine)
    assert line.quality == {"error": pytest.approx(0, abs=1e-6), "gain": 1.0}
    assert line.p99_ms == pytest.approx(np.percentile(np.concatenate([r.samples_ns for r in mine]), 99) / 1e6)

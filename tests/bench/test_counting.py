"""Instructions and allocations: what counters say is held against work that is known."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from old_runs import write

from bench import counting
from bench.cli import main
from bench.measure.counts import Counts, NotCounted, PerfEvents, parse, per_call
from bench.process import Failed
from bench.results import Results, latest

DUMP = """events: Ir
fn=(1) run
1 100
cfn=(2) malloc
calls=3 0
1 30
cfn=(3) free
calls=9 0
1 9
fn=(2)
2 30
cfn=(4) malloc'2
calls=2 0
cfn=(2)
calls=4 0
totals: 169
"""


def test_of_a_call_is_told_what_it_counts_beyond_an_empty_one():
    """The counter itself costs 50 instructions and an allocation, and now and then somebody else's 1000."""

    class Counter:
        calls = 0

        def count(self, call):
            self.calls += 1
            disturbed = 1000 if self.calls % 3 == 0 else 0
            return Counts(50 + disturbed, 1) if call() is None else Counts(1250 + disturbed, 4)

    assert per_call(Counter(), lambda: 7) == Counts(1200, 3)


def test_a_dump_of_callgrind_is_read():
    found = parse(DUMP.splitlines())
    assert (found.instructions, found.allocations) == (169, 9)


PROGRAM = """
import sys
from pathlib import Path
from bench.measure.counts import Callgrind, per_call
counter = Callgrind(Path(sys.argv[1]))

def seven():
    for _ in range(7):
        bytearray(100_000)

def sums(n):
    return lambda: sum(range(n))

for call in (seven, sums(20_000), sums(40_000)):
    found = per_call(counter, call, calls=1)
    print(found.instructions, found.allocations)
"""


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_callgrind_counts_what_was_planted(tmp_path):
    out = tmp_path / "callgrind"
    options = ["-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
    command = ["valgrind", *options, sys.executable, "-c", PROGRAM, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    (_, mallocs), (half, none), (whole, _) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert (mallocs, none) == (7, 0)
    assert whole / half == pytest.approx(2, rel=0.02)


def test_outside_of_valgrind_it_says_so(tmp_path):
    from bench.measure.counts import Callgrind

    with pytest.raises(NotCounted):
        Callgrind(tmp_path / "out")


def test_perf_events_count_or_say_why():
    """Page faults are counted in software, also where a virtual machine hides the processor's counters."""
    import mmap

    try:
        faults = PerfEvents(kind=1, config=2)  # PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS
    except NotCounted as error:
        assert "perf" in str(error)
        pytest.skip(str(error))
    fresh = mmap.mmap(-1, 100 * mmap.PAGESIZE)
    fresh.madvise(mmap.MADV_NOHUGEPAGE)
    found = faults.count(lambda: [fresh.__setitem__(n * mmap.PAGESIZE, 1) for n in range(100)])
    faults.close()
    assert 100 <= found.instructions <= 200


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A run of which one implementation is counted and the other dies while it is."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "results", [5.0])
    run = latest(tmp_path / "results")
    rows = (run / "rows.jsonl").read_text()
    (run / "rows.jsonl").write_text(rows + rows.replace('"good"', '"bad"'))
    asked = []

    class Fake:
        dies = "bad"

        def __init__(self, arguments, conditions, prefix):
            self.impl = arguments[1]
            assert prefix[0] == "valgrind"

        def ask(self, do, doing, **request):
            asked.append((self.impl, do))
            if (self.impl, do) == (self.dies, "open"):
                raise Failed("crash", "setting up: the process was killed by SIGILL", dead=True)
            return {"instructions": 1234, "allocations": 5} if do == "count" else {}

        def kill(self): ...

    monkeypatch.setattr(counting, "Worker", Fake)
    monkeypatch.setattr(counting, "choose", lambda tool: ("callgrind", "callgrind 3.19.0"))
    return run, asked


def test_counts_stand_beside_the_times_and_failures_say_why(counted):
    run, asked = counted
    done = CliRunner().invoke(main, ["count", "--json"])
    assert done.exit_code == 0, done.output
    assert [(c["impl"], c["instructions"], c["reason"]) for c in json.loads(done.output)] == [
        ("good", 1234, ""),
        ("bad", None, "setting up: the process was killed by SIGILL"),
    ]
    line = Results.load(run).summary().set_index("impl").loc["good"]
    assert (line.instructions, line.allocations, line.counted_by) == (1234, 5, "callgrind 3.19.0")
    before = len(asked)
    assert len(counting.count(run)) == 2 and {impl for impl, _ in asked[before:]} == {"bad"}  # nothing is counted twice


def test_what_could_not_be_counted_is_tried_again_and_takes_no_figure_away(counted, monkeypatch):
    run, _ = counted
    counting.count(run)
    monkeypatch.setattr(counting, "choose", lambda tool: ("callgrind", "callgrind 4"))
    monkeypatch.setattr(counting.Worker, "dies", "good")
    counting.count(run)
    found = Results.load(run).summary().set_index("impl").counted_by
    assert found.to_dict() == {"good": "callgrind 3.19.0", "bad": "callgrind 4"}


def test_history_and_report_show_them(counted):
    CliRunner().invoke(main, ["count"])
    (only,) = json.loads(CliRunner().invoke(main, ["history", "--metric", "allocations", "--json"]).output)
    assert (only["impl"], [p["allocations"] for p in only["points"]]) == ("good", [5])
    assert CliRunner().invoke(main, ["report", "--format", "md", "-o", "out"]).exit_code == 0
    assert "| instructions | allocations |" in (counted[0].parent.parent / "out" / "report.md").read_text()


def test_where_nothing_can_count_the_reasons_are_told(monkeypatch):
    monkeypatch.setattr(counting.shutil, "which", lambda name: None)
    monkeypatch.setattr(counting, "PerfEvents", lambda: (_ for _ in ()).throw(NotCounted("perf events: hidden")))
    with pytest.raises(ValueError, match=r"perf events: hidden; callgrind: valgrind is not installed; apt-get"):
        counting.choose()
    with pytest.raises(ValueError, match="there is no counter 'prf'"):
        counting.choose("prf")

"""The run directory under bad weather: full disk, no permission, two writers, torn lines, interrupts."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from bench import api, plan
from bench.lines import Lines
from bench.measure import gpu_limits
from bench.plan import Plan, Usage
from bench.results import COLUMNS, Results, Row
from bench.store import CannotWrite, Store
from bench.worker import _keep

PLAN = Plan([])


def row(number: int, **more) -> Row:
    return Row("run", "toy", f"impl{number}", {"size": 64}, "add", samples_ns=[1.5, 2.0], rounds=[2], **more)


def test_rows_come_back_as_they_went_in(tmp_path):
    store = Store(tmp_path / "run", PLAN, {"cpu": "some"})
    rows = [row(0), row(1, quality={"snr_db": 3.25}, reason='<b> "quoted" \n line'), row(2, status="error")]
    for r in rows:
        store.append(r)
    store.close()
    results = Results.load(tmp_path / "run")
    assert results.rows == rows and results.environment == {"cpu": "some"}
    parquet = pd.read_parquet(tmp_path / "run" / "rows.parquet")
    assert list(parquet.columns) == list(COLUMNS)
    assert [json.loads(q) for q in parquet.quality] == [r.quality for r in rows]
    assert [list(s) for s in parquet.samples_ns] == [r.samples_ns for r in rows]
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        ".lock", "environment.json", "plan.json", "rows.jsonl", "rows.parquet",
    ]  # fmt: skip


def test_who_cannot_go_on_is_not_told_to_name_another_folder(tmp_path):
    Store(tmp_path / "run", PLAN, {}).close()
    (tmp_path / "run" / ".lock").unlink()
    (tmp_path / "run" / ".lock").mkdir()
    with pytest.raises(CannotWrite, match="mend that, or start another run"):
        Store(tmp_path / "run", None)
    with pytest.raises(CannotWrite, match="--out names another folder"):
        Store(tmp_path / "run", PLAN)


def test_each_row_is_on_disk_as_soon_as_it_is_made(tmp_path):
    store = Store(tmp_path / "run", PLAN, {})
    for n in range(3):
        store.append(row(n))
        assert len((tmp_path / "run" / "rows.jsonl").read_text().splitlines()) == n + 1
    store.close()


@pytest.mark.parametrize("keep", [0, 1, 20, 200])
def test_a_line_that_a_kill_cut_short_is_cut_off(tmp_path, keep):
    store = Store(tmp_path / "run", PLAN, {})
    for n in range(2):
        store.append(row(n))
    store.close()
    path = tmp_path / "run" / "rows.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines()[0][:keep])
    assert len(Results.load(tmp_path / "run").rows) == 2
    again = Store(tmp_path / "run", None)
    again.append(row(2))
    again.close()
    assert [r.impl for r in Results.load(tmp_path / "run").rows] == ["impl0", "impl1", "impl2"]


@pytest.mark.parametrize("kept", [b"", b'{"a":1}\n', b'{"a":"' + 100_000 * b"y" + b'"}\n'])
def test_a_long_line_that_was_cut_short_is_cut_off_whole(tmp_path, kept):
    """A row with ten thousand samples has more than a hundred thousand bytes."""
    path = tmp_path / "rows.jsonl"
    for torn in (200_000 * b"x", 65_536 * b"x", b""):
        path.write_bytes(kept + torn)
        Lines(path)
        assert path.read_bytes() == kept


def test_a_damaged_line_in_the_middle_is_named(tmp_path):
    store = Store(tmp_path / "run", PLAN, {})
    store.append(row(0))
    store.close()
    path = tmp_path / "run" / "rows.jsonl"
    path.write_text('{"run": 1, broken\n' + path.read_text())
    with pytest.raises(ValueError, match=r"line 1 is not a row.*remove that line"):
        Results.load(tmp_path / "run")
    path.write_text(json.dumps(vars(row(0)) | {"status": "odd"}) + "\n")
    with pytest.raises(ValueError, match=r"line 1 is not a row \(no status is called 'odd'\)"):
        Results.load(tmp_path / "run")


def test_bytes_in_the_reasons_of_old_runs_are_told(tmp_path):
    Store(tmp_path / "run", PLAN, {}).close()
    (tmp_path / "run" / "rows.jsonl").write_text(json.dumps(vars(row(0, status="error", reason="no caf\udce9"))) + "\n")
    results = Results.load(tmp_path / "run")
    results.to_parquet(tmp_path / "rows.parquet")
    assert results.summary().reason.tolist() == [r"no caf\udce9"]


def test_a_folder_whose_name_is_not_utf8_holds_a_run_like_any_other(bench, tmp_path):
    """The clips' folder, too. What was measured is kept and shown, and other programs can read what is told of it."""
    run, clips = (os.fsdecode(name) for name in (b"caf\xe9", b"th\xe9"))
    (tmp_path / clips).mkdir()
    soundfile.write(os.fsencode(tmp_path / clips / "a.wav"), np.zeros(16000), 16000)
    quick = ("--grid", "quick", "--budget", "0.05s", "--json")
    done = bench("run", "toy", "--impl", "good", *quick, "--out", run, "--corpus", clips)
    assert (done.returncode, done.stderr) == (0, "") and len(json.loads(done.stdout)) == 4
    frame = pd.read_parquet(io.BytesIO((tmp_path / run / "rows.parquet").read_bytes()))
    assert set(frame.run) == {r"caf\udce9"} and set(frame.corpus) == {r"th\udce9"}
    assert set(Results.load(tmp_path / run).frame().run) == {r"caf\udce9"}
    compared = bench("compare", run, run, "--metric", "memory", "--json", "--markdown", "gate.md")
    assert json.loads(compared.stdout)["new"] == r"caf\udce9" and r"caf\udce9" in (tmp_path / "gate.md").read_text()
    assert bench("history", run, "--save", "h.parquet", "--json").returncode == 0
    assert {p["run"] for s in json.loads(bench("history", "h.parquet", "--json").stdout) for p in s["points"]} == {
        r"caf\udce9"
    }


def test_inputs_are_kept_where_a_worker_of_the_same_number_was_killed(tmp_path):
    kept = tmp_path / "inputs"
    kept.with_name(f"inputs.{os.getpid()}").mkdir()
    _keep(kept, {"add.00": np.arange(3)})
    assert [p.name for p in kept.iterdir()] == ["add.00.npy"]


def test_a_second_writer_is_refused(tmp_path):
    first = Store(tmp_path / "run", PLAN, {})
    with pytest.raises(Usage, match="another run is writing"):
        Store(tmp_path / "run", None)
    with pytest.raises(Usage, match="another run is writing"):
        Store(tmp_path / "run", PLAN, {})
    first.close()
    Store(tmp_path / "run", None).close()


def test_a_run_is_not_written_over(tmp_path):
    Store(tmp_path / "run", PLAN, {}).close()
    with pytest.raises(Usage, match="--resume"):
        Store(tmp_path / "run", PLAN, {})


def test_what_cannot_be_gone_on_with_is_told(tmp_path):
    run = tmp_path / "run"
    Store(run, PLAN, {"machine": "another-2c-4g"}).close()
    with pytest.raises(Usage, match="begun on another machine, another-2c-4g"):
        api.begin(resume=run)
    for plan_, why in ((b'{"items": [], "of_next_year": 1}', "of_next_year"), (b"\xff", "utf-8")):
        (run / "plan.json").write_bytes(plan_)
        with pytest.raises(Usage, match=rf"plan.json is no plan that this version .*{why}"):
            Store(run, None)
    for record, why in (
        (b'{"machine": ', "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[3]", "holds no record"),
        (b'{"limits": {"cpu": 3}}', "holds no limits of devices"),
    ):
        (run / "environment.json").write_bytes(record)
        for read in (Results.load, lambda run: api.begin(resume=run)):
            with pytest.raises(ValueError, match=rf"environment.json {why}.*mend it or remove it"):
                read(run)


def test_a_run_is_not_gone_on_with_on_another_gpu(tmp_path, monkeypatch):
    """The same host, but another device behind "cuda:1": its rows would be taken for replicates of the first one's."""
    there = {"name": "NVIDIA H200", "fma_gflops": 6e4}

    def measured(found):
        return gpu_limits.limits("cuda:1", (1, 2), lambda device: json.dumps(found))

    record = {"limits": {"cpu": {"1": {"fma_gflops": 70.0}}} | measured(there)}
    Store(tmp_path / "run", PLAN, record).close()
    for now, told in (
        ({"name": "NVIDIA A10"}, r"begun on NVIDIA H200, and cuda:1 is another GPU now, or none \(NVIDIA A10\)"),
        ({"unmeasured": "no CUDA device 1"}, r"\(no CUDA device 1\).*start another run"),
    ):
        monkeypatch.setattr(gpu_limits, "_ask", lambda device, now=now: json.dumps(now))
        with pytest.raises(Usage, match=told):
            api.begin(resume=tmp_path / "run")
    monkeypatch.setattr(gpu_limits, "_ask", lambda device: json.dumps(there))
    api.begin(resume=tmp_path / "run").close()
    Store(tmp_path / "none", PLAN, {"limits": measured({"unmeasured": "no CUDA device 1"})}).close()
    monkeypatch.setattr(gpu_limits, "_ask", lambda device: pytest.fail("no device was there, so none is asked for"))
    api.begin(resume=tmp_path / "none").close()


def test_a_disk_that_is_full_of_inputs_is_no_implementations_fault(toys, tmp_path):
    """Workers write the inputs that they share into the run's folder: the run ends, and goes on when there is room."""
    store = Store(tmp_path / "run", plan.make(toys, ["toy"], ["good"], grid="quick", replicates=1, budget_s=0.05), {})
    store.scratch.write_text("in the way")
    with pytest.raises(CannotWrite, match=r"0 rows are safe. Make room"):
        api.execute(store)
    again = Store(tmp_path / "run", None)
    again.scratch.unlink()
    api.execute(again)
    assert {r.status for r in again.rows} <= {"ok", "unstable"} and len(again.rows) == 4


@pytest.mark.parametrize("why", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_even_the_row_in_hand(tmp_path, monkeypatch, why):
    """The disk, or what the user may have of it, accepts nothing until the ballast is given up."""
    store = Store(tmp_path / "run", PLAN, {})
    store.append(row(0))
    ballast = tmp_path / "run" / ".ballast"
    assert ballast.stat().st_blocks * 512 >= 4 << 20
    real = os.write

    def full(descriptor: int, data) -> int:
        if ballast.exists():
            if len(data) > 10:
                return real(descriptor, data[:10])  # a full disk may take a part of it first
            raise OSError(why, os.strerror(why))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(CannotWrite, match=r"the disk is full. 2 rows are safe. Make room, then: bench run --resume"):
        store.append(row(1))
    assert [r.impl for r in Results.load(tmp_path / "run").rows] == ["impl0", "impl1"]


def test_a_disk_that_stays_full_loses_one_row_and_says_so(tmp_path, monkeypatch):
    store = Store(tmp_path / "run", PLAN, {})
    store.append(row(0))
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(CannotWrite, match="1 rows are safe; 1 row could not be kept"):
        store.append(row(1))
    assert [r.impl for r in Results.load(tmp_path / "run").rows] == ["impl0"]


def test_a_real_full_disk_ends_the_run_with_one_line(bench, tmp_path):
    """A file system of 6 MB, filled while the run goes on."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "none", small], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        hog = small / "hog"
        hog.write_bytes(b"x" * 2_000_000)  # beside the ballast's 4 MiB it leaves room for a few rows
        done = bench("run", "toy", "--impl", "good,good:twice", "--grid", "full", "--budget", "1s", "--precision", "0",
                     "--out", str(small / "run"))  # fmt: skip
        assert done.returncode == 5, done.stderr
        assert "the disk is full" in done.stderr and "--resume" in done.stderr and "Traceback" not in done.stderr
        kept = Results.load(small / "run").rows
        assert kept and f"{len(kept)} rows are safe" in done.stderr
        hog.unlink()
    finally:
        subprocess.run(["umount", small], check=False)


def test_a_read_only_folder_is_one_line(bench, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    if os.geteuid() == 0:  # root writes anywhere but where nobody can
        locked = Path("/proc/sys")
    else:
        locked.chmod(0o500)
    done = bench("run", "toy", "--impl", "good", "--grid", "quick", "--out", str(locked / "run"))
    assert done.returncode == 5 and "cannot write into" in done.stderr and "--out" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_keeps_what_was_measured(tmp_path):
    """Ctrl-C: the rows so far are kept and shown; --resume measures the rest, nothing twice."""
    toys = Path(__file__).parents[1] / "toys"
    env = {**os.environ, "BENCH_PATH": str(toys)}
    command = [
        sys.executable,
        "-m",
        "bench",
        "run",
        "toy",
        "--impl",
        "good,good:twice",
        "--out",
        "run",
        "--precision",
        "0",
        "--budget",
        "0.2s",  # so that most of it is still to come when the first row is there
    ]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell ignores it for what is behind "&"
    )
    rows = tmp_path / "run" / "rows.jsonl"
    end = time.monotonic() + 60
    while time.monotonic() < end and not (rows.exists() and rows.stat().st_size):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "--resume run" in err and "Traceback" not in err
    kept = Results.load(tmp_path / "run").rows
    assert kept and "good" in out
    again = subprocess.run(
        [*command[:3], "run", "--resume", "run"], cwd=tmp_path, env=env, capture_output=True, check=False
    )
    assert again.returncode == 0, again.stderr
    finished = Results.load(tmp_path / "run").rows
    assert finished[: len(kept)] == kept
    assert len({r.key for r in finished}) == len(finished) == 2 * 2 * 2 * 3


@pytest.mark.parametrize("first", [KeyboardInterrupt, None])
def test_an_impatient_interrupt_waits_for_the_end_of_tidying_up(toys, tmp_path, monkeypatch, first):
    """pandas is loaded there, and an interrupt in the middle of that came out of C as errors of any kind."""
    store = Store(tmp_path / "run", PLAN, {})
    tidied = []

    def run(_runner):
        if first:
            raise first

    def to_parquet(_results, path):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        tidied.append(path.name)

    monkeypatch.setattr(api.Runner, "run", run)
    monkeypatch.setattr(Results, "to_parquet", to_parquet)
    with pytest.raises(KeyboardInterrupt):
        api.execute(store)
    assert tidied == ["rows.parquet"] and store.lock.closed
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

"""The run directory under bad weather: full disk, no permission, two writers, torn lines, interrupts."""

from __future__ import annotations

import errno
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

from bench import api, plan
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
    for record, why in ((b'{"machine": ', "is not JSON"), (b"\xff", "is not JSON"), (b"[3]", "holds no record")):
        (run / "environment.json").write_bytes(record)
        for read in (Results.load, lambda run: api.begin(resume=run)):
            with pytest.raises(ValueError, match=rf"environment.json {why}.*mend it or remove it"):
                read(run)


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


def test_a_full_disk_keeps_even_the_row_in_hand(tmp_path, monkeypatch):
    """The disk accepts nothing until the ballast is given up."""
    store = Store(tmp_path / "run", PLAN, {})
    store.append(row(0))
    ballast = tmp_path / "run" / ".ballast"
    assert ballast.stat().st_blocks * 512 >= 4 << 20
    real = os.write

    def full(descriptor: int, data) -> int:
        if ballast.exists():
            if len(data) > 10:
                return real(descriptor, data[:10])  # a full disk may take a part of it first
            raise OSError(errno.ENOSPC, "No space left on device")
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

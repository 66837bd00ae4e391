"""Files that pytest-benchmark, pyperf and asv really wrote become runs; figures are those of the tools themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.imports import bring
from bench.plan import Usage
from bench.results import Results

SAMPLES = Path(__file__).parent.parent / "samples"
ASV = SAMPLES / "asv" / "vm" / "e8ed8cd3-existing-py_usr_bin_python3.json"


def _brought(path, into, **names):
    ((run, foreign),) = bring([path], into, **names)
    return Results.load(run), foreign


def test_pytest_benchmark_keeps_samples_groups_and_parameters(tmp_path):
    results, _ = _brought(SAMPLES / "pytest-benchmark.json", tmp_path)
    written = json.loads((SAMPLES / "pytest-benchmark.json").read_text())
    assert [(r.suite, r.impl, r.op, r.case) for r in results.rows] == [
        ("test_sorting", "gen", "test_sorted", {"size": 500}),
        ("test_sorting", "gen", "test_sorted", {"size": 2000}),
        ("copies", "test_slice", "run", {}),
        ("copies", "test_copy", "run", {}),
    ]
    for row, theirs in zip(results.rows, written["benchmarks"], strict=True):
        assert np.median(row.samples_ns) == pytest.approx(1e9 * theirs["stats"]["median"])
        assert sum(row.rounds) == len(row.samples_ns) == theirs["stats"]["rounds"] and row.status == "ok"
    assert results.environment["machine"] == "intel-xeon-f6m207-2c"


def test_statistics_alone_are_never_passed_off_as_samples(tmp_path):
    results, _ = _brought(SAMPLES / "pytest-benchmark-autosave.json", tmp_path)
    written = json.loads((SAMPLES / "pytest-benchmark-autosave.json").read_text())["benchmarks"]
    medians = results.summary().set_index(["suite", "op", "impl", "label"]).median_ms
    assert medians["copies", "run", "test_copy", ""] == pytest.approx(1e3 * written[3]["stats"]["median"])
    assert {r.status for r in results.rows} == {"unstable"}
    assert all("--benchmark-save-data keeps them" in r.reason for r in results.rows)


def _changed(change, tmp_path):
    data = json.loads((SAMPLES / "pytest-benchmark.json").read_text())
    change(data["benchmarks"])
    (tmp_path / "changed.json").write_text(json.dumps(data))
    return tmp_path / "changed.json"


def test_two_benchmarks_are_never_pooled(tmp_path):
    """One test name in two files of a group; all of a group under one name."""
    path = _changed(lambda all_: all_[3].update(fullname="other.py::test_slice"), tmp_path)
    results, _ = _brought(path, tmp_path)
    assert [r.impl for r in results.rows if r.suite == "copies"] == [
        "test_sorting.py::test_slice",
        "other.py::test_slice",
    ]
    with pytest.raises(Usage, match="would be copies ours run; leave out"):
        list(bring([path], tmp_path / "out", impl="ours"))


@pytest.mark.parametrize("times", [[0.0, 0.0], [1.0, -1.0], [float("nan")]])
def test_times_that_are_none_are_left_out_and_told(tmp_path, times):
    results, foreign = _brought(_changed(lambda all_: all_[0]["stats"].update(data=times), tmp_path), tmp_path)
    assert len(results.rows) == 3 and len(results.summary()) == 3
    assert foreign.left_out == ["test_sorting gen test_sorted size=500: some of its times are no positive numbers"]


def test_a_parameter_may_be_infinite(tmp_path):
    path = _changed(lambda all_: all_[0].update(params={"most": float("inf"), "size": 1}), tmp_path)
    results, _ = _brought(path, tmp_path)
    assert results.rows[0].case == {"most": "inf", "size": 1}


def test_what_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Results, "to_parquet", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(bring([SAMPLES / "pyperf.json"], tmp_path))
    assert not list(tmp_path.iterdir())


def test_pyperf_processes_are_replicates(tmp_path):
    results, _ = _brought(SAMPLES / "pyperf.json", tmp_path)
    assert [(r.op, r.replicate, len(r.samples_ns), r.loops) for r in results.rows if r.op == "sort"] == [
        ("sort", n, 3, 1024) for n in range(3)
    ]
    means = {op: np.mean([r.samples_ns for r in results.rows if r.op == op]) / 1e3 for op in ("sort", "sum")}
    assert means == {"sort": pytest.approx(14.1, abs=0.05), "sum": pytest.approx(14.5, abs=0.05)}  # what it printed


def test_pyperf_bytes_are_memory_not_time(tmp_path):
    results, _ = _brought(SAMPLES / "pyperf-memory.json", tmp_path)
    assert not any(r.samples_ns for r in results.rows)
    assert np.mean([r.peak_rss_bytes for r in results.rows]) / 2**20 == pytest.approx(15.6, abs=0.05)


def test_asv_parameters_failures_memory_and_what_is_left_out(tmp_path):
    results, foreign = _brought(ASV, tmp_path)
    rows = {(r.suite, r.op, *r.case.values()): r for r in results.rows}
    timed = rows["sorting.Sorting", "time_sorted", 2000, "down"]
    assert list(timed.case) == ["size", "order"]
    assert np.median(timed.samples_ns) == pytest.approx(1.5051999980641995e4)  # its own "result"
    assert rows["sorting.Sorting", "peakmem_sorted", 500, "up"].peak_rss_bytes == 44519424
    assert foreign.left_out == ["sorting.track_answer: it is neither a time nor a peak of memory (track)"]
    assert rows["sorting", "time_broken"].status == "error"
    assert results.environment["project"]["commit"].startswith("e8ed8cd3")
    assert results.environment["machine"] == "intel-xeon-2c-24g"


def test_asv_without_samples_keeps_its_quartiles(tmp_path):
    data = json.loads(ASV.read_text())
    column = data["result_columns"].index("samples")
    for values in data["results"].values():
        values[column:] = []
    (tmp_path / "bare.json").write_text(json.dumps(data))
    results, _ = _brought(tmp_path / "bare.json", tmp_path / "out")
    row = next(r for r in results.rows if r.op == "time_sorted" and list(r.case.values()) == [500, "up"])
    assert row.samples_ns == pytest.approx([6208, 6646.5, 7176.7], rel=1e-4) and row.status == "unstable"
    assert list(row.case) == ["param1", "param2"]  # nobody says their names here


def test_the_same_file_gives_the_same_run_and_names_can_be_given(tmp_path):
    once, _ = _brought(SAMPLES / "pyperf.json", tmp_path)
    again, _ = _brought(SAMPLES / "pyperf.json", tmp_path)
    named, _ = _brought(SAMPLES / "pyperf.json", tmp_path, suite="sorting", impl="ours")
    assert once.path == again.path != named.path
    assert {(r.suite, r.impl) for r in named.rows} == {("sorting", "ours")}


def test_a_folder_is_looked_through_and_report_and_history_take_the_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = CliRunner().invoke
    brought = json.loads(call(main, ["import", str(SAMPLES), "--json"]).output)
    assert sorted(b["tool"] for b in brought) == ["asv", "pyperf", "pyperf", *["pytest-benchmark"] * 2]
    done = call(main, ["report", *(b["run"] for b in brought), "--format", "md", "-o", "out"])
    assert done.exit_code == 0 and "Sorting" in (tmp_path / "out" / "report.md").read_text()
    joined = json.loads(call(main, ["history", "--json"]).output)
    assert {s["allocator"] for s in joined} == {"asv", "pyperf", "pytest-benchmark"}
    assert max(len(s["points"]) for s in joined) == 2  # both files of pytest-benchmark's


@pytest.mark.parametrize(
    "text, says",
    [
        ("{}", "is not JSON of pytest-benchmark, pyperf or asv"),
        ("nothing", "is not JSON \\("),
        ('{"benchmarks": [{"runs": 3}]}', "looks like pyperf's, but cannot be read"),
        ('{"machine_info": {}, "benchmarks": [{}]}', "looks like pytest-benchmark's, but cannot be read"),
        ('{"commit_hash": "x", "params": {}, "results": {"time_x": 3}}', "looks like asv's, but cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, text, says):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(Usage, match=says):
        list(bring([tmp_path / "x.json"], tmp_path / "out"))
    assert not list(tmp_path.glob("out/*"))


def test_what_is_not_there_is_told(tmp_path):
    (tmp_path / "cut.json.gz").write_bytes(b"\x1f\x8b\x08\x00")
    with pytest.raises(Usage, match=r"cut\.json\.gz is not JSON"):
        list(bring([tmp_path / "cut.json.gz"], tmp_path))
    with pytest.raises(Usage, match="there is no file"):
        list(bring([tmp_path / "none.json"], tmp_path))
    with pytest.raises(Usage, match="holds no JSON of"):
        list(bring([tmp_path], tmp_path))

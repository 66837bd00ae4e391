"""Runs become series: like with like, in time order, kept in a file, shown on a terminal and on a page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from old_runs import drifting, write

from bench.cli import main
from bench.history import archive, points, series
from bench.plan import Usage
from bench.report import trends


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "results", drifting(20, step=1.2))
    return tmp_path / "results"


def _read(folder):
    return points.read(points.runs_in(folder))


def test_a_change_names_its_runs_and_what_changed_there(results):
    (only,) = series.join(_read(results))
    (moved,) = only.moved
    assert (moved.before.run, moved.after.run) == ("run-vm-2c-8g-010", "run-vm-2c-8g-011")
    assert abs(moved.ratio - 1.2) < 0.02
    assert moved.what[0] == "version 2.0 -> 2.1" and moved.what[1] == "commit 0a0000000000 -> 0b0000000000"


def test_runs_on_other_gpus_of_one_machine_are_never_joined(tmp_path):
    for folder, gpu in (("a", "NVIDIA H200"), ("b", "NVIDIA A10")):
        write(tmp_path / folder, drifting(3), device="cuda")
        for record in tmp_path.glob(f"{folder}/*/environment.json"):
            limits = {"cuda": {"1": {"name": gpu}}}
            record.write_text(json.dumps({**json.loads(record.read_text()), "limits": limits}))
    joined = series.join([*_read(tmp_path / "a"), *_read(tmp_path / "b")])
    assert {s.points[0].machine: len(s.points) for s in joined} == {
        "vm-2c-8g with NVIDIA H200": 3,
        "vm-2c-8g with NVIDIA A10": 3,
    }


@pytest.mark.parametrize(
    "unlike",
    [
        {"machine": "other-4c-16g"},
        {"suite": "toys"},
        {"impl": "better"},
        {"case": {"size": 128}},
        {"op": "undo"},
        {"device": "cuda:0"},
        {"threads": 2},
        {"allocator": "top_pad=2"},
        {"corpus": "mine"},
        {"seed": 1},
    ],
    ids=lambda u: next(iter(u)),
)
def test_unlike_runs_are_never_joined(results, unlike):
    """The second ten, twice as slow, differ in one thing: two series, and no change in either."""
    write(results.parent / "more", drifting(10, step=2, at=0), first=21, **unlike)
    joined = series.join([*_read(results)[:10], *_read(results.parent / "more")])
    assert [len(s.points) for s in joined] == [10, 10] and not any(s.moved for s in joined)


def test_runs_of_an_unknown_machine_stand_alone(results):
    for run in results.iterdir():
        (run / "environment.json").unlink()
    assert [len(s.points) for s in series.join(_read(results))] == [1] * 20


def test_runs_of_one_name_are_as_many_runs(results):
    """`--out new` calls every day's run alike; none takes another's place, in a store or on the page."""
    for n, run in enumerate(sorted(results.iterdir())):
        (results.parent / f"day{n:02}").mkdir()
        run.rename(results.parent / f"day{n:02}" / "new")
        rows = results.parent / f"day{n:02}" / "new" / "rows.jsonl"
        rows.write_text(rows.read_text().ljust(4000, " ")[:-1] + "\n")  # all of one length, too
    folders = [folder for n in range(20) for folder in points.runs_in(results.parent / f"day{n:02}")]
    found: list[points.Point] = []
    for folder in folders:
        found = points.read([folder], found)
    assert found == points.read(folders) and len(found) == 20
    (only,) = series.join(found)
    assert [m.at for m in only.moved] == [10] and re.fullmatch(r"[▁▂]{10}[▇█]{10}", trends.blocks(only))
    assert only.moved[0].before.started < only.moved[0].after.started
    dots = re.findall(r'<use [^>]*\bx="([\d.]+)"[^>]*style="fill: #0072b2', trends.picture(only).svg)
    assert len(set(dots)) == 20


def test_a_wrong_answer_has_no_place_in_the_line(results):
    write(results.parent / "more", [0.1], first=21, status="wrong", reason="differs by 3")
    (only,) = series.join([*_read(results), *_read(results.parent / "more")])
    assert len(only.points) == 21 and len(only.values) == 20


def test_the_date_of_a_commit_goes_before_the_date_of_measuring(results):
    found = _read(results)
    back = [replace(p, committed=f"2025-01-{30 - n:02}T00:00:00") for n, p in enumerate(found)]
    (only,) = series.join(back)
    assert [p.run for p in only.points] == [p.run for p in reversed(found)]


@pytest.mark.parametrize("kind", ["parquet", "duckdb"])
def test_a_store_keeps_every_point_and_takes_only_what_is_new(results, kind, monkeypatch):
    if kind == "duckdb":
        pytest.importorskip("duckdb")
    store, found = results.parent / f"kept.{kind}", _read(results)
    archive.write(store, found)
    assert archive.read(store) == found
    write(results, [5.0], first=21)
    read_now = []
    monkeypatch.setattr(points.Results, "load", lambda f, load=points.Results.load: read_now.append(f) or load(f))
    grown = points.read(points.runs_in(results), archive.read(store))
    assert len(grown) == 21 and [f.name for f in read_now] == ["run-vm-2c-8g-021"]


def test_a_run_that_grew_is_read_again(results):
    found = _read(results)
    rows = results / "run-vm-2c-8g-020" / "rows.jsonl"
    rows.write_text(rows.read_text() + rows.read_text().splitlines()[0].replace('"op": "add"', '"op": "undo"') + "\n")
    assert len(points.read(points.runs_in(results), found)) == 21


def test_a_store_that_is_none_is_told(tmp_path):
    for name in ("x.parquet", "x.duckdb"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(Usage, match="is not a store"):
            archive.read(tmp_path / name)
    with pytest.raises(Usage, match=r"end its name in \.parquet"):
        archive.write(tmp_path / "x.csv", [])


def _call(*args):
    return CliRunner().invoke(main, ["history", *args])


def test_the_terminal_fits_and_tells_the_change(results):
    done = _call()
    assert done.exit_code == 0, done.output
    assert "20 runs, 1 series of like runs, 1 change: 1 up, 0 down" in done.output
    assert re.search(r"good: \+(19|20|21)\.\d% between run-vm-2c-8g-010 and run-vm-2c-8g-011", done.output)
    assert re.search(r"[▁▂]{8,10}[▇█]{8,10}", done.output)
    assert all(len(line) <= 100 for line in done.output.splitlines())
    assert "page: reports/history/history.html" in done.output


def test_the_page_stands_alone_and_escapes_what_runs_say(results):
    write(results, drifting(12), machine="<b>&vm", impl='<script>alert("x")</script>')
    assert _call("-o", "page").exit_code == 0
    page = (results.parent / "page" / "history.html").read_text()
    by = re.findall(r'data-v="([^"]+)">(?:\+\d\d\.\d%|steady)<', page)  # what the changes are sorted by
    assert [float(v) for v in by] == [1.0, pytest.approx(1.2, abs=0.02)]
    assert page.count("<svg") == 2 and "<script>alert" not in page and "&lt;b&gt;&amp;vm" in page
    assert not re.findall(r"(?:src|href)=[\"']?http", page)
    for plot in (results.parent / "page" / "plots").glob("*.svg"):
        ElementTree.parse(plot)


def test_json_has_every_point_and_change(results):
    (found,) = json.loads(_call("--json").output)
    assert (found["impl"], found["machine"], found["case"]) == ("good", "vm-2c-8g", {"size": 64})
    assert len(found["points"]) == 20 and {"run", "median_ms", "low_ms"} <= set(found["points"][0])
    assert [c["after"] for c in found["changes"]] == ["run-vm-2c-8g-011"]
    assert not (results.parent / "reports").exists()


def test_other_metrics_and_the_newest_runs_alone(results):
    (found,) = json.loads(_call("--json", "--metric", "memory", "--last", "5").output)
    assert [p["memory_mb"] for p in found["points"]] == pytest.approx([0.016, 0.017, 0.018, 0.019, 0.020])
    assert json.loads(_call("--json", "--last", "5", "--changed").output) == []
    said = _call("--last", "5", "--changed").output
    assert said.startswith("5 runs, 1 series of like runs, no change\n") and "good" not in said


@pytest.mark.parametrize(
    "args, says",
    [
        (["--impl", "godo"], "did you mean good?"),
        (["--metric", "tiem"], "did you mean time?"),
        (["--case", "size=65"], "no run has the case size=65; there are: size=64"),
        (["nowhere"], "nowhere is no folder of runs"),
        (["none.parquet"], "there is no file none.parquet"),
        (["--threshold", "much"], "is not a share"),
    ],
)
def test_mistakes_are_one_line_with_the_way_out(results, args, says):
    done = _call(*args)
    assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1


def test_dates_below_a_plot_tell_the_runs_apart():
    assert trends._dates(["2026-01-02T03:04:05", "2026-01-03T00:00:00"]) == ["2026-01-02", "2026-01-03"]
    assert trends._dates(["2026-01-02T03:04:05", "2026-01-02T16:00:00"]) == ["01-02 03:04", "01-02 16:00"]

"""Names for runs: set, moved, listed, forgotten, and found by find_run."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bench.baselines import baselines, forget, give
from bench.cli import main
from bench.plan import Usage
from bench.runs import find_run

RUNS = ("20260101-stft-1a2b", "20260102-stft-3c4d")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in RUNS:
        (tmp_path / "results" / name).mkdir(parents=True)
        (tmp_path / "results" / name / "rows.jsonl").touch()
    return tmp_path / "results"


def test_a_name_stands_for_a_run_and_moves_on(results):
    give("main", RUNS[0], results)
    assert find_run("main", results).name == RUNS[0]
    give("main", RUNS[1], results)
    assert find_run("main", results).name == RUNS[1]
    assert baselines(results) == [{"name": "main", "run": RUNS[1], "there": True}]


def test_a_run_elsewhere_is_kept_by_its_path(results, tmp_path):
    (tmp_path / "far" / "run").mkdir(parents=True)
    (tmp_path / "far" / "run" / "rows.jsonl").touch()
    give("far", str(tmp_path / "far" / "run"), results)
    assert find_run("far", results) == tmp_path / "far" / "run"


def test_a_run_that_went_away_is_listed_as_gone(results):
    give("main", RUNS[0], results)
    (results / RUNS[0] / "rows.jsonl").unlink()
    assert baselines(results)[0]["there"] is False


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda r: give("a/b", RUNS[0], r), "cannot be called"),
        (lambda r: give(RUNS[0], RUNS[1], r), "is a run itself"),
        (lambda r: give("main", "20260102-stft-3c4e", r), "did you mean 20260102-stft-3c4d"),
        (lambda r: forget("mian", r), "did you mean main?"),
    ],
)
def test_mistakes_are_told_with_the_way_out(results, call, says):
    give("main", RUNS[0], results)
    with pytest.raises(Usage, match=says):
        call(results)


def test_the_verbs(results):
    call = CliRunner().invoke
    assert call(main, ["baseline", "set", "main", RUNS[0]]).output == f"main is results/{RUNS[0]}\n"
    listed = json.loads(call(main, ["baseline", "list", "--json"]).output)
    assert listed == [{"name": "main", "run": RUNS[0], "there": True}]
    assert call(main, ["baseline", "remove", "main"]).exit_code == 0
    assert "no run has a name yet" in call(main, ["baseline", "list"]).output
    wrong = call(main, ["baseline", "remove", "main"])
    assert wrong.exit_code == 2 and "no baseline is called 'main'" in wrong.output

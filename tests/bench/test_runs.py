"""Runs by path, by id and by name; a run that is not there is one line with the nearest."""

from __future__ import annotations

import json
import os

import pytest

from bench.plan import Usage
from bench.results import latest
from bench.runs import find_run


@pytest.fixture
def results(tmp_path):
    for name in ("20260101-stft-1a2b", "20260102-stft-3c4d"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.jsonl").touch()
    (tmp_path / "names.json").write_text(json.dumps({"main": "20260102-stft-3c4d", "old": "gone"}))
    return tmp_path


def test_a_path_an_id_and_a_name_find_a_run(results):
    run = results / "20260101-stft-1a2b"
    assert find_run(str(run), results) == run
    assert find_run("20260101-stft-1a2b", results) == run
    assert find_run("main", results) == results / "20260102-stft-3c4d"


def test_the_latest_run_is_the_one_that_was_written_to_last(results):
    for seconds, name in enumerate(("20260102-stft-3c4d", "20260101-stft-1a2b")):
        os.utime(results / name / "rows.jsonl", (seconds, seconds))
    assert latest(results) == results / "20260101-stft-1a2b"


@pytest.mark.parametrize(
    "text, says",
    [("man", "did you mean main"), ("old", "the run gone, which is gone"), ("zzz", "name a run directory")],
)
def test_a_run_that_is_not_there_is_told_with_the_way_out(results, text, says):
    with pytest.raises(Usage, match=says):
        find_run(text, results)


def test_names_that_cannot_be_read_are_told(results):
    for text, why in (("{", "is not JSON"), ("[1]", r"holds no names but \[1\]")):
        (results / "names.json").write_text(text)
        with pytest.raises(Usage, match=f"names.json {why}"):
            find_run("main", results)

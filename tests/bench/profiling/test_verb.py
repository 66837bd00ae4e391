"""`bench profile` as a user types it, and what the report makes of it."""

import json

import pytest

from bench.profiling.tools import find
from bench.profiling.wish import Wish


@pytest.fixture
def torch_is_here():
    if not find("torch").program(Wish("toy", "good", {}, "add", "torch", "")):
        pytest.skip("torch is not installed here")


def test_the_record_is_kept_beside_the_run_and_linked_from_its_report(bench, tmp_path):
    if not find("py-spy").program(Wish("toy", "good", {}, "add", "py-spy", "")):
        pytest.skip("py-spy is not installed here")
    ran = bench("run", "toy", "--impl", "good", "--grid", "quick", "--budget", "0.1s", "--quiet", "--out", "results/r")
    assert ran.returncode == 0, ran.stderr
    profiled = bench("profile", "toy", "--impl", "good", "--seconds", "0.3s", "--json")
    assert profiled.returncode == 0, profiled.stderr
    record = json.loads(profiled.stdout)
    folder = next((tmp_path / "results" / "r" / "profiles").iterdir())
    assert json.loads((folder / "profile.json").read_text()) == record
    assert not (folder / "wish.json").exists()
    bench("report", "results/r", "-o", "reports/r")
    for page in ("report.md", "report.html"):
        text = (tmp_path / "reports" / "r" / page).read_text()
        assert f"../../results/r/profiles/{folder.name}/flame.svg" in text
        assert "toy good add (size=64) under py-spy" in text


def test_without_a_run_it_makes_one(bench, tmp_path, torch_is_here):
    other = tmp_path / "results" / "of-another-version" / "plan.json"
    other.parent.mkdir(parents=True)
    other.write_text('{"items": [{"suite": "toy", "of_next_year": 1}]}')
    refused = bench("profile", "toy", "--impl", "wrong", "--tool", "torch", "--seconds", "0.1s")
    assert refused.returncode == 4
    assert (
        refused.stderr.splitlines()[-1]
        == "bench: wrong: its answer is wrong, and what is wrong is not worth a profile: differs by 1"
    )
    assert len(list((tmp_path / "results").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--impl", "goood"], "did you mean good or"),
        (["--impl", "good", "--tool", "nsis"], "did you mean nsys?"),
        (["--impl", "good", "--op", "ad"], "did you mean add?"),
        (["--impl", "good", "--device", "cuda"], "does not run on cuda"),
        (["--impl", "good", "--device", "cpu:x"], "'cpu:x' is no device"),
        (["--impl", "good", "--seconds", "soon"], "is not a time"),
    ],
)
def test_wrong_words_are_answered_in_one_line(bench, words, said):
    answer = bench("profile", "toy", *words)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1

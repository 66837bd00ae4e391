"""Two checkouts measured in turn, for real: two folders, and two revisions of a small repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from made_rows import rows, run

from bench.cli import main
from bench.compare import homes, installed, interleave
from bench.compare.bisect import bisect
from bench.compare.runs import compare_interleaved
from bench.compare.sequence import LOOKS, Sequential, looks, ratio_of
from bench.compare.thresholds import Gate
from bench.plan import Usage
from bench.process import Home

TOYS = Path(__file__).parents[2] / "toys"
WAIT = '''"""Add one, and wait."""
from time import perf_counter

from bench import impl


@impl("toy")
def waits(case):
    def run(x):
        end = perf_counter() + {seconds}
        while perf_counter() < end:
            pass
        return x + 1

    return run
'''


def checkout(folder: Path, seconds: float, extra: str = "") -> Path:
    (folder / "impls" / "toy").mkdir(parents=True)
    (folder / "suites").mkdir()
    shutil.copy(TOYS / "suites" / "toy.py", folder / "suites")
    (folder / "impls" / "toy" / "waits.py").write_text(WAIT.format(seconds=seconds))
    if extra:
        text = WAIT.format(seconds=seconds).replace("def waits", f"def {extra}")
        (folder / "impls" / "toy" / f"{extra}.py").write_text(text)
    return folder


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """The current folder is a checkout with the toy suite, and nothing else brings one."""
    from bench import registry

    monkeypatch.delenv("BENCH_PATH", raising=False)
    here = checkout(tmp_path / "new", 0.0006)
    monkeypatch.chdir(here)
    registry.load.cache_clear()
    yield here
    registry.load.cache_clear()


def test_two_checkouts_in_one_run(alone, tmp_path):
    """Half as slow again is found; both sides' rows are in the run; what only one side has is told, and so is a file
    that cannot be read, which may be why."""
    base = checkout(tmp_path / "base", 0.0004, extra="old")
    (alone / "impls" / "toy" / "torn.py").write_text("def (")
    wish = {"metric": "time", "impl": ["waits", "old"], "op": ["add"], "seconds": 60}
    folder = interleave.run(homes.find(str(base)), homes.here(), ["toy"], Gate(together=True), **wish)
    found = compare_interleaved(folder, Gate(together=True), "time", ("base", "new"))
    verdicts = {v.impl: v for v in found.verdicts}
    assert verdicts["waits"].verdict == "slower"
    assert verdicts["waits"].change == pytest.approx(0.5, abs=0.2)
    assert verdicts["old"].verdict == "gone" and verdicts["waits"].processes[0] >= min(LOOKS)
    assert verdicts["torn"].verdict == "wrong" and "SyntaxError" in verdicts["torn"].reason and found.exit_code == 4
    with pytest.raises(Usage, match=r"torn@new cannot be measured: .*torn\.py: SyntaxError"):
        interleave.run(homes.find(str(base)), homes.here(), ["toy"], Gate(), impl=["torn"])


def test_a_revision_is_checked_out_built_and_cleared_away(alone, tmp_path, monkeypatch):
    """Also within a hook, which is told of an index: what is staged in it stays."""
    _commit(alone, "slow", init=True)
    (alone / "impls" / "toy" / "waits.py").write_text(WAIT.format(seconds=0.0001))
    _git(alone, "add", "-A")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    build = "test -d impls && touch built && {python} -c 'import numpy'"
    with homes.revision("HEAD", build) as home:
        place = Path(home.folder or "")
        assert (place / "built").exists() and "0.0006" in (place / "impls" / "toy" / "waits.py").read_text()
        assert homes.offered(home, "BASE").impls["toy"] == ["waits"]
    assert not place.exists() and _git(alone, "worktree", "list").count("\n") == 0
    assert _git(alone, "status", "--porcelain") == "M  impls/toy/waits.py"
    with pytest.raises(Usage, match="git knows no revision 'nope'"), homes.revision("nope"):
        pass
    with pytest.raises(Usage, match="build command"), homes.revision("HEAD", "exit 3"):
        pass


def test_a_project_may_lie_below_the_top_of_its_repository(alone, tmp_path, monkeypatch):
    _commit(tmp_path, "project", init=True)
    with homes.revision("HEAD") as home:
        assert Path(home.folder or "").name == alone.name and homes.offered(home, "BASE").impls["toy"] == ["waits"]
    (tmp_path / "later").mkdir()
    monkeypatch.chdir(tmp_path / "later")
    with pytest.raises(Usage, match="HEAD has no folder later/"), homes.revision("HEAD"):
        pass
    with pytest.raises(Usage, match=r"neither impls/ nor pyproject\.toml"):
        homes.here()


def test_an_installation_of_something_else_than_the_checkout_is_told(alone, tmp_path, monkeypatch):
    """A real installation by pip; the change afterwards is what nobody would see."""
    shutil.copytree(Path(__file__).parents[2] / "example_plugin", alone, dirs_exist_ok=True)
    _commit(alone, "project", init=True)
    assert installed.stale(alone) == "", "not installed at all"
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([*command, str(alone)], check=True, capture_output=True)
    monkeypatch.syspath_prepend(str(site))
    assert installed.stale(alone) == "", "installed after the last change"
    changed = alone / "impls" / "toy" / "waits.py"
    os.utime(changed, (changed.stat().st_mtime + 3600,) * 2)
    assert "was installed before impls/toy/waits.py changed" in installed.stale(alone)
    (origin,) = site.glob("*.dist-info/direct_url.json")
    shutil.copytree(alone, tmp_path / "elsewhere")
    assert f"is installed from {alone}, not from here" in installed.stale(tmp_path / "elsewhere")
    origin.write_text(origin.read_text().replace('"dir_info": {}', '"dir_info": {"editable": true}'))
    assert installed.stale(alone) == "", "an editable one is as old as the folder"


def test_the_commit_that_slowed_it_is_found(alone):
    """Seven commits, the fourth is slow: the measuring is made up, the repository is not."""
    commits = [_commit(alone, f"change {n}", init=n == 0) for n in range(8)]
    asked = []

    def home(rev: str):
        from contextlib import nullcontext

        return nullcontext(Home(folder=_git(alone, "rev-parse", rev)))

    def measure(base: Home, other: Home) -> float:
        asked.append(other.folder)
        return 0.3 if commits.index(other.folder) >= 4 else 0.02

    found = bisect(commits[0], "HEAD", home, measure, 0.03, folder=alone)
    assert found.commit == commits[4] and found.subject == "change 4"
    assert len(asked) <= 4 and found.steps[0].slow
    with pytest.raises(Usage, match="nothing to find"):
        bisect(commits[0], commits[2], home, measure, 0.03, folder=alone)
    with pytest.raises(Usage, match=f"at {commits[1][:12]}: toy cannot be measured"):
        bisect(commits[0], commits[1], home, lambda *_: ratio_of([], "toy"), 0.03, folder=alone)
    with pytest.raises(Usage, match="no ancestor"):
        bisect(commits[4], commits[1], home, measure, 0.03, folder=alone)


def test_what_is_no_home_is_told(tmp_path):
    with pytest.raises(Usage, match="no interpreter"):
        homes.find(str(tmp_path / "nowhere"))
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such module >&2; exit 1\n")
    broken.chmod(0o755)
    with pytest.raises(Usage, match="cannot run audio-bench: no such module"):
        homes.offered(homes.find(str(broken)), "BASE")


def test_a_row_stops_when_it_is_decided_and_the_run_when_time_is_up():
    now = [0.0]
    referee = Sequential([{"a": "b", "c": "d"}], lambda row: 0.01, 10.0, lambda: now[0])
    calm = [*rows("a", replicates=6, spread=1e-4), *rows("b", replicates=6, spread=1e-4, seed=1)]
    wild = [*rows("c", replicates=6, spread=0.2, seed=2), *rows("d", replicates=6, spread=0.2, seed=3)]
    lone = rows("e", replicates=6)
    assert not referee.decided(calm[0])
    now[0] = 2.0
    referee.look([*calm, *wild, *lone])
    assert referee.decided(lone[0]), "the other side has nothing like it"
    assert referee.decided(calm[0]) and referee.decided(calm[-1]) and not referee.decided(wild[0])
    now[0] = 20.0  # 1 s a row and pair of processes was 2 s now: ten seconds do not hold another
    referee.look([*calm, *wild])
    assert referee.decided(wild[0])


@pytest.mark.parametrize("have, weights", [(4, [1.0]), (6, [0.1]), (8, [0.1, 0.9]), (30, [0.1, 0.2, 0.7])])
def test_the_last_look_spends_what_is_left(have, weights):
    import numpy as np

    rounds = [np.ones(3)] * have
    assert [round(w, 6) for _, w in looks(rounds, rounds)] == weights
    assert len(looks(rounds, rounds, final=False)) == sum(n <= have for n in LOOKS)


def _commit(folder: Path, subject: str, init: bool = False) -> str:
    if init:
        _git(folder, "init", "-q")
    (folder / "note").write_text(subject)
    _git(folder, "add", "-A")
    _git(folder, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", subject)
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_the_command_line_says_what_is_wrong(toys):
    for arguments, says in (
        (["a"], "name two runs"),
        (["--interleave", "a", "b"], "BASE_ENV NEW_ENV SUITE"),
        (["--interleave", "--base-rev", "a", "toy"], "leave out --interleave"),
        (["--base-rev", "", "toy"], "--base-rev names no revision"),
        (["nothing", "there"], "is not a run"),
    ):
        found = CliRunner().invoke(main, ["compare", *arguments])
        assert found.exit_code == 2 and says in found.output and "Traceback" not in found.output


def test_the_command_line_writes_everything_it_is_asked_for(toys, tmp_path):
    run(tmp_path / "a", rows(replicates=5))
    run(tmp_path / "b", rows(ms=6.0, replicates=5, seed=1))
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "names.json").write_text(json.dumps({"main": str(tmp_path / "a")}))
    wish = ["compare", "main", "b", "--metric", "time", "--markdown", "m.md", "--junit", "j.xml", "--json"]
    found = CliRunner().invoke(main, wish)
    assert found.exit_code == 1 and json.loads(found.stdout)["verdicts"][0]["verdict"] == "slower"
    assert "slower" in (tmp_path / "m.md").read_text() and "<failure" in (tmp_path / "j.xml").read_text()
    assert CliRunner().invoke(main, [*wish, "--threshold", "30%"]).exit_code == 0

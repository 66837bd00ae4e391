"""Adding one's own: a package with entry points, duplicates, typos, and the file that `bench new` writes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import registry
from bench.core import Case
from bench.scaffold import text_for

PLUGIN = Path(__file__).parents[1] / "example_plugin"


def install(source: Path, target: Path) -> None:
    """As a user would, into a folder of its own; without the network."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", target]
    done = subprocess.run([*command, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_package_with_entry_points_joins_the_others(bench, tmp_path):
    shutil.copytree(PLUGIN, tmp_path / "plugin")
    install(tmp_path / "plugin", tmp_path / "site")
    path = {"PYTHONPATH": str(tmp_path / "site")}
    listed = json.loads(bench("list", "stft", "--json", **path).stdout)
    (mine,) = [line for line in listed if line["impl"] == "example_rfft"]
    assert mine["available"] and "audio_bench_example" in mine["source"]
    args = ("--grid", "quick", "--budget", "0.05s", "--replicates", "1", "--json")
    done = bench("run", "stft", "gain", "--impl", "example_rfft,halve,numpy", *args, **path)
    found = {(line["suite"], line["impl"]): line["status"] for line in json.loads(done.stdout)}
    assert found["stft", "example_rfft"] in ("ok", "unstable") and found["gain", "halve"] in ("ok", "unstable")
    assert found["stft", "numpy"] in ("ok", "unstable")


def test_the_same_name_twice_is_told_with_both_places(toys, tmp_path, monkeypatch):
    mine = tmp_path / "impls" / "toy"
    mine.mkdir(parents=True)
    (mine / "again.py").write_text('from bench import impl\n\n@impl("toy")\ndef good(case):\n    return lambda x: x\n')
    registry.load.cache_clear()
    found = registry.load()
    (broken,) = found.broken
    assert broken.source == str(mine / "again.py")
    assert "good.py" in broken.reason and "name=" in broken.reason
    assert sum(i.name == "good" for i in found.implementations) == 1


def test_a_checkout_stands_in_for_the_installed_copy_of_the_same_files(tmp_path, monkeypatch):
    """Else its changes would be hidden behind "is already defined", and a gate would find nothing, ever."""
    root = Path(__file__).parents[2]
    for name in ("bench", "suites", "impls"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "impls" / "stft" / "numpy.py"
    changed.write_text(changed.read_text() + "\n# changed\n")
    monkeypatch.delenv("BENCH_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    registry.load.cache_clear()
    found = registry.load()
    registry.load.cache_clear()
    assert found.broken == [] and found.find("stft", "numpy").source == str(changed)


def test_an_implementation_of_no_suite_gets_a_suggestion(toys, tmp_path):
    mine = tmp_path / "impls" / "stf"
    mine.mkdir(parents=True)
    (mine / "typo.py").write_text('from bench import impl\n\n@impl("stf")\ndef typo(case):\n    return lambda x: x\n')
    registry.load.cache_clear()
    (broken,) = registry.load().broken
    assert "no suite is called 'stf'" in broken.reason and "stft" in broken.reason


def test_whoever_asks_for_a_file_that_cannot_be_read_learns_why(toys, tmp_path):
    for name in ("suites/half.py", "impls/toy/torn.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("def (")
    registry.load.cache_clear()
    found = registry.load()
    for ask in (
        lambda: found.suite("half"),
        lambda: found.find("toy", "torn"),
        lambda: found.select(["toy"], ["good", "torn:fast"]),
    ):
        with pytest.raises(registry.UnknownName, match=r"(half|torn)\.py cannot be read: SyntaxError"):
            ask()
    with pytest.raises(registry.UnknownName, match="no suite is called 'other'"):
        found.suite("other")


def test_a_second_suite_of_the_same_name_is_refused(toys, tmp_path):
    (tmp_path / "suites").mkdir()
    source = (Path(__file__).parents[1] / "toys" / "suites" / "toy.py").read_text()
    (tmp_path / "suites" / "mine.py").write_text(source)
    registry.load.cache_clear()
    (broken,) = registry.load().broken
    assert "'toy' is already defined by" in broken.reason and broken.source.endswith("mine.py")


def test_the_file_that_new_writes_is_measured_and_judged(bench, tmp_path):
    done = bench("new", "impl", "toy", "mine")
    path = tmp_path / "impls" / "toy" / "mine.py"
    assert done.returncode == 0 and str(path) in done.stdout
    assert len(path.read_text().splitlines()) <= 25
    args = ("--grid", "quick", "--budget", "0.05s", "--replicates", "1", "--json")
    before = bench("run", "toy", "--impl", "mine", *args)
    assert before.returncode == 4, "as written it returns its input, which is not right here"
    assert json.loads(before.stdout)[0]["status"] == "wrong"
    path.write_text(path.read_text().replace("return x", "return x + 1"))
    after = bench("run", "toy", "--impl", "mine", *args)
    assert after.returncode == 0 and json.loads(after.stdout)[0]["status"] in ("ok", "unstable")


def test_what_new_writes_fits_its_suite():
    """A codec, a stream or a recogniser is not made of ops: the file is of the kind that its suite takes."""
    for suite in registry.load().suites.values():
        made: dict[str, Any] = {}
        exec(text_for(suite, "mine"), made)
        (mine,) = getattr(made["mine"], registry.MARK)
        assert mine.ops(Case(suite.name, suite.expand("quick")[0]), suite), suite.name


def test_new_refuses_what_would_overwrite_or_clash(bench, tmp_path):
    assert bench("new", "impl", "toy", "mine").returncode == 0
    refused = {"mine": "is there already", "good": "already has 'good'", "a-b": "cannot name", "class": "cannot name"}
    for name, why in {**refused, "all": "all is every one", "_x": "_ begins a helper"}.items():
        done = bench("new", "impl", "toy", name)
        assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr


def test_every_implementation_is_one_short_file():
    """The promise of CONTRIBUTING.md: one file, at most 25 lines, no heavy import when it is found."""
    root = Path(__file__).parents[2]
    files = [path for path in sorted(root.glob("impls/*/[!_]*.py")) if path.parent.name != registry.NETS]
    assert files
    for path in files:
        lines = path.read_text().splitlines()
        assert len(lines) <= 25, f"{path} has {len(lines)} lines"
        for line in lines:
            if line.startswith(("import ", "from ")):
                assert line.split()[1].split(".")[0] in {*sys.stdlib_module_names, "bench", "suites"}, f"{path}: {line}"

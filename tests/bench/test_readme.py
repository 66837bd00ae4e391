"""Every command that README.md and CONTRIBUTING.md show is run, with a budget that lets it end soon."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from bench.core import label_of
from bench.registry import load

ROOT = Path(__file__).parents[2]
SHORT = ("--grid", "quick", "--budget", "0.02s", "--replicates", "1", "--quiet")
SMALL = {"list": ("toy",)}  # trying everybody's imports takes a minute: test_plugins.py lists a real suite
LONG = {"selftest"}  # shown, but it takes minutes: tests/bench/test_selftest.py runs a short one


def commands(name: str) -> list[str]:
    """The lines of console blocks that call bench, without prompts and comments."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / name).read_text(), re.S)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ bench")]


def test_there_are_commands_to_try():
    assert len(commands("README.md")) >= 5


def one_case(words: list[str]) -> list[str]:
    """Options that leave one setting of the smallest grid and one operation, in what the command does not say."""
    first = {**load().suite(words[1]).expand("quick")[0], "seconds": 1.0}
    said = {words[at + 1].partition("=")[0] for at, word in enumerate(words) if word == "--case"}
    left = {name: value for name, value in first.items() if name not in said and f"--{name}" not in words}
    case = [part for text in label_of(left).split() for part in ("--case", text)]
    return case if "--op" in words else [*case, "--op", load().suite(words[1]).ops[0]]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_what_is_shown_works(bench, tmp_path, name):
    for line in commands(name):
        words = shlex.split(line)[1:]
        if words[0] in LONG:
            continue
        if words[0] == "run":
            words += [*one_case(words), *SHORT]
        words += SMALL.get(words[0], ()) if len(words) == 1 else ()
        done = bench(*words)
        assert done.returncode in (0, 4), f"{line}: {done.stderr}"  # 4: what `bench new` writes is not right yet
        assert "Traceback" not in done.stderr


def test_the_file_in_contributing_has_25_lines_at_most():
    (shown,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.S)
    assert len(shown.splitlines()) <= 25
    compile(shown, "CONTRIBUTING.md", "exec")


def test_the_file_in_the_readme_is_measured_and_right(bench, tmp_path):
    shown = [b for b in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S) if "@impl" in b]
    assert len(shown) == 1 and len(shown[0].splitlines()) <= 25
    path = tmp_path / "impls" / "stft" / "mine.py"
    path.parent.mkdir(parents=True)
    path.write_text(shown[0])
    done = bench("run", "stft", "--impl", "mine", *SHORT)
    assert done.returncode == 0, done.stderr

"""tools/setup.sh: what it makes of environments that are half made, moved, shared or old. Nothing is installed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# an environment's Python whose every module but these is called by name in a log: pip is there when ensurepip was
STUB = """#!/bin/sh
here=$(dirname "$0")
[ "$1" = -m ] && echo "$2 $3" >>"$here/log"
case "$2" in
pip) [ -e "$here/pip" ] || { echo 'No module named pip' >&2; exit 1; } ;;
ensurepip) touch "$here/pip" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout"
    for name in ("pyproject.toml", "CMakeLists.txt", "tools/setup.sh"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "csrc").mkdir()
    return folder


def program(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def environment(folder: Path, *, pip: bool = True) -> Path:
    program(folder / "bin" / "python", STUB)
    program(folder / "bin" / "uv", '#!/bin/sh\necho "uv $*" >>"$(dirname "$0")/log"\n')
    program(folder / "bin" / "bench")
    if pip:
        (folder / "bin" / "pip").touch()
    return folder


def setup(checkout: Path, venv: Path, extras: str = "", python: str = sys.executable) -> subprocess.CompletedProcess:
    said = {**os.environ, "PYTHON": python, "VENV": str(venv), "EXTRAS": extras}
    return subprocess.run(["sh", "tools/setup.sh"], cwd=checkout, env=said, capture_output=True, text=True)


def calls(venv: Path) -> list[str]:
    """What was run in the environment since the last time."""
    log = venv / "bin" / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.split()[0] for line in lines]


def test_recipes_name_the_environment_whole_and_its_cmake_where_the_system_has_none(tmp_path):
    for goal, program in (("run", "bench"), ("test", "python"), ("sanitize", "cmake"), ("fuzz", "cmake")):
        command = [shutil.which("make"), "-n", goal, f"VENV={tmp_path}/a b"]
        done = subprocess.run(command, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
        words = [shlex.split(line)[:1] for line in done.stdout.replace("\\\n", "").splitlines()]
        assert [f"{tmp_path}/a b/bin/{program}"] in words, done.stdout + done.stderr


def test_what_is_installed_already_is_left_alone(checkout, tmp_path):
    venv = environment(tmp_path / "venv")
    assert setup(checkout, venv).returncode == 0
    assert calls(venv)[-1] == "uv"
    assert setup(checkout, venv).returncode == 0
    assert calls(venv) == []
    assert setup(checkout, venv, extras="dsp,vq").returncode == 0
    assert calls(venv)[-1] == "uv"


def test_an_environment_of_another_checkout_or_of_a_bench_that_does_not_start_is_installed_into(checkout, tmp_path):
    venv = environment(tmp_path / "venv")
    assert setup(checkout, venv).returncode == 0
    other = checkout.rename(tmp_path / "moved")
    calls(venv)
    assert setup(other, venv).returncode == 0
    assert calls(venv)[-1] == "uv"
    program(venv / "bin" / "bench", "#!/nobody/has/this/python\n")
    assert setup(other, venv).returncode == 0
    assert calls(venv)[-1] == "uv"


def test_a_setup_that_was_interrupted_before_pip_was_there_goes_on(checkout, tmp_path):
    venv = environment(tmp_path / "venv", pip=False)
    done = setup(checkout, venv)
    assert done.returncode == 0, done.stderr
    assert calls(venv)[-3:] == ["ensurepip", "pip", "uv"]


def test_links_to_a_python_that_is_gone_are_made_anew(checkout, tmp_path):
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    for name, target in (("python3", "/nobody/has/this/python3.9"), ("python", "python3"), ("python3.9", "python3")):
        (venv / "bin" / name).symlink_to(target)
    # makes a real environment, and ends the setup there, for pip takes seconds
    make = f'[ "$2" = venv ] && {{ {sys.executable} -m venv --without-pip "$3"; exit 1; }}'
    program(tmp_path / "python", f'#!/bin/sh\n{make}\nexec {sys.executable} "$@"\n')
    setup(checkout, venv, python=str(tmp_path / "python"))
    assert subprocess.run([venv / "bin" / "python", "-c", ""]).returncode == 0


@pytest.mark.parametrize("extras", ["tourch", "torch dsp", "dsp,DSP"])
def test_an_extra_that_nobody_knows_is_refused_with_those_that_there_are(checkout, tmp_path, extras):
    venv = environment(tmp_path / "venv")
    done = setup(checkout, venv, extras=extras)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("setup: no extra is called '") and "torch,dali," in line
    assert calls(venv) == []


def test_without_an_index_the_last_line_says_what_is_needed(checkout, tmp_path):
    venv = environment(tmp_path / "venv")
    program(venv / "bin" / "python", STUB + '[ "$3" != install ] || exit 1\n')
    done = setup(checkout, venv)
    assert done.returncode == 1
    assert "needs PyPI, or an index" in done.stderr.splitlines()[-1]

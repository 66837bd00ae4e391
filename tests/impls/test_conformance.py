"""Every implementation of the registry, held to the contract: no test needs writing for a new one.

Shape, dtype, tolerance, determinism, input left unmodified, earlier answers left alone; on random, impulse, DC,
full-scale, tonal, silent and denormal input, of odd length, one row and three.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bench.core import Implementation
from bench.measure.gpu import Gpu, NoGpu
from bench.process import Conditions
from bench.registry import load

ROOT = Path(__file__).resolve().parents[2]
EXAMINER = Path(__file__).with_name("examiner.py")


def full_name(implementation: Implementation) -> str:
    return f"{implementation.suite}/{implementation.name}"


# Implementations that need the same libraries share a process, and its imports. Left out: guests, which are examined
# where they are at home; loaders, which have files and not signals to be examined on (test_load.py); and networks of
# the published sizes, which are examined small (test_neural.py, test_own_codecs.py).
EXAMINED = [i for i in load().implementations if i.suite != "load" and i.extra != "neural" and not i.home]
IMPLEMENTATIONS = sorted(EXAMINED, key=lambda i: (i.requires, full_name(i)))


@cache
def no_gpu() -> str:
    """Why there is no GPU to examine on, or ""."""
    try:
        Gpu()
    except NoGpu as error:
        return str(error)
    return ""


def run(command: list[str], env: dict[str, str]) -> tuple[str, str]:
    """What a process says, and how it ended if not well."""
    try:
        child = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(), f"not done after {late.timeout:.0f} s"
    return child.stdout, f"ended with {child.returncode}: {child.stderr[-2000:]}" if child.returncode else ""


@cache
def findings(requires: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """{implementation: what the examiner found}, for all that need these libraries; survives their crashes."""
    waiting = [full_name(i) for i in IMPLEMENTATIONS if i.requires == requires]
    found: dict[str, dict[str, Any]] = {}
    while waiting:
        command = [sys.executable, "-P", "-W", "ignore", str(EXAMINER), *waiting]
        env = Conditions().environment() | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        }
        said, end = run(command, env)
        lines = [json.loads(line) for line in said.splitlines() if line.startswith(('{"start"', '{"done"'))]
        found |= {line["done"]: line for line in lines if "done" in line}
        at = next((line["start"] for line in lines if "start" in line and line["start"] not in found), waiting[-1])
        if end or at not in found:
            found[at] = {"skipped": "", "answers": 0, "problems": [end or "said nothing"]}
        waiting = [name for name in waiting if name not in found]
    return found


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=full_name)
def test_implementation_keeps_the_contract(implementation: Implementation) -> None:
    if "cpu" not in implementation.devices and (missing := no_gpu()):
        pytest.skip(missing)
    result = findings(implementation.requires)[full_name(implementation)]
    if result["skipped"]:
        pytest.skip(result["skipped"])
    assert not result["problems"], "\n".join(result["problems"])
    assert result["answers"], "gave no answer in any case of the grids, and raised no Unsupported"


def test_every_file_of_the_distribution_can_be_read() -> None:
    assert [f"{b.source}: {b.reason}" for b in load().broken] == []


def test_an_implementation_takes_at_most_25_lines() -> None:
    files = [path for path in ROOT.glob("impls/*/[!_]*.py") if path.parent.name != "nets"]
    assert files
    assert {path.name: lines for path in files if (lines := len(path.read_text().splitlines())) > 25} == {}


def test_finding_implementations_imports_no_library_of_theirs() -> None:
    show = "import sys; from bench.registry import load; load(); print(*sys.modules)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    out = subprocess.run([sys.executable, "-c", show], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    heavy = {"torch", "torchaudio", "librosa", "nvidia", "transformers", "numba", "pyfftw", "ducc0", "scipy"}
    assert heavy & set(out.stdout.split()) == set()

"""Every loader of the registry, held to the contract of the suite `load`: no test needs writing for a new one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bench.process import Conditions
from bench.registry import load

ROOT = Path(__file__).resolve().parents[2]
EXAMINER = Path(__file__).with_name("load_examiner.py")
NAMES = sorted(i.name for i in load().of("load"))
APART = ("dali", "ffcv")  # bring thread pools of their own


@cache
def findings(group: str) -> dict[str, dict[str, Any]]:
    """What the examiner found about those that share a process, and its imports."""
    names = [name for name in NAMES if of(name) == group]
    env = Conditions().environment() | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-P", "-W", "ignore", str(EXAMINER), *names]
    child = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=280, check=False)
    lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith(('{"start"', '{"done"'))]
    found = {line["done"]: line for line in lines if "done" in line}
    end = {"skipped": "", "answers": 0, "problems": [f"ended with {child.returncode}: {child.stderr[-1500:]}"]}
    return {name: found.get(name, end) for name in names}


def of(name: str) -> str:
    """The group that a loader is examined in."""
    return next((group for group in APART if name.startswith(group)), "")


@pytest.mark.parametrize("name", NAMES)
def test_loader_keeps_the_contract(name: str) -> None:
    result = findings(of(name))[name]
    if result["skipped"]:
        pytest.skip(result["skipped"])
    assert not result["problems"], "\n".join(result["problems"])
    assert result["answers"], "gave no answer in any case"

"""Runs one target under one tool, keeps what it left, and makes the record of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import plan
from bench.process import Conditions
from bench.profiling.tools import Refused, find
from bench.profiling.wish import RECORD, Profile, Wish
from bench.registry import Registry

DEADLINE = 540.0  # s, start and tear-down of the tool included


def choose(
    registry: Registry, suite: str, impl: str, case: Sequence[str], op: str, tool: str, **conditions: Any
) -> Wish:
    """The one operation that is meant. Raises :class:`bench.plan.Usage` where the words leave a choice.

    Without ``case`` it is the first of the quick grid, without ``op`` the suite's first, and without ``tool`` nsys
    on a GPU and py-spy elsewhere.
    """
    found = registry.suite(suite)
    who = registry.find(suite, impl)
    device = plan.parse_device(conditions.get("device", "cpu"))
    if device.split(":")[0] not in who.devices:
        raise plan.Usage(f"{impl} does not run on {device}; it runs on {' and '.join(who.devices)}: --device")
    cases = plan.cases(found, "quick", plan.parse_case(case), device)
    tool = tool or ("nsys" if device != "cpu" else "py-spy")
    find(tool)
    return Wish(suite, impl, cases[0], plan.ops(found, [op] if op else [])[0], tool, "", **conditions)


def installed(wish: Wish) -> ModuleType:
    """The tool. Raises :class:`Refused`, one line, when it is not here."""
    tool = find(wish.tool)
    if not tool.program(wish):
        raise Refused(f"{wish.tool} is not installed; to get it: {tool.remedy}")
    return tool


def profile(wish: Wish, doing: Callable[[str], None] = lambda text: None) -> Profile:
    """Raises :class:`Refused`, one line, when the tool is not here or recorded nothing, or the target failed."""
    tool = installed(wish)
    if wish.path.exists():
        shutil.rmtree(wish.path)
    wish.path.mkdir(parents=True)
    wish.write(wish.path / "wish.json")
    target = [sys.executable, "-P", "-m", "bench.profiling.target", str(wish.path / "wish.json")]
    try:
        return _recorded(tool, wish, target, doing)
    finally:
        shutil.rmtree(wish.path / ".scratch", ignore_errors=True)
        for name in ("wish.json", "facts.json"):
            (wish.path / name).unlink(missing_ok=True)


def _recorded(tool: ModuleType, wish: Wish, target: Sequence[str], doing: Callable[[str], None]) -> Profile:
    command, notes = tool.command(target, wish), []
    doing(f"{wish.suite} {wish.impl} {wish.op} under {wish.tool}")
    facts = _run(command, wish)
    if again := getattr(tool, "second_command", lambda *_: None)(target, wish):
        command, note = again
        doing(note)
        notes.append(note)
        facts = _run(command, wish)
    found = tool.read(wish, facts)
    made = Profile(wish, _version(tool, wish), command, facts["calls"], facts["call_ms"], list(found.hot),
                   list(found.files), [*notes, *found.notes])  # fmt: skip
    made.write(wish.path / RECORD)
    return made


def _run(command: Sequence[str], wish: Wish) -> Mapping[str, Any]:
    """What the target said of itself; its words and the tool's are kept in ``log.txt``."""
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])
    environment = Conditions(wish.threads).environment() | {"PYTHONPATH": path, "PYTHONPERFSUPPORT": "1"}
    with open(wish.path / "log.txt", "ab") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            code = process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise Refused(f"{wish.tool} did not end within {DEADLINE:g} s; a shorter --seconds helps") from None
        finally:
            _end(process)
    facts = wish.path / "facts.json"
    if not facts.exists():
        words = (wish.path / "log.txt").read_text(errors="replace").strip().splitlines()
        raise Refused(
            f"{wish.tool} ended with code {code} before {wish.impl} was called: {(words or ['nothing said'])[-1]}"
        )
    found: dict[str, Any] = json.loads(facts.read_text())
    if "reason" in found:
        raise Refused(f"{wish.impl}: {found['reason']}")
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """The tool, and what it started, are gone when we go on."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def _version(tool: ModuleType, wish: Wish) -> str:
    if wish.tool == "torch":
        from importlib.metadata import version

        return f"torch {version('torch')}"
    said = subprocess.run([tool.program(wish), "--version"], capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    return next((line.strip() for line in said if any(c.isdigit() for c in line)), "")

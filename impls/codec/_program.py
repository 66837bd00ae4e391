"""External programs that a user supplies: found by an environment variable, run in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

DEADLINE_S = 100.0
"""A program that hangs is ended before the harness ends the whole worker."""


def program(variable: str, what: str) -> str:
    """The path that the environment variable holds; ImportError, with the way out, where that is no program."""
    path = os.environ.get(variable, "")
    if not path:
        raise ImportError(f"{variable} is not set; {what}")
    if not os.access(path, os.X_OK) or os.path.isdir(path):
        raise ImportError(f"{variable}={path} is not a program; {what}")
    return os.path.abspath(path)


def convert(command: list[str], data: bytes) -> bytes:
    """What ``command INPUT OUTPUT`` writes for an input file that holds ``data``.

    RuntimeError with the last line it said where it fails, takes over 100 s or writes nothing.
    """
    name = Path(command[0]).name
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        source, target = Path(folder, "input"), Path(folder, "output")
        source.write_bytes(data)
        try:
            ran = subprocess.run(
                [*command, str(source), str(target)],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=DEADLINE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{name} was not done after {DEADLINE_S:.0f} s") from None
        if ran.returncode or not target.is_file():
            said = ran.stdout.decode(errors="replace").strip().splitlines()
            raise RuntimeError(f"{name} ended with {ran.returncode}: {said[-1] if said else 'it said nothing'}")
        return target.read_bytes()

"""The profilers, one file each: ``command`` to run a target under it, ``read`` to make rows of what it left.

A tool's module has ``about`` (one line), ``remedy`` (where to get it), ``program(wish)`` (its path, or "" when it
is not installed), ``command(target, wish)``, ``read(wish, facts)`` -> :class:`bench.profiling.tools.Found`, and, where
the recording is started and stopped from inside the target, ``bracket(wish)``, a context manager. One that samples sets
``most_calls``, for it needs time, and draws no timeline that many calls would fill.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType

from bench.profiling.wish import Hot

NAMES = {"nsys": "nsys", "ncu": "ncu", "torch": "torch_profiler", "perf": "perf", "py-spy": "py_spy"}
"""What the command line calls them, and their modules."""


@dataclass(frozen=True)
class Found:
    """What a tool found: rows, the files worth opening (the first at the front), and sentences to go with them."""

    hot: Sequence[Hot]
    files: Sequence[str]
    notes: Sequence[str] = field(default_factory=tuple)


class Refused(Exception):
    """The tool is not here, or ran and would not record; the text is one line with the way out."""


def find(name: str) -> ModuleType:
    """Raises ValueError with a suggestion."""
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(NAMES)}"
        raise ValueError(f"there is no profiler {name!r}; {hint}")
    return import_module(f"{__name__}.{NAMES[name]}")


def which(program: str) -> str:
    """The path of a program: beside this interpreter first, then as a shell would find it; "" when it is nowhere."""
    beside = Path(sys.executable).parent / program
    return str(beside) if beside.exists() else shutil.which(program) or ""

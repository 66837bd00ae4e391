"""Peak memory of one call, in a pass of its own: reset the kernel's high-water mark, run, read it."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import tree

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Peak:
    """``peak_bytes``: high-water mark of resident memory; ``extra_bytes``: that, less what was resident before.

    Processes that it started count in both with all they hold, what they share divided among them.
    """

    peak_bytes: int
    extra_bytes: int


def peak(call: Callable[[], Any]) -> Peak | None:
    """Memory that one ``call`` needs at its highest, its result included; None where the kernel will not say.

    Memory that the allocator kept from earlier calls would hide what this one needs, so it is handed back to
    the system first (``malloc_trim``). Writing 5 to ``clear_refs`` resets VmHWM (Linux, proc(5)).
    """
    gc.collect()
    _trim()
    try:
        CLEAR_REFS.write_text("5")
        before = _status_kib("VmRSS")
        with tree.Watch(_children) as children:
            result = call()
        high = _status_kib("VmHWM")
    except OSError:
        return None
    del result
    return Peak(high * 1024 + children.highest, max(0, high - before) * 1024 + children.highest)


def _children() -> int:
    return sum(tree.pss(child) for child in tree.descendants(os.getpid()))


def _status_kib(name: str) -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise OSError(f"no {name} in {STATUS}")


def _trim() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim:
        trim(0)

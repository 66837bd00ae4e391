"""Which implementations can run here, proven by the real import in a worker of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.core import Implementation
from bench.process import Conditions, Failed, Worker


def probe(
    implementations: list[Implementation], told: Callable[[int, int], None] = lambda done, of: None
) -> dict[tuple[str, ...], str]:
    """{what is required: why it is not to be had, or ""}, each set of requirements tried once.

    ``told(done, of)`` is called as they come in.
    """
    by_need = {i.requires: i for i in implementations}
    found: dict[tuple[str, ...], str] = {}
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        tries = {need: pool.submit(_try, i, Path(scratch)) for need, i in by_need.items()}
        for need, attempt in tries.items():
            found[need] = attempt.result()
            told(len(found), len(tries))
    return found


def _try(implementation: Implementation, scratch: Path) -> str:
    worker = Worker([implementation.suite, implementation.name, str(scratch)], Conditions())
    try:
        worker.ask("hello", "importing")
    except Failed as failure:
        return failure.reason
    finally:
        worker.kill()
    return ""

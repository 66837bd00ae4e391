"""Which implementations can run here, proven by the real import in a process of its own.

Those processes are copies of one that has imported what most of them ask for, where a copy can be had: fifty fresh
ones would import PyTorch eighteen times.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from bench.core import Implementation
from bench.process import Conditions, Failed, Worker
from bench.registry import load
from bench.worker import copyable, prove, serve

SHARED = 3  # a module that so many sets of requirements name is imported once for all of them

PROCESSORS = max(2, os.cpu_count() or 1)

Need = tuple[str, ...]


def probe(
    implementations: list[Implementation], told: Callable[[int, int], None] = lambda done, of: None
) -> dict[Need, str]:
    """{what is required: why it is not to be had, or ""}, each set of requirements tried once.

    ``told(done, of)`` is called as they come in.
    """
    by_need = {i.requires: i for i in implementations}
    found: dict[Need, str] = {}
    lock = Lock()

    def line(module: str, needs: list[Need]) -> None:
        with _Template(module) as template:
            for need in needs:
                reason = template.reason(by_need[need])
                with lock:
                    found[need] = reason
                    told(len(found), len(by_need))

    with ThreadPoolExecutor(PROCESSORS) as pool:
        for done in [pool.submit(line, module, needs) for module, needs in _lines(list(by_need))]:
            done.result()
    return found


def _lines(needs: list[Need]) -> list[tuple[str, list[Need]]]:
    """The sets of requirements by the module of each that most others name, too.

    Those that share none go with "", in as many lines as there are processors.
    """
    named = Counter(module for need in needs for module in set(need))
    lines: dict[str, list[Need]] = {}
    for need in needs:
        count, module = max(((named[m], m) for m in need), default=(0, ""))
        lines.setdefault(module if count >= SHARED else "", []).append(need)
    alone = lines.pop("", [])
    return [*lines.items(), *(("", part) for n in range(PROCESSORS) if (part := alone[n::PROCESSORS]))]


class _Template:
    """A process that has imported ``module``, if it can be had and copied; otherwise every try starts anew."""

    def __init__(self, module: str):
        self.worker = _start()
        try:
            self.copies = bool(self.worker.ask("share", "importing", module=module)["copies"])
        except Failed:
            self.copies = False

    def __enter__(self) -> _Template:
        return self

    def __exit__(self, *_: object) -> None:
        self.worker.kill()

    def reason(self, implementation: Implementation) -> str:
        worker = self._try()
        try:
            worker.ask("prove", "importing", suite=implementation.suite, impl=implementation.name)
        except Failed as failure:
            return failure.reason
        finally:
            worker.kill()
        return ""

    def _try(self) -> Worker:
        if self.copies:
            try:
                return self.worker.copy()
            except Failed:
                self.copies = False
        return _start()


def _start() -> Worker:
    return Worker([], Conditions(pinned=False), module="bench.availability")


def _handle(request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "share":
        if request["module"]:
            importlib.import_module(request["module"])
        load()
        return {"copies": copyable()}
    prove(load().find(request["suite"], request["impl"]))
    return {}


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), _handle)

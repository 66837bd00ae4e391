"""Where the workers of a run come from: started anew each, or copied from one that has imported already.

Importing takes most of a short-lived worker's life (NumPy's 0.3 s, PyTorch's 2 to 3). A comparison that wants many
processes in a few seconds has one template for each implementation, which imports and then only forks. A copy gets
pages of memory of its own for its inputs, plans and outputs, and where in the heap they lie is drawn, as in
every worker. Where the libraries lie, and which pages the interpreter has, is drawn with the template, which therefore
serves ``COPIES`` replicates only: with ten, two short kernels of 64 identical pairs were called different, by templates
of which one was 2% slower in all of its copies. How much alike the copies of one template are is measured:
reports/reference/gate.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.process import Failed, Worker

COPIES = 4  # even, so that either side is opened first as often: see `in_turn` in bench/runner.py

Starts = Mapping[str, Callable[[], Worker]]


class Nursery:
    """``copies``: workers may be copied; where one implementation's cannot, none is, so that rivals are alike."""

    def __init__(self, copies: bool):
        self.copies = copies
        self.templates: dict[str, Worker] = {}
        self.replicate = 0

    def prepare(self, replicate: int, starts: Starts) -> None:
        """Have a template for each label, importing side by side; one that cannot start has none."""
        if not self.copies:
            return
        if replicate // COPIES != self.replicate // COPIES:
            self.close()
        self.replicate = replicate
        new = {label: start() for label, start in starts.items() if label not in self.templates}
        for worker in new.values():
            worker.send("hello")
        for label, worker in new.items():
            try:
                found = worker.receive("starting")
            except Failed:  # the worker that is started in its place fails alike, and tells
                worker.kill()
                continue
            self.templates[label] = worker
            self.copies = self.copies and found.get("copies", False)  # an older harness has no such word
        if not self.copies:
            self.close()

    def worker(self, label: str, start: Callable[[], Worker]) -> Worker:
        template = self.templates.get(label)
        if template is None:
            return start()
        try:
            return template.copy()
        except Failed:
            self.templates.pop(label).kill()
            return start()

    def close(self) -> None:
        for worker in self.templates.values():
            worker.kill()
        self.templates.clear()

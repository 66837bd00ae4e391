"""What a run shows while it goes: a live table and a bar with time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from time import monotonic
from typing import IO

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bench.core import label_of
from bench.results import Row
from bench.runner import Observer
from bench.scores import Score


def observer(stream: IO[str] | None = None) -> Observer:
    console = Console(file=stream or sys.stderr)
    return Terminal(console) if console.is_terminal else Lines(console)


class Lines(Observer):
    """Plain lines: one a failure, and how far the run is every ten seconds."""

    def __init__(self, console: Console):
        self.console, self.total, self.done = console, 0, 0.0
        self.began = self.spoke = monotonic()

    def begin(self, steps: int) -> None:
        self.total, self.done = steps, 0.0
        self.began = self.spoke = monotonic()

    def step(self, count: float = 1) -> None:
        self.done += count
        now = monotonic()
        if now - self.spoke >= 10:
            self.spoke = now
            left = (now - self.began) / self.done * (self.total - self.done)
            self._say(f"{self.done / self.total:.0%} done, about {left:.0f} s left")

    def row(self, row: Row) -> None:
        if row.status not in ("ok", "unstable"):
            self._say(describe(row))

    def score(self, score: Score) -> None:
        if score.status != "ok":
            self._say(describe_score(score))

    def _say(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)


class Terminal(Observer):
    """The case at hand as a table that fills, above a progress bar with time left."""

    def __init__(self, console: Console):
        self.console = console
        columns = (
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        self.progress = Progress(*columns, console=console)
        self.task = self.progress.add_task("")
        self.medians: dict[tuple[str, str], dict[str, list[Row]]] = {}
        self.live = Live(console=console, transient=True, refresh_per_second=4)

    def begin(self, steps: int) -> None:
        self.progress.reset(self.task, total=steps)
        self.live.start()
        self._draw()

    def doing(self, text: str) -> None:
        self.progress.update(self.task, description=text[:60])
        self._draw()

    def step(self, count: float = 1) -> None:
        self.progress.advance(self.task, count)

    def end(self) -> None:
        self.live.stop()

    def row(self, row: Row) -> None:
        if row.status not in ("ok", "unstable"):
            self.live.console.print(Text(describe(row), style="yellow"), soft_wrap=True)
            return
        case = " ".join(str(v) for v in row.case.values())
        self.medians.setdefault((f"{row.suite} {case}", row.op), {}).setdefault(row.impl, []).append(row)
        self._draw()

    def score(self, score: Score) -> None:
        self.medians.clear()  # the timing is over
        if score.status != "ok":
            self.live.console.print(Text(describe_score(score), style="yellow"), soft_wrap=True)

    def _draw(self) -> None:
        self.live.update(Group(*self._table(), self.progress))

    def _table(self) -> list[Table]:
        if not self.medians:
            return []
        (case, op), impls = list(self.medians.items())[-1]
        table = Table(title=f"{case}: {op}", title_justify="left", box=None)
        for heading in ("implementation", "x real time", "median", "processes"):
            table.add_column(heading, justify="left" if heading == "implementation" else "right")
        medians = {i: float(np.median([np.median(r.samples_ns) for r in rows])) for i, rows in impls.items()}
        for impl in sorted(medians, key=medians.__getitem__):
            rows = impls[impl]
            speed = rows[0].audio_seconds / medians[impl] * 1e9
            table.add_row(impl, f"{speed:,.0f}", f"{medians[impl] / 1e6:.3f} ms", str(len(rows)))
        return [table]


def describe(row: Row) -> str:
    """One line on a row that has no figure."""
    case = " ".join(f"{k}={v}" for k, v in row.case.items())
    where = " ".join(filter(None, (row.suite, row.op, case)))
    return f"{row.impl} {row.status} ({where}): {row.reason}"


def describe_score(score: Score) -> str:
    """One line on a clip that could not be scored."""
    return f"{score.impl} {score.status} ({score.clip}, {label_of(score.case)}): {score.reason}"

"""`bench count`: a pass of its own over a run that was timed, in processes of its own; ``counts.jsonl`` keeps it.

Nothing here is ever timed: under callgrind a call takes some fifty times as long.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import lines
from bench.core import Case, label_of
from bench.counts import FILE, Count, key_of, read
from bench.measure.counts import NotCounted, PerfEvents
from bench.plan import Usage
from bench.process import Conditions, Failed, Worker
from bench.results import Row, read_rows

TOOLS = ("perf", "callgrind")
PATIENCE_S = 600.0  # for one step under Valgrind, such as importing PyTorch


def choose(wanted: str = "") -> tuple[str, str]:
    """(tool, its name and version): the processor's counter where there is one, else callgrind, or what is wanted.

    Raises :class:`Usage` with the reasons where there is neither.
    """
    if wanted not in ("", *TOOLS):
        raise Usage(f"there is no counter {wanted!r}; there are: {', '.join(TOOLS)}")
    reasons = []
    for tool in [wanted] if wanted else TOOLS:
        try:
            return tool, _there(tool)
        except NotCounted as error:
            reasons.append(str(error))
    raise Usage("nothing can be counted here: " + "; ".join(reasons))


def _there(tool: str) -> str:
    if tool == "perf":
        PerfEvents().close()
        return "perf"
    if not shutil.which("valgrind"):
        raise NotCounted("callgrind: valgrind is not installed; apt-get install valgrind")
    version = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return f"callgrind {version.removeprefix('valgrind-')}"


def count(
    folder: Path,
    tool: str = "",
    keep: Callable[[Row], bool] = lambda row: True,
    told: Callable[[Count], None] = lambda found: None,
) -> list[Count]:
    """Count every row of the run that was measured and that ``keep`` lets through; those that are counted are kept.

    A counted row is counted again only by another tool; one that could not be counted is tried again.
    """
    tool, by = choose(tool)
    file = lines.Lines(folder / FILE)
    known = {c.key: c for c in read(folder) if c.counted_by == by and not c.reason}
    rows = [r for r in read_rows(folder / "rows.jsonl") if r.status in ("ok", "unstable") and r.op and keep(r)]
    wanted = {key_of(r): r for r in rows if key_of(r) not in known}
    groups: dict[tuple[str, str, int], list[Row]] = {}
    for row in wanted.values():
        groups.setdefault((row.suite, row.impl, row.threads), []).append(row)
    try:
        for group in groups.values():
            for found in _of_one(group, tool, by):
                file.append(asdict(found))
                known[found.key] = found
                told(found)
    finally:
        file.close()
    return [known[k] for k in dict.fromkeys(map(key_of, rows)) if k in known]


def _of_one(rows: list[Row], tool: str, by: str) -> Iterator[Count]:
    """All operations of one implementation, in one process as long as it lives."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "callgrind"
        options = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
        worker: Worker | None = None
        try:
            for row in rows:
                figures: dict[str, Any] = {"counted_by": by}
                try:
                    if row.device != "cpu":
                        raise Failed("unavailable", "what a device does is not counted here")
                    if worker is None:
                        conditions = Conditions(row.threads, deadline_s=PATIENCE_S)
                        prefix = options if tool == "callgrind" else []
                        worker = Worker([row.suite, row.impl, scratch], conditions, prefix=prefix)
                        worker.ask("hello", "importing")
                    case = Case(row.suite, row.case, row.device, row.threads, row.seed, row.corpus)
                    worker.ask("open", "setting up", case={**vars(case), "params": dict(case.params)})
                    figures |= worker.ask("count", "counting", op=row.op, tool=tool, out=str(out))
                except Failed as failure:
                    figures["reason"] = failure.reason
                    if failure.dead or worker is None:
                        worker = None
                yield Count(**{n: getattr(row, n) for n in _WHO}, **figures)
        finally:
            if worker:
                worker.kill()


_WHO = ("suite", "impl", "case", "op", "device", "threads", "seed", "corpus")


def describe(found: Count) -> str:
    """One line for people."""
    told = found.reason or f"{found.instructions:,} instructions" + (
        f", {found.allocations:,} allocations" if found.allocations is not None else ""
    )
    return f"{found.suite} {found.op} {label_of(found.case)}: {found.impl}: {told}"

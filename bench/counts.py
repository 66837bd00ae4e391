"""Instructions and allocations beside the rows of a run: ``counts.jsonl``, which `bench count` writes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import lines

FILE = "counts.jsonl"


def _column(doc: str, **default: Any) -> Any:
    return field(metadata={"doc": doc}, **default)


@dataclass(frozen=True)
class Count:
    """What one call of one implementation, case and operation does, or why that was not counted."""

    suite: str = _column("suite")
    impl: str = _column("implementation")
    case: dict[str, Any] = _column("the suite's parameters of this case")
    op: str = _column("operation")
    device: str = _column("device", default="cpu")
    threads: int = _column("CPU threads", default=1)
    seed: int = _column("seed of every random draw", default=0)
    corpus: str = _column("where the audio comes from", default="builtin")
    instructions: int | None = _column("instructions of one call, those of an empty one subtracted", default=None)
    allocations: int | None = _column("how often one call asked the C library for memory", default=None)
    counted_by: str = _column("what counted: perf, or callgrind with its version", default="")
    reason: str = _column("why nothing was counted", default="")

    @property
    def key(self) -> str:
        return key_of(self)


def key_of(row: Any) -> str:
    """What a row and its count share."""
    return json.dumps([row.suite, row.impl, row.case, row.op, row.device, row.threads], sort_keys=True)


def read(folder: Path) -> list[Count]:
    path = folder / FILE
    return list(lines.read(path, Count, "count")) if path.exists() else []


def by_row(folder: Path | None) -> dict[str, dict[str, Any]]:
    """{key of a row: its instructions, allocations and counted_by}; the newest count of each that was counted."""
    found = read(folder) if folder else []
    counted = (c for c in found if not c.reason)
    return {c.key: {n: getattr(c, n) for n in ("instructions", "allocations", "counted_by")} for c in counted}

"""Results of other harnesses as run directories: pytest-benchmark's, pyperf's and asv's JSON.

A row says whose it is: its ``allocator`` begins with the tool's name, so that history never joins what was imported
with what was measured here. What a tool did not keep is left empty, never made up.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.core import label_of
from bench.imports import asv, pyperf, pytest_benchmark
from bench.imports.foreign import Foreign
from bench.plan import Usage
from bench.results import Results, Row

TOOLS: dict[str, tuple[Callable[[Any], bool], Callable[[Any, Path], Foreign]]] = {
    "pytest-benchmark": (pytest_benchmark.knows, pytest_benchmark.read),
    "pyperf": (pyperf.knows, pyperf.read),
    "asv": (asv.knows, asv.read),
}


def bring(sources: Sequence[Path], into: Path, suite: str = "", impl: str = "") -> Iterator[tuple[Path, Foreign]]:
    """Each file of ``sources`` (files, or folders that are looked through) as a run directory in ``into``.

    ``suite`` and ``impl`` go in place of the names that the file suggests. The same file again gives the same
    directory. Raises :class:`Usage` for what is no file of these tools.
    """
    for path, data in _files(sources):
        foreign = _read(path, data)
        renamed: dict[str, Any] = {name: text for name, text in (("suite", suite), ("impl", impl)) if text}
        foreign = _timed(replace(foreign, rows=[replace(row, **renamed) for row in foreign.rows]))
        _apart(path, foreign.rows)
        yield keep(foreign, into, json.dumps([data, renamed], sort_keys=True)), foreign


def keep(foreign: Foreign, into: Path, digested: str) -> Path:
    """Write the run directory, whole or not at all; one that is there already stays as it is."""
    when = datetime.fromisoformat(foreign.environment["time"])
    name = f"{when:%Y%m%d-%H%M%S}-{foreign.tool}-{hashlib.sha256(digested.encode()).hexdigest()[:8]}"
    run, fresh = into / name, into / f".{name}.{os.getpid()}"
    if not (run / "rows.jsonl").is_file():
        rows = [replace(row, run=name) for row in foreign.rows]
        fresh.mkdir(parents=True)
        try:
            (fresh / "environment.json").write_text(json.dumps(foreign.environment, indent=1) + "\n")
            (fresh / "rows.jsonl").write_text("".join(json.dumps(asdict(row), allow_nan=False) + "\n" for row in rows))
            Results(rows).to_parquet(fresh / "rows.parquet")
            fresh.rename(run)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return run


def _timed(foreign: Foreign) -> Foreign:
    """Without rows whose clock stood still, went back or told no number: no figure can be made of them."""
    right = [all(0 < s < math.inf for s in row.samples_ns) for row in foreign.rows]
    bad = [row for row, fine in zip(foreign.rows, right, strict=True) if not fine]
    told = dict.fromkeys(f"{_what(row)}: some of its times are no positive numbers" for row in bad)
    rows = [row for row, fine in zip(foreign.rows, right, strict=True) if fine]
    return replace(foreign, rows=rows, left_out=[*foreign.left_out, *told])


def _apart(path: Path, rows: Sequence[Row]) -> None:
    """Raises :class:`Usage` where two benchmarks would be one row: their times would be pooled."""
    often = Counter(row.key for row in rows)
    if twice := next((row for row in rows if often[row.key] > 1), None):
        remedy = "leave out --suite and --impl, or rename one of them there"
        raise Usage(f"{path}: more than one of its benchmarks would be {_what(twice)}; {remedy}")


def _what(row: Row) -> str:
    return " ".join(filter(None, (row.suite, row.impl, row.op, label_of(row.case))))


def _files(sources: Iterable[Path]) -> Iterator[tuple[Path, Any]]:
    for source in sources:
        if source.is_dir():
            found = [(p, _parsed(p, quiet=True)) for p in sorted(source.rglob("*.json*")) if p.is_file()]
            known = [(p, data) for p, data in found if _tool(data)]
            if not known:
                raise Usage(f"{source}/ holds no JSON of {_or(TOOLS)}")
            yield from known
        elif not asv.is_beside(source):
            yield source, _parsed(source)


def _parsed(path: Path, quiet: bool = False) -> Any:
    try:
        data = path.read_bytes()
        return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except FileNotFoundError:
        raise Usage(f"there is no file {path}") from None
    except (OSError, ValueError, EOFError, zlib.error) as error:  # the last two: a .gz that is cut short or damaged
        if quiet:
            return None
        raise Usage(f"{path} is not JSON ({error})") from None


def _tool(data: Any) -> str:
    return next((tool for tool, (knows, _) in TOOLS.items() if isinstance(data, dict) and knows(data)), "")


def _read(path: Path, data: Any) -> Foreign:
    tool = _tool(data)
    if not tool:
        raise Usage(f"{path} is not JSON of {_or(TOOLS)}")
    try:
        foreign = TOOLS[tool][1](data, path)
        datetime.fromisoformat(foreign.environment["time"])
        return foreign
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise Usage(f"{path} looks like {tool}'s, but cannot be read: {type(error).__name__} {error}") from error


def _or(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"

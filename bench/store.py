"""The run directory: one writer at a time, every row on disk before the next is measured, resumable."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.lines import Lines
from bench.plan import Plan, Usage
from bench.results import Results, Row, read_rows
from bench.scores import Score, read_scores

BALLAST = 4 << 20


class CannotWrite(Exception):
    """The run directory cannot be written; the text says what is safe and what to do."""


@contextmanager
def writing(folder: Path, way: str) -> Iterator[None]:
    """What cannot be written into ``folder`` is told as :class:`CannotWrite`, with the ``way`` out."""
    try:
        yield
    except OSError as error:
        file = Path(error.filename or folder)  # a full disk names none; a folder that cannot be made is above it
        if file not in (folder, *folder.parents) and folder not in file.parents:
            raise
        raise CannotWrite(f"cannot write into {folder}: {error.strerror or error}; {way}") from error


class Store:
    """Opened for one run. ``done`` holds the keys of the rows that are on disk."""

    def __init__(self, folder: Path, plan: Plan | None, environment: Mapping[str, Any] | None = None):
        """A new run with ``plan``, or (None) the continuation of the one in ``folder``."""
        self.folder = folder
        try:
            if plan is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._lock()
            if plan is not None:
                self._start(plan, environment or {})
            self.plan = read_plan(folder / "plan.json")
            self.lines, self.score_lines = Lines(self.path), Lines(folder / "scores.jsonl")
            self.rows = read_rows(self.path) if self.path.exists() else []
            self.done = {row.key for row in self.rows}
            self.scored = {score.digest for score in read_scores(folder)}
            self.lines.open()
            self._fill_ballast()
        except OSError as error:
            if plan is None and isinstance(error, FileNotFoundError):
                raise Usage(f"{folder} is not a run: it has no plan.json") from None
            way = "--out names another folder" if plan else "mend that, or start another run with --out"
            raise CannotWrite(f"cannot write into {folder}: {error.strerror}; {way}") from error

    @property
    def path(self) -> Path:
        return self.folder / "rows.jsonl"

    @property
    def scratch(self) -> Path:
        """Inputs and references that the workers of this run share; gone at its end."""
        return self.folder / ".scratch"

    def append(self, row: Row) -> None:
        """Write one row whole, or leave the file as it was.

        When the disk is full the ballast is given up, so that even this row is kept, and the run ends.
        """

        def keep() -> None:
            self.rows.append(row)
            self.done.add(row.key)

        self._append(self.lines, asdict(row), keep)

    def append_score(self, score: Score) -> None:
        """The same for a score."""
        self._append(self.score_lines, asdict(score), lambda: self.scored.add(score.digest))

    def _append(self, lines: Lines, data: Mapping[str, Any], keep: Callable[[], Any]) -> None:
        try:
            lines.append(data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise CannotWrite(self._lost(error.strerror or "error", 1)) from error
            (self.folder / ".ballast").unlink(missing_ok=True)
            shutil.rmtree(self.scratch, ignore_errors=True)
            try:
                lines.append(data)
            except OSError:
                raise CannotWrite(self._lost("the disk is full", 1)) from error
            keep()
            raise CannotWrite(self._lost("the disk is full", 0)) from error
        keep()

    def unwritten(self, why: str) -> CannotWrite:
        """What to raise where a worker could not write beside the rows."""
        return CannotWrite(self._lost(why, 0))

    def results(self) -> Results:
        return Results.load(self.folder)

    def close(self) -> None:
        """Tidy up; ``rows.parquet`` is made from what is on disk."""
        self.lines.close()
        self.score_lines.close()
        (self.folder / ".ballast").unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        try:
            Results(self.rows).to_parquet(self.folder / "rows.parquet")
        except OSError as error:
            raise CannotWrite(self._lost(error.strerror or "error", 0)) from error
        finally:
            self.lock.close()

    def _lock(self) -> None:
        self.lock = open(self.folder / ".lock", "a")  # noqa: SIM115  (held for the life of the run)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Usage(f"another run is writing into {self.folder}; wait for it, or name another --out") from None

    def _start(self, plan: Plan, environment: Mapping[str, Any]) -> None:
        if (self.folder / "plan.json").exists():
            raise Usage(
                f"{self.folder} already holds a run; --resume {self.folder} goes on with it, --out names another"
            )
        _write_json(self.folder / "environment.json", environment)
        _write_json(self.folder / "plan.json", plan.to_json())

    def _fill_ballast(self) -> None:
        with open(self.folder / ".ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, BALLAST)

    def _lost(self, why: str, rows: int) -> str:
        lost = f"; {rows} row could not be kept" if rows else ""
        scores = f" and {len(self.scored)} scores" if self.scored else ""
        return (
            f"cannot write into {self.folder}: {why}. {len(self.rows)} rows{scores} are safe{lost}. "
            f"Make room, then: bench run --resume {self.folder}"
        )


def read_plan(path: Path) -> Plan:
    """Raises :class:`Usage` where another version wrote it, or it is damaged."""
    try:
        return Plan.from_json(json.loads(path.read_text()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Usage(f"{path} is no plan that this version of audio-bench knows ({error}); start another run") from None


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Whole or not at all: a kill in the middle leaves no half file behind."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(data, indent=1, default=str) + "\n")
    unfinished.rename(path)

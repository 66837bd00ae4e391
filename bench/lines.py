"""A file of JSON lines that is only appended to: a line is on disk whole or not at all, whatever ends the run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Lines:
    """Opened, and made, at the first append or by ``open``.

    A last line that a kill cut short is cut off before anything is added.
    """

    def __init__(self, path: Path):
        self.path = path
        self.file: int | None = None
        if path.exists():
            os.truncate(path, _whole(path))

    def open(self) -> int:
        """Raises OSError where the file may not be written."""
        if self.file is None:
            self.file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        return self.file

    def append(self, data: Mapping[str, Any]) -> None:
        """Write one line, or leave the file as it was and raise OSError."""
        file = self.open()
        before = os.fstat(file).st_size
        rest = memoryview(json.dumps(data, allow_nan=False, separators=(",", ":")).encode() + b"\n")
        try:
            while rest:
                rest = rest[os.write(file, rest) :]
        except BaseException:  # an interrupt too: never half a line
            os.ftruncate(file, before)
            raise

    def close(self) -> None:
        if self.file is not None:
            os.close(self.file)
            self.file = None


def read(path: Path, kind: type[T], what: str) -> Iterator[T]:
    """The lines of a file as instances of the dataclass ``kind``, one at a time; fields it does not have are left out.

    A last line that was cut short is not read. Raises ValueError when a whole line is not a ``what``.
    """
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            if line.strip():
                try:
                    yield kind(**{k: v for k, v in json.loads(line).items() if k in names})
                except (ValueError, TypeError, AttributeError) as error:
                    text = f"{path}, line {number} is not a {what} ({error}); remove that line to go on"
                    raise ValueError(text) from None


def _whole(path: Path, block: int = 1 << 16) -> int:
    """Bytes up to and with the last line end; read from the end, so that a long file costs nothing."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - block)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                return start + at + 1
            end = start
    return 0

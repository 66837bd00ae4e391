"""What is to be profiled, and what came of it: plain records, written as JSON beside the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.core import label_of

RECORD = "profile.json"


@dataclass(frozen=True)
class Wish:
    """One operation under one tool. ``seconds`` is how long it is called over and over, at least once."""

    suite: str
    impl: str
    case: dict[str, Any]
    op: str
    tool: str
    folder: str
    device: str = "cpu"
    threads: int = 1
    seed: int = 0
    corpus: str = "builtin"
    seconds: float = 3.0

    @property
    def label(self) -> str:
        return label_of(self.case)

    @property
    def path(self) -> Path:
        """Where the tool leaves its files."""
        return Path(self.folder)

    @classmethod
    def read(cls, path: str | Path) -> Wish:
        return cls(**json.loads(Path(path).read_text()))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


@dataclass(frozen=True)
class Hot:
    """One place where time goes: a GPU kernel, an operator, a function.

    ``share``: of all that was recorded, 0 to 1. ``calls``: how often, where it is counted and not sampled; ``self_ms``:
    time in it, without what it called, over the whole recording. What only some tools know is in ``more``, by a name
    that carries its unit.
    """

    name: str
    share: float
    self_ms: float
    calls: int | None = None
    more: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """The record of one profile; ``files`` are names inside its folder, the one to open first at the front."""

    wish: Wish
    version: str
    command: list[str]
    calls: int
    call_ms: float
    hot: list[Hot]
    files: list[str]
    notes: list[str]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Profile:
        """Raises ValueError when the file is not such a record."""
        try:
            data = json.loads(path.read_text())
            hot = [Hot(**h) for h in data.pop("hot")]
            return cls(Wish(**data.pop("wish")), hot=hot, **data)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path} is not the record of a profile ({error})") from None

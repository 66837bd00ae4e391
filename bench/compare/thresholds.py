"""What change matters, per metric, suite and implementation: ``[tool.bench.gate]`` of the user's pyproject.toml.

::

    [tool.bench.gate]
    time = "2%"            # of every row; also memory, counts, quality, error
    inconclusive = "pass"
    [tool.bench.gate.stft]
    time = "3%"            # of every implementation of a suite
    [tool.bench.gate.stft."numpy*"]
    memory = "20%"         # of some of them, by name or glob

The most specific entry counts; ``--threshold`` on the command line comes before all of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bench.plan import Usage, parse_share

KEYS = ("time", "memory", "counts", "quality", "error")
SETTINGS = ("inconclusive", "build")
APART = 0.03  # two runs at different times: what the machine did in between is part of the difference
TOGETHER = 0.01
USUAL = {
    "memory": 0.05,
    "counts": 0.01,
    "quality": 0.01,
    "error": 0.10,
}  # an error of 1e-7 moves by some percent with the rounding


@dataclass(frozen=True)
class Gate:
    """Thresholds as shares: 0.03 is 3%."""

    entries: Mapping[str, Any] = field(default_factory=dict)  # the table as it was read, shares parsed
    override: float | None = None  # --threshold
    together: bool = False

    @property
    def inconclusive(self) -> str:
        return str(self.entries.get("inconclusive", "fail"))

    @property
    def build(self) -> str:
        return str(self.entries.get("build", ""))

    def threshold(self, suite: str, impl: str, key: str) -> float:
        if self.override is not None:
            return self.override
        of_suite = self.entries.get(suite, {})
        named = [of_suite[impl]] if impl in of_suite else []
        globbed = [v for k, v in of_suite.items() if isinstance(v, dict) and fnmatchcase(impl, k)]
        usual = {"time": TOGETHER if self.together else APART, **USUAL}
        for table in (*named, *globbed, of_suite, self.entries, usual):
            if key in table:
                return float(table[key])
        raise KeyError(key)


def read(folder: Path, override: float | None = None, together: bool = False) -> Gate:
    """The gate of the nearest pyproject.toml at or above ``folder``. Raises :class:`Usage` for what is no setting."""
    for place in (folder.resolve(), *folder.resolve().parents):
        path = place / "pyproject.toml"
        if path.is_file():
            return Gate(_parsed(_table(path), path, 0), override, together)
    return Gate({}, override, together)


def _table(path: Path) -> dict[str, Any]:
    """``[tool.bench.gate]`` as it stands there; empty where there is none."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of TOML, or of UTF-8
        raise Usage(f"{path} cannot be read: {error}") from None
    for name in ("tool", "bench", "gate"):
        table = table.get(name, {})
        if not isinstance(table, dict):
            raise Usage(f"{path}: {name} is no table but {table!r}; thresholds stand below [tool.bench.gate]")
    return table


def _parsed(table: Mapping[str, Any], path: Path, depth: int) -> dict[str, Any]:
    allowed = (*KEYS, *(SETTINGS if depth == 0 else ()))
    found: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict) and depth < 2:
            found[name] = _parsed(value, path, depth + 1)
        elif name in KEYS and depth <= 2:
            found[name] = parse_share(str(value))
        elif name in allowed:
            found[name] = value
        else:
            near = get_close_matches(name, allowed, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(allowed)}"
            raise Usage(f"{path}: [tool.bench.gate] has no setting {name!r}; {hint}")
    if found.get("inconclusive", "fail") not in ("fail", "pass"):
        raise Usage(f"{path}: inconclusive is fail or pass, not {found['inconclusive']!r}")
    return found

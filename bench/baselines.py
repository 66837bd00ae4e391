"""Names for runs: ``bench baseline set main`` writes them, :func:`bench.runs.find_run` reads them."""

from __future__ import annotations

import json
import os
import re
from difflib import get_close_matches
from pathlib import Path

from bench.plan import Usage
from bench.results import latest
from bench.runs import NAMES, RESULTS, find_run, names

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def baselines(folder: Path = RESULTS) -> list[dict[str, str | bool]]:
    """One entry a name: name, run (as it was written down), and whether the run is still there."""

    def there(name: str) -> bool:
        try:
            return bool(find_run(name, folder))
        except Usage:
            return False

    return [{"name": name, "run": run, "there": there(name)} for name, run in sorted(names(folder).items())]


def give(name: str, run: str = "", folder: Path = RESULTS) -> Path:
    """Let ``name`` stand for ``run`` (a path, an id, another name; "": the latest of ``folder``); that run's folder.

    A name that is taken moves on: that is what a baseline is for. Raises :class:`Usage` for a name that is none or that
    is itself a run, and where there is no such run.
    """
    if not NAME.fullmatch(name):
        raise Usage(f"a baseline cannot be called {name!r}; use letters, digits, '.', '_' and '-'")
    for path in (Path(name), folder / name):
        if (path / "rows.jsonl").is_file():
            raise Usage(f"{name!r} is a run itself ({path}), and would hide the name; choose another")
    found = find_run(run, folder) if run else latest(folder)
    beside = found.resolve().parent == folder.resolve()  # an id moves with the folder, a path does not
    _save(folder, {**names(folder), name: found.name if beside else str(found.resolve())})
    return found


def forget(name: str, folder: Path = RESULTS) -> None:
    """Take a name away; the run stays. Raises :class:`Usage` when nothing is called so."""
    known = names(folder)
    if name not in known:
        near = get_close_matches(name, known, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
        raise Usage(f"no baseline is called {name!r}; {hint}")
    _save(folder, {k: v for k, v in known.items() if k != name})


def _save(folder: Path, known: dict[str, str]) -> None:
    fresh = folder / f".{NAMES}.{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    fresh.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    fresh.replace(folder / NAMES)

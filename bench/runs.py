"""From what a user typed to a run directory: a path, the id of a run in ``results/``, or a name given to one."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path

from bench.plan import Usage

RESULTS = Path("results")
NAMES = "names.json"  # {name: id of a run in the same folder, or a path}; `bench baseline set` writes it


def find_run(text: str, folder: Path = RESULTS) -> Path:
    """The run directory that ``text`` names: a path first, then an id in ``folder``, then a name in its names.json.

    Raises :class:`bench.plan.Usage` with the nearest names when there is no such run.
    """
    known = names(folder)
    for path in (Path(text), folder / text, *([folder / known[text], Path(known[text])] if text in known else [])):
        if (path / "rows.jsonl").is_file():
            return path
    if text in known:
        raise Usage(f"{text} stands for the run {known[text]}, which is gone; name another run")
    near = get_close_matches(text, [*known, *(p.parent.name for p in folder.glob("*/rows.jsonl"))], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"name a run directory, or a run in {folder}/"
    raise Usage(f"{text} is not a run: it has no rows.jsonl; {hint}")


def names(folder: Path = RESULTS) -> dict[str, str]:
    """Names that were given to runs, e.g. ``{"main": "20260101-120000-stft-1a2b"}``; empty where there are none."""
    try:
        found = json.loads((folder / NAMES).read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise Usage(f"{folder / NAMES} is not JSON ({error}); mend it or remove it") from None
    if not isinstance(found, dict):
        raise Usage(f"{folder / NAMES} holds no names but {found!r}; mend it or remove it")
    return {str(k): str(v) for k, v in found.items()}

"""Arrays that take long to make, kept on disk by the facts that they follow from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from bench.userdata import cache_dir

Arrays = dict[str, np.ndarray]


def arrays(what: str, facts: Sequence[Any], make: Callable[[], Arrays]) -> Arrays:
    """What ``make`` makes, or made before from the same facts. Where nothing can be written, it is made every time."""
    path = cache_dir() / "quantizers" / f"{what}-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, BadZipFile):
        pass  # not there, or damaged: made again
    made = make()
    _keep(path, made)
    return made


def _keep(path: Path, made: Arrays) -> None:
    """Whole or not at all, whoever else writes it at the same time."""
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(unfinished, **made)  # type: ignore[arg-type]
        unfinished.replace(path)
    except OSError:
        pass  # a read-only home

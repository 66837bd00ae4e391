"""Scores by content, in the user's cache folder: a second run, or another run with the same clips, computes nothing.

The key of an entry is a hash of all that its figures depend on: the clip's bytes, the codec's name, variant, source
and library version, the case, and the delay that was taken out. Within an entry each metric and recogniser stands
under its version, so that a new metric is computed alone. What failed for want of a library is not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.userdata import cache_dir

Entry = dict[str, Any]
"""{"facts", "seconds", "flags", "metrics": {version: {"values", "failures"}}, "heard": {version: text},
"audio": {seconds: FLAC in base64}}"""


def fingerprint(*parts: Any) -> str:
    """Forty hex digits of plain values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]


def file_hash(path: Path) -> str:
    """Of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def get(key: str) -> Entry:
    """The entry, {} where there is none or where it cannot be read."""
    try:
        found = json.loads(_path(key).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def put(key: str, entry: Mapping[str, Any]) -> None:
    """Keep an entry, whole or not at all. A cache that cannot be written costs time and nothing else."""
    path = _path(key)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(entry))
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()


def _path(key: str) -> Path:
    return cache_dir() / "scores" / key[:2] / f"{key}.json"

"""Does what is installed belong to what lies in a folder?"""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench.compare.homes import git
from bench.plan import Usage


def stale(folder: Path) -> str:
    """A sentence where the project of ``folder`` is installed, but not from there, or as a copy that is older; else "".

    What is imported or compiled then comes from elsewhere, so that no comparison would see a change of it.
    """
    name = _project(folder)
    try:
        installed = distribution(name) if name else None
    except PackageNotFoundError:
        return ""
    origin = json.loads(installed.read_text("direct_url.json") or "{}") if installed else {}
    if installed is None or "dir_info" not in origin:  # PEP 610: not from a folder
        return ""
    place = Path(unquote(urlsplit(origin["url"]).path))
    if place.resolve() != folder.resolve():
        why = f"{name} is installed from {place}, not from here"
    elif newer := [] if origin["dir_info"].get("editable") else _newer(folder, installed):
        why = f"{name} was installed before {newer[0]}{f' and {len(newer) - 1} more' if newer[1:] else ''} changed"
    else:
        return ""
    return (
        f"{why}: what is imported from the installed one, or compiled, is not of this checkout; pip install -e . here"
    )


def _newer(folder: Path, installed: Distribution) -> list[str]:
    """Files under version control that changed after the installation."""
    record = next((f for f in installed.files or () if f.name == "RECORD"), None)
    try:
        tracked = git("ls-files", "-z", folder=folder).split("\0")
    except Usage:
        return []
    since = Path(str(installed.locate_file(record))).stat().st_mtime if record else 0.0
    return [path for path in tracked if (folder / path).is_file() and (folder / path).stat().st_mtime > since]


def _project(folder: Path) -> str:
    try:
        return str(tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"])
    except (OSError, ValueError, KeyError):
        return ""

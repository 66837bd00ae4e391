"""Where each side of an interleaved comparison lives: an interpreter, a virtual environment, or a checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.core import Broken
from bench.plan import Usage
from bench.process import Home
from bench.registry import is_checkout
from bench.software import outside_hooks

LIST = (
    "import json; from bench.registry import load; r = load(); "
    "impls = {s: [i.name for i in r.of(s)] for s in r.suites}; "
    "broken = [[b.suite, b.name, b.reason, b.source] for b in r.broken]; "
    "print('\\n' + json.dumps({'impls': impls, 'broken': broken}))"
)


@dataclass(frozen=True)
class Offer:
    """What a home has: {suite: its implementations}, and the plug-ins of it that cannot be read."""

    impls: dict[str, list[str]]
    broken: list[Broken]


def find(text: str) -> Home:
    """The home that ``text`` names: an interpreter, a folder with ``bin/python`` (a virtual environment), or a folder
    that holds a checkout; the checkout's ``.venv`` is used where it has one, else this interpreter.

    Raises :class:`Usage` for anything else.
    """
    path = Path(text).expanduser().absolute()
    if path.is_file() and os.access(path, os.X_OK):
        return Home(str(path), None, ())
    if (path / "bin" / "python").exists():
        return Home(str(path / "bin" / "python"), None, ())
    if path.is_dir():
        own = path / ".venv" / "bin" / "python"
        return _of_checkout(path, str(own) if own.exists() else sys.executable)
    raise Usage(f"{text} is no interpreter, no virtual environment and no checkout: such a file or folder is not there")


def here(build: str = "") -> Home:
    """The current folder with this interpreter, and with the folder's own harness where it has one.

    Raises :class:`Usage` where nothing of the folder would be measured, so that no change in it could be seen.
    """
    folder = Path.cwd()
    if not build and not any((folder / name).exists() for name in ("impls", "pyproject.toml", "setup.py")):
        raise Usage(f"{folder} has neither impls/ nor pyproject.toml, so nothing of it is measured; go where they are")
    return _of_checkout(folder, sys.executable)


def offered(home: Home, side: str) -> Offer:
    """What can be measured in a home. Raises :class:`Usage` where audio-bench does not run there."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*home.path, os.environ.get("PYTHONPATH", "")])}
    command = [home.python, "-P", "-c", LIST]
    try:
        said = subprocess.run(
            command, cwd=home.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        found: dict[str, Any] = json.loads(said.stdout.strip().split("\n")[-1])
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        last = (said.stderr.strip().split("\n")[-1] if isinstance(error, ValueError) else str(error))[:200]
        raise Usage(f"{side} ({home.python}) cannot run audio-bench: {last}; install audio-bench there") from None
    return Offer(found["impls"], [Broken(*facts) for facts in found["broken"]])


@contextmanager
def revision(rev: str, build: str = "", folder: Path | None = None) -> Iterator[Home]:
    """A home made of a git revision of the current folder's repository: a worktree, built; gone afterwards. It lies
    in the worktree where the current folder lies in the repository.

    Its environment borrows every package of this one except the project's own, which is built from the revision:
    by ``build``, a shell command in which ``{python}`` is the new interpreter, else by pip where the checkout has a
    build system. Raises :class:`Usage` where git or the build fails, with their last line.
    """
    top = Path(git("rev-parse", "--show-toplevel", folder=folder))
    below = git("rev-parse", "--show-prefix", folder=folder)
    commit = commit_of(rev, top)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        place = Path(scratch) / commit[:12]
        git("worktree", "add", "--detach", "--force", str(place), commit, folder=top)
        try:
            if not (place / below).is_dir():
                raise Usage(f"{rev} has no folder {below}")
            yield _built(place / below, Path(scratch) / "env", build, commit[:12])
        finally:
            git("worktree", "remove", "--force", str(place), folder=top)


def _built(place: Path, environment: Path, build: str, name: str) -> Home:
    _run([sys.executable, "-m", "venv", "--without-pip", str(environment)], place, "an environment cannot be made")
    python = str(environment / "bin" / "python")
    own = Path(sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)}))
    borrowed = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    # plain lines: .pth files of those folders, and so their editable installs of this project, are not followed
    (own / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    project = place / "pyproject.toml"
    if build:
        _run(
            ["sh", "-c", build.replace("{python}", python)],
            place,
            f"{name}: the build command of [tool.bench.gate] failed",
        )
    elif project.exists() and "build-system" in (table := tomllib.loads(project.read_text())):
        isolation = ["--no-build-isolation"] if _all_here(table["build-system"].get("requires", [])) else []
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed", *isolation, "."]
        _run(command, place, f'{name} cannot be built; [tool.bench.gate] build = "..." in pyproject.toml says how')
    # a checkout without a harness is measured by ours, which may be installed in a way that is not borrowed
    return _of_checkout(place, python) if is_checkout(place) else Home(python, str(place))


def _of_checkout(place: Path, python: str) -> Home:
    """A checkout that brings its own harness uses it, one without has ours, unless its environment has one."""
    if is_checkout(place):
        return Home(python, str(place), (str(place),))
    return Home(python, str(place)) if python == sys.executable else Home(python, str(place), ())


def _all_here(requirements: list[str]) -> bool:
    """Is what a build needs installed? Then nothing is fetched."""
    for text in requirements:
        name = re.match(r"[A-Za-z0-9._-]+", text)
        try:
            version(name[0] if name else text)
        except PackageNotFoundError:
            return False
    return True


def _run(command: list[str], folder: Path, why: str) -> None:
    said = subprocess.run(command, cwd=folder, env=outside_hooks(), capture_output=True, text=True, check=False)
    if said.returncode:
        words = (said.stderr.strip() or said.stdout.strip()).split("\n")[-1][:200]
        raise Usage(f"{why}: {words}")


def commit_of(rev: str, folder: Path | None = None) -> str:
    return git(
        "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}", folder=folder, why=f"git knows no revision {rev!r}"
    )


def git(*arguments: str, folder: Path | None = None, why: str = "") -> str:
    try:
        said = subprocess.run(
            ["git", *arguments], cwd=folder, env=outside_hooks(), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise Usage("git is not installed; --base-rev and bisect need it") from None
    if said.returncode:
        raise Usage(why or f"git {arguments[0]}: {said.stderr.strip().splitlines()[-1][:200]}")
    return said.stdout.strip()

"""The user's own folders, and the corpora that they have named: a small JSON file in the configuration folder."""

from __future__ import annotations

import json
import os
import re
from difflib import get_close_matches
from pathlib import Path

from bench.audiofile import CorpusError, probe
from bench.layouts import read_folder

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
RESERVED = ("builtin", "matrix")


def config_dir() -> Path:
    """``$BENCH_CONFIG_DIR``, else ``audio-bench`` in ``$XDG_CONFIG_HOME`` or ``~/.config``."""
    if own := os.environ.get("BENCH_CONFIG_DIR"):
        return Path(own)
    return Path(os.environ.get("XDG_CONFIG_HOME") or _home("BENCH_CONFIG_DIR") / ".config") / "audio-bench"


def cache_dir() -> Path:
    """``$BENCH_CACHE_DIR``, else ``audio-bench`` in ``$XDG_CACHE_HOME`` or ``~/.cache``: what can be made again."""
    if own := os.environ.get("BENCH_CACHE_DIR"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or _home("BENCH_CACHE_DIR") / ".cache") / "audio-bench"


def _home(instead: str) -> Path:
    """Raises :class:`CorpusError` for a user without a name and HOME, as containers have them."""
    try:
        return Path.home()
    except RuntimeError:
        raise CorpusError(f"no home folder is known here; set HOME, or {instead} to a folder of yours") from None


def registered() -> dict[str, str]:
    """{name: folder} of the registry file; {} where there is none. Raises :class:`CorpusError` if it is damaged."""
    file = config_dir() / "corpora.json"
    try:
        named = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CorpusError(f"{file} cannot be read ({error}); repair it or delete it") from None
    except OSError as error:
        raise CorpusError(
            f"{file} cannot be read ({error.strerror}); set BENCH_CONFIG_DIR to a folder of yours"
        ) from None
    if not isinstance(named, dict) or not all(isinstance(folder, str) for folder in named.values()):
        raise CorpusError(f"{file} is not a table of names and folders; repair it or delete it")
    return named


def add(name: str, folder: str, replace: bool = False) -> dict[str, str]:
    """Give ``folder`` (or one audio file) a name that ``--corpus`` understands; returns the name and the folder.

    Raises :class:`CorpusError` for a bad or taken name, and for a folder without usable audio.
    """
    if not NAME.fullmatch(name) or name in RESERVED:
        raise CorpusError(f"a corpus cannot be called {name!r}; use letters, digits, '.', '_' and '-'")
    named = registered()
    path = _standing(folder, folder).resolve()
    if named.get(name, str(path)) != str(path) and not replace:
        raise CorpusError(f"{name!r} already names {named[name]}; choose another name")
    if path.is_dir():
        read_folder(path)
    else:
        probe(path)
    _save({**named, name: str(path)})
    return {"name": name, "folder": str(path)}


def remove(name: str) -> None:
    """Forget a name; the audio stays. Raises :class:`CorpusError` when nothing is called so."""
    named = registered()
    if name not in named:
        raise CorpusError(f"no corpus is registered as {name!r}{_nearest(name, list(named))}")
    _save({key: folder for key, folder in named.items() if key != name})


def locate(name: str) -> Path:
    """The folder or file that a corpus name stands for: a registered name first, else a path."""
    named = registered()
    return _standing(named.get(name, name), name, tuple(named))


def _standing(text: str, asked: str, known: tuple[str, ...] = ()) -> Path:
    """``text`` as a path that exists; ``asked`` is what the user called it, ``known`` what they could have meant."""
    try:
        path = Path(text).expanduser()
        if text.strip() and path.exists():
            return path
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, RuntimeError) as error:  # a name too long, a folder that may not be entered, no home
        why = getattr(error, "strerror", None) or error
        raise CorpusError(f"{asked[:80]!r} cannot be reached ({why}); name another folder") from None
    if asked in known:
        raise CorpusError(f"{path}, which {asked!r} stands for, does not exist; bring it back or register it anew")
    near = _nearest(path.name, [*known, *RESERVED, *beside])
    raise CorpusError(
        f"no corpus and no folder is called {asked!r}{near}; register one with 'bench corpus add NAME DIR'"
    )


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _save(named: dict[str, str]) -> None:
    file = config_dir() / "corpora.json"
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(named, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise CorpusError(
            f"{file} cannot be written ({error.strerror}); set BENCH_CONFIG_DIR to a folder of yours"
        ) from None

"""The manifest of a folder of audio, ``manifest.tsv``, and what it makes: clips, and problems with them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from bench.audiofile import BadFileError, CorpusError

MANIFEST = "manifest.tsv"
REQUIRED = ("id", "path")
OPTIONAL = ("kind", "sample_rate", "seconds", "speaker", "transcript")


@dataclass(frozen=True)
class Clip:
    """One piece of audio.

    ``path`` is empty for a built-in sound; ``name`` is the path inside the corpus, which is what a person is shown.
    ``sample_rate`` (Hz) and ``seconds`` are the manifest's where it has them, else the file's.
    ``more`` keeps the manifest's further columns (licence, source, ...).
    """

    id: str
    path: Path
    name: str = ""
    kind: str = ""
    sample_rate: int = 0
    seconds: float = 0.0
    speaker: str = ""
    transcript: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file: its name in the corpus, why, and what to do. ``used``: it is not left out for that."""

    name: str
    reason: str
    remedy: str
    used: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}; {self.remedy}"


def from_manifest(folder: Path, manifest: Path) -> Iterator[Clip]:
    """The clips of a manifest, line by line. Raises :class:`CorpusError` when the manifest is at fault."""
    lines, root = lines_of(manifest), folder.resolve()
    header = [name.strip() for name in lines[0][1].split("\t")] if lines else []
    if missing := [name for name in REQUIRED if name not in header]:
        raise CorpusError(
            f"{manifest} has no column {' or '.join(missing)} (it has: {', '.join(header) or 'nothing'}); "
            f"the first line names the columns, separated by tabs"
        )
    if repeated := [name for name in header if header.count(name) > 1]:
        raise CorpusError(f"{manifest} has the column {repeated[0]!r} twice; rename one")
    seen: dict[str, int] = {}
    for number, line in lines[1:]:
        clip = _clip(root, f"{manifest}, line {number}", header, line.split("\t"))
        if clip.id in seen:
            raise CorpusError(
                f"{manifest}, line {number}: the id {clip.id!r} is taken by line {seen[clip.id]}; rename one"
            )
        seen[clip.id] = number
        yield clip


def lines_of(path: Path) -> list[tuple[int, str]]:
    """Numbered lines of a text that are not blank. A byte-order mark and Windows line ends are accepted.

    Raises :class:`BadFileError` for a text that is not UTF-8, or cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = bytes(error.object[: error.start]).count(b"\n") + 1
        raise BadFileError(path, f"line {number} is not UTF-8", "save the file as UTF-8") from None
    except OSError as error:
        raise BadFileError(path, f"cannot be read ({error.strerror})", "change its permissions") from None
    numbered = ((number, line.rstrip("\r")) for number, line in enumerate(text.split("\n"), 1))
    return [(number, line) for number, line in numbered if line.strip()]


def _clip(root: Path, where: str, header: list[str], values: list[str]) -> Clip:
    """One line as a :class:`Clip`; trailing columns may be left out."""
    if len(values) > len(header):
        raise CorpusError(f"{where} has {len(values)} columns, the first line {len(header)}; take the extra tabs out")
    row = dict(zip(header, (value.strip() for value in values), strict=False))
    for name in REQUIRED:
        if not row.get(name):
            raise CorpusError(f"{where} has no {name}; fill it in or delete the line")
    return Clip(
        row["id"],
        _safe_path(root, where, row["path"]),
        row["path"],
        row.get("kind", ""),
        int(_number(where, "sample_rate", row)),
        _number(where, "seconds", row),
        row.get("speaker", ""),
        row.get("transcript", ""),
        {name: value for name, value in row.items() if name not in REQUIRED + OPTIONAL},
    )


def inside(root: Path, path: Path) -> bool:
    """True when ``path`` stays below ``root`` (already resolved) once its links are followed."""
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link that points at itself
        return False


def _safe_path(root: Path, where: str, text: str) -> Path:
    """A path of the manifest, which must stay in the manifest's folder, links included."""
    posix, windows = PurePosixPath(text), PureWindowsPath(text)
    leaves = posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts or "\0" in text
    path = root / posix
    if leaves or not inside(root, path):
        raise CorpusError(f"{where}: the path {text!r} leaves the folder; use a path inside it, and no links out of it")
    return path


def _number(where: str, name: str, row: Mapping[str, str]) -> float:
    """A figure of a manifest, 0 where it is left out."""
    text = row.get(name, "")
    try:
        value = float(text or 0)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf or (name == "sample_rate" and value != int(value)):
        raise CorpusError(f"{where}: {name} is {text!r}; write a positive number, or leave it empty")
    return value

"""What a folder of audio holds, as it is on disk: a manifest, LibriSpeech, LJSpeech, VCTK, or plain files.

A reader of a layout takes the folder and a list to which it adds the problems that it meets, and returns the clips in
order. Nothing is written, moved or renamed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.audiofile import EXTENSIONS, BadFileError, CorpusError, probe
from bench.manifest import MANIFEST, Clip, Problem, from_manifest, inside, lines_of

Problems = list[Problem]
Transcripts = dict[str, tuple[str, str]]
"""{key of a clip: (its transcript, where that stands)}"""

LIBRISPEECH_DEPTH = 4
"""Folders above a chapter's transcripts, at most: LibriSpeech/subset/speaker/chapter (openslr.org/12, README)."""


@dataclass(frozen=True)
class Contents:
    """The layout that was recognised, the usable clips in order, and what is wrong with others."""

    layout: str
    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...]


def read_folder(folder: Path) -> Contents:
    """Recognise the layout of ``folder`` and read it.

    Only headers of audio are read, and only where a manifest does not state rate and seconds.
    Raises :class:`CorpusError` when a manifest itself is at fault or nothing usable is left.
    """
    layout = next(layout for layout in LAYOUTS if layout.recognised(folder))
    problems: Problems = []
    clips: dict[str, Clip] = {}
    for clip in layout.read(folder, problems):
        try:
            if clip.id in clips:
                raise BadFileError(clip.name, f"has the name of {clips[clip.id].name}", "take one of the two out")
            clips[clip.id] = _completed(folder, clip)
        except BadFileError as bad:
            problems.append(Problem(clip.name, bad.reason, bad.remedy))
    if not clips:
        raise CorpusError(_nothing(folder, layout.name, problems))
    return Contents(layout.name, tuple(clips.values()), tuple(problems))


def _nothing(folder: Path, layout: str, problems: Problems) -> str:
    """Why a folder gave no clip, and the way out."""
    if problems:
        return f"none of the {len(problems)} files of {folder} can be used; the first: {problems[0]}"
    what = f"{folder / MANIFEST} lists no clips" if layout == "manifest" else f"{folder} holds no audio"
    return f"{what} ({' '.join(EXTENSIONS)}); add some, or name another folder"


def _completed(folder: Path, clip: Clip) -> Clip:
    """``clip`` with rate and seconds; raises :class:`BadFileError`."""
    if clip.path.is_symlink() and not inside(folder.resolve(), clip.path):
        raise BadFileError(clip.name, "is a link that leaves the folder", "copy the file into the folder")
    if clip.sample_rate and clip.seconds and clip.path.is_file() and clip.path.stat().st_size:
        return clip
    facts = probe(clip.path)
    return replace(
        clip, sample_rate=clip.sample_rate or facts.sample_rate, seconds=clip.seconds or round(facts.seconds, 6)
    )


# The layouts


def _manifest(folder: Path, problems: Problems) -> Iterator[Clip]:
    return from_manifest(folder, folder / MANIFEST)


def _plain(folder: Path, problems: Problems) -> Iterator[Clip]:
    """Every audio file below ``folder``, by name; the first folder on the way is its kind."""
    found = _audio(folder, folder, problems)
    stems = Counter(path.with_suffix("") for path in found)
    for path in found:
        inner = path.relative_to(folder)
        unique = inner if stems[path.with_suffix("")] > 1 else inner.with_suffix("")  # a.wav beside a.flac
        yield Clip(_readable(unique), path, _readable(inner), inner.parts[0] if len(inner.parts) > 1 else "")


def _librispeech(folder: Path, problems: Problems) -> Iterator[Clip]:
    """``speaker/chapter/speaker-chapter-number.flac``, beside them ``speaker-chapter.trans.txt``: ``id TRANSCRIPT``."""
    said: Transcripts = {}
    for listing in sorted(folder.rglob("*.trans.txt")):
        for where, line in _lines(folder, listing, problems):
            name, _, text = line.strip().partition(" ")
            _note(said, str(listing.parent / name), text, where, problems)
    for path in _audio(folder, folder, problems):
        yield _clip(folder, path, said.pop(str(path.with_suffix("")), None), path.stem.partition("-")[0], problems)
    _orphans(said, problems)


def _ljspeech(folder: Path, problems: Problems) -> Iterator[Clip]:
    """``wavs/id.wav``, and ``metadata.csv``: ``id|transcript|transcript with its numbers in words``."""
    said: Transcripts = {}
    for number, line in lines_of(folder / "metadata.csv"):
        name, *texts = (part.strip() for part in line.split("|"))
        _note(said, name, next(filter(None, reversed(texts)), ""), f"metadata.csv, line {number}", problems)
    speaker = "LJ" if all(re.fullmatch(r"LJ\d{3}-\d{4}", name) for name in said) else ""
    for path in _audio(folder, folder / "wavs", problems):
        yield _clip(folder, path, said.pop(path.stem, None), speaker, problems)
    _orphans(said, problems)


def _vctk(folder: Path, problems: Problems) -> Iterator[Clip]:
    """``wav48*/speaker/speaker_number[_mic1].*``, ``txt/speaker/speaker_number.txt`` and ``speaker-info.txt``.

    Of two microphones (release 0.92) the first is taken: the second repeats the same speech.
    """
    said: Transcripts = {}
    for path in sorted(folder.glob("txt/*/*.txt")):
        name = _readable(path.relative_to(folder))
        try:
            _note(said, path.stem, " ".join(line.strip() for _, line in lines_of(path)), name, problems)
        except BadFileError as bad:  # told of the clip, once it is found
            said[path.stem] = ("", f"{name} ({bad.reason})")
    people = _vctk_speakers(folder, problems)
    for path in (p for root in sorted(folder.glob("wav48*")) for p in _audio(folder, root, problems)):
        if not path.stem.endswith("_mic2"):
            found = said.pop(path.stem.removesuffix("_mic1"), None)
            clip = _clip(folder, path, found, path.parent.name, problems)
            yield replace(clip, more=people.get(clip.speaker, {}))
    _orphans(said, problems)


def _vctk_speakers(folder: Path, problems: Problems) -> dict[str, dict[str, str]]:
    """{"p225": {"age": "23", "gender": "F", "accent": "English", "region": "Southern England"}, ...}."""
    people = {}
    path = folder / "speaker-info.txt"
    for _, line in _lines(folder, path, problems) if path.exists() else ():
        number, *facts = re.sub(r"\(.*\)", "", line).split() or [""]
        values = [*facts[:3], " ".join(facts[3:])]
        people["p" + number.removeprefix("p")] = dict(zip(("age", "gender", "accent", "region"), values, strict=False))
    return people


def _is_librispeech(folder: Path) -> bool:
    depths = ("*/" * depth + "*.trans.txt" for depth in range(LIBRISPEECH_DEPTH + 1))
    return any(next(folder.glob(pattern), None) for pattern in depths)


@dataclass(frozen=True)
class Layout:
    name: str
    recognised: Callable[[Path], bool]
    read: Callable[[Path, Problems], Iterator[Clip]]


LAYOUTS = (
    Layout("manifest", lambda folder: (folder / MANIFEST).exists(), _manifest),
    Layout("LJSpeech", lambda folder: (folder / "metadata.csv").is_file() and (folder / "wavs").is_dir(), _ljspeech),
    Layout("VCTK", lambda folder: (folder / "txt").is_dir() and any(folder.glob("wav48*/")), _vctk),
    Layout("LibriSpeech", _is_librispeech, _librispeech),
    Layout("files", lambda folder: True, _plain),
)
"""In the order in which they are tried: the first that recognises a folder reads it."""


# What the layouts share


def _audio(folder: Path, below: Path, problems: Problems) -> list[Path]:
    """The audio files below a folder of the corpus. A linked folder, which may lead in a circle, is not entered."""
    found = []
    for path in sorted(below.rglob("*")):
        if path.is_symlink() and path.is_dir():
            reason = "is a link to a folder, and is not followed"
            problems.append(Problem(_readable(path.relative_to(folder)), reason, "copy that folder here, or name it"))
        elif path.suffix.lower() in EXTENSIONS and not path.is_dir():
            found.append(path)
    return found


def _readable(path: Path) -> str:
    """A path as text that can be printed, whatever bytes its name is made of."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _lines(folder: Path, path: Path, problems: Problems) -> Iterable[tuple[str, str]]:
    """("file, line n", line) of a text inside the corpus; none, and a problem, when it cannot be read."""
    name = _readable(path.relative_to(folder))
    try:
        return [(f"{name}, line {number}", line) for number, line in lines_of(path)]
    except BadFileError as bad:
        problems.append(Problem(name, bad.reason, bad.remedy, used=True))
        return []


def _note(said: Transcripts, key: str, text: str, where: str, problems: Problems) -> None:
    """Keep a transcript until its clip is found."""
    if key in said:
        reason = f"repeats the transcript of {Path(key).name}, which {said[key][1]} has"
        problems.append(Problem(where, reason, "delete one of them; the first is used", used=True))
    else:
        said[key] = (text.strip(), where)


def _clip(folder: Path, path: Path, found: tuple[str, str] | None, speaker: str, problems: Problems) -> Clip:
    """One clip of speech; a problem is noted where it has no words, and it is used without them."""
    name = _readable(path.relative_to(folder))
    text, where = found or ("", "")
    if not text:
        reason = f"has no words in {where}" if where else "has no transcript"
        problems.append(Problem(name, reason, "mend the text, or leave the clip out of word error rates", used=True))
    return Clip(_readable(Path(path.stem)), path, name, "speech", speaker=speaker, transcript=text)


def _orphans(said: Mapping[str, tuple[str, str]], problems: Problems) -> None:
    """Transcripts that no clip has claimed."""
    for key, (_, where) in said.items():
        reason = f"has the transcript of {Path(key).name}, which has no audio"
        problems.append(Problem(where, reason, "bring the audio back or take the transcript out"))

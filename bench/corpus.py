"""Named sets of audio: the built-in signals and sentences, a registered folder, any folder, or one file.

>>> clip("builtin", seconds=0.5, sample_rate=16000, batch=2).shape
(2, 8000)
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from bench import audiofile, builtin, matrix, signals
from bench.audiofile import BadFileError, CorpusError, Mono
from bench.builtin import BUILTIN
from bench.layouts import read_folder
from bench.manifest import Clip, Problem, lines_of
from bench.matrix import MATRIX, CorpusUnavailable
from bench.userdata import add, locate, registered, remove

__all__ = [
    "BUILTIN",
    "MATRIX",
    "BadFileError",
    "Clip",
    "Corpus",
    "CorpusError",
    "CorpusUnavailable",
    "CorpusWarning",
    "Problem",
    "add",
    "check",
    "clip",
    "corpora",
    "info",
    "remove",
]

GRAMMAR = "grammar.jsgf"
"""A corpus of sentences from a closed grammar has it in this file of its folder, in JSGF (W3C Note, 5 June 2000)."""


class CorpusWarning(UserWarning):
    """Files were left out, or changed on the way in (mixed down); the text says which."""


@dataclass(frozen=True)
class Corpus:
    """A named set of clips, in order. ``problems`` are what was amiss with files when it was opened.

    ``layout`` is how its folder is laid out (:data:`bench.layouts.LAYOUTS`), or ``made`` or ``one file``.
    """

    name: str
    folder: Path | None
    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...] = ()
    layout: str = ""

    @staticmethod
    def open(name: str) -> Corpus:
        """``builtin``, ``matrix``, a registered name, a folder, or one audio file.

        Raises :class:`CorpusError`; :class:`CorpusUnavailable` when ``matrix`` cannot be made here.
        """
        if name == BUILTIN:
            return Corpus(name, None, builtin.clips(), layout="made")
        path = matrix.folder() if name == MATRIX else locate(name)
        if path.is_dir():
            found = read_folder(path)
            return Corpus(name, path, found.clips, found.problems, "made" if name == MATRIX else found.layout)
        facts = audiofile.probe(path)
        single = Clip(path.stem, path, path.name, "", facts.sample_rate, facts.seconds)
        return Corpus(name, path.parent, (single,), layout="one file")

    @property
    def grammar(self) -> str:
        """The closed grammar of all transcripts, as JSGF, from ``grammar.jsgf`` of the folder; "" without one."""
        path = self.folder / GRAMMAR if self.folder and self.layout != "one file" else None
        return "\n".join(line for _, line in lines_of(path)) + "\n" if path and path.exists() else ""

    def read(self, clip: Clip, start: int = 0, frames: int | None = None) -> Mono:
        """Samples of one clip at its own rate, mixed down to mono: float32, shape (frames,).

        Raises :class:`BadFileError` when the file is damaged or holds NaN or Inf.
        """
        if self.folder is None:
            whole = builtin.samples(clip)
            end = audiofile.end_of(clip.name, len(whole), start, frames)
            return whole[start:end].copy()
        return audiofile.read(clip.path, start, frames)

    def blocks(self, clip: Clip, seconds: float, sample_rate: int = 0, start: int = 0) -> Iterator[Mono]:
        """One clip from frame ``start`` (of its own rate) on, in mono float32 blocks that reach ``seconds`` at most.

        With ``sample_rate`` (Hz), resampled to it by soxr VHQ; blocks then vary in length. Memory is one block.
        """
        if self.folder is None:
            rate, source = builtin.RATE, _cut(self.read(clip, start), round(seconds * builtin.RATE))
        else:
            rate = audiofile.probe(clip.path).sample_rate
            source = audiofile.blocks(clip.path, start, size=max(1, round(seconds * rate)))
        return _resampled(source, rate, sample_rate) if sample_rate and sample_rate != rate else source

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits of names and sizes: changes when a file is added, removed, renamed or resized."""
        sizes = (f"{c.id}\t{c.name}\t{_size(c) if self.folder else signals.VERSION}" for c in self.clips)
        return hashlib.sha256("\n".join(sizes).encode("utf-8", "replace")).hexdigest()[:12]


def clip(corpus: str | Corpus, seconds: float, sample_rate: int, batch: int = 1, seed: int = 0) -> Mono:
    """Audio of a corpus: float32, shape (batch, round(seconds * sample_rate)), deterministic from ``seed``.

    ``corpus`` is a name as :meth:`Corpus.open` takes it, or an opened corpus, of which clips may have been left out.

    Rows are consecutive stretches. ``builtin`` is :func:`bench.signals.stream`. Otherwise the files follow each
    other in the manifest's order from a place that ``seed`` chooses, mixed down to mono and resampled to
    ``sample_rate`` (Hz) by soxr VHQ; a corpus that is too short is looped. Files are streamed: memory is the result's.
    A bad file is left out with one :class:`CorpusWarning`. Resampled peaks may pass 1.0; subnormals become zeros.
    Raises :class:`CorpusError` when no file is left, or nothing is asked for.
    """
    samples = round(seconds * sample_rate) if 0 < seconds < np.inf else 0
    if samples < 1 or sample_rate < 1 or batch < 1:
        raise CorpusError(f"{batch} x {seconds} s at {sample_rate} Hz is no audio; ask for at least one sample")
    if corpus == BUILTIN:
        return signals.stream(batch * samples, sample_rate, seed).reshape(batch, samples)
    out = np.empty(batch * samples, np.float32)
    opened = corpus if isinstance(corpus, Corpus) else Corpus.open(corpus)
    _fill(out, opened, sample_rate, np.random.Generator(np.random.PCG64([seed % 2**64, 4])))
    out[np.abs(out) < np.finfo(np.float32).tiny] = 0
    return out.reshape(batch, samples)


def corpora() -> list[dict[str, Any]]:
    """The built-in corpora and the registered ones: ``name``, ``folder`` ("" for the built-in)."""
    named = [{"name": name, "folder": folder} for name, folder in sorted(registered().items())]
    return [{"name": BUILTIN, "folder": ""}, {"name": MATRIX, "folder": ""}, *named]


def info(name: str) -> dict[str, Any]:
    """What a person wants to know of a corpus, from headers only: counts, hours, rates, speakers, kinds, problems."""
    corpus = Corpus.open(name)
    return {
        "name": corpus.name,
        "folder": str(corpus.folder or ""),
        "layout": corpus.layout,
        "clips": len(corpus.clips),
        "seconds": round(sum(c.seconds for c in corpus.clips), 3),
        "sample_rates": dict(sorted(Counter(c.sample_rate for c in corpus.clips).items())),
        "kinds": dict(sorted(Counter(c.kind or "unnamed" for c in corpus.clips).items())),
        "speakers": len({c.speaker for c in corpus.clips if c.speaker}),
        "transcripts": sum(bool(c.transcript) for c in corpus.clips),
        "grammar": GRAMMAR if corpus.grammar else "",
        "fingerprint": corpus.fingerprint,
        "problems": [str(problem) for problem in corpus.problems],
    }


def check(name: str) -> list[Problem]:
    """Decode everything and list what is wrong: damaged, empty or NaN files, false manifest figures, many channels."""
    corpus = Corpus.open(name)
    found = list(corpus.problems)
    for clip in corpus.clips if corpus.folder else ():
        try:
            facts = audiofile.scan(clip.path)
        except BadFileError as bad:
            found.append(Problem(clip.name, bad.reason, bad.remedy))
            continue
        if clip.sample_rate != facts.sample_rate:
            reason = f"has {facts.sample_rate} Hz, the manifest says {clip.sample_rate}"
            found.append(Problem(clip.name, reason, "correct the manifest; the file's own rate is used", used=True))
        if abs(clip.seconds - facts.seconds) > 0.01:
            reason = f"lasts {facts.seconds:.3f} s, the manifest says {clip.seconds:g}"
            found.append(Problem(clip.name, reason, "correct the manifest", used=True))
        if facts.channels > 1:
            reason = f"has {facts.channels} channels"
            found.append(
                Problem(clip.name, reason, "mix it down yourself, or accept the mean of its channels", used=True)
            )
    return found


def _fill(out: Mono, corpus: Corpus, sample_rate: int, rng: np.random.Generator) -> None:
    """Fill ``out`` from the corpus, going round as often as it takes; one warning for whatever was amiss."""
    number, within = int(rng.integers(len(corpus.clips))), float(rng.random())
    bad = {problem.name: str(problem) for problem in corpus.problems if not problem.used}
    wide: set[str] = set()
    filled = at_last_round = tried = 0
    while filled < len(out):
        clip = corpus.clips[number % len(corpus.clips)]
        if clip.name not in bad:
            try:
                filled = _append(out, filled, corpus, clip, sample_rate, within, wide)
            except BadFileError as error:
                bad[clip.name] = str(Problem(clip.name, error.reason, error.remedy))
        number, within, tried = number + 1, 0.0, tried + 1
        if tried % len(corpus.clips) == 0:
            if filled == at_last_round:
                raise CorpusError(
                    f"no file of {corpus.name} can be used; the first: {next(iter(bad.values()), 'too short')}"
                )
            at_last_round = filled
    _warn(corpus, bad, wide)


def _append(out: Mono, filled: int, corpus: Corpus, clip: Clip, sample_rate: int, within: float, wide: set[str]) -> int:
    """Add one file, from the fraction ``within`` of it on; returns how much of ``out`` is then filled."""
    facts = audiofile.probe(clip.path)
    start = int(within * facts.frames)
    for block in corpus.blocks(clip, audiofile.BLOCK / facts.sample_rate, sample_rate, start):
        part = block[: len(out) - filled]
        out[filled : filled + len(part)] = part
        filled += len(part)
        if filled == len(out):
            break
    if facts.channels > 1:
        wide.add(clip.name)
    return filled


def _warn(corpus: Corpus, bad: dict[str, str], wide: set[str]) -> None:
    total = len(corpus.clips) + sum(not problem.used for problem in corpus.problems)
    if bad:
        first = next(iter(bad.values()))
        text = f"corpus {corpus.name}: {len(bad)} of {total} files left out, such as {first}"
        warnings.warn(text, CorpusWarning, stacklevel=4)
    if wide:
        text = f"corpus {corpus.name}: {len(wide)} files with more than one channel were mixed down to mono"
        warnings.warn(text, CorpusWarning, stacklevel=4)


def _resampled(source: Iterator[Mono], rate: int, wanted: int) -> Iterator[Mono]:
    stream = soxr.ResampleStream(rate, wanted, 1, "float32", "VHQ")
    for block in source:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)


def _cut(whole: Mono, size: int) -> Iterator[Mono]:
    return (whole[at : at + size] for at in range(0, len(whole), max(1, size)))


def _size(clip: Clip) -> int:
    try:
        return clip.path.stat().st_size
    except OSError:
        return -1

"""One audio file: what its header says, and its samples as a stream of mono blocks. Bad files say why."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Mono = NDArray[np.float32]

BLOCK = 1 << 16
"""Frames decoded at a time: 1.4 s at 48 kHz, 256 KiB a channel."""

EXTENSIONS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64", ".rf64")
"""What a folder without a manifest is searched for: formats that libsndfile recognises by their content."""


SIZE_NOTE = re.compile(r"(\w[\w ]*?) *: (\d+) \(should be (\d+)\)")


class CorpusError(ValueError):
    """One line: what is wrong with the audio, and the way out."""


class BadFileError(CorpusError):
    """A file that cannot be used. ``reason`` says why, ``remedy`` what to do about it."""

    def __init__(self, path: str | os.PathLike[str], reason: str, remedy: str = "repair it or take it out") -> None:
        super().__init__(f"{path}: {reason}; {remedy}")
        self.path, self.reason, self.remedy = str(path), reason, remedy


@dataclass(frozen=True)
class Facts:
    """What a file's header says. ``seconds`` is ``frames / sample_rate``."""

    sample_rate: int
    frames: int
    channels: int

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate


def probe(path: Path) -> Facts:
    """Read the header only. Raises :class:`BadFileError` for a file that is missing, empty, cut short or not audio."""
    _check_container(path)
    with _open(path) as file:
        return _facts(path, file)


def blocks(path: Path, start: int = 0, frames: int | None = None, size: int = BLOCK) -> Iterator[Mono]:
    """Yield float32 blocks of shape (up to ``size``,), frames ``start`` to ``start + frames`` (None: to the end).

    More than one channel is mixed down to their mean. Memory is one block, whatever the file's length.
    Raises :class:`BadFileError` where :func:`probe` does, and at the block that is cut short or holds NaN or Inf.
    """
    _check_container(path)
    with _open(path) as file:
        facts = _facts(path, file)
        at, end = start, end_of(path, facts.frames, start, frames)
        _seek(path, file, start)
        while at < end:
            block = _decode(path, file, min(size, end - at))
            if not np.isfinite(block).all():
                second = (at + int(np.argmin(np.isfinite(block)))) / facts.sample_rate
                raise BadFileError(path, f"holds NaN or Inf at {second:.3f} s")
            at = at + len(block) if len(block) else end
            yield block


def end_of(name: str | Path, length: int, start: int, frames: int | None) -> int:
    """Where ``frames`` frames from ``start`` on end (None: at ``length``); raises when that is out of range."""
    end = length if frames is None else start + frames
    if not 0 <= start <= end <= length:
        raise CorpusError(f"{name}: frames {start} to {end} asked; it has {length}; ask for fewer")
    return end


def read(path: Path, start: int = 0, frames: int | None = None) -> Mono:
    """:func:`blocks` joined: float32, shape (frames,)."""
    return np.concatenate([np.empty(0, np.float32), *blocks(path, start, frames)])


def scan(path: Path) -> Facts:
    """Decode the whole file, a block at a time, and raise :class:`BadFileError` at the first thing wrong."""
    for _ in blocks(path):
        pass
    return probe(path)


def _open(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(os.fsencode(path))  # a name need not be UTF-8
    except (soundfile.SoundFileError, TypeError) as error:
        why = str(error).split(": ", 1)[-1].rstrip(".")
        raise BadFileError(path, f"is not audio that libsndfile reads ({why})", "convert it or take it out") from None


def _facts(path: Path, file: soundfile.SoundFile) -> Facts:
    _check_sizes(path, file.extra_info)
    if file.frames <= 0:
        raise BadFileError(path, "has a header but no samples", "take it out")
    if file.frames > 1 << 48:
        raise BadFileError(path, "does not state its length (it was written to a pipe)", "decode and write it anew")
    return Facts(int(file.samplerate), int(file.frames), int(file.channels))


def _seek(path: Path, file: soundfile.SoundFile, frame: int) -> None:
    try:
        if frame:
            file.seek(frame)
    except soundfile.SoundFileError:
        raise BadFileError(path, f"is truncated or damaged: cannot reach frame {frame} of {file.frames}") from None


def _decode(path: Path, file: soundfile.SoundFile, frames: int) -> Mono:
    """``frames`` mono frames from where the file stands; fewer only at the end of an MP3, whose length is a guess."""
    at = file.tell()
    try:
        block = file.read(frames, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise BadFileError(path, f"is truncated or damaged after frame {at} ({error})") from None
    if len(block) < frames and not (file.format == "MP3" and _is_a_guess(path)):
        raise BadFileError(path, f"is truncated: {at + len(block)} of the {file.frames} frames that its header states")
    mono: Mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
    return mono


def _check_container(path: Path) -> None:
    """Refuse what libsndfile would hang on, describe badly, or silently shorten."""
    if not path.exists():
        raise BadFileError(path, "does not exist", "restore it or take it out of the manifest")
    if not path.is_file():
        raise BadFileError(path, "is not a regular file", "take it out")
    try:
        with open(path, "rb") as file:
            head = file.read(12)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - (1 << 16)))  # an Ogg page is at most 65307 bytes
            tail = file.read() if head[:4] == b"OggS" else b""
    except OSError as error:
        raise BadFileError(
            path, f"cannot be read ({error.strerror})", "change its permissions or take it out"
        ) from None
    if not size:
        raise BadFileError(path, "is empty (0 bytes)", "fetch it again or take it out")
    if tail and not _ogg_ends(tail):
        raise BadFileError(path, "is truncated: its last Ogg page does not end the stream", "fetch it again")


def _check_sizes(path: Path, log: str) -> None:
    """Refuse a file whose header states more bytes than there are, by libsndfile's own log of the header.

    A container's size may be off by 8 (writers that count its own header); unknown sizes of piped files are all ones.
    """
    for name, stated, found in SIZE_NOTE.findall(log):
        slack = 8 if name.lower().startswith(("riff", "form")) else 0
        if int(found) + slack < int(stated) < 0x7FFFF000:
            raise BadFileError(
                path, f"is truncated: {found} of the {stated} bytes that its header states", "fetch it again"
            )


def _is_a_guess(path: Path) -> bool:
    """True for an MP3 without a Xing or Info tag in its first frame: its length is estimated from its bit rate."""
    with open(path, "rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":  # four bytes of seven bits: the size of the tag (id3.org, ID3v2.4, section 3.1)
            file.seek(10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)))
        else:
            file.seek(0)
        first = file.read(512)
    return b"Xing" not in first and b"Info" not in first


def _ogg_ends(tail: bytes) -> bool:
    """True when the last page is whole and carries the end-of-stream flag (RFC 3533, section 6, header type bit 4)."""
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return False
    body = sum(page[27 : 27 + page[26]])  # the segment table: lengths of the segments that follow it
    return bool(page[5] & 4) and len(page) >= 27 + page[26] + body

"""What the suite `load` reads: a set of audio files, made once from the case's audio and kept in the cache."""

from __future__ import annotations

import ctypes
import hashlib
import json
import math
import mmap
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bench import Case, Unsupported
from bench.userdata import cache_dir

TARGET_RATE = 16000  # Hz: what an epoch delivers
FORMATS = {  # of soundfile: (format, subtype, file name)
    "wav": ("WAV", "PCM_16", "wav"),
    "flac": ("FLAC", "PCM_16", "flac"),
    "mp3": ("MP3", "MPEG_LAYER_III", "mp3"),
    "vorbis": ("OGG", "VORBIS", "ogg"),
    "opus": ("OGG", "OPUS", "opus"),
}
LOSSLESS = ("wav", "flac")
VERSION = 1  # of this file's layout: another number makes all sets anew
A_FOLDER = 1000  # files: more make some file systems slow
AT_ONCE = 1 << 20  # samples: libsndfile's Vorbis encoder holds all that it is given on the stack, 8 MiB as a rule
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class FileSet:
    """``count`` mono files of ``frames`` samples at ``sample_rate`` (Hz); each a stretch of ``pool.npy``, int16."""

    folder: Path
    format: str
    sample_rate: int
    frames: int
    count: int

    @staticmethod
    def open(folder: str | Path) -> FileSet:
        facts = json.loads((Path(folder) / "set.json").read_text())
        return FileSet(Path(folder), **facts)

    @cached_property
    def paths(self) -> list[str]:
        return [str(self.folder / "files" / name) for name in names(self.count, self.format)]

    def source(self, index: int) -> np.ndarray:
        """What was written into file ``index``: int16 (frames,), a view."""
        return _stretch(_pool(str(self.folder)), index, self.frames)

    @property
    def bytes(self) -> int:
        return sum(os.stat(path).st_size for path in self.paths)

    def built(self, name: str, build: Callable[[Path], object]) -> Path:
        """The folder ``name``, which ``build(folder)`` fills when it is first asked for: whole or not at all."""
        ready = self.folder / "built" / name
        if not ready.exists():
            unfinished = ready.with_name(f"{name}.{os.getpid()}")
            shutil.rmtree(unfinished, ignore_errors=True)  # of a process of that number that was killed
            unfinished.mkdir(parents=True)
            try:
                started = time.perf_counter()
                build(unfinished)
                seconds = time.perf_counter() - started
                (unfinished / "seconds").write_text(f"{seconds:.6f}")
                os.sync()  # clean pages: only those can be dropped from the cache
                _move(unfinished, ready)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return ready


def make(case: Case, audio: np.ndarray) -> FileSet:
    """The set of a case out of ``audio``, float32 (1, samples): found in the cache by its content, or made.

    Raises :class:`Unsupported` where libsndfile cannot write the format, or the cache cannot be written.
    """
    pool = np.rint(np.clip(audio[0], -1, 1 - 2**-15) * 2**15).astype(np.int16)
    frames = min(round(case.seconds * case.sample_rate), len(pool))
    facts = {"format": case.format, "sample_rate": case.sample_rate, "frames": frames, "count": case.files}
    key = hashlib.sha256(json.dumps([VERSION, facts]).encode() + pool.tobytes()).hexdigest()[:24]
    ready = cache_dir() / "load" / key
    if not (ready / "set.json").exists():
        unfinished = ready.with_name(f"{key}.{os.getpid()}")
        try:
            _write(unfinished, pool, facts)
            _move(unfinished, ready)
        except OSError as error:
            raise Unsupported(
                f"{ready.parent} cannot be written ({error.strerror or error}); set BENCH_CACHE_DIR to another folder"
            ) from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return FileSet.open(ready)


def names(count: int, format: str) -> list[str]:
    """``000/000000.wav`` and so on."""
    return [f"{i // A_FOLDER:03}/{i:06}.{FORMATS[format][2]}" for i in range(count)]


def evict(folder: Path) -> None:
    """Take all files of a folder out of the page cache (posix_fadvise(2)); pages that are dirty or mapped stay."""
    for base, _, files in os.walk(folder):
        for name in files:
            descriptor = os.open(os.path.join(base, name), os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def resident(path: str | Path) -> float:
    """The share of a file's pages that lie in the page cache, by mincore(2)."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as view:
        pages = -(-len(view) // mmap.PAGESIZE)
        seen = (ctypes.c_ubyte * pages)()
        start = ctypes.c_char.from_buffer(view)
        failed = ctypes.CDLL(None, use_errno=True).mincore(
            ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(len(view)), seen
        )
        del start  # or the view could not be closed
        return 1.0 if failed else sum(page & 1 for page in seen) / pages


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    """At 16 kHz by soxr VHQ, float64; what an epoch's crops are compared with."""
    return soxr.resample(samples.astype(np.float64), rate, TARGET_RATE, "VHQ") if rate != TARGET_RATE else samples


def _write(folder: Path, pool: np.ndarray, facts: dict) -> None:
    kind, subtype, _ = FORMATS[facts["format"]]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "pool.npy", pool, allow_pickle=False)
    for i, name in enumerate(names(facts["count"], facts["format"])):
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with soundfile.SoundFile(path, "w", facts["sample_rate"], 1, subtype, format=kind) as file:
                for block in np.split(_stretch(pool, i, facts["frames"]), range(AT_ONCE, facts["frames"], AT_ONCE)):
                    file.write(block)
        except soundfile.LibsndfileError as error:
            if "No space" in str(error):
                raise OSError(str(error)) from None
            raise Unsupported(f"libsndfile cannot write {facts['format']}: {error}") from None
    (folder / "set.json").write_text(json.dumps(facts))
    os.sync()  # clean pages: only those can be dropped from the cache


def _stretch(pool: np.ndarray, index: int, frames: int) -> np.ndarray:
    start = int((index * GOLDEN) % 1.0 * (len(pool) - frames + 1))
    return pool[start : start + frames]


@lru_cache(maxsize=4)
def _pool(folder: str) -> np.ndarray:
    return np.load(Path(folder) / "pool.npy", allow_pickle=False)


def _move(unfinished: Path, ready: Path) -> None:
    """Another process may have been faster: then its work stands."""
    try:
        unfinished.rename(ready)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not ready.exists():
            raise

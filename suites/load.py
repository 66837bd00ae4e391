"""Loading audio: one file into samples, and a whole set into shuffled batches of crops."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench import Case, Check, Op, Suite, Unsupported, Work
from suites import _load_check as checking
from suites._load_job import Job, Loading, figures, host, spread
from suites._load_set import FORMATS, TARGET_RATE, FileSet, evict, make, resident

POOL_SECONDS = 120.0  # of audio, of which the files of a set are stretches
WORKERS = sorted({0, 1, 2, 4, os.cpu_count() or 1})
COLD = 0.05  # share of a file's pages that may still be in the page cache
ATTEMPTS = 5  # at emptying it
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


def _one(format: Sequence[str], seconds: Sequence[float], chunk: float = 0.0, **more: Sequence[Any]) -> dict[str, Any]:
    """Cases of ``decode``: one file."""
    return _grid(format, seconds, [chunk], **({"files": [1], "batch": [1], "workers": [0]} | more))


def _grid(
    format: Sequence[str], seconds: Sequence[float], chunk: Sequence[float], **more: Sequence[Any]
) -> dict[str, Any]:
    usual = {"sample_rate": [16000], "files": [256], "batch": [16], "workers": [0]}
    usual |= {"features": ["waveform"], "cache": ["warm"]}
    return {"format": format, "seconds": seconds, "chunk": chunk} | usual | more


class Load(Suite):
    """Conventions.

    ``decode``, in cases of one file: an implementation's ``decode`` is a function ``read(path, start, frames)`` ->
    mono samples at the file's own rate, float32 in -1 .. 1, as a NumPy array or a CPU tensor (samples,). ``frames`` is
    None for the whole file; otherwise a ``chunk`` (s) from a place that the seed draws.

    ``epoch``, in cases of several: an implementation's ``epoch`` is a function ``open(job)`` -> ``epochs``, and
    ``epochs()`` gives the batches of a new epoch, ``(samples, index, start)``: float32 (batch, samples at 16 kHz), or
    (batch, 80, frames) with ``features=log_mel`` (see :mod:`suites._load_mel`), which item each is, and where in the
    file its crop of ``chunk`` seconds began; 0: whole files. Crops start at random, and shorter files are followed by
    zeros. A batch is read before the next is asked for, which may take its memory. ``job``
    (:class:`suites._load_job.Job`) has paths, lengths and orders, and keeps what is ``built`` of the files, once.
    ``workers`` are processes or threads beside the consumer; they may use processors of their own.

    The files are stretches of the corpus's audio, of 16 bits, encoded by libsndfile as it does by default, kept in the
    user's cache by their content. Before each sample of a ``cold`` case what is read, the files or what was built of
    them, is taken out of the page cache; where it stays the case is unavailable. The host of a virtual machine may
    have a cache of its own, about which nothing is known here.

    **wrong**: lossless samples that are not those of the file, to the last bit; lossy ones whose SNR, at the decoder's
    own delay (``lag_samples``), is 3 dB worse than libsndfile's; resampled ones below 20 dB; an epoch without each item
    once; two epochs in the same order; crops that are not random. A **leak** over twenty epochs is an error.

    Figures: those of :func:`suites._load_job.figures`, ``shuffling`` (1: uniform) and ``snr_db``.
    """

    name = "load"
    title = "loading audio: a file -> float32 samples; a set of files -> shuffled batches of random crops at 16 kHz"
    ops = ("decode", "epoch")
    scaling = "workers"
    grids: ClassVar = {
        "quick": [_one(["wav", "flac"], [10.0]), _grid(["wav"], [10.0], [1.0], files=[64])],
        "default": [
            _one(list(FORMATS), [10.0]),
            _one(list(FORMATS), [60.0], 1.0),
            _grid(["wav", "flac"], [10.0], [1.0], workers=[2]),
            _grid(["wav"], [10.0], [1.0], workers=[0, 1]),
            _grid(["wav"], [10.0], [1.0], workers=[2], cache=["cold"]),
            _grid(["wav"], [10.0], [1.0], workers=[2], features=["log_mel"]),
            _grid(["flac"], [10.0], [1.0], workers=[0]),
        ],
        "full": [
            _one(list(FORMATS), [1.0, 10.0, 60.0], sample_rate=[16000, 48000], cache=["warm", "cold"]),
            _one(list(FORMATS), [10.0, 60.0], 1.0, cache=["warm", "cold"]),
            _grid(list(FORMATS), [1.0, 10.0, 60.0], [0.0, 1.0], workers=WORKERS, batch=[4, 16, 64],
                  features=["waveform", "log_mel"], cache=["warm", "cold"]),
            _grid(["wav", "flac"], [10.0], [1.0], workers=WORKERS, sample_rate=[24000, 48000]),
            _grid(["wav"], [0.5], [1.0], workers=WORKERS),
        ],
        "many": [_grid(["wav"], [0.25], [0.25], files=[100_000], batch=[50], workers=[2])],
    }  # fmt: skip

    starter = """\
import soundfile

def read(path, start, frames):  # so many frames from start on, None: to the end -> float32; replace it
    return soundfile.read(path, -1 if frames is None else frames, start, dtype="float32")[0]

return {"decode": read}  # and "epoch", where it brings a loader of its own
"""

    def adopt(self, made: Any, case: Case) -> Mapping[str, Op]:
        if case.files == 1:
            return {"decode": self._decoder(made["decode"], case)} if "decode" in made else {}
        return {"epoch": self._loader(made["epoch"], case)} if "epoch" in made else {}

    def _decoder(self, read: Callable[..., Any], case: Case) -> Op:
        def prepare(folder: np.ndarray, start: np.ndarray) -> tuple[str, int, int | None]:
            files = FileSet.open(str(folder))
            before[:] = [partial(chill, files.folder / "files")]
            return files.paths[0], int(start), _frames(case) if case.chunk else None

        before: list[Callable[[], None]] = []
        cold = (lambda: before[0]()) if case.cache == "cold" else None
        return Op(read, prepare, lambda out: host(out).astype(np.float32, copy=False), before=cold)

    def _loader(self, open_: Callable[[Job], Any], case: Case) -> Op:
        opened: list[Loading] = []

        def prepare(folder: np.ndarray) -> Loading:
            if not opened:  # workers that are kept would pile up
                spread(max(case.threads, case.workers + 1))
                job, started = Job(FileSet.open(str(folder)), case), time.perf_counter()
                opened.append(Loading(job, open_(job), time.perf_counter() - started))
            return opened[0]

        def run(loading: Loading) -> Loading:
            loading.run()
            return loading

        cold = (lambda: chill(opened[0].job.where)) if case.cache == "cold" else None
        return Op(run, prepare, before=cold)

    def audio(self, case: Case) -> np.ndarray:
        from bench.corpus import clip

        seconds = case.seconds if case.files == 1 else max(case.seconds, min(case.files * case.seconds, POOL_SECONDS))
        return clip(case.corpus, seconds, case.sample_rate, 1, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        files = make(case, audio)
        if case.files > 1:
            return {"epoch": (np.array(str(files.folder)),)}
        last = files.frames - _frames(case) if case.chunk else 0
        start = np.random.default_rng(case.seed).integers(0, last + 1)
        return {"decode": (np.array(str(files.folder)), np.array(start))}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> None:
        return None  # the files themselves, which args name

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        files = FileSet.open(str(args[0]))
        if op == "epoch":
            return checking.epochs(out)
        found = checking.decoded(files, int(args[1]), _frames(case) if case.chunk else files.frames, out)
        return Check({**found.metrics, "disk_mb": files.bytes / 1e6}, found.wrong)

    def quality(self, case: Case, op: str, call: Callable[..., Any]) -> dict[str, float]:
        if op == "decode":
            return {}
        folder = np.array(str(make(case, self.audio(case)).folder))
        return figures(call(folder))

    def work(self, case: Case, op: str) -> Work:
        """Not stated: what is least to be read depends on the format, and how fast on the storage."""
        return Work(0.0, 0.0)

    def audio_seconds(self, case: Case) -> float:
        """What is delivered: crops, without the silence that fills short ones."""
        return case.files * (min(case.chunk, case.seconds) if case.chunk else case.seconds)

    def valid(self, case: Case) -> bool:
        if (
            case.format not in FORMATS
            or case.features not in ("waveform", "log_mel")
            or case.cache not in ("warm", "cold")
        ):
            return False
        if case.format == "opus" and case.sample_rate not in OPUS_RATES:
            return False
        if min(case.files, case.batch, round(case.seconds * case.sample_rate)) < 1:
            return False
        if case.chunk and _frames(case) < 1:
            return False
        if case.files == 1:
            return case.workers == 0 and case.batch == 1 and case.features == "waveform" and case.chunk <= case.seconds
        if case.sample_rate != TARGET_RATE and min(case.chunk or case.seconds, case.seconds) < checking.SHORTEST:
            return False
        return case.files % case.batch == 0 and case.workers >= 0 and case.sample_rate % 1000 == 0


def _frames(case: Case) -> int:
    return round(case.chunk * case.sample_rate)


def chill(folder: Path) -> None:
    """Empty the page cache of a folder's files. Raises :class:`Unsupported` where they stay in it."""
    biggest = max((os.path.join(base, n) for base, _, names in os.walk(folder) for n in names), key=os.path.getsize)
    evict(folder)
    for _ in range(ATTEMPTS):
        if resident(biggest) <= COLD:
            return
        time.sleep(0.01)  # what the kernel is just reading ahead stays
        evict(folder)
    if (share := resident(biggest)) > COLD:
        raise Unsupported(
            f"no cold case: {share:.0%} of {os.path.basename(biggest)} stays in the page cache, because its pages are "
            "mapped, dirty or in memory only"
        )


__all__ = ["TARGET_RATE", "Load"]

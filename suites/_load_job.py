"""What a loader is given, and what is watched while it runs: waits, processor time, memory, handles."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from bench import Case
from bench.measure import tree
from suites._load_set import TARGET_RATE, FileSet

Batch = tuple[Any, Any, Any]  # samples, index of each item, start of its crop
STEPS = (2.0, 10.0, 50.0)  # ms that a consumer spends on a batch
WAITING = 6.0  # s that the epochs of one such consumer may take in all
LEAK_EPOCHS = 20
LEAK_SECONDS = 10.0  # for those; the figure says how many epochs there was time for
LEAK_BYTES = 16 << 20  # held more at the end than in the middle: libraries keep caches, a leak goes on


class Leak(Exception):
    """What an epoch leaves behind, and the next one, and the next."""


@dataclass
class Job:
    """One epoch's contract. All lengths are samples of the files' own rate, unless they say otherwise.

    ``where`` is what the loader reads: the files, or the folder that it built of them.
    """

    files: FileSet
    case: Case
    where: Path = Path()

    def __post_init__(self) -> None:
        self.where = self.files.folder / "files"

    paths = property(lambda self: self.files.paths)
    sample_rate = property(lambda self: self.files.sample_rate)
    frames = property(lambda self: self.files.frames)
    batch = property(lambda self: self.case.batch)
    workers = property(lambda self: self.case.workers)
    seed = property(lambda self: self.case.seed)

    def built(self, name: str, build: Callable[[Path], object]) -> Path:
        """A folder that ``build(folder)`` fills when this set's first loader of that name is opened."""
        self.where = self.files.built(name, build)
        return self.where

    @property
    def crop(self) -> int:
        """Samples of a crop; of the whole file, where ``chunk`` is 0."""
        return round(self.case.chunk * self.sample_rate) or self.frames

    @property
    def out(self) -> int:
        """Samples of a crop at 16 kHz."""
        return -(-self.crop * TARGET_RATE // self.sample_rate)

    @property
    def step(self) -> int:
        """Crops start at multiples of this, where both rates have a sample."""
        return self.sample_rate // gcd(self.sample_rate, TARGET_RATE)

    @property
    def places(self) -> int:
        """How many starts there are: ``0, step, 2 step, ...``."""
        return max(0, self.frames - self.crop) // self.step + 1

    def order(self, epoch: int) -> np.ndarray:
        """A permutation of all items, by the seed and the epoch."""
        return self._draws(epoch, 1).permutation(self.files.count)

    def starts(self, epoch: int) -> np.ndarray:
        """The start of each item's crop in an epoch."""
        return self._draws(epoch, 2).integers(0, self.places, self.files.count) * self.step

    def _draws(self, epoch: int, salt: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, epoch, salt])


@dataclass
class Loading:
    """A loader that is open, and its epochs as a consumer sees them."""

    job: Job
    epochs: Callable[[], Iterator[Batch]]
    setup_seconds: float

    def run(self) -> int:
        """One epoch, its batches let go of as they come. The number of batches."""
        batches = 0
        for _ in self.epochs():
            batches += 1
        return batches

    def watched(self, step_seconds: float = 0.0) -> list[float]:
        """One epoch with a consumer that is busy elsewhere for ``step_seconds`` a batch: how long it waited, s."""
        waits, started = [], time.perf_counter()
        for _ in self.epochs():
            waits.append(time.perf_counter() - started)
            if step_seconds:
                time.sleep(step_seconds)
            started = time.perf_counter()
        return waits


def figures(loading: Loading) -> dict[str, float]:
    """Everything about speed that the time of an epoch does not say; raises :class:`Leak`."""
    job, own = loading.job, os.getpid()
    loading.watched()  # warm
    began, cpu = time.perf_counter(), tree.cpu_seconds(own)
    epochs: list[list[float]] = []
    while len(epochs) < 3 or (time.perf_counter() - began < 1.0 and len(epochs) < 50):
        epochs.append(loading.watched())
        if time.perf_counter() - began > 20:
            break
    elapsed = (time.perf_counter() - began) / len(epochs)
    between = np.concatenate([waits[1:] or waits for waits in epochs])
    found = {
        "files_per_second": job.files.count / elapsed,
        "first_batch_ms": 1e3 * float(np.median([waits[0] for waits in epochs])),
        "batch_p99_ms": 1e3 * float(np.percentile(between, 99)),
        "cpu_seconds": (tree.cpu_seconds(own) - cpu) / len(epochs),
        "disk_mb": size(job.where) / 1e6,
        "setup_seconds": loading.setup_seconds,
        **({"build_seconds": built} if (built := build_seconds(job.where)) else {}),
    }
    for step in STEPS:
        if (len(epochs[0]) * (step / 1e3) + elapsed) <= WAITING:
            waits = loading.watched(step / 1e3)[1:]
            found[f"stall_{step:g}ms"] = sum(waits) / (sum(waits) + len(waits) * step / 1e3) if waits else 0.0
    return found | leaks(loading, elapsed)


def leaks(loading: Loading, epoch_seconds: float) -> dict[str, float]:
    """Twenty epochs: raises :class:`Leak` where handles or memory grow to the end."""
    own, held, open_files = os.getpid(), [], []
    count = min(LEAK_EPOCHS, max(3, int(LEAK_SECONDS / max(epoch_seconds, 1e-3))))
    for _ in range(count):
        loading.run()
        gc.collect()
        held.append(sum(tree.held(pid) for pid in (own, *tree.descendants(own))))
        open_files.append(tree.handles(own))
    half = count // 2
    more_files = open_files[-1] - open_files[half - 1]
    if more_files >= count - half:
        raise Leak(f"{count - half} epochs left {more_files} more open files behind")
    grown = min(held[-3:]) - max(held[max(0, half - 3) : half])
    if grown > LEAK_BYTES and held[-1] == max(held):
        raise Leak(f"{count - half} epochs left {grown / 1e6:.0f} MB more memory in use")
    return {"leak_epochs": float(count), "leak_kb_an_epoch": max(0, grown) / 1e3 / (count - half)}


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(os.stat(os.path.join(base, name)).st_size for base, _, files in os.walk(folder) for name in files)


def build_seconds(folder: Path) -> float:
    """How long building what a loader reads took; 0 where it reads the files."""
    note = folder / "seconds"
    return float(note.read_text()) if note.exists() else 0.0


def host(values: Any) -> np.ndarray:
    """A NumPy array of a batch's part, from whichever device it lies on."""
    values = values.cpu() if hasattr(values, "cpu") else values
    return np.asarray(values.numpy() if hasattr(values, "numpy") else values)


def spread(processors: int) -> None:
    """Let this process, and the workers that it starts, use so many processors at least: the last, as its own is.

    A worker of the harness is pinned to as many as it has threads; those that load beside it need more.
    """
    try:
        allowed = os.sched_getaffinity(os.getppid()) | os.sched_getaffinity(0)
        wanted = set(sorted(allowed)[-processors:])
        os.sched_setaffinity(0, wanted | os.sched_getaffinity(0))
    except OSError:
        pass  # not allowed here: the environment record says what the affinity was

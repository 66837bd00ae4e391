"""A process and everything that it started: memory, processor time, open files. Linux only; gone processes count 0."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
WATCH_SECONDS = 0.02


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, found by the parents that all processes name in ``/proc/*/stat``."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir(PROC):
        if entry.isdigit() and len(fields := _stat(entry)) > 1:
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        new = children.get(waiting.pop(), [])
        found += new
        waiting += new
    return found


def pss(pid: int) -> int:
    """Proportional set size, bytes: a page that n processes share counts 1/n in each, so that sums are true."""
    return _rollup(pid).get("Pss", 0)


def held(pid: int) -> int:
    """The same without what is mapped from files: of a library, one's part grows when a stranger that used it ends.

    All of it before Linux 5.4, which does not tell them apart.
    """
    sizes = _rollup(pid)
    return sizes["Pss_Anon"] + sizes["Pss_Shmem"] if "Pss_Shmem" in sizes else sizes.get("Pss", 0)


def _rollup(pid: int) -> dict[str, int]:
    """Bytes of each kind of memory."""
    lines = [line.split() for line in _read(PROC / str(pid) / "smaps_rollup").splitlines()[1:]]
    return {name.rstrip(":"): int(kib) * 1024 for name, kib, *_ in lines}


def rss(pid: int) -> int:
    """Resident set size, bytes; cheaper, but forked workers count what they share with their parent again."""
    fields = _read(PROC / str(pid) / "statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if fields else 0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, with those that ended and were waited for, s."""
    return sum(_ticks(p) for p in (pid, *descendants(pid))) / TICKS


def handles(pid: int) -> int:
    """Open file descriptors of a process and its descendants."""
    return sum(_entries(PROC / str(p) / "fd") for p in (pid, *descendants(pid)))


class Watch:
    """``with Watch(measure) as seen``: a thread calls ``measure()`` every 20 ms; ``seen.highest`` is its largest."""

    def __init__(self, measure: Callable[[], int]):
        self.measure, self.highest = measure, 0
        self._stop, self._thread = Event(), Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.highest = max(self.highest, self.measure())
            if self._stop.wait(WATCH_SECONDS):
                return


def _ticks(pid: int) -> int:
    """utime, stime, and cutime, cstime of those that were waited for, in clock ticks."""
    return sum(int(f) for f in _stat(str(pid))[11:15])


def _stat(pid: str) -> list[str]:
    """The fields of proc_pid_stat(5) from the third, the state, on: the name before it may hold anything."""
    return _read(PROC / pid / "stat").rpartition(")")[2].split()


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # it has ended meanwhile, or is not ours to see
        return ""


def _entries(folder: Path) -> int:
    try:
        return len(os.listdir(folder))
    except OSError:
        return 0

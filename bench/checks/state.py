"""What the machine is doing just now: other processes, load, noise, memory, allocator, disk."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import hardware, software
from bench.checks import Finding, Level

RESULTS = Path("results")
MIB, GIB = 2**20, 2**30

WATCH_SECONDS = 0.3
BUSY = 0.05
"""Share of one processor from which another process is worth naming."""

SWAP_LEAST = 64 * MIB
DISK_WARN, DISK_BAD = 2 * GIB, 200 * MIB
NOISE_WARN, NOISE_BAD = 0.05, 0.15


def busy_processes() -> Iterator[Finding]:
    """Who else uses the processors, watched for WATCH_SECONDS."""
    before = _processor_times()
    start = time.monotonic()
    time.sleep(WATCH_SECONDS)
    elapsed = time.monotonic() - start
    used = {key: (spent - before[key]) / elapsed for key, spent in _processor_times().items() if key in before}
    busy = sorted(((share, name) for (_, name), share in used.items() if share >= BUSY), reverse=True)
    total, cores = sum(share for share, _ in busy), len(hardware.affinity())
    if not busy:
        yield Finding("other processes", "ok", "no other process keeps a processor busy")
        return
    names = ", ".join(f"{name} {share:.0%}" for share, name in busy[:3])
    level: Level = "bad" if total > 0.5 * cores else "warn"
    yield Finding(
        "other processes",
        level,
        f"{len(busy)} other processes use {total:.0%} of one processor ({names})",
        "stop them, or wait until they are done",
    )


def _processor_times() -> dict[tuple[int, str], float]:
    """{(pid, name): seconds of processor time so far} of every process but this one."""
    found = {}
    for process in psutil.process_iter(["name", "cpu_times"]):
        times = process.info["cpu_times"]
        if times and process.pid != os.getpid():
            found[process.pid, process.info["name"]] = times.user + times.system
    return found


def load() -> Iterator[Finding]:
    one, *_ = hardware.load()
    cores = os.cpu_count() or 1
    if one > 0.25 * cores:
        level: Level = "bad" if one > cores else "warn"
        text = f"the load average is {one:g} on {cores} processors"
        yield Finding("load", level, text, "let the machine come to rest for a minute")
    else:
        yield Finding("load", "ok", f"the load average is {one:g} on {cores} processors")


def noise() -> Iterator[Finding]:
    median, width = spread()
    text = f"a fixed {median * 1e3:.1f} ms of work varies by {width:.1%} (5th to 95th percentile)"
    if width > NOISE_WARN:
        level: Level = "bad" if width > NOISE_BAD else "warn"
        yield Finding("noise", level, text, "follow the other findings, then look again; more --replicates help")
    else:
        yield Finding("noise", "ok", text)


def spread(spins: int = 250, spin_s: float = 1e-3) -> tuple[float, float]:
    """Time a fixed piece of work of about ``spin_s`` again and again; returns (median s, (p95 - p5) / median)."""
    count = 1000
    while (once := min(_spin(count) for _ in range(3))) < spin_s / 2:
        count *= 2
    count = max(1, int(count * spin_s / once))
    times = sorted(_spin(count) for _ in range(spins))
    middle = times[spins // 2]
    return middle, (times[int(0.95 * spins)] - times[int(0.05 * spins)]) / middle


def _spin(count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        pass
    return time.perf_counter() - start


def memory() -> Iterator[Finding]:
    now = hardware.memory()
    if now["swap_used"] > SWAP_LEAST:
        text = f"{now['swap_used'] / GIB:.1f} GiB are swapped out"
        yield Finding("swap", "warn", text, "close what you do not need, then: sudo swapoff -a && sudo swapon -a")
    else:
        yield Finding("swap", "ok", "hardly any memory is swapped out")
    share = now["available"] / now["total"]
    if share < 0.1 or now["available"] < GIB:
        text = f"only {now['available'] / GIB:.1f} of {now['total'] / GIB:.1f} GiB of memory are free"
        yield Finding("memory", "bad" if share < 0.03 else "warn", text, "close what you do not need")
    else:
        yield Finding(
            "memory", "ok", f"{now['available'] / GIB:.1f} of {now['total'] / GIB:.1f} GiB of memory are free"
        )


# variables that make a numerical library use older instructions than the processor has
STEERING = ("OPENBLAS_CORETYPE", "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")


def instructions() -> Iterator[Finding]:
    """Is a library held back from the instructions that this processor has?"""
    held = [f"{name}={os.environ[name]}" for name in STEERING if name in os.environ]
    if held:
        names = " ".join(text.partition("=")[0] for text in held)
        text = f"{', '.join(held)} chooses a library's instructions by hand; its rows hold for that choice only"
        yield Finding("instructions", "warn", text, f"unset {names}, unless it is what you want to measure")
    else:
        yield Finding("instructions", "ok", "libraries choose their instructions by themselves")


def allocator() -> Iterator[Finding]:
    known = software.allocator()
    slow = [name for name in ("MALLOC_CHECK_", "MALLOC_PERTURB_", "PYTHONMALLOC") if name in known["variables"]]
    if slow:
        yield Finding(
            "allocator", "bad", f"{', '.join(slow)} is set, which slows every allocation", f"unset {' '.join(slow)}"
        )
    elif "LD_PRELOAD" in known["variables"]:
        text = f"LD_PRELOAD brings {known['variables']['LD_PRELOAD']}; results hold for it only"
        yield Finding("allocator", "warn", text, "unset LD_PRELOAD, unless it is what you want to measure")
    elif not known["library"].startswith("glibc"):
        text = f"the C library is {known['library'] or 'unknown'}; its allocator cannot be pinned"
        yield Finding("allocator", "warn", text, "compare only with runs on the same C library")
    else:
        yield Finding("allocator", "ok", f"{known['library']}; its thresholds are pinned in every worker")


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(_standing(RESULTS)).free
    text = f"{free / GIB:.1f} GiB are free where results are kept"
    if free < DISK_WARN:
        yield Finding(
            "disk", "bad" if free < DISK_BAD else "warn", text, "delete old runs, or write elsewhere with --out"
        )
    else:
        yield Finding("disk", "ok", text)


def results_folder() -> Iterator[Finding]:
    """A real file is made and removed: permissions alone do not show a read-only disk."""
    folder = _standing(RESULTS)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".bench-"):
            pass
    except OSError as error:
        text = f"results cannot be written to {RESULTS}/ ({error.strerror})"
        yield Finding("results", "bad", text, "change its permissions, or write elsewhere with --out")
    else:
        yield Finding("results", "ok", f"results can be written to {RESULTS}/")


def _standing(path: Path) -> Path:
    """``path``, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(p for p in (path, *path.parents) if p.is_dir())

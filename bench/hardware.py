"""What this machine is and how it stands, read from the operating system: one small function a fact.

Each returns plain values that JSON can hold, None where the fact is not to be had, and may raise OSError, ValueError
or KeyError when a file is not what it should be; :mod:`bench.environment` and :mod:`bench.doctor` survive that.
"""

from __future__ import annotations

import csv
import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path, PurePath
from typing import Any

import psutil

ROOT = Path("/")
"""Where /proc and /sys are; tests put their own machine here."""

VECTOR = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512dq",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "asimdhp",
    "asimddp",
    "bf16",
    "i8mm",
    "sve",
    "sve2",
    "sme",
)
"""Kernel names of the vector extensions that audio kernels are written for; ``asimd`` is NEON."""

GPU_FIELDS = (
    "name",
    "driver_version",
    "memory.total",
    "memory.used",
    "utilization.gpu",
    "temperature.gpu",
    "power.draw",
    "power.limit",
    "clocks.sm",
    "clocks.max.sm",
    "clocks.mem",
    "pstate",
    "persistence_mode",
    "mig.mode.current",
)


def text(path: str) -> str | None:
    """A small file below ROOT, stripped; None where there is none."""
    try:
        return (ROOT / path).read_text(errors="replace").strip()
    except OSError:
        return None


def number(path: str) -> int | None:
    """A file that holds one whole number; None where it does not."""
    try:
        return int(text(path) or "")
    except ValueError:
        return None


def cpuinfo() -> dict[str, str]:
    """The first processor of /proc/cpuinfo: {"model name": ..., "flags": ...}."""
    first = (text("proc/cpuinfo") or "").split("\n\n")[0]
    lines = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def host() -> str:
    """Eight hex digits that tell machines apart and name none."""
    return hashlib.sha256(f"audio-bench {platform.node()}".encode()).hexdigest()[:8]


def cpu() -> dict[str, Any]:
    """Model, architecture, cores, and whether two threads share a core."""
    known = cpuinfo()
    logical, physical = os.cpu_count() or 1, psutil.cpu_count(logical=False)
    return {
        "model": known.get("model name") or known.get("CPU part") or platform.processor() or platform.machine(),
        "family": " ".join(known[key] for key in ("cpu family", "model") if key in known),
        "architecture": platform.machine(),
        "logical": logical,
        "physical": physical,
        "smt": smt(),
    }


def smt() -> bool | None:
    active = number("sys/devices/system/cpu/smt/active")
    return None if active is None else bool(active)


def features() -> list[str]:
    """Vector extensions, in the order of VECTOR."""
    known = cpuinfo()
    flags = set((known.get("flags") or known.get("Features") or "").split())
    return [name for name in VECTOR if name in flags]


def caches() -> dict[str, int]:
    """Bytes of each cache that the first processor sees: {"L1d": 49152, "L2": ..., "L3": ...}.

    On ARM the kernel lists caches, too, of which the firmware tells no size; they are left out.
    """
    found = {}
    for index in sorted((ROOT / "sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (text(f"{index}/{name}") for name in ("level", "type", "size"))
        if not size:
            continue
        letter = {"Data": "d", "Instruction": "i"}.get(kind or "", "")
        unit = {"K": 1 << 10, "M": 1 << 20}.get(size[-1])
        found[f"L{level}{letter}"] = int(size[:-1]) * unit if unit else int(size)
    return found


def governor() -> list[str] | None:
    """The frequency governors in force, without repeats; None where the machine does not say."""
    found = {
        p.read_text().strip() for p in (ROOT / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    }
    return sorted(found) or None


def turbo() -> bool | None:
    """Whether the clock may rise above its base rate; None where the machine does not say."""
    off, boost = (number(f"sys/devices/system/cpu/{name}") for name in ("intel_pstate/no_turbo", "cpufreq/boost"))
    return not off if off is not None else bool(boost) if boost is not None else None


def frequency() -> dict[str, float | None]:
    """MHz: now, and the range that the governor moves in."""
    limits = {end: number(f"sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_{end}_freq") for end in ("min", "max")}
    now = cpuinfo().get("cpu MHz")
    return {"now": float(now) if now else None, **{end: kHz and kHz / 1000 for end, kHz in limits.items()}}


def throttled() -> int | None:
    """How often cores have been slowed by heat since the machine started (Intel only)."""
    counters = (ROOT / "sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    counts = [int(path.read_text()) for path in counters]
    return sum(counts) if counts else None


def memory() -> dict[str, int]:
    """Bytes: total and available memory, total and used swap."""
    now, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {"total": now.total, "available": now.available, "swap_total": swap.total, "swap_used": swap.used}


def huge_pages() -> str | None:
    """Transparent huge pages: always, madvise or never (the word in brackets)."""
    words = (text("sys/kernel/mm/transparent_hugepage/enabled") or "").split()
    return next((word.strip("[]") for word in words if word.startswith("[")), None)


def numa_nodes() -> int:
    return len(list((ROOT / "sys/devices/system/node").glob("node[0-9]*"))) or 1


def virtual() -> dict[str, str | bool]:
    """Is this a virtual machine (and whose), is this a container?"""
    maker = " ".join(filter(None, (text(f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name"))))
    guest = "hypervisor" in cpuinfo().get("flags", "").split()
    marks = (ROOT / ".dockerenv", ROOT / "run/.containerenv")
    return {"machine": guest, "maker": maker, "container": any(mark.exists() for mark in marks)}


def load() -> list[float]:
    """Load averages over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def cgroup() -> dict[str, float | int | None]:
    """What the control group allows: CPUs (quota over period), memory in bytes, and how often it was throttled.

    The least of what our own group and those above it allow, since each of them holds.
    """
    own = dict(line.split(":", 2)[1:] for line in (text("proc/self/cgroup") or "").splitlines())
    cpus = [quota for group in _groups(own, "cpu") if (quota := _quota(group))]
    files = [f"{group}/{name}" for group in _groups(own, "memory") for name in ("memory.max", "memory.limit_in_bytes")]
    memory = [limit for file in files if (limit := number(file)) and limit < 1 << 60]  # v1 says "none" by a huge number
    stat = next((found for group in _groups(own, "cpu") if (found := text(f"{group}/cpu.stat"))), "")
    counts = dict(line.split() for line in stat.splitlines() if len(line.split()) == 2)
    return {
        "cpus": min(cpus, default=None),
        "memory": min(memory, default=None),
        "throttled": int(counts.get("nr_throttled", 0)),
    }


def _quota(group: str) -> float | None:
    """CPUs that a group allows: microseconds a period over the period; None for no limit."""
    unified = (text(f"{group}/cpu.max") or "").split()
    quota, period = unified or (text(f"{group}/cpu.cfs_{name}_us") for name in ("quota", "period"))
    if quota in (None, "max") or not period or int(quota) <= 0:
        return None
    return int(quota) / int(period)


def _groups(own: dict[str, str], controller: str) -> list[str]:
    """Folders of our own group and of those above it (v2, then v1), up to the root, which is all that some containers
    see."""
    v1 = next((path for names, path in own.items() if controller in names.split(",")), "/")
    inner = [PurePath(own.get("", "/").lstrip("/")), PurePath(controller, v1.lstrip("/"))]
    return [f"sys/fs/cgroup/{folder}" for path in inner for folder in (path, *path.parents)]


def affinity() -> list[int]:
    """The processors that this process may use."""
    return sorted(os.sched_getaffinity(0))


def clock_source() -> str | None:
    return text("sys/devices/system/clocksource/clocksource0/current_clocksource")


def ticks() -> dict[str, int]:
    """Processor time since the machine started, in clock ticks: total, idle, and stolen by other guests."""
    fields = [int(value) for value in (text("proc/stat") or "").splitlines()[0].split()[1:9]]
    return {"total": sum(fields), "idle": fields[3] + fields[4], "steal": fields[7]}


def gpus() -> list[dict[str, str]]:
    """One {field: text} for each GPU that nvidia-smi knows; [] without it. Raises OSError when it fails.

    ``throttle`` is NVML's bit mask of what holds the clocks down, whose name depends on the driver's age.
    """
    if not (tool := shutil.which("nvidia-smi")):
        return []
    for throttle in ("clocks_event_reasons.active", "clocks_throttle_reasons.active"):
        command = [tool, f"--query-gpu={','.join(GPU_FIELDS)},{throttle}", "--format=csv,noheader,nounits"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except subprocess.TimeoutExpired:
            raise OSError("nvidia-smi gave no answer within 20 s") from None
        if not done.returncode:
            rows = csv.reader(done.stdout.splitlines(), skipinitialspace=True)
            names = (*GPU_FIELDS, "throttle")
            return [dict(zip(names, (cell.strip() for cell in row), strict=True)) for row in rows if row]
    said = (done.stdout.strip() or done.stderr.strip() or "no word").splitlines()[0]
    raise OSError(f"nvidia-smi failed with status {done.returncode}: {said}")

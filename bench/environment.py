"""The record of this machine that every run keeps: what a reader needs to believe a number.

A list of tiny probes, each of which may fail alone: a fact that cannot be had is named under ``failed`` and the
others stand. No host name, user name or folder is recorded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bench import hardware, software

PROBES: dict[str, Callable[[], Any]] = {
    "time": lambda: datetime.now(UTC).isoformat(timespec="seconds"),
    "host": hardware.host,
    "system": software.system,
    "cpu": hardware.cpu,
    "features": hardware.features,
    "caches": hardware.caches,
    "governor": hardware.governor,
    "turbo": hardware.turbo,
    "frequency_mhz": hardware.frequency,
    "throttled": hardware.throttled,
    "memory": hardware.memory,
    "huge_pages": hardware.huge_pages,
    "numa_nodes": hardware.numa_nodes,
    "virtual": hardware.virtual,
    "load": hardware.load,
    "cgroup": hardware.cgroup,
    "affinity": hardware.affinity,
    "clock_source": hardware.clock_source,
    "gpus": hardware.gpus,
    "clock": software.clock,
    "allocator": software.allocator,
    "threads": software.thread_variables,
    "python": software.python,
    "blas": software.blas,
    "project": software.revision,
    "packages": software.packages,
}

SHOWN = ("numpy", "scipy", "soundfile", "soxr")
"""Packages that the short description names; the record has them all."""


def collect() -> dict[str, Any]:
    """{probe: plain value}, with ``machine`` (see :func:`machine_id`) and ``failed`` ({probe: why})."""
    record: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, probe in PROBES.items():
        try:
            record[name] = probe()
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    return {"machine": machine_id(record), **record, "failed": failed}


def machine_id(env: Mapping[str, Any]) -> str:
    """A short stable name of the hardware, such as ``intel-xeon-platinum-8480-112c-504g``: model, processors, GiB.

    Memory is rounded up, since the kernel keeps a part for itself. A model without a number in it (virtual machines
    say "AMD EPYC") is told apart by the processor's family and model numbers.
    """
    cpu = env.get("cpu") or {}
    model = str(cpu.get("model") or "unknown")
    if not re.search(r"\d", model) and cpu.get("family"):
        model += " f" + "m".join(str(cpu["family"]).split())
    words = re.sub(r"\((r|tm|c)\)|@.*|\bwith\b.*|\b(cpu|processor|core|\d+-core)\b", " ", model.lower())
    slug = re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "unknown"
    gibibytes = math.ceil((env.get("memory") or {}).get("total", 0) / 2**30)
    return f"{slug}-{cpu.get('logical', 0)}c-{gibibytes}g"


def describe(env: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, value) for people, short enough for the foot of a report; facts that are missing are left out.

    Takes what :func:`collect` returned, also one that another version of it wrote to a file long ago.
    """
    described = []
    for label, line in LINES.items():
        try:
            value = line(env)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue
        if value:
            described.append((label, value))
    return described


def _cpu(env: Mapping[str, Any]) -> str:
    cpu = env["cpu"]
    threads = f", {cpu['physical']} cores" if cpu.get("physical") not in (None, cpu["logical"]) else ""
    return f"{cpu['model']} ({cpu['architecture']}), {cpu['logical']} processors{threads}"


def _clock_rate(env: Mapping[str, Any]) -> str:
    known, now = env["turbo"], env["frequency_mhz"]["now"]
    turbo = "turbo not visible" if known is None else f"turbo {'on' if known else 'off'}"
    governors = "/".join(env["governor"] or ()) or "not visible"
    return f"{f'{now:.0f} MHz, ' if now else ''}governor {governors}, {turbo}"


def _memory(env: Mapping[str, Any]) -> str:
    nodes = env.get("numa_nodes") or 1
    return f"{env['memory']['total'] / 2**30:.1f} GiB, {nodes} NUMA node{'s' if nodes > 1 else ''}"


def _virtual(env: Mapping[str, Any]) -> str:
    known = env["virtual"]
    guest = f"virtual machine {known.get('maker', '')}".strip() if known["machine"] else "no virtual machine seen"
    return f"{guest}, in a container" if known.get("container") else guest


def _limits(env: Mapping[str, Any]) -> str:
    group, allowed = env["cgroup"], len(env.get("affinity") or ())
    parts = [f"{allowed} of {env['cpu']['logical']} processors"] if allowed < env["cpu"]["logical"] else []
    parts += [f"{group['cpus']:g} CPUs of time"] if group["cpus"] else []
    parts += [f"{group['memory'] / 2**30:.1f} GiB"] if group["memory"] else []
    return ", ".join(parts)


def _gpu(env: Mapping[str, Any]) -> str:
    return "; ".join(f"{gpu['name']}, {gpu['memory.total']} MiB, driver {gpu['driver_version']}" for gpu in env["gpus"])


def _blas(env: Mapping[str, Any]) -> str:
    return "; ".join(
        " ".join(str(library[k]) for k in ("internal_api", "version", "architecture") if library.get(k))
        for library in env["blas"]
    )


def _allocator(env: Mapping[str, Any]) -> str:
    known = env["allocator"]
    tuned = " ".join(f"{name}={value}" for name, value in known["variables"].items())
    return f"{known['library']}{f', {tuned}' if tuned else ''}"


def _project(env: Mapping[str, Any]) -> str:
    known = env["project"]
    commit = f"commit {known['commit'][:12]}{' with changes' if known.get('dirty') else ''}" if known["commit"] else ""
    return ", ".join(filter(None, (known.get("version"), commit)))


def _versions(env: Mapping[str, Any]) -> str:
    installed = env["packages"]
    return ", ".join([f"Python {env['python']['version']}", *(f"{n} {installed[n]}" for n in SHOWN if n in installed)])


LINES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "Machine": lambda env: str(env["machine"]),
    "Time": lambda env: str(env["time"]),
    "CPU": _cpu,
    "Vector units": lambda env: " ".join(env["features"]),
    "Caches": lambda env: ", ".join(f"{name} {size / 1024:g} KiB" for name, size in env["caches"].items()),
    "Clock rate": _clock_rate,
    "Memory": _memory,
    "Virtual": _virtual,
    "Limits": _limits,
    "GPU": _gpu,
    "System": lambda env: f"{env['system']['name']}, {env['system']['kernel']}",
    "Load": lambda env: " ".join(f"{value:g}" for value in env["load"]),
    "Timer": lambda env: f"{env['clock']['step_ns']} ns steps, source {env.get('clock_source') or 'not visible'}",
    "Allocator": _allocator,
    "Threads": lambda env: " ".join(f"{name}={value}" for name, value in env["threads"].items()),
    "Versions": _versions,
    "BLAS": _blas,
    "audio-bench": _project,
    "Not recorded": lambda env: ", ".join(f"{name} ({why})" for name, why in env["failed"].items()),
}

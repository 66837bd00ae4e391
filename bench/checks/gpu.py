"""How the graphics processors stand."""

from __future__ import annotations

from collections.abc import Iterator

from bench import hardware
from bench.checks import Finding, Level
from bench.measure.gpu import HOLDS

HOT = 85
"""Degrees Celsius from which data centre GPUs come near their slowdown temperature."""


def gpus() -> Iterator[Finding]:
    found = hardware.gpus()
    if not found:
        yield Finding("GPU", "ok", "no NVIDIA GPU is visible; CPU suites need none")
    for number, gpu in enumerate(found):
        name = f"GPU {number}"
        amiss = list(_amiss(name, gpu))
        yield from amiss or [Finding(name, "ok", f"{gpu['name']} is idle, cool and unthrottled")]


def _amiss(name: str, gpu: dict[str, str]) -> Iterator[Finding]:
    if held := [why for bit, why in HOLDS.items() if _mask(gpu["throttle"]) & bit]:
        level: Level = "bad" if any("heat" in why or "slowdown" in why for why in held) else "warn"
        text = f"{' and '.join(held)} {'holds' if len(held) == 1 else 'hold'} its clocks down"
        yield Finding(name, level, text, "let it cool, or lock lower clocks: sudo nvidia-smi --lock-gpu-clocks=MHZ")
    if (heat := _figure(gpu["temperature.gpu"])) >= HOT:
        yield Finding(name, "warn", f"it has {heat:.0f} °C", "let it cool")
    if (busy := _figure(gpu["utilization.gpu"])) > 5:
        yield Finding(
            name, "bad" if busy > 50 else "warn", f"somebody keeps it {busy:.0f}% busy", "see nvidia-smi for who"
        )
    if (taken := _figure(gpu["memory.used"]) / max(1.0, _figure(gpu["memory.total"]))) > 0.1:
        yield Finding(name, "warn", f"{taken:.0%} of its memory is taken", "see nvidia-smi for by whom")
    if gpu["persistence_mode"] == "Disabled":
        text = "persistence mode is off: the driver loads anew for every run"
        yield Finding(name, "warn", text, "sudo nvidia-smi -pm 1")


def _figure(text: str) -> float:
    """A number of nvidia-smi; 0 for "[N/A]" and the like."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _mask(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0

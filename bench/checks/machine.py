"""How the machine is set up: clock rates, heat, shared cores, neighbours, quotas, timer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import psutil

from bench import hardware, software
from bench.checks import Finding, Level

WATCH_SECONDS = 0.3

STEAL_WARN, STEAL_BAD = 0.002, 0.02
"""Shares of busy time taken by other guests: a fifth of the 1% precision that runs aim at, and twice that 1%."""

MOMENTS = 40
WHOLE, SHARED_WARN = 0.9, 0.1
"""Additions, of the most, from which a core counts as whole; the share of moments without from which to warn."""

GOOD_CLOCKS = ("tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page")
"""Linux clock sources that are read without entering the kernel."""


def governor() -> Iterator[Finding]:
    found = hardware.governor()
    if not found:
        yield Finding("governor", "ok", "no frequency governor is visible; the host or the firmware decides")
    elif found == ["performance"]:
        yield Finding("governor", "ok", "the governor is performance")
    else:
        text = f"the governor is {'/'.join(found)}: the clock rate follows the load"
        yield Finding("governor", "warn", text, "sudo cpupower frequency-set -g performance")


def turbo() -> Iterator[Finding]:
    found = hardware.turbo()
    if found:
        remedy = (
            "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
            if hardware.text("sys/devices/system/cpu/intel_pstate/no_turbo") is not None
            else "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"
        )
        yield Finding("turbo", "warn", "turbo is on: the clock rate depends on heat and on the other cores", remedy)
    else:
        yield Finding("turbo", "ok", "turbo is off" if found is False else "turbo is not visible from here")


def heat() -> Iterator[Finding]:
    hot = [
        f"{sensor.label or name} {sensor.current:.0f} °C"
        for name, sensors in _temperatures().items()
        for sensor in sensors
        if sensor.high and sensor.current >= sensor.high
    ]
    times = hardware.throttled()
    if hot:
        text = f"the machine is at its thermal limit ({', '.join(hot[:3])})"
        yield Finding("heat", "bad", text, "let it cool, clean its fans, or measure fewer threads")
    elif times:
        text = f"heat has slowed the processor {times} times since the machine started"
        yield Finding(
            "heat", "warn", text, "cool it better, and repeat runs whose environment record shows more of them"
        )
    else:
        known = "no thermal throttling since the machine started" if times == 0 else "no thermal throttling is visible"
        yield Finding("heat", "ok", known)


def _temperatures() -> dict[str, list[Any]]:
    return getattr(psutil, "sensors_temperatures", dict)()


def battery() -> Iterator[Finding]:
    state = getattr(psutil, "sensors_battery", lambda: None)()
    if state is not None and state.power_plugged is False:
        yield Finding("power", "warn", "the machine runs on its battery, which slows it down", "plug it in")


def sibling_threads() -> Iterator[Finding]:
    if hardware.smt():
        text = "two hardware threads share a core: a neighbour can halve a measurement"
        yield Finding("SMT", "warn", text, "echo off | sudo tee /sys/devices/system/cpu/smt/control")
    else:
        yield Finding("SMT", "ok", "no hardware threads are seen to share a core")


def whole_core() -> Iterator[Finding]:
    """Whether a core is ours alone: a host's other guests may compute on its other hardware thread, unseen by this
    machine, and leave two thirds of its width."""
    rates = add_rates()
    if not rates:
        yield Finding("whole core", "ok", "not looked at: that takes the C library, which is not installed")
        return
    best = max(rates)
    less = [rate / best for rate in rates if rate < WHOLE * best]
    share = len(less) / len(rates)
    if share > SHARED_WARN:
        width = f"a core began {statistics.median(less):.0%} of the instructions that it can"
        text = f"in {share:.0%} of {len(rates)} moments {width}: somebody else has a part of it, or its clock fell"
        yield Finding(
            "whole core", "warn", text, "a machine of your own; bench run --peak tells which rounds were whole"
        )
    else:
        yield Finding("whole core", "ok", f"a core was whole in {1 - share:.0%} of {len(rates)} moments")


def add_rates() -> list[float]:
    """Additions of integers that a core does in a nanosecond, in moments of some 10 ms; none without the library."""
    try:
        from audiokern import limits
    except ImportError:
        return []
    return [limits.add_stats(seconds=1e-3).median for _ in range(MOMENTS)]


def virtual_machine() -> Iterator[Finding]:
    before = hardware.ticks()
    time.sleep(WATCH_SECONDS)
    after = hardware.ticks()
    stolen = max(
        (after["steal"] - before["steal"]) / max(1, after["total"] - before["total"]),
        after["steal"] / max(1, after["total"] - after["idle"]),
    )
    known = hardware.virtual()
    if stolen > STEAL_WARN:
        text = f"other guests take {stolen:.1%} of this virtual machine's busy processor time"
        level: Level = "bad" if stolen > STEAL_BAD else "warn"
        yield Finding("virtual machine", level, text, "use a machine of your own, or more --replicates")
    elif known["machine"]:
        text = "this is a virtual machine: its neighbours and its host's clock rate are not visible"
        yield Finding("virtual machine", "warn", text, "compare only runs that were interleaved, or use a bare machine")
    else:
        yield Finding("virtual machine", "ok", "no virtual machine is seen, and no stolen time")


def quota() -> Iterator[Finding]:
    group, cores = hardware.cgroup(), len(hardware.affinity())
    if group["cpus"] and group["cpus"] < cores:
        text = f"a control group allows {group['cpus']:g} CPUs of time on {cores} processors, and then stops everything"
        yield Finding(
            "CPU quota", "bad", text, "raise the quota (docker: --cpus; Kubernetes: limits.cpu), or pin whole CPUs"
        )
    elif group["throttled"]:
        text = f"the control group has been stopped {group['throttled']} times for its quota"
        yield Finding("CPU quota", "warn", text, "raise the quota")
    else:
        yield Finding("CPU quota", "ok", "no CPU quota cuts measurements short")


def timer() -> Iterator[Finding]:
    known, source = software.clock(), hardware.clock_source()
    if source and source not in GOOD_CLOCKS:
        text = f"the clock source is {source}, which is slow to read"
        yield Finding("timer", "warn", text, "boot with clocksource=tsc where the processor has a stable TSC")
    elif known["step_ns"] > 1000:
        text = f"the clock moves in steps of {known['step_ns']} ns"
        yield Finding("timer", "warn", text, "measure longer cases; short ones are looped")
    else:
        yield Finding(
            "timer", "ok", f"the clock moves in steps of {known['step_ns']} ns (source {source or 'not visible'})"
        )

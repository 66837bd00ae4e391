"""A GPU's limits: copy bandwidth, fp32 multiply-adds, matrix products. Measured once, cached per kind of device.

Measured in a process of its own, so that neither its memory nor its context is there when implementations run.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.measure.gpu import Gpu, NoGpu, ordinal, text
from bench.measure.limits import Limits, keep, kept
from bench.userdata import cache_dir

SOURCES = [Path(__file__).resolve().parents[n] / "cuda/limits.cu" for n in (2, 1)]  # in a checkout, installed
SECONDS_AT_MOST = 120
TRIES = 7  # of which the fastest counts: nothing makes a device faster than it is
WARM_UP_NS = 300_000_000
IN_MEMORY = 1 << 30
CHAINS, WARP, THREADS, BLOCKS_EACH = 8, 32, 256, 4  # blocks a multiprocessor: every one has room for them
FLOPS = {"fma32": 2 * CHAINS, "tf32": 2 * 16 * 8 * 8 * CHAINS / WARP, "bf16": 2 * 16 * 8 * 16 * CHAINS / WARP}
ONES = {"fma32": (0.5, ctypes.c_float), "tf32": (0x3F800000, ctypes.c_uint), "bf16": (0x3F803F80, ctypes.c_uint)}


def limits(device: str, threads: Iterable[int] = (1,), ask: Callable[[str], str] | None = None) -> Limits:
    """{"cuda:1": {"1": {...}}}: as :func:`bench.measure.limits.limits`, the same for every number of CPU threads.

    ``fma_gflops`` is the fp32 rate, ``bandwidth`` [[bytes read and written, copy GB/s, copy GB/s], ...] in the
    second-level cache and in memory, ``tf32_gflops`` and ``bf16_gflops`` the matrix rates of mma.sync (None before
    compute capability 8.0). Empty for a CPU. Where it fails, {"cuda:1": {"unmeasured": why}}.
    """
    if device == "cpu":
        return {}
    try:
        found = json.loads((ask or _ask)(device).splitlines()[-1])
    except (OSError, subprocess.SubprocessError, IndexError, ValueError) as error:
        return {device: {"unmeasured": f"{type(error).__name__}: {error}"[:300]}}
    return {device: found if "unmeasured" in found else dict.fromkeys(map(str, threads), found)}


def kinds(found: Limits) -> dict[str, str]:
    """{"cuda:1": "NVIDIA H200"}: the GPUs of what :func:`limits` found, or a run's record holds; none unmeasured."""
    figures = {device: next(iter(of.values()), None) for device, of in found.items()}
    return {device: one["name"] for device, one in figures.items() if isinstance(one, dict) and "name" in one}


class Meter(Gpu):
    """The device, its kernels of limits.cu, and how long they take."""

    def __init__(self, number: int = 0):
        super().__init__(number)
        wanted = self.driver.CUdevice_attribute
        self.processors = int(self._attribute(wanted.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT))
        self.capability = (
            int(self._attribute(wanted.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)),
            int(self._attribute(wanted.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)),
        )
        self.name = text(self._call(self.driver.cuDeviceGetName(100, self.device)))
        self.module: Any = None

    def time_ns(self, kernel: str, arguments: list[tuple[Any, Any]]) -> float:
        """Of one launch of as many threads as the device has room for; ``arguments``: values and their C types."""
        if self.module is None:
            self.module = self._call(self.driver.cuModuleLoadData(_compiled("sm_{}{}".format(*self.capability))))
        found = self._call(self.driver.cuModuleGetFunction(self.module, kernel.encode()))
        values, types = zip(*arguments, strict=True)
        start, end = self.event(), self.event()
        self.record(start, 0)
        grid, block = (self.processors * BLOCKS_EACH, 1, 1), (THREADS, 1, 1)
        self._call(self.driver.cuLaunchKernel(found, *grid, *block, 0, 0, (values, types), 0))
        self.record(end, 0)
        return self.elapsed_ns(start, end)

    def allocate(self, size: int) -> int:
        """Address of ``size`` bytes of zeros; kept until the process ends."""
        address = int(self._call(self.driver.cuMemAlloc(size)))
        self._call(self.driver.cuMemsetD8(address, 0, size))
        return address


def measure(meter: Any) -> Limits:
    """Of a :class:`Meter`, or what stands for it."""
    source, target = meter.allocate(IN_MEMORY // 2), meter.allocate(IN_MEMORY // 2)

    def copied(size: int) -> list[float]:
        """Both arrays together have ``size`` bytes, moved so often that a launch is nothing beside it."""
        pieces = size // 2 // 16
        repeats = max(1, 4 * IN_MEMORY // size)
        arguments = [(source, ctypes.c_void_p), (target, ctypes.c_void_p), (pieces, ctypes.c_size_t)]
        least = min(meter.time_ns("copy", [*arguments, (repeats, ctypes.c_int)]) for _ in range(TRIES))
        return [size, *2 * [2 * pieces * 16 * repeats / least]]

    def rate(kernel: str) -> float:
        """Rounds are doubled until they last 5 ms."""
        rounds, lasted = 1 << 10, 0.0
        while lasted < 5e6 and rounds < 1 << 28:
            rounds *= 2
            arguments = [(target, ctypes.c_void_p), ONES[kernel], (rounds, ctypes.c_int)]
            lasted = meter.time_ns(kernel, arguments)
        least = min(lasted, *(meter.time_ns(kernel, arguments) for _ in range(TRIES)))
        return float(meter.processors * BLOCKS_EACH * THREADS * rounds * FLOPS[kernel] / least)

    warm, spent = [(target, ctypes.c_void_p), ONES["fma32"], (1 << 14, ctypes.c_int)], 0.0
    while spent < WARM_UP_NS:  # an idle device's clocks are low, and rise slowly
        spent += meter.time_ns("fma32", warm)
    matrix = {f"{kernel}_gflops": rate(kernel) if meter.capability >= (8, 0) else None for kernel in ("tf32", "bf16")}
    in_cache = min(meter.l2_bytes // 2, IN_MEMORY // 2)
    return {
        "fma_gflops": rate("fma32"),
        "isa": "sm_{}{}".format(*meter.capability),
        "name": meter.name,
        "bandwidth": [copied(in_cache), copied(IN_MEMORY)],
        **matrix,
    }


def cached(meter: Any) -> Limits:
    """From the cache, if this kind of device was measured by these kernels; else measured now."""
    kind = re.sub(r"[^a-z0-9]+", "-", meter.name.lower()).strip("-")
    path = cache_dir() / f"limits-{kind}-{hashlib.sha256(_source().read_bytes()).hexdigest()[:8]}.json"
    if known := kept(path):
        return known
    found = measure(meter)
    keep(path, found)
    return found


def _source() -> Path:
    return next(path for path in SOURCES if path.exists())


def _compiled(arch: str) -> bytes:
    """The cubin of limits.cu."""
    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(std="c++17", arch=arch, include_path=str(_source().parent))
    return bytes(Program(_source().read_text(), "c++", options).compile("cubin").code)


def _ask(device: str) -> str:
    command = [sys.executable, "-m", "bench.measure.gpu_limits", device]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_AT_MOST, check=False)
    if done.returncode:
        raise ValueError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    try:
        print(json.dumps(cached(Meter(ordinal(sys.argv[1])))))
    except NoGpu as missing:
        print(json.dumps({"unmeasured": str(missing)}))

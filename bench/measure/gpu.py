"""A GPU as a measuring instrument: streams and events of the CUDA driver, and what NVML says of its clocks.

One small method a fact, so that tests can put a simulated device in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HOLDS = {
    0x04: "its power cap",
    0x08: "a hardware slowdown",
    0x20: "heat (software)",
    0x40: "heat (hardware)",
    0x80: "the power brake",
}
"""Bits of NVML's nvmlClocksEventReasons that change a measurement; idling and set clocks do not."""


class NoGpu(Exception):
    """There is no device to measure; the text says what is missing."""


@dataclass(frozen=True)
class Clocks:
    """SM clock in MHz, and what holds it down ("" for nothing)."""

    sm_mhz: int
    held_by: str = ""


def ordinal(device: str) -> int:
    """``cuda`` -> 0, ``cuda:1`` -> 1."""
    return int(device.partition(":")[2] or 0)


def text(written: bytes) -> str:
    """What the driver wrote into a buffer, which is longer: up to the first NUL; the bindings fill it with blanks."""
    return bytes(written).partition(b"\0")[0].decode()


class Gpu:
    """Device ``number``, its primary context current on this thread. Raises :class:`NoGpu` where there is none."""

    def __init__(self, number: int = 0):
        try:
            import pynvml
            from cuda.bindings import driver
        except ImportError as error:
            raise NoGpu(f"{error}; pip install 'audio-bench[cuda]'") from error
        self.driver, self.nvml = driver, pynvml
        try:
            self._call(driver.cuInit(0))
            self.device = self._call(driver.cuDeviceGet(number))
        except Exception as error:  # each layer of the bindings has a class of its own for a driver that is not there
            raise NoGpu(f"no CUDA device {number}: {_first_line(error)}") from error
        self._call(driver.cuCtxSetCurrent(self._call(driver.cuDevicePrimaryCtxRetain(self.device))))
        attribute = driver.CUdevice_attribute
        self.l2_bytes = int(self._attribute(attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE))
        self.buffer_bytes = max(2 * self.l2_bytes, 32 << 20)
        self.buffer = self._call(driver.cuMemAlloc(self.buffer_bytes))
        self.handle = self._nvml(number)
        self.taken, self.seen = 0, self.used_bytes()  # not ours to count: the context and our own buffer

    def event(self) -> Any:
        return self._call(self.driver.cuEventCreate(0))

    def record(self, event: Any, stream: int) -> None:
        self._call(self.driver.cuEventRecord(event, stream))

    def elapsed_ns(self, start: Any, end: Any) -> float:
        """Between two recorded events, once the later one has happened; resolution about 0.5 us."""
        self._call(self.driver.cuEventSynchronize(end))
        return 1e6 * float(self._call(self.driver.cuEventElapsedTime(start, end)))

    def flush(self, stream: int, times: int = 1) -> None:
        """Push everything out of the L2 cache by writing a buffer of twice its size, ``times`` over."""
        for _ in range(times):
            self._call(self.driver.cuMemsetD8Async(self.buffer, 0, self.buffer_bytes, stream))

    def synchronize(self) -> None:
        self._call(self.driver.cuCtxSynchronize())

    def used_bytes(self) -> int:
        """Memory of the device that is taken, by anybody, all workspaces included."""
        free, total = self._call(self.driver.cuMemGetInfo())
        return int(total) - int(free)

    def wake(self) -> None:
        """What others took while this process rested is theirs."""
        self.seen = self.used_bytes()

    def rest(self) -> None:
        """From here on others may take memory, until :meth:`wake`."""
        self.taken = self.own_bytes()

    def own_bytes(self) -> int:
        """Memory of the device that this process took since it was opened, all that happened while it was awake."""
        return self.taken + self.used_bytes() - self.seen

    def clocks(self) -> Clocks:
        """Clock rate and what holds it; unknown (0) where NVML does not say."""
        nvml = self.nvml
        mhz = self._told(lambda: nvml.nvmlDeviceGetClockInfo(self.handle, nvml.NVML_CLOCK_SM)) or 0
        mask = self._told(lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(self.handle)) or 0
        return Clocks(mhz, " and ".join(why for bit, why in HOLDS.items() if mask & bit))

    def millijoules(self) -> int | None:
        """Energy since the driver was loaded; None where the device does not count it."""
        return self._told(lambda: self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.handle))

    def busy_percent(self) -> int | None:
        """Share of the last sampling period (0.2 to 1 s) in which a kernel ran; None where it is not told."""
        return self._told(lambda: self.nvml.nvmlDeviceGetUtilizationRates(self.handle).gpu)

    def _told(self, ask: Callable[[], Any]) -> int | None:
        """What NVML answers; None where it does not, as of a slice of a device or of a virtual one."""
        try:
            return int(ask()) if self.handle else None
        except self.nvml.NVMLError:
            return None

    def _nvml(self, number: int) -> Any:
        """NVML's handle of the same device, by its bus: the two count differently where devices are hidden."""
        try:
            self.nvml.nvmlInit()
            bus = self._call(self.driver.cuDeviceGetPCIBusId(13, self.device))
            return self.nvml.nvmlDeviceGetHandleByPciBusId(text(bus))
        except self.nvml.NVMLError:
            return None

    def _attribute(self, name: Any) -> Any:
        return self._call(self.driver.cuDeviceGetAttribute(name, self.device))

    def _call(self, answer: tuple[Any, ...]) -> Any:
        """What a driver call returned after its status; RuntimeError with the status's name when it failed."""
        status, *values = answer
        if int(status):
            raise RuntimeError(f"CUDA: {status.name}")
        return values[0] if len(values) == 1 else tuple(values) if values else None


def _first_line(error: BaseException) -> str:
    return str(error).split("\n")[0].split(". ")[0][:200]

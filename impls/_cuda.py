"""Kernels of cuda/: compiled by NVRTC through cuda.core when first used, kept as cubins; and arrays on the device."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from cuda.bindings import driver, nvrtc
from cuda.core import Device, LaunchConfig, ObjectCode, Program, ProgramOptions, launch

from bench import Op, Unsupported

SOURCES = Path(__file__).resolve().parent.parent / "cuda"
THREADS = 256
SHARED = 24 << 10  # bytes a block, so that several blocks share a multiprocessor
ROWS = 65535  # blocks of a grid in its second direction
OUTPUTS = {"float32": (0, np.float32), "float16": (1, np.float16), "bfloat16": (2, np.uint16)}
"""How a kernel writes: OUTPUT in cuda/output.cuh, and the dtype on the host, where a bfloat16 is its bit pattern."""

try:
    __version__ = "NVRTC {1}.{2}".format(*nvrtc.nvrtcVersion())  # what made the code is what rows name
except RuntimeError as error:
    raise ImportError(f"the compiler NVRTC cannot be loaded: {error}") from error


def compiled(file: str, arch: str, **constants: int) -> bytes:
    """The cubin of a file of cuda/ for ``arch`` ("sm_90") and compile-time ``constants``; needs no GPU.

    Kept by all sources, the architecture, the constants and the compiler's version, so that a change of any of them
    compiles anew. Raises RuntimeError with the compiler's words.
    """
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.cu*")))
    key = [file, arch, sorted(constants.items()), nvrtc.nvrtcVersion()]
    kept = _folder() / f"{hashlib.sha256(sources + repr(key).encode()).hexdigest()[:24]}.cubin"
    if not kept.exists():
        macros = [(name, str(value)) for name, value in constants.items()]
        options = ProgramOptions(std="c++17", arch=arch, include_path=str(SOURCES), define_macro=macros or None)
        code = Program((SOURCES / file).read_text(), "c++", options).compile("cubin").code
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            unfinished = kept.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(code)
            unfinished.rename(kept)
        except OSError:  # a read-only home, or a full one: compiled again next time
            return bytes(code)
    return kept.read_bytes()


class Context:
    """A device, a stream of our own on it, and what is kept there."""

    def __init__(self, device: str):
        try:
            self.device = Device(int(device.partition(":")[2] or 0))
            self.device.set_current()
        except Exception as error:  # the bindings' layers have a class each for a driver that is not there
            raise Unsupported(f"no CUDA device: {str(error).splitlines()[0][:150]}") from error
        major, minor = self.device.compute_capability
        self.arch = f"sm_{major}{minor}"
        self.shared_limit = self.device.properties.max_shared_memory_per_block_optin  # bytes
        self.stream = self.device.create_stream()
        self.spare: dict[int, list[int]] = defaultdict(list)  # addresses by size

    def kernel(self, file: str, name: str, most_shared: int = 0, **constants: int) -> Callable[..., None]:
        """``run(grid, shared_bytes, *arguments)``, launched on our stream with blocks of 256 threads. More than 48 KiB
        of shared memory must be asked for beforehand: ``most_shared``, bytes. Raises Unsupported where the device has
        less, and ``run`` where the batch, which is the grid's second number, is beyond :data:`ROWS`."""
        if most_shared > self.shared_limit:
            raise Unsupported(f"it needs {most_shared} bytes of shared memory; {self.arch} has {self.shared_limit}")
        found = ObjectCode.from_cubin(compiled(file, self.arch, **constants)).get_kernel(name)
        if most_shared > 48 << 10:
            allowed = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            _call(driver.cuKernelSetAttribute(allowed, most_shared, found.handle, self.device.device_id))

        def run(grid: tuple[int, ...], shared_bytes: int, *arguments: Any, threads: int = THREADS) -> None:
            if len(grid) > 1 and grid[1] > ROWS:
                raise Unsupported(f"the kernel takes a batch of {ROWS} rows at most, not of {grid[1]}")
            config = LaunchConfig(grid=grid, block=threads, shmem_size=shared_bytes)
            launch(self.stream, config, found, *(a.pointer if isinstance(a, Array) else a for a in arguments))

        return run

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return Array(self, shape, dtype)

    def take(self, size: int) -> int:
        """Address of ``size`` bytes: of an array that is gone, where there is one. All work is on our stream, so that
        what still uses it comes first; the driver takes long to find memory, and waits for the device to free it. Where
        it finds none, it gets back what is kept in other sizes first."""
        if self.spare[size]:
            return self.spare[size].pop()
        answer = driver.cuMemAlloc(size)
        if int(answer[0]):
            self.free()
            answer = driver.cuMemAlloc(size)
        return int(_call(answer))

    def free(self) -> None:
        """What is kept of arrays that are gone, for the driver."""
        for addresses in self.spare.values():
            while addresses:
                driver.cuMemFree(addresses.pop())

    def __del__(self) -> None:
        if hasattr(self, "spare"):
            self.free()

    def upload(self, array: Any) -> Array:
        """A copy of a host array on the device."""
        host = np.ascontiguousarray(array)
        made = Array(self, host.shape, host.dtype)
        _call(driver.cuMemcpyHtoDAsync(made.pointer, host.ctypes.data, host.nbytes, int(self.stream.handle)))
        self.stream.sync()
        return made

    def op(self, run: Callable[..., Any], output: str = "float32") -> Op:
        """``run`` from Arrays to an Array, as an operation from host arrays to a host array, which is widened."""
        upload, stream = lambda *a: tuple(map(self.upload, a)), int(self.stream.handle)
        return Op(run, upload, lambda out: widened(out.host(), output), stream=stream, precision=output)


class Array:
    """Memory of the device with a shape; its context's for another one when the object is gone."""

    pointer = 0

    def __init__(self, context: Context, shape: tuple[int, ...], dtype: Any):
        self.context, self.shape, self.dtype = context, tuple(shape), np.dtype(dtype)
        self.nbytes = int(np.prod(self.shape)) * self.dtype.itemsize
        self.pointer = context.take(max(16, self.nbytes))

    def host(self) -> np.ndarray:
        out = np.empty(self.shape, self.dtype)
        self.context.stream.sync()
        _call(driver.cuMemcpyDtoH(out.ctypes.data, self.pointer, self.nbytes))
        return out

    def fill(self, value: int) -> None:
        """Every 32-bit word of it, on our stream."""
        handle = int(self.context.stream.handle)
        _call(driver.cuMemsetD32Async(self.pointer, value & 0xFFFFFFFF, self.nbytes // 4, handle))

    def __del__(self) -> None:
        if self.pointer:
            self.context.spare[max(16, self.nbytes)].append(self.pointer)


@cache
def frame_tables(n_fft: int) -> tuple[np.ndarray, np.ndarray]:
    """Twiddles of the packed transform, and those that unpack it: complex64."""
    points = n_fft // 2 if n_fft % 2 == 0 else n_fft
    return tuple(np.exp(-2j * np.pi * np.arange(n) / n).astype(np.complex64) for n in (points, n_fft))


def frames_a_block(n_fft: int) -> tuple[int, int]:
    """How many frames a block of threads transforms at once, and the shared memory that they take, bytes."""
    each = 16 * ((n_fft // 2 if n_fft % 2 == 0 else n_fft) + 1)
    count = max(1, SHARED // each)
    return count, count * each


def widened(out: np.ndarray, output: str) -> np.ndarray:
    """What a kernel has written as ``output``: 16 bits as float32, and pairs of them, the last axis, as complex64."""
    if output == "float32":
        return out
    wide = (out.astype(np.uint32) << 16).view(np.float32) if output == "bfloat16" else out.astype(np.float32)
    return wide.view(np.complex64)[..., 0] if out.ndim == 4 else wide


def smooth(n: int) -> bool:
    """No prime factors but 2, 3 and 5."""
    for factor in (2, 3, 5):
        while n % factor == 0:
            n //= factor
    return n == 1


def _folder() -> Path:
    if own := os.environ.get("BENCH_CACHE_DIR"):
        return Path(own) / "cuda"
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "audio-bench" / "cuda"
    except RuntimeError:  # a user without a name, as containers have them
        raise Unsupported("no home folder is known here; set HOME, or BENCH_CACHE_DIR to a folder of yours") from None


def _call(answer: tuple[Any, ...]) -> Any:
    status, *values = answer
    if int(status):
        raise RuntimeError(f"CUDA: {status.name}")
    return values[0] if values else None

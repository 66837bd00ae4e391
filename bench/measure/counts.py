"""Instructions and allocations of one call, counted instead of timed: they do not depend on how busy a machine is.

Two counters. The processor's own, through perf_event_open(2): instructions in user mode, exact for any code, where the
machine and the kernel allow it (virtual machines often do not). And callgrind, where the process runs under Valgrind:
instructions of all threads on a simulated processor without AVX-512, and calls of the C library's allocator. Figures of
the two are not alike and are never compared.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

CALLS = 3
ALLOCATORS = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign")
Call = Callable[[], object]


class NotCounted(Exception):
    """There is no such counter here; the text says why, and the way out."""


@dataclass(frozen=True)
class Counts:
    """``instructions`` of one call, less those of an empty one; ``allocations``: calls that asked for memory."""

    instructions: int
    allocations: int | None = None


class PerfEvents:
    """The processor's counter of instructions, of the calling thread and of threads that it starts while it is open."""

    SYSCALL = {"x86_64": 298, "aarch64": 241}
    FLAGS = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 6  # disabled, inherit, exclude_kernel, exclude_hv
    RESET, ENABLE, DISABLE = 0x2403, 0x2400, 0x2401

    def __init__(self, kind: int = 0, config: int = 1):
        """PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS (linux/perf_event.h). Raises :class:`NotCounted`."""
        number = self.SYSCALL.get(platform.machine())
        if number is None:
            raise NotCounted(f"perf_event_open is not known on {platform.machine()}")
        attributes = (ctypes.c_uint32 * 28)(
            kind, 112, config, *[0] * 7, self.FLAGS
        )  # type, size, config 64, ..., flags
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.file = self.libc.syscall(number, ctypes.byref(attributes), 0, -1, -1, ctypes.c_ulong(8))
        if self.file < 0:
            why = os.strerror(ctypes.get_errno())
            raise NotCounted(f"perf events: {why}; a machine with a visible counter, or kernel.perf_event_paranoid=2")

    def count(self, call: Call) -> Counts:
        self._control(self.RESET)
        self._control(self.ENABLE)
        call()
        self._control(self.DISABLE)
        return Counts(int.from_bytes(os.read(self.file, 8), "little"))

    def close(self) -> None:
        os.close(self.file)

    def _control(self, request: int) -> None:
        self.libc.ioctl(self.file, ctypes.c_ulong(request), 0)


class Callgrind:
    """callgrind's counters around one call, through Valgrind's client requests (valgrind.h, callgrind.h)."""

    # rdi: address of the request; mov rax,rdi; xor edx,edx; Valgrind's mark; mov rax,rdx; ret
    CODE = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")
    DUMP, ZERO, START, STOP = (0x43540000 + n for n in (0, 1, 4, 5))
    RUNNING_ON_VALGRIND = 0x1001

    def __init__(self, out: Path):
        """``out`` is what ``--callgrind-out-file`` was given. Raises :class:`NotCounted` outside of Valgrind."""
        if platform.machine() != "x86_64":
            raise NotCounted("callgrind is asked on x86-64 only")
        self.out = out
        self.page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.page.write(self.CODE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self.page))
        self.function = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(address)
        self.requests = {n: (ctypes.c_uint64 * 6)(n) for n in (self.DUMP, self.ZERO, self.START, self.STOP)}
        asked = (ctypes.c_uint64 * 6)(self.RUNNING_ON_VALGRIND)
        if not self.function(ctypes.addressof(asked)):
            raise NotCounted("this process does not run under Valgrind")

    def count(self, call: Call) -> Counts:
        """Simulated from its second call on, so that what the simulator must translate is translated."""
        start, zero, dump, stop = (
            ctypes.addressof(self.requests[n]) for n in (self.START, self.ZERO, self.DUMP, self.STOP)
        )
        self.function(start)
        call()
        self.function(zero)
        call()
        self.function(dump)
        self.function(stop)
        newest = max(self.out.parent.glob(f"{self.out.name}.*"), key=lambda p: int(p.suffix[1:]))
        found = parse(newest.read_text(errors="replace").splitlines())
        newest.unlink()
        return found


def per_call(counter: PerfEvents | Callgrind, call: Call, calls: int = CALLS) -> Counts:
    """The median of ``calls``, less that of an empty call counted in the same way."""
    call()
    bare = [counter.count(_empty) for _ in range(calls)]
    found = [counter.count(call) for _ in range(calls)]
    return Counts(
        max(0, _median(c.instructions for c in found) - _median(c.instructions for c in bare)),
        None
        if found[0].allocations is None
        else max(0, _median(c.allocations for c in found) - _median(c.allocations for c in bare)),
    )


def parse(lines: Sequence[str]) -> Counts:
    """A dump in callgrind's format 1 (https://valgrind.org/docs/manual/cl-format.html): all, and calls of allocators.

    A name is written once, ``cfn=(12) malloc``, and then stands as ``cfn=(12)``.
    """
    names: dict[str, str] = {}
    total, allocations, called = 0, 0, ""
    for line in lines:
        if found := re.match(r"(c?fn)=\((\d+)\)(?: (.+))?", line):
            kind, number, name = found.groups()
            if name:
                names[number] = name.strip().partition("'")[0]  # malloc'2 is malloc within itself
            called = names.get(number, "") if kind == "cfn" else called
        elif line.startswith("calls=") and called in ALLOCATORS:
            allocations += int(line[6:].split()[0])
        elif line.startswith("totals:"):
            total = int(line.split()[1])
    return Counts(total, allocations)


def _median(values: Iterator[int | None]) -> int:
    return int(median(v or 0 for v in values))


def _empty() -> None:
    return None

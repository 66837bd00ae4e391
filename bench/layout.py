"""Where in the heap lies what a process allocates next: drawn, so that builds of the same code do not differ by it.

How the addresses of tables, inputs and outputs lie to one another decides which of them collide in the caches and in
the store buffer, and is the same in every process of an installation unless it is drawn. Two installations of the same
code differ in it by no more than the lengths of their paths or what compiling a module left behind: of mel kernels of
0.2 ms one was up to 3.5% slower than the other in every run, of a STFT in NumPy 3%, where a buffer lay 288 bytes behind
a window, modulo 4096, and not 992. (Mytkowicz et al., "Producing Wrong Data Without Doing Anything Obviously Wrong!",
ASPLOS 2009, found the same of link order and of the size of the environment.)
"""

from __future__ import annotations

import ctypes
from random import SystemRandom

LEAST = 1040  # bytes of a hole that matters; up to 1032, glibc keeps what is freed in a cache of the thread
DOUBLINGS = 14  # from there to 17 MB
_draw = SystemRandom()
_kept: list[int] = []


class _Info(ctypes.Structure):
    """``struct mallinfo2`` of glibc 2.33 and later, malloc.h; in bytes."""

    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks")),
        *((name, ctypes.c_size_t) for name in ("uordblks", "fordblks", "keepcost")),
    ]


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return None
    library.mallinfo2.restype = _Info
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.realloc.restype, library.realloc.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t]
    library.free.restype, library.free.argtypes = None, [ctypes.c_void_p]
    return library


_LIBRARY = _glibc()  # made once: what is made and dropped while drawing leaves a hole of its own


def draw() -> None:
    """Draw anew where what is allocated from now on will lie. Does nothing where the C library is not glibc.

    The heap gets holes of random sizes, from 1 KB to 34 MB, at random distances, and loses those that importing and
    planning left: what fits into one of them would lie in it every time. Its end moves as well, for what fits into no
    hole. Nothing touches the memory inside.
    """
    if _LIBRARY is None:
        return
    for block in _kept:
        _LIBRARY.free(block)
    _kept.clear()
    heads = [(_draw.randrange(16, 8192), size) for size in _sizes()]
    _kept.extend(_LIBRARY.malloc(head + size) for head, size in heads)
    _close_holes(_LIBRARY)
    _kept.append(_LIBRARY.malloc(_draw.randrange(LEAST, LEAST + 8192)))  # in no hole: what fits none lies behind it
    for n, (head, _) in enumerate(heads):  # the head stays: the hole behind begins anywhere, and touches no other
        _kept[n] = _LIBRARY.realloc(_kept[n], head)


def _sizes() -> list[int]:
    """Four of every doubling that a table or a block may have, one of those of whole signals; in random order."""
    sizes = [
        _draw.randrange(LEAST << n, LEAST << (n + 1)) for n in range(DOUBLINGS + 1) for _ in range(4 if n < 8 else 1)
    ]
    _draw.shuffle(sizes)
    return sizes


def _close_holes(library: ctypes.CDLL) -> None:
    """Allocate every free block before the end of the heap, of ``LEAST`` bytes or more."""
    size = LEAST << DOUBLINGS
    while size >= LEAST:
        before = _in_holes(library)
        block = library.malloc(size)
        if _in_holes(library) <= before - size:
            _kept.append(block)
        else:  # it came from the end of the heap: there is no such hole any more
            library.free(block)
            size //= 2


def _in_holes(library: ctypes.CDLL) -> int:
    """Free bytes of the heap that are not at its end."""
    info = library.mallinfo2()
    return int(info.fordblks - info.keepcost)

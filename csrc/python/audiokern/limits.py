"""What this machine can do: peak multiply-add rate and memory bandwidth, measured."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

from ._lib import Options, check, declare, options, whole

__all__ = ["Limit", "add_stats", "bandwidth", "bandwidth_stats", "fma", "fma_stats"]

_KINDS = ("read", "copy", "stream")


class Limit(NamedTuple):
    """One figure measured many times."""

    best: float
    median: float
    repetitions: int


class _Limit(ctypes.Structure):
    _fields_ = [("best", ctypes.c_double), ("median", ctypes.c_double), ("repetitions", ctypes.c_int)]


_fma = declare("ak_limit_fma", ctypes.c_double, ctypes.POINTER(Options), ctypes.POINTER(_Limit))
_add = declare("ak_limit_add", ctypes.c_double, ctypes.POINTER(Options), ctypes.POINTER(_Limit))
_bandwidth = declare(
    "ak_limit_bandwidth",
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_double,
    ctypes.POINTER(Options),
    ctypes.POINTER(_Limit),
)


def fma_stats(threads: int = 1, seconds: float = 0.5, isa: str = "auto") -> Limit:
    """Peak float32 multiply-add rate in GFLOP/s of ``threads`` threads together, in registers."""
    limit = _Limit()
    check(_fma(seconds, options(threads, isa), limit))
    return Limit(limit.best, limit.median, limit.repetitions)


def fma(threads: int = 1, seconds: float = 0.5, isa: str = "auto") -> float:
    """The best of fma_stats."""
    return fma_stats(threads, seconds, isa).best


def add_stats(threads: int = 1, seconds: float = 0.5, isa: str = "auto") -> Limit:
    """Additions of integers in registers, 1e9 a second, of ``threads`` threads together: fewer, where multiply-adds are
    not, while somebody else computes on the core's other hardware thread."""
    limit = _Limit()
    check(_add(seconds, options(threads, isa), limit))
    return Limit(limit.best, limit.median, limit.repetitions)


def bandwidth_stats(bytes: int, kind: str = "read", threads: int = 1, seconds: float = 0.5, isa: str = "auto") -> Limit:
    """Bandwidth in GB/s (1e9) of ``threads`` threads together, each on a working set of ``bytes``.

    kind: "read" counts the bytes read; "copy" (ordinary stores) and "stream" (non-temporal stores) count the
    bytes read and the bytes written.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)}, not {kind!r}")
    limit = _Limit()
    check(_bandwidth(whole(bytes, "bytes", ctypes.c_size_t), _KINDS.index(kind), seconds, options(threads, isa), limit))
    return Limit(limit.best, limit.median, limit.repetitions)


def bandwidth(bytes: int, kind: str = "read", threads: int = 1, seconds: float = 0.5, isa: str = "auto") -> float:
    """The best of bandwidth_stats."""
    return bandwidth_stats(bytes, kind, threads, seconds, isa).best

"""Real Fourier transforms of rows: ``numpy.fft.rfft`` and ``irfft`` in single precision."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._lib import (
    C64,
    F32,
    Bound,
    Last,
    Layout,
    Options,
    address,
    bind,
    check,
    contiguous,
    declare,
    execute,
    f32,
    options,
    rows_of,
    whole,
)

__all__ = ["Fft"]

_size, _stride, _pointer = ctypes.c_size_t, ctypes.c_ssize_t, ctypes.c_void_p
_create = declare("ak_fft_create", ctypes.POINTER(_pointer), ctypes.c_int, ctypes.POINTER(Options))
_forward = declare("ak_fft_forward", _pointer, _pointer, _stride, _size, _pointer, _stride, _pointer)
_inverse = declare("ak_fft_inverse", _pointer, _pointer, _stride, _size, _pointer, _stride, _pointer)
_lanes = declare("ak_fft_lanes", _pointer, restype=_size)
_forward_lanes = declare("ak_fft_forward_lanes", _pointer, _pointer, _size, _pointer, _pointer)
_inverse_lanes = declare("ak_fft_inverse_lanes", _pointer, _pointer, _size, _pointer, _pointer)
_destroy = declare("ak_fft_destroy", _pointer, restype=None)


class Fft:
    """A plan for rows of ``n`` samples; safe to call from several threads (calls wait for one another)."""

    def __init__(self, n: int, threads: int = 1, isa: str = "auto") -> None:
        self._plan = ctypes.c_void_p()
        self.n = n = whole(n, "n")
        check(_create(self._plan, n, options(threads, isa)))
        bins = n // 2 + 1
        self._samples = Last(lambda shape: _layout(shape, n, "samples", bins))
        self._bins = Last(lambda shape: _layout(shape, bins, "bins", n))

    def forward(self, x: Any, out: np.ndarray | None = None) -> np.ndarray:
        """complex64 ``(..., n // 2 + 1)`` of float32 ``(..., n)``."""
        x = f32(x)
        return execute(_forward, self._plan, self._samples(x.shape), x, out, C64)

    def inverse(self, spectrum: Any, out: np.ndarray | None = None) -> np.ndarray:
        """float32 ``(..., n)`` of complex64 ``(..., n // 2 + 1)``, scaled by 1 / n."""
        spectrum = contiguous(spectrum, C64)
        return execute(_inverse, self._plan, self._bins(spectrum.shape), spectrum, out, F32)

    def bind(self, x: Any, out: np.ndarray | None = None, inverse: bool = False) -> Bound:
        """A call of ``forward`` or ``inverse`` with its arrays bound, to be repeated."""
        if inverse:
            x = contiguous(x, C64)
            return bind(_inverse, self, self._bins(x.shape), x, out, F32)
        x = f32(x)
        return bind(_forward, self, self._samples(x.shape), x, out, C64)

    @property
    def lanes(self) -> int:
        """How many transforms are done at once, one in each lane of a vector."""
        return int(_lanes(self._plan))

    def bind_lanes(self, x: Any, inverse: bool = False) -> Bound:
        """Transforms that lie side by side, as they are computed, so that nothing is rearranged.

        Forward, float32 ``(blocks, n, lanes)`` gives float32 ``(blocks, n // 2 + 1, 2, lanes)``, the real parts of
        a bin and then its imaginary parts; inverse the other way about.
        """
        shapes = (self.n, self.lanes), (self.n // 2 + 1, 2, self.lanes)
        shape, to = shapes[::-1] if inverse else shapes
        x = f32(x)
        if x.shape[1:] != shape:
            raise ValueError(f"x must be (blocks, {', '.join(map(str, shape))}), not {x.shape}")
        out = _aligned((len(x), *to))
        function = _inverse_lanes if inverse else _forward_lanes
        return Bound(function, (self._plan, address(x), len(x), address(out), None), out, x, self)

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            _destroy(self._plan)


def _layout(shape: tuple[int, ...], width: int, what: str, width_out: int) -> Layout:
    """Of rows of ``width`` values."""
    if shape[-1] != width:
        raise ValueError(f"rows of {shape[-1]} {what} were given, not {width}")
    return Layout((*shape[:-1], width_out), (), (width, rows_of(shape)), (width_out, None))


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """A float32 array that begins at a multiple of 64 bytes."""
    count = int(np.prod(shape))
    room = np.empty(count + 16, np.float32)
    return room[-room.ctypes.data % 64 // 4 :][:count].reshape(shape)

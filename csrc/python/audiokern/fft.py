"""Real Fourier transforms of rows: ``numpy.fft.rfft`` and ``irfft`` in single precision."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._lib import Options, check, declare, f32, options, output

__all__ = ["Fft"]

_size, _stride, _pointer = ctypes.c_size_t, ctypes.c_ssize_t, ctypes.c_void_p
_create = declare("ak_fft_create", ctypes.POINTER(_pointer), ctypes.c_int, ctypes.POINTER(Options))
_forward = declare("ak_fft_forward", _pointer, _pointer, _stride, _size, _pointer, _stride, _pointer)
_inverse = declare("ak_fft_inverse", _pointer, _pointer, _stride, _size, _pointer, _stride, _pointer)
_destroy = declare("ak_fft_destroy", _pointer, restype=None)


class Fft:
    """A plan for rows of ``n`` samples; safe to call from several threads (calls wait for one another)."""

    def __init__(self, n: int, threads: int = 1, isa: str = "auto") -> None:
        self._plan = ctypes.c_void_p()
        self.n = n
        check(_create(self._plan, n, options(threads, isa)))

    def forward(self, x: Any, out: np.ndarray | None = None) -> np.ndarray:
        """complex64 ``(..., n // 2 + 1)`` of float32 ``(..., n)``."""
        x = f32(x, "x")
        if x.shape[-1] != self.n:
            raise ValueError(f"x has rows of {x.shape[-1]} samples, not {self.n}")
        bins = self.n // 2 + 1
        out = output(out, (*x.shape[:-1], bins), np.complex64)
        check(_forward(self._plan, x.ctypes.data, self.n, x.size // self.n, out.ctypes.data, bins, None))
        return out

    def inverse(self, spectrum: Any, out: np.ndarray | None = None) -> np.ndarray:
        """float32 ``(..., n)`` of complex64 ``(..., n // 2 + 1)``, scaled by 1 / n."""
        spectrum = np.ascontiguousarray(spectrum, np.complex64)
        bins = self.n // 2 + 1
        if spectrum.ndim == 0 or spectrum.shape[-1] != bins:
            raise ValueError(f"spectrum must have rows of {bins} bins")
        out = output(out, (*spectrum.shape[:-1], self.n), np.float32)
        check(_inverse(self._plan, spectrum.ctypes.data, bins, spectrum.size // bins, out.ctypes.data, self.n, None))
        return out

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            _destroy(self._plan)

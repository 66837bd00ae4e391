"""cuFFT through nvmath-python: transforms of rows, planned once and then given new operands, on CuPy's stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cupy
from nvmath.fft import FFT


def forward(shape: tuple[int, ...]) -> Callable[[Any], Any]:
    """``run(x)``: float32 of this shape -> complex64 (..., n // 2 + 1), along the last axis."""
    return _planned(cupy.zeros(shape, cupy.float32), "forward", fft_type="R2C")


def inverse(shape: tuple[int, ...]) -> Callable[[Any], Any]:
    """``run(spectrum)``: the way back to float32 of this shape, n times too large.

    nvmath-python copies the spectrum first, for cuFFT may write over it.
    """
    *rows, n = shape
    spectrum = cupy.zeros((*rows, n // 2 + 1), cupy.complex64)
    return _planned(spectrum, "inverse", fft_type="C2R", last_axis_parity="odd" if n % 2 else "even")


def _planned(example: Any, direction: str, **options: Any) -> Callable[[Any], Any]:
    fft = FFT(example, axes=(example.ndim - 1,), options=options)
    fft.plan(direction=direction)

    def run(x: Any) -> Any:
        fft.reset_operand(x)
        return fft.execute(direction=direction)

    return run

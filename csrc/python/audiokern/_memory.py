"""Memory of new arrays. The large ones begin where a huge page does."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["empty"]

HUGE_PAGE = 2 << 20
LARGE = 32 << 20  # glibc keeps smaller memory that is freed, with its pages, and then nothing is gained


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """As np.empty. NumPy asks for huge pages, and Linux gives them from their boundaries on.

    Where an array begins anywhere, up to a thousand small pages at its ends are cleared one at a time.
    """
    size = math.prod(shape) * dtype.itemsize
    if size < LARGE:
        return np.empty(shape, dtype)
    room = np.empty(size + HUGE_PAGE, np.uint8)
    begin = -room.ctypes.data % HUGE_PAGE
    return room[begin : begin + size].view(dtype).reshape(shape)

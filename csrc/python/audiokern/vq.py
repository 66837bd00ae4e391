"""Vector quantization: the nearest codeword, one stage or many (residual)."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._lib import F32, Last, Layout, Options, address, check, contiguous, declare, execute, f32, lib, options

__all__ = ["VectorQuantizer"]


class _Strides(ctypes.Structure):
    _fields_ = [("vector_stride", ctypes.c_size_t), ("stage_stride", ctypes.c_size_t)]


_I32 = np.dtype(np.int32)
_ptr, _size = ctypes.c_void_p, ctypes.c_size_t
_create = declare("ak_vq_create", ctypes.POINTER(_ptr), _size, _size, _size, _ptr, ctypes.POINTER(Options))
_encode = declare("ak_vq_encode", _ptr, _ptr, _size, _ptr, _size, _size, _ptr, _Strides)
_decode = declare("ak_vq_decode", _ptr, _ptr, _size, _ptr, _Strides, _size, _ptr, _size)
declare("ak_vq_destroy", _ptr, restype=None)


class VectorQuantizer:
    """Quantizes float32 vectors with codebooks of shape (size, dim), or (stages, size, dim) for residual VQ.

    Indices are those of the smallest squared distance in float64, the first of equals.

    >>> vq = VectorQuantizer([[0.0, 0.0], [1.0, 1.0]])
    >>> vq.encode([[0.9, 0.8], [0.1, 0.2]]).tolist()
    [1, 0]
    """

    def __init__(self, codebooks: Any, threads: int = 1, isa: str = "auto") -> None:
        books = f32(codebooks)
        if books.ndim not in (2, 3):
            raise ValueError(f"codebooks must be (size, dim) or (stages, size, dim), not {books.shape}")
        self.residual = books.ndim == 3
        self.stages, self.size, self.dim = books.shape if self.residual else (1, *books.shape)
        self._plan = ctypes.c_void_p()
        check(_create(self._plan, self.stages, self.size, self.dim, address(books), options(threads, isa)))
        residual, dim = self.residual, self.dim

        def vectors(count: int, stages: int) -> Layout:
            out = (stages, count) if residual else (count,)
            return Layout(out, (None, count), (dim, stages), (_Strides(1, count),))

        self._vectors = Last(vectors)

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            lib.ak_vq_destroy(self._plan)

    def encode(self, vectors: Any, out: np.ndarray | None = None, stages: int | None = None) -> np.ndarray:
        """Indices (count,) of ``vectors`` (count, dim), or (stages, count) with residual codebooks."""
        x = f32(vectors)
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(f"vectors must be (count, {self.dim}), not {x.shape}")
        if not self.residual and stages not in (None, 1):
            raise ValueError(f"codebooks (size, dim) have 1 stage, not {stages}")
        layout = self._vectors(len(x), self.stages if stages is None else stages)
        return execute(_encode, self._plan, layout, x, out, _I32)

    def decode(self, indices: Any, out: np.ndarray | None = None) -> np.ndarray:
        """Sums of codewords (count, dim) for indices as encode gives them."""
        given = np.asarray(indices)
        with np.errstate(invalid="ignore"):  # what NaN becomes is refused
            q = contiguous(given, _I32)
        if given.dtype != _I32 and not np.array_equal(q, given):
            raise ValueError("indices must be whole numbers that int32 holds")
        if q.ndim != 1 + self.residual:
            raise ValueError(f"indices must be {'(stages, count)' if self.residual else '(count,)'}, not {q.shape}")
        stages, count = q.shape if self.residual else (1, len(q))
        layout = Layout((count, self.dim), (None, count), (_Strides(1, count), stages), (self.dim,))
        return execute(_decode, self._plan, layout, q, out, F32)

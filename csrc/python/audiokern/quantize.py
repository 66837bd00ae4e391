"""Samples in fewer bits: mu-law, A-law, 16-bit and 8-bit integers, half precision."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from ._lib import (
    F32,
    Last,
    Layout,
    Options,
    address,
    check,
    contiguous,
    declare,
    execute,
    f32,
    lib,
    options,
    output,
    rows_of,
)

__all__ = ["FORMATS", "Int8", "Quantizer"]

FORMATS = (
    "mulaw",
    "ulaw_g191",
    "ulaw_sun",
    "alaw",
    "int16",
    "float16",
    "bfloat16",
)  # in the order of ak_format
_SCALES = ("tensor", "row", "column")
_CODES = {"int16": np.int16, "float16": np.float16, "bfloat16": np.uint16}


class _Block(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("rows", "columns", "from_stride", "to_stride")]


_ptr, _plan = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
_create = declare("ak_quantize_create", _plan, ctypes.c_int, ctypes.POINTER(Options))
_encode = declare("ak_quantize_encode", _ptr, _ptr, _Block, _ptr, _ptr)
_decode = declare("ak_quantize_decode", _ptr, _ptr, _Block, _ptr, _ptr)
_encode_i16 = declare("ak_quantize_encode_i16", _ptr, _ptr, _Block, _ptr, _ptr)
_decode_i16 = declare("ak_quantize_decode_i16", _ptr, _ptr, _Block, _ptr, _ptr)
declare("ak_quantize_destroy", _ptr, restype=None)
_int8_create = declare("ak_int8_create", _plan, ctypes.c_int, ctypes.POINTER(Options))
_int8_scales = declare("ak_int8_scales", _ptr, _Block, _ptr, _ptr)
_int8_encode = declare("ak_int8_encode", _ptr, _ptr, _Block, _ptr, _ptr, _ptr)
_int8_decode = declare("ak_int8_decode", _ptr, _ptr, _Block, _ptr, _ptr, _ptr)
declare("ak_int8_destroy", _ptr, restype=None)


_U8, _I8, _I16 = np.dtype(np.uint8), np.dtype(np.int8), np.dtype(np.int16)


def _codes(array: Any, dtype: np.dtype, name: str) -> np.ndarray:
    result = contiguous(array)
    if result.dtype != dtype:
        raise ValueError(f"{name} must be {dtype}, not {result.dtype}")
    return result


def _flat(shape: tuple[int, ...]) -> Layout:
    size = math.prod(shape)
    return Layout(shape, (None, _Block(1, size, size, size)), (), ())


class Quantizer:
    """Encodes float32 samples of any shape in one of FORMATS, and decodes them.

    format: "mulaw" is continuous companding on 256 levels (torchaudio, librosa), equal to the float64
    definition; "ulaw_g191", "ulaw_sun" and "alaw" are G.711 codes of 16-bit PCM (see audiokern/quantize.h);
    "int16" scales by 32768; bfloat16 codes are uint16.

    >>> codes = Quantizer("mulaw").encode(np.array([-1.0, 0.0, 1.0], np.float32))
    >>> codes.tolist()
    [0, 128, 255]
    """

    def __init__(self, format: str, threads: int = 1, isa: str = "auto") -> None:
        if format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {format!r}")
        self._plan = ctypes.c_void_p()
        check(_create(self._plan, FORMATS.index(format), options(threads, isa)))
        self.format = format
        self.dtype = np.dtype(_CODES.get(format, np.uint8))
        self._layout = Last(_flat)

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            lib.ak_quantize_destroy(self._plan)

    def encode(self, samples: Any, out: np.ndarray | None = None) -> np.ndarray:
        """Codes of float32 ``samples``, of the same shape."""
        x = f32(samples)
        return execute(_encode, self._plan, self._layout(x.shape), x, out, self.dtype)

    def decode(self, codes: Any, out: np.ndarray | None = None) -> np.ndarray:
        """float32 samples of ``codes``, of the same shape."""
        q = _codes(codes, self.dtype, "codes")
        return execute(_decode, self._plan, self._layout(q.shape), q, out, F32)

    def encode_i16(self, pcm: Any, out: np.ndarray | None = None) -> np.ndarray:
        """Codes of int16 ``pcm``; G.711 formats only."""
        x = _codes(pcm, _I16, "pcm")
        return execute(_encode_i16, self._plan, self._layout(x.shape), x, out, _U8)

    def decode_i16(self, codes: Any, out: np.ndarray | None = None) -> np.ndarray:
        """int16 PCM of ``codes``; G.711 formats only."""
        q = _codes(codes, _U8, "codes")
        return execute(_decode_i16, self._plan, self._layout(q.shape), q, out, _I16)


def _matrix(shape: tuple[int, ...], axis: str) -> tuple[_Block, int]:
    """The block of an array, and how many scales it has."""
    rows, columns = rows_of(shape), shape[-1]
    return _Block(rows, columns, columns, columns), {"tensor": 1, "row": rows, "column": columns}[axis]


class Int8:
    """Encodes float32 matrices (..., rows, columns) as int8 with symmetric scales, and decodes them.

    axis: "tensor" has one scale, "row" one per row of the last two axes' flattened matrix, "column" one per
    column (a band, where a row is a frame).

    >>> int8 = Int8("row")
    >>> x = np.array([[1.0, -0.5], [0.0, 0.25]], np.float32)
    >>> int8.encode(x, int8.scales(x)).tolist()
    [[127, -64], [0, 127]]
    """

    def __init__(self, axis: str = "tensor", threads: int = 1, isa: str = "auto") -> None:
        if axis not in _SCALES:
            raise ValueError(f"axis must be one of {', '.join(_SCALES)}, not {axis!r}")
        self._plan = ctypes.c_void_p()
        check(_int8_create(self._plan, _SCALES.index(axis), options(threads, isa)))
        self.axis = axis
        self._layout = Last(lambda shape: _matrix(shape, axis))

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            lib.ak_int8_destroy(self._plan)

    def _scales(self, scales: Any, count: int) -> np.ndarray:
        scales = f32(scales)
        if scales.size != count:
            raise ValueError(f"scales must hold {count} values, not {scales.size}")
        return scales

    def scales(self, samples: Any, out: np.ndarray | None = None) -> np.ndarray:
        """The largest magnitude of the tensor, row or column, divided by 127."""
        x = f32(samples)
        block, count = self._layout(x.shape)
        out = output(out, (count,), F32, x)
        check(_int8_scales(self._plan, block, address(x), address(out)))
        return out

    def encode(self, samples: Any, scales: Any, out: np.ndarray | None = None) -> np.ndarray:
        """int8 codes of float32 ``samples``, of the same shape."""
        x = f32(samples)
        block, count = self._layout(x.shape)
        s = self._scales(scales, count)
        out = output(out, x.shape, _I8, x, s)
        check(_int8_encode(self._plan, None, block, address(x), address(s), address(out)))
        return out

    def decode(self, codes: Any, scales: Any, out: np.ndarray | None = None) -> np.ndarray:
        """float32 samples of int8 ``codes``, of the same shape."""
        q = _codes(codes, _I8, "codes")
        block, count = self._layout(q.shape)
        s = self._scales(scales, count)
        out = output(out, q.shape, F32, q, s)
        check(_int8_decode(self._plan, None, block, address(q), address(s), address(out)))
        return out

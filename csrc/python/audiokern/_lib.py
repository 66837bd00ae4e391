"""The shared library and what every binding needs: status codes, options, pointers into NumPy arrays."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ._memory import empty

__all__ = ["AudiokernError", "isa", "isas"]

ISAS = ("auto", "portable", "neon", "avx2", "avx512")  # in the order of ak_isa

_SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
_HOW_TO_BUILD = (
    "build it with `cmake -S csrc -B build/csrc && cmake --build build/csrc` and set AUDIOKERN_LIBRARY to "
    "build/csrc/libaudiokern" + _SUFFIX + ", or install the package with `pip install .`"
)


class AudiokernError(RuntimeError):
    """A call into the library failed; ``status`` is the ak_status code."""

    def __init__(self, status: int) -> None:
        super().__init__(lib.ak_status_text(status).decode())
        self.status = status


class Options(ctypes.Structure):
    """ak_options."""

    _fields_ = [("threads", ctypes.c_int), ("isa", ctypes.c_int)]


def _beside_the_package() -> str:
    """In an editable install the package has two folders: the sources, and the one with what was built."""
    places = [Path(folder) / f"libaudiokern{_SUFFIX}" for folder in sys.modules[__package__].__path__]
    return str(next((p for p in places if p.exists()), places[0]))


def _load() -> ctypes.CDLL:
    path = os.environ.get("AUDIOKERN_LIBRARY") or _beside_the_package()
    if not Path(path).exists():
        raise ImportError(f"audiokern's library {path} does not exist; {_HOW_TO_BUILD}")
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"audiokern's library cannot be loaded ({error}); {_HOW_TO_BUILD}") from error


lib = _load()


def declare(name: str, *argtypes: Any, restype: Any = ctypes.c_int) -> Any:
    """The C function ``name`` with its argument and result types set."""
    try:
        function = getattr(lib, name)
    except AttributeError:
        raise ImportError(
            f"audiokern's library is older than its Python files ({name} is missing); {_HOW_TO_BUILD}"
        ) from None
    function.argtypes = argtypes
    function.restype = restype
    return function


def check(status: int) -> None:
    """Raises AudiokernError unless status is AK_OK."""
    if status:
        raise AudiokernError(status)


def options(threads: int = 1, isa: str = "auto") -> Options:
    """ak_options; ``isa`` is a name out of ISAS."""
    if isa not in ISAS:
        raise ValueError(f"isa must be one of {', '.join(ISAS)}, not {isa!r}")
    return Options(threads, ISAS.index(isa))


def f32(array: Any, name: str = "array") -> np.ndarray:
    """``array`` as C-contiguous float32, copied only where it is not so already."""
    result = np.ascontiguousarray(array, dtype=np.float32)
    if result.ndim == 0:
        raise ValueError(f"{name} must have at least one dimension")
    return result


class Bound:
    """A call with its arrays bound: repeat it at the least cost by calling this. ``out`` is what it fills.

    The input may be changed in place between calls; both arrays are kept alive.
    """

    __slots__ = ("_arguments", "_function", "_keep", "out")

    def __init__(self, function: Any, arguments: tuple[Any, ...], out: np.ndarray, *keep: Any) -> None:
        self._function = function
        self._arguments = tuple(
            value if kind is ctypes.c_void_p and isinstance(value, kind) else kind(value)
            for kind, value in zip(function.argtypes, arguments, strict=True)
        )
        self._keep = keep
        self.out = out

    def __call__(self) -> np.ndarray:
        if status := self._function(*self._arguments):
            raise AudiokernError(status)
        return self.out


def output(out: np.ndarray | None, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """``out`` after a check of shape, type and layout, or a new array."""
    if out is None:
        return empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be a writeable C-contiguous {np.dtype(dtype)} array of shape {shape}")
    return out


declare("ak_status_text", ctypes.c_int, restype=ctypes.c_char_p)
_usable = declare("ak_isa_usable", ctypes.c_int)
_choose = declare("ak_isa_choose", ctypes.c_int, ctypes.POINTER(ctypes.c_int))


def isas() -> list[str]:
    """The instruction sets that this build holds and this CPU can run, slowest first."""
    return [name for code, name in enumerate(ISAS) if code and _usable(code)]


def isa() -> str:
    """The instruction set that a plan gets when none is named (AUDIOKERN_ISA, else the best)."""
    chosen = ctypes.c_int()
    check(_choose(0, ctypes.byref(chosen)))
    return ISAS[chosen.value]

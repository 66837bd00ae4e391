"""The shared library and what every binding needs: status codes, options, pointers into NumPy arrays.

After a kernel that filled the caches, Python around it is slow. So a call does little: the layout of its arrays is
worked out once for calls of one shape, and addresses take the short way.
"""

from __future__ import annotations

import ctypes
import math
import operator
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ._memory import empty

__all__ = ["AudiokernError", "isa", "isas"]

F32, C64 = np.dtype(np.float32), np.dtype(np.complex64)

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
    return Options(whole(threads, "threads"), ISAS.index(isa))


def whole(value: Any, name: str, kind: Any = ctypes.c_int) -> int:
    """``value`` as an int that the C type ``kind`` holds; of any other ctypes would take the lower bits."""
    number = operator.index(value)
    if kind(number).value != number:
        raise OverflowError(f"{name} = {number} is out of the range of C's {kind.__name__.removeprefix('c_')}")
    return number


def contiguous(array: Any, dtype: np.dtype | None = None) -> np.ndarray:
    """``array`` as C-contiguous and aligned, of one dimension or more, copied only where it is not so already."""
    array = np.ascontiguousarray(array, dtype)
    return array if array.flags.aligned else array.copy()


def f32(array: Any) -> np.ndarray:
    """:func:`contiguous` float32."""
    return contiguous(array, F32)


_memory_of = (ctypes.c_char * 0).from_buffer


def address(array: np.ndarray) -> Any:
    """The memory of a C-contiguous ``array`` as a pointer parameter takes it; valid while this is kept.

    ``array.ctypes.data`` runs through Python and takes twice as long.
    """
    try:
        return _memory_of(array)
    except TypeError:  # it is read-only
        return array.ctypes.data


def rows_of(shape: tuple[int, ...]) -> int:
    """How many rows of the last axis an array has; none where they are empty."""
    return math.prod(shape[:-1]) if shape[-1] else 0


class Layout(NamedTuple):
    """How a function is told about arrays of one shape: all its parameters but the plan and the two addresses."""

    out: tuple[int, ...]
    """The shape of the output."""
    before: tuple[Any, ...]
    """The parameters between the plan and the input's address,"""
    between: tuple[Any, ...]
    """between the two addresses,"""
    after: tuple[Any, ...]
    """and after the output's."""


class Last:
    """``make(*key)``, kept for the last key: most calls have the shape of the one before."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._made: tuple[Any, Any] = None, None

    def __call__(self, *key: Any) -> Any:
        made = self._made  # read and replaced as one, for other threads may do the same
        if made[0] != key:
            made = self._made = key, self._make(*key)
        return made[1]


def execute(function: Any, plan: Any, layout: Layout, x: np.ndarray, out: np.ndarray | None, dtype: Any) -> np.ndarray:
    """Call ``function``, from ``x`` into ``out`` or a new array, which is returned."""
    out = output(out, layout.out, dtype, x)
    if status := function(plan, *layout.before, address(x), *layout.between, address(out), *layout.after):
        raise AudiokernError(status)
    return out


def bind(function: Any, owner: Any, layout: Layout, x: np.ndarray, out: np.ndarray | None, dtype: Any) -> Bound:
    """:func:`execute` as a call to be repeated; ``owner`` has the plan."""
    out = output(out, layout.out, dtype, x)
    arguments = owner._plan, *layout.before, address(x), *layout.between, address(out), *layout.after
    return Bound(function, arguments, out, x, owner)


def _typed(kind: Any, value: Any) -> Any:
    """``value`` as an argument of type ``kind`` of a function that has no argtypes."""
    if isinstance(value, ctypes.Structure) and not isinstance(value, kind):
        return ctypes.byref(value)
    return value if isinstance(value, (kind, ctypes.Array)) else kind(value)


class Bound:
    """A call with its arrays bound: repeat it at the least cost by calling this. ``out`` is what it fills.

    The input may be changed in place between calls; both arrays are kept alive.
    """

    __slots__ = ("_arguments", "_function", "_keep", "out")

    def __init__(self, function: Any, arguments: tuple[Any, ...], out: np.ndarray, *keep: Any) -> None:
        self._function = lib[function.__name__]  # without argtypes: typed arguments need none, and calls take less
        self._arguments = tuple(_typed(*pair) for pair in zip(function.argtypes, arguments, strict=True))
        self._keep = keep
        self.out = out

    def __call__(self) -> np.ndarray:
        if status := self._function(*self._arguments):
            raise AudiokernError(status)
        return self.out


def output(out: np.ndarray | None, shape: tuple[int, ...], dtype: np.dtype, *inputs: np.ndarray) -> np.ndarray:
    """``out`` after a check of shape, type, layout, and that it overlaps no input; or a new array."""
    if out is None:
        return empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype or not out.flags.carray:  # contiguous, aligned and writeable
        raise ValueError(f"out must be a writeable, aligned, C-contiguous {dtype} array of shape {shape}")
    for x in inputs:
        if np.may_share_memory(x, out):  # by their bounds, which is exact: both are contiguous
            raise ValueError("out must not overlap the input")
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

"""CuPy without a GPU: NumPy under its name, and its element-wise kernels compiled as C++."""

from __future__ import annotations

import ctypes
import re
import subprocess
import types
from pathlib import Path
from typing import Any

import numpy as np

C_TYPES = {"float32": ("float", ctypes.c_float), "int32": ("int", ctypes.c_int)}


class ElementwiseKernel:
    """``kernel(*inputs, out)``; ``raw`` inputs are arrays, the others numbers. One output."""

    folder: Path

    def __init__(self, inputs: str, output: str, body: str, name: str):
        self.inputs = [p.split() for p in inputs.split(",")]
        assert not {p[-1] for p in self.inputs} & {"i", "n"}, "CuPy keeps these names for itself"
        assert re.fullmatch(r"float32 y", output)
        self.body, self.name = body, name

    def __call__(self, *arguments: Any) -> np.ndarray:
        *inputs, out = arguments
        native = []
        for (*raw, kind, _), value in zip(self.inputs, inputs, strict=True):
            if raw:
                assert value.dtype == kind and value.flags.c_contiguous
                native.append(value.ctypes.data_as(ctypes.c_void_p))
            else:
                native.append(C_TYPES[kind][1](value))
        assert out.dtype == np.float32 and out.flags.c_contiguous
        self._compiled()(*native, ctypes.c_ssize_t(out.size), out.ctypes.data_as(ctypes.c_void_p))
        return out

    def _compiled(self) -> Any:
        library = self.folder / f"{self.name}.so"
        if not library.exists():
            text = ", ".join(f"const {C_TYPES[kind][0]} {'*' if raw else ''}{name}" for *raw, kind, name in self.inputs)
            source = library.with_suffix(".cpp")
            source.write_text(
                "#include <algorithm>\n#include <cmath>\n#include <cstddef>\nusing std::min;\n"
                f'extern "C" void run({text}, std::ptrdiff_t _size, float *_out) {{\n'
                f"for (std::ptrdiff_t i = 0; i < _size; i++) {{ float &y = _out[i]; {self.body} }} }}\n"
            )
            subprocess.run(["g++", "-O1", "-Wall", "-shared", "-fPIC", "-o", library, source], check=True)
        return ctypes.CDLL(str(library)).run


class Device:
    used: list[int] = []

    def __init__(self, number: int):
        self.number = number

    def use(self) -> None:
        self.used.append(self.number)


class Pool:
    """Grows to 3000 bytes, of which 1000 are in use."""

    held = 3000

    def total_bytes(self) -> int:
        return self.held

    def free_all_blocks(self) -> None:
        self.held = 1000


def module(folder: Path) -> types.ModuleType:
    """To be put in the place of ``cupy``."""
    ElementwiseKernel.folder = folder
    made, pool = types.ModuleType("cupy"), Pool()
    made.__dict__.update({name: value for name, value in vars(np).items() if not name.startswith("__")})
    stream = types.SimpleNamespace(ptr=1234)
    made.cuda = types.SimpleNamespace(Device=Device, get_current_stream=lambda: stream)
    made.asnumpy, made.get_default_memory_pool = np.array, lambda: pool
    made.ElementwiseKernel = ElementwiseKernel
    return made


class FFT:
    """nvmath.fft.FFT as far as it is used: planned once, given new operands; the last axis, not scaled.

    As there, what goes back from complex to real needs a new operand before each execution.
    """

    def __init__(self, operand: np.ndarray, *, axes: tuple[int, ...], options: dict[str, Any]):
        assert axes == (operand.ndim - 1,)
        self.shape, self.dtype, self.options = operand.shape, operand.dtype, options
        self.operand: np.ndarray | None = operand
        self.direction = ""

    def plan(self, *, direction: str) -> None:
        self.direction = direction

    def reset_operand(self, operand: np.ndarray) -> None:
        assert (operand.shape, operand.dtype) == (self.shape, self.dtype)
        self.operand = operand

    def execute(self, *, direction: str) -> np.ndarray:
        assert direction == self.direction and self.operand is not None
        operand, kind = self.operand, self.options["fft_type"]
        if kind == "R2C":
            return np.fft.rfft(operand)
        self.operand = None
        length = 2 * self.shape[-1] - (1 if self.options["last_axis_parity"] == "odd" else 2)
        return np.fft.irfft(operand, length, norm="forward")

"""Kernels of cuda/ compiled as C++, each thread of a block a thread of this machine: see emulate.h."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bench import Op

HERE, KERNELS = Path(__file__).parent, Path(__file__).parents[2] / "cuda"


@pytest.fixture(scope="session")
def emulated(tmp_path_factory) -> Callable[..., Callable[..., None]]:
    """``emulated("stft.cu", "stft", N_FFT=400, ...)`` -> ``launch(grid, threads, shared_bytes, *arguments)``.

    Arguments: NumPy arrays (their memory is the device's), None for a null pointer, int and float.
    """
    compiler = shutil.which("g++")
    if not compiler:
        pytest.skip("no C++ compiler is here to emulate a GPU with")
    folder = tmp_path_factory.mktemp("emulated")
    flags = ["-std=c++20", "-O1", "-Wall", "-Wno-unknown-pragmas", "-fPIC", "-pthread", "-DEMULATE"]
    flags += [f"-I{path}" for path in (folder, KERNELS, HERE)] + os.environ.get("EMULATED_FLAGS", "").split()
    # most of a kernel's compilation is that of what emulate.h includes: once, then
    header = shutil.copy(HERE / "emulate.h", folder)
    subprocess.run([compiler, *flags, "-x", "c++-header", "-o", f"{header}.gch", header], check=True)

    @cache
    def build(file: str, kernel: str, types: str, **constants: int) -> Callable[..., None]:
        parameters = ", ".join(f"{kind.strip()} a{n}" for n, kind in enumerate(types.split(",")))
        names = ", ".join(f"a{n}" for n in range(len(types.split(","))))
        source = folder / f"{kernel}-{len(list(folder.iterdir()))}.cpp"
        defines = "".join(f"#define {name} {value}\n" for name, value in constants.items())
        source.write_text(
            f'#include "emulate.h"\n{defines}#include "{file}"\n'
            f'extern "C" void run(unsigned x, unsigned y, unsigned threads, size_t bytes, {parameters}) {{\n'
            f"    emulated::launch({{x, y, 1}}, threads, bytes, [=] {{ {kernel}({names}); }});\n}}\n"
        )
        library = source.with_suffix(".so")
        subprocess.run([compiler, *flags, "-shared", "-o", library, source], check=True)
        run = ctypes.CDLL(str(library)).run

        def launch(grid: tuple[int, int], threads: int, shared_bytes: int, *arguments: object) -> None:
            native = [
                ctypes.c_uint(grid[0]),
                ctypes.c_uint(grid[1]),
                ctypes.c_uint(threads),
                ctypes.c_size_t(shared_bytes),
            ]
            run(*native, *(_native(a, kind) for a, kind in zip(arguments, types.split(","), strict=True)))

        return launch

    return build


def signature(file: str, kernel: str) -> str:
    """The types of a kernel's parameters, with commas between them."""
    bounds = r"(?:__launch_bounds__\([\w, ]+\)\s+)?"
    text = (KERNELS / file).read_text()
    found = re.search(rf"__global__ void {bounds}{kernel}\((.*?)\)", text, re.DOTALL)
    assert found
    return ",".join(re.sub(r"\w+$", "", parameter.strip()) for parameter in found[1].split(","))


class Emulated:
    """In the place of impls._cuda.Context: host memory is the device's, and kernels run in threads of the host."""

    threads = 16
    arch = "sm_90"
    shared_limit = 227 << 10

    def __init__(self, build: Callable[..., Callable[..., None]]):
        self.build = build

    def kernel(self, file: str, name: str, most_shared: int = 0, **constants: int) -> Callable[..., None]:
        launch = self.build(file, name, signature(file, name), **constants)

        def run(grid: tuple[int, ...], shared_bytes: int, *arguments: object, threads: int = self.threads) -> None:
            assert shared_bytes <= max(48 << 10, most_shared), "a device refuses what was not asked for"
            launch((*grid, 1)[:2], threads, shared_bytes, *arguments)

        return run

    def empty(self, shape: tuple[int, ...], dtype: object) -> np.ndarray:
        return np.full(shape, np.nan, dtype) if np.dtype(dtype).kind in "fc" else np.full(shape, 77, dtype).view(Words)

    def upload(self, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array)

    def op(self, run: Callable[..., np.ndarray], output: str = "float32") -> Op:
        from impls._cuda import widened

        def upload(*args: np.ndarray) -> tuple[np.ndarray, ...]:
            return tuple(map(self.upload, args))

        return Op(run, upload, lambda out: widened(np.asarray(out), output), precision=output)


class Words(np.ndarray):
    """An array of integers that can be filled, and is true where it is there, as those of the device are."""

    def __bool__(self) -> bool:
        return True


def _native(argument: object, kind: str) -> object:
    if "*" in kind:
        if not isinstance(argument, np.ndarray):
            return ctypes.c_void_p(None)
        assert argument.flags.c_contiguous
        return argument.ctypes.data_as(ctypes.c_void_p)
    plain = {"int": ctypes.c_int, "float": ctypes.c_float, "size_t": ctypes.c_size_t}
    return plain[kind.strip()](argument.item() if isinstance(argument, np.generic) else argument)


@pytest.fixture
def emulated_gpu(emulated, monkeypatch) -> None:
    """Implementations for CUDA run on the emulated device, without its libraries, in blocks of few threads."""
    import impls._cuda_lanes as plans

    emulate(monkeypatch, emulated)
    monkeypatch.setattr(plans, "GROUPS", (2,))


def emulate(monkeypatch: pytest.MonkeyPatch, build: Callable[..., Callable[..., None]], arch: str = "sm_90") -> None:
    """Implementations that ask for a device get an emulated one, said to be of ``arch``."""
    import impls._cuda as helper

    gpu = Emulated(build)
    gpu.arch = arch
    monkeypatch.setattr(helper, "Context", lambda device: gpu)


def roots(count: int) -> np.ndarray:
    """exp(-2 pi i k / count), complex64."""
    return np.exp(-2j * np.pi * np.arange(count) / count).astype(np.complex64)

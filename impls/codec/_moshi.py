"""Mimi through Kyutai's package moshi, which pins an older PyTorch and so has an interpreter of its own.

Importing this proves that the interpreter is there and has moshi.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import Codec
from impls.codec._neural import books
from impls.codec._packing import Packing

VARIABLE = "BENCH_MOSHI_PYTHON"
PYTHON = os.environ.get(VARIABLE, "")
HOW = f"python -m venv moshi && moshi/bin/pip install moshi, then {VARIABLE}=$PWD/moshi/bin/python"
if not PYTHON:
    raise ImportError(f"{VARIABLE} is not set; moshi needs a PyTorch of its own: {HOW}")
if not os.access(Path(PYTHON).expanduser(), os.X_OK):
    raise ImportError(f"{VARIABLE}={PYTHON} is no interpreter; {HOW}")
QUIET = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
ASKED = [str(Path(PYTHON).expanduser()), "-c", "import importlib.metadata as m; print(m.version('moshi'))"]
__version__ = subprocess.run(ASKED, capture_output=True, text=True, env=QUIET, check=False).stdout.strip()
if not __version__:
    raise ImportError(f"{VARIABLE}={PYTHON} has no moshi; {HOW}")
CHILD = Path(__file__).with_name("_moshi_child.py")
RATE, HOP, CODEBOOKS, BITS = 24000, 1920, 32, 11


class Child:
    """The other process; ends with this one."""

    def __init__(self, *arguments: str, python: str = PYTHON):
        command = [str(Path(python).expanduser()), str(CHILD), *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=QUIET
        )
        self.about = self._head()

    def ask(self, do: str, array: np.ndarray) -> np.ndarray:
        """Raises ValueError for what moshi refuses, OSError when it is gone."""
        assert self.process.stdin and self.process.stdout
        data = np.ascontiguousarray(array)
        self.process.stdin.write(json.dumps({"do": do, "shape": data.shape}).encode() + b"\n" + data.tobytes())
        self.process.stdin.flush()
        head = self._head()
        if "error" in head:
            raise ValueError(head["error"])
        kind = np.dtype(np.int64 if do == "encode" else np.float32)
        return np.frombuffer(self.process.stdout.read(int(np.prod(head["shape"])) * kind.itemsize), kind).reshape(
            head["shape"]
        )

    def _head(self) -> Any:
        assert self.process.stdout and self.process.stderr
        line = self.process.stdout.readline()
        if not line:
            last = self.process.stderr.read().decode(errors="replace").strip().split("\n")[-1][:200]
            raise OSError(f"moshi's interpreter ended: {last}; {HOW}")
        return json.loads(line)


def codec(case: Any) -> Codec:
    """Its own ``encode`` and ``decode``, and its own streaming, by way of a pipe: 8 kB of audio a frame."""
    count = books(case, "Mimi", range(1, CODEBOOKS + 1), BITS * RATE / HOP)
    child = Child(str(count), str(case.seed), str(case.threads), *filter(None, [case.weights]))
    packing = Packing([2048] * count)

    def encode(x: np.ndarray) -> list[bytes]:
        whole = np.pad(x, ((0, 0), (0, -x.shape[1] % HOP)))
        return packing.pack(child.ask("encode", whole[None].astype(np.float32))[0])

    def stream() -> Callable[[np.ndarray], np.ndarray]:
        child.ask("fresh", np.zeros((1, 1, 0), np.float32))
        return lambda frame: child.ask("feed", frame[None].astype(np.float32))[0]

    parameters = child.about["parameters"]
    return Codec(
        RATE,
        encode,
        lambda packets: child.ask("decode", packing.unpack(packets)[None])[0],
        packing.frame_bits * RATE / HOP,
        delay=HOP,
        frame=HOP,
        payload_bits=packing.payload_bits,
        stream=stream,
        model_bytes=4 * parameters,
        parameters=parameters,
        parametric=not case.weights,
        random_weights=not case.weights,
    )

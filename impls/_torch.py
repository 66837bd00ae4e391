"""PyTorch on the device that a case names: eager, compiled, or as a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from bench import Op, Unsupported


def device(case: Any) -> torch.device:
    """It, made PyTorch's current one, whose streams and memory :func:`op` asks about; there convolutions are told to
    stay in fp32, as products of matrices do by themselves. Raises Unsupported where PyTorch does not see it."""
    if case.device != "cpu":
        if not torch.cuda.is_available():
            raise Unsupported("this PyTorch sees no CUDA device")
        torch.cuda.set_device(int(case.device.partition(":")[2] or 0))
        torch.backends.cudnn.allow_tf32 = False
    return torch.device(case.device)


def op(
    case: Any,
    run: Callable[..., Any],
    enter: Callable[[torch.Tensor], torch.Tensor] = lambda x: x,
    leave: Callable[[torch.Tensor], torch.Tensor] = lambda y: y,
    how: str = "",
) -> Op:
    """``run`` from tensors to one or several; ``enter`` and ``leave`` change between the suite's layout and its own.

    ``how``: ``compile`` (torch.compile), ``graph`` (captured once, replayed), ``pinned`` (uploaded from page-locked
    memory, which the end-to-end time shows).
    """
    place = device(case)
    upload = Pinned(place) if how == "pinned" else lambda x: torch.from_numpy(x).to(place)
    if how == "compile":
        run = torch.compile(run, dynamic=False)
    if how == "graph":
        run = Graph(run)

    def prepare(*arrays: np.ndarray) -> tuple[torch.Tensor, ...]:
        return tuple(enter(upload(a)) for a in arrays)

    def finish(out: torch.Tensor | tuple[torch.Tensor, ...]) -> Any:
        if isinstance(out, tuple):
            return tuple(map(finish, out))
        found: np.ndarray = leave(out.cpu()).numpy()
        return found.copy() if how in ("compile", "graph") else found  # their output is used again

    if place.type == "cpu":
        return Op(run, prepare, finish)
    return Op(run, prepare, finish, stream=lambda: torch.cuda.current_stream().cuda_stream, allocated=allocated)


def allocated() -> int:
    """Peak of PyTorch's allocator since last asked, bytes."""
    peak = torch.cuda.max_memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    return peak


class Graph:
    """A call captured as a CUDA graph for the layout of its arguments, of copies of them. While the arguments are the
    same it is replayed; others of that layout are copied first."""

    def __init__(self, run: Callable[..., torch.Tensor]):
        self.run = run
        self.arguments: tuple[torch.Tensor, ...] = ()

    def __call__(self, *arguments: torch.Tensor) -> torch.Tensor:
        if list(map(_layout, arguments)) != list(map(_layout, self.arguments)):
            self.copies = tuple(a.clone() for a in arguments)
            self._capture(self.copies)
        elif any(a is not b for a, b in zip(self.arguments, arguments, strict=True)):
            for copy, argument in zip(self.copies, arguments, strict=True):
                copy.copy_(argument)
        self.arguments = arguments
        self.graph.replay()
        return self.out

    def _capture(self, arguments: tuple[torch.Tensor, ...]) -> None:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # plans and workspaces are made before the capture
            for _ in range(3):
                self.run(*arguments)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.out = self.run(*arguments)


def _layout(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.stride(), tensor.dtype


class Pinned:
    """Uploads through a page-locked buffer that is made once for each shape."""

    def __init__(self, place: torch.device):
        self.place = place
        self.buffers: dict[tuple[Any, ...], torch.Tensor] = {}

    def __call__(self, array: np.ndarray) -> torch.Tensor:
        key = (array.shape, array.dtype)
        if key not in self.buffers:
            self.buffers[key] = torch.from_numpy(array).pin_memory()
        self.buffers[key].copy_(torch.from_numpy(array))
        return self.buffers[key].to(self.place, non_blocking=True)

"""Causal convolutional networks piece by piece, with their state as a value that is passed in and out.

Works on the modules of transformers' EnCodec and Mimi (SEANet): a list of layers, each a causal convolution, a
transposed convolution, an LSTM, a residual block of these, or a function of single steps such as ELU.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn

State = tuple[Any, ...]
"""What every layer remembers, in the order of the layers; () before the first piece."""


def step(layers: Iterable[nn.Module], x: Tensor, state: State) -> tuple[Tensor, State]:
    """The next piece (batch, channels, steps) through all layers: what comes out, and the state for the piece after.

    A piece is a whole number of frames. Layers that mirror their input at its beginning (``pad_mode="reflect"``)
    need a first piece in which each of them sees more steps than it mirrors: :func:`first_steps`.
    """
    after, memory = [], iter(state or ())
    for layer in layers:
        x, kept = _layer(layer, x, next(memory, None))
        after.append(kept)
    return x, tuple(after)


def _layer(layer: nn.Module, x: Tensor, memory: Any) -> tuple[Tensor, Any]:
    inner = getattr(layer, "conv", None)
    if isinstance(inner, nn.ConvTranspose1d):
        return _spread(inner, x, memory)
    if isinstance(inner, nn.Conv1d):
        return _convolve(layer, inner, x, memory)
    if hasattr(layer, "lstm"):
        y, carried = layer.lstm(x.permute(2, 0, 1), memory)
        return y.permute(1, 2, 0) + x, carried
    if hasattr(layer, "block"):
        inside, over = memory or ((), None)
        y, inside = step(layer.block, x, inside)
        beside, over = _layer(layer.shortcut, x, over)
        return beside + y, (inside, over)
    return layer(x), None


def _convolve(layer: Any, inner: nn.Conv1d, x: Tensor, left: Tensor | None) -> tuple[Tensor, Tensor]:
    """Left context: the last (kernel - 1) x dilation + 1 - stride steps of what came before."""
    width = (inner.kernel_size[0] - 1) * inner.dilation[0] + 1 - inner.stride[0]
    if left is None:
        left = _beginning(x, width, layer.pad_mode)
    x = torch.cat([left, x], dim=-1)
    return inner(x), x[..., x.shape[-1] - width :]


def _beginning(x: Tensor, width: int, mode: str) -> Tensor:
    """What the library puts before the first step."""
    if mode == "reflect" and width:
        if x.shape[-1] <= width:
            raise ValueError(f"the first piece gives {x.shape[-1]} steps to a layer that mirrors {width}")
        return x[..., 1 : width + 1].flip(-1)
    if mode == "replicate":
        return x[..., :1].expand(*x.shape[:-1], width)
    return x.new_zeros(*x.shape[:-1], width)


def _spread(inner: nn.ConvTranspose1d, x: Tensor, tail: Tensor | None) -> tuple[Tensor, Tensor]:
    """Overlap: what the last steps add to the next kernel - stride samples, without the bias, which comes once."""
    y = inner(x)
    overlap = inner.kernel_size[0] - inner.stride[0]
    done = x.shape[-1] * inner.stride[0]
    if tail is not None:
        y = torch.cat([y[..., :overlap] + tail, y[..., overlap:]], dim=-1)
    rest = y[..., done:]
    return y[..., :done], rest if inner.bias is None else rest - inner.bias[:, None]


def first_steps(layers: Iterable[nn.Module]) -> int:
    """Steps that the first piece must have, so that every layer sees more of its beginning than it mirrors."""
    least, rate = 1, Fraction(1)  # rate: steps of a layer's input for one of the first layer's
    every: list[Any] = [module for layer in layers for module in layer.modules()]
    for layer in (module for module in every if isinstance(getattr(module, "conv", None), nn.Module)):
        inner = layer.conv
        if isinstance(inner, nn.ConvTranspose1d):
            rate *= inner.stride[0]
            continue
        width = (inner.kernel_size[0] - 1) * inner.dilation[0] + 1 - inner.stride[0]
        if layer.pad_mode == "reflect" and width:
            least = max(least, ceil((width + 1) / rate))
        rate /= inner.stride[0]
    return least

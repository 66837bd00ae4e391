"""Causal convolutions that can be fed piece by piece: the state is a value, given in and handed back.

Every module has ``initial(batch)``, the state before the first sample, and ``step(x, state) -> (y, state)``. The
whole signal at once, ``forward(x)``, is one step from the initial state: any way of cutting the signal (at multiples of
the strides) gives the same, up to the rounding of sums that are taken in another order.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, cat, nn
from torch.nn import functional as F


class CausalConv1d(nn.Conv1d):
    """(B, C, T) -> (B, C', T / stride), zeros before the beginning; its state is the input that it still needs."""

    def __init__(self, channels: int, out: int, kernel_size: int, stride: int = 1, dilation: int = 1):
        super().__init__(channels, out, kernel_size, stride, dilation=dilation)
        self.context = dilation * (kernel_size - 1) + 1 - stride

    def initial(self, batch: int) -> Tensor:
        return self.weight.new_zeros(batch, self.in_channels, self.context)

    def step(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        x = cat([past, x], -1)
        return super().forward(x), x[..., x.shape[-1] - self.context :]

    def forward(self, x: Tensor) -> Tensor:
        return self.step(x, self.initial(x.shape[0]))[0]


class CausalConvTranspose1d(nn.ConvTranspose1d):
    """(B, C, T) -> (B, C', stride * T); its state is what reaches beyond the end of the output, without the bias."""

    def __init__(self, channels: int, out: int, kernel_size: int, stride: int):
        super().__init__(channels, out, kernel_size, stride)
        self.overlap = kernel_size - stride

    def initial(self, batch: int) -> Tensor:
        return self.weight.new_zeros(batch, self.out_channels, self.overlap)

    def step(self, x: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        y = F.conv_transpose1d(x, self.weight, None, self.stride)
        y = cat([y[..., : self.overlap] + tail, y[..., self.overlap :]], -1)
        ready = y.shape[-1] - self.overlap
        return y[..., :ready] + self.bias[:, None], y[..., ready:]

    def forward(self, x: Tensor) -> Tensor:
        return self.step(x, self.initial(x.shape[0]))[0]


class Chain(nn.Sequential):
    """Modules in turn; its state is a tuple of theirs, empty for those that look at one moment only."""

    def initial(self, batch: int) -> tuple[Any, ...]:
        return tuple(m.initial(batch) if hasattr(m, "initial") else () for m in self)

    def step(self, x: Tensor, states: tuple[Any, ...]) -> tuple[Tensor, tuple[Any, ...]]:
        after: list[Any] = []
        for module, state in zip(self, states, strict=True):
            if hasattr(module, "step"):
                x, state = module.step(x, state)
            else:
                x = module(x)
            after.append(state)
        return x, tuple(after)


class Residual(Chain):
    """A chain beside a path that changes nothing."""

    def step(self, x: Tensor, states: tuple[Any, ...]) -> tuple[Tensor, tuple[Any, ...]]:
        y, states = super().step(x, states)
        return x + y, states

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)

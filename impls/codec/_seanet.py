"""What EnCodec and Mimi share as transformers builds them: Euclidean codebooks, convolutions that stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from impls.codec._seeding import Stage
from impls.nets import causal


def folded(module: nn.Module) -> nn.Module:
    """Weight norm multiplied out, as for any deployment: the same function, without its cost at each call."""
    for part in list(module.modules()):
        if parametrize.is_parametrized(part, "weight"):
            parametrize.remove_parametrizations(part, "weight")
    return module


def stage(layer: Any) -> Stage:
    """One layer of a Euclidean residual quantizer, on what is in its space already."""
    book = layer.codebook

    def fill(codewords: Tensor) -> None:
        if hasattr(book, "embed_sum"):  # Mimi keeps sums and counts, and remembers their quotient
            book.embed_sum.copy_(codewords)
            book.cluster_usage.fill_(1)
            book._embed = None
        else:
            book.embed.copy_(codewords)

    return Stage(
        book.codebook_size,
        lambda residual: residual.transpose(1, 2).reshape(-1, residual.shape[1]),
        fill,
        lambda residual: layer.decode(layer.encode(residual)),
    )


class Stream:
    """Encoder and decoder of layers, a piece of whole frames at a time, with the state of each held in sight."""

    def __init__(self, encoder: Sequence[nn.Module], decoder: Sequence[nn.Module], hop: int):
        self.layers, self.hop = (encoder, decoder), hop
        self.states: list[causal.State] = [(), ()]
        self.first = [-(-causal.first_steps(encoder) // hop) * hop, causal.first_steps(decoder)]
        self.waiting: list[Tensor | None] = [None, None]

    def encode(self, x: Tensor) -> Tensor:
        return self._step(0, x)

    def decode(self, x: Tensor) -> Tensor:
        return self._step(1, x)

    def _step(self, side: int, x: Tensor) -> Tensor:
        """Nothing comes out until the first piece is long enough for the layers that mirror their beginning."""
        held = self.waiting[side]
        x = x if held is None else torch.cat([held, x], dim=-1)
        if not self.states[side] and x.shape[-1] < self.first[side]:
            self.waiting[side] = x
            return x[:, :1, :0]
        self.waiting[side] = None
        y, self.states[side] = causal.step(self.layers[side], x, self.states[side])
        return y

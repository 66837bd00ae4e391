"""Networks without training: seeded weights, codebooks made of the residuals that they will see, a usable loudness.

Freshly built, EnCodec and Mimi have codebooks of zeros: every sound has the same indices, and every comparison of two
implementations passes on nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from bench.signals import stream

SECONDS = 5.0
LOUDNESS = 0.1  # RMS of what a seeded decoder gives


@dataclass(frozen=True)
class Stage:
    """A quantizer of a residual chain.

    ``vectors``: residual (batch, width, frames) -> (vectors, dimension) that its codewords are compared with;
    ``fill``: takes the codewords (``size``, dimension); ``quantized``: the residual's part that it stands for.
    """

    size: int
    vectors: Callable[[Tensor], Tensor]
    fill: Callable[[Tensor], None]
    quantized: Callable[[Tensor], Tensor]


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """What is built inside draws from this seed, and nothing outside is changed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def sound(rate: int, channels: int = 1, seconds: float = SECONDS) -> Tensor:
    """Speech, music and noise in turn, (1, channels, samples)."""
    return torch.from_numpy(np.stack([stream(round(seconds * rate), rate, 40 + n) for n in range(channels)]))[None]


@torch.no_grad()
def seed_codebooks(latents: Tensor, chains: Iterable[Iterable[Stage]], generator: torch.Generator) -> None:
    """Fill every stage with means of two of its residuals, drawn at random: any number of codewords from few vectors.

    ``latents`` (batch, width, frames) enter each chain anew; within a chain, stage follows stage on what is left.
    """
    for chain in chains:
        residual = latents
        for stage in chain:
            vectors = stage.vectors(residual)
            pairs = torch.randint(len(vectors), (2, stage.size), generator=generator)
            stage.fill((vectors[pairs[0]] + vectors[pairs[1]]) / 2)
            residual = residual - stage.quantized(residual)


@torch.no_grad()
def level(decoder: Callable[[Tensor], Tensor], latents: Tensor, last: nn.Module) -> None:
    """Scale the last convolution so that the decoder's answer to ``latents`` has the RMS of audible sound."""
    weights, latents = list(last.parameters()), latents[..., : max(8, latents.shape[-1] // 5)]
    for _ in range(2):  # a tanh at the end makes the first guess a little wrong
        factor = LOUDNESS / max(float(decoder(latents).std()), 1e-9)
        for weight in weights:
            weight.mul_(factor)

"""Networks without training: seeded weights, codebooks made of the residuals that they will see, a usable loudness.

Freshly built, EnCodec and Mimi have codebooks of zeros: every sound has the same indices, and every comparison of two
implementations passes on nothing. As little is compared where every layer shrinks what it is given.
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
def lively(*modules: nn.Module) -> None:
    """Draw convolutions whose answers vary as much as their inputs, without biases.

    PyTorch's own draws leave a third of the variance at each layer (its bound is 1 / sqrt(fan-in); He et al.,
    arXiv 1502.01852, section 2.2), so that after twenty of them only the biases are heard, whatever is decoded.
    """
    for part in (part for module in modules for part in module.modules()):
        if isinstance(part, (nn.Conv1d, nn.ConvTranspose1d)):
            taps = part.kernel_size[0] / (part.stride[0] if part.transposed else 1)
            part.weight.normal_(0, (part.in_channels // part.groups * taps) ** -0.5)
            if part.bias is not None:
                part.bias.zero_()


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
def level(decoder: Callable[[Tensor], Tensor], latents: Tensor, last: nn.Module, loudness: float = LOUDNESS) -> None:
    """Scale the last convolution, and a norm behind it, so that the answer to ``latents`` has the RMS ``loudness``."""
    weights, latents = list(last.parameters()), latents[..., : max(8, latents.shape[-1] // 5)]
    for _ in range(10):  # a tanh at the end hides how much too loud a guess is
        factor = loudness / max(float(decoder(latents).std()), 1e-9)
        if 0.9 < factor < 1.1:
            break
        for weight in weights:
            weight.mul_(factor)

"""SoundStream of impls/nets/ as a codec: 75 frames a second, ten bits for each codebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impls.codec._neural import Network, books
from impls.codec._seeding import Stage, level, lively, seed_codebooks, seeded, sound
from impls.codec._weights import loaded, read
from impls.nets.causal_conv import Chain
from impls.nets.rvq import ResidualVectorQuantizer
from impls.nets.soundstream import FiLM, SoundStream

RATE, HOP, BITS = 24000, 320, 10
PUBLISHED, MOST = 8, 24  # codebooks of 6 kbit/s; of 18, where the scalable model of the paper ends


class Denoise(nn.Module):
    """FiLM at the bottleneck, switched on for good."""

    def __init__(self, film: FiLM):
        super().__init__()
        self.film = film

    def forward(self, a: Tensor) -> Tensor:
        return self.film(a, True)


def network(case: Any, **changes: Any) -> Network:
    """SoundStream for a case; ``changes`` are other hyper-parameters than the published ones."""
    there = _codebooks(case.weights)
    count = books(case, "SoundStream", range(1, (there or MOST) + 1), BITS * RATE / HOP)
    with seeded(case.seed) as generator:
        model = SoundStream(n_q=there or max(PUBLISHED, count), **changes).eval()
        if case.weights:
            loaded(model, case.weights)
        else:
            lively(model.encoder, model.decoder)
            latents = model.embed(sound(RATE)).detach()
            seed_codebooks(latents, [stages(model.quantizer)], generator)
            level(model.decoder, model.quantizer.decode(model.quantizer.encode(latents[..., :150])), model.decoder[-1])
    model.to(case.device).requires_grad_(False)
    denoise = [Denoise(model.film)] if model.film is not None else []
    encoder = Chain(*model.encoder, *(denoise if model.side == "encoder" else []))
    decoder = Chain(*(denoise if model.side == "decoder" else []), *model.decoder)
    quantizer = model.quantizer
    return Network(
        encoder,
        decoder,
        lambda latents: quantizer.encode(latents, count),
        quantizer.decode,
        RATE,
        HOP,
        [quantizer.N] * count,
        codebooks=[quantizer.codebooks],
        stream=lambda: (stepped(encoder), stepped(decoder)),
        delay=HOP,
        random_weights=not case.weights,
        device=case.device,
    )


def stages(quantizer: ResidualVectorQuantizer) -> list[Stage]:
    """Its codebooks, to be filled one after the other."""

    def stage(n: int) -> Stage:
        part = lambda residual: quantizer.codebooks[n][quantizer.nearest(n, residual.transpose(1, 2))].transpose(1, 2)
        vectors = lambda residual: residual.transpose(1, 2).reshape(-1, quantizer.D)
        return Stage(quantizer.N, vectors, quantizer.codebooks[n].copy_, part)

    return [stage(n) for n in range(quantizer.n_q)]


def stepped(chain: Chain) -> Any:
    """The chain piece by piece, from the beginning; the state stands here, between two calls."""
    states: list[Any] = []

    def step(x: Tensor) -> Tensor:
        y, state = chain.step(x, states.pop() if states else chain.initial(len(x)))
        states.append(state)
        return y

    return step


def _codebooks(weights: str) -> int:
    """How many codebooks a file of weights has; 0 where there is no file, or none in it."""
    found = read(Path(weights)).get("quantizer.codebooks", torch.zeros(0)) if weights else torch.zeros(0)
    return len(found)

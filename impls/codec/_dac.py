"""DAC (Kumar et al., arXiv 2306.06546) through transformers' DacModel."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers import DacConfig, DacModel

from impls.codec._neural import Network, books
from impls.codec._seeding import Stage, level, lively, seed_codebooks, seeded, sound
from impls.codec._weights import loaded

PUBLISHED = {
    16: {"sampling_rate": 16000, "downsampling_ratios": (2, 4, 5, 8), "n_codebooks": 12},
    24: {"sampling_rate": 24000, "downsampling_ratios": (2, 4, 5, 8), "n_codebooks": 32},
    44: {"sampling_rate": 44100, "downsampling_ratios": (2, 4, 8, 8), "n_codebooks": 9},
}
"""descript-audio-codec, conf/final/16khz.yml, 24khz.yml, 44khz.yml: DacConfig's own ratios are those of 44.1 kHz."""

REACH = 32
"""Frames: more than the look-ahead and look-back of encoder and decoder, 204 ms at 44.1 kHz and 248 ms at 24 kHz."""


def network(case: Any, published: dict[str, Any], **changes: Any) -> Network:
    """DAC for a case; ``changes`` are other hyper-parameters than the published ones."""
    config = DacConfig(**{**published, **changes})
    rate, hop = config.sampling_rate, config.hop_length
    bits = (config.codebook_size - 1).bit_length()
    count = books(case, "DAC", range(1, config.n_codebooks + 1), bits * rate / hop)
    with seeded(case.seed) as generator:
        model = DacModel(config).eval()
        if case.weights:
            loaded(model, case.weights)
        else:
            lively(model)
            latents = model.encoder(sound(rate))
            seed_codebooks(latents, [map(factorized, model.quantizer.quantizers)], generator)
            chosen = model.quantizer(latents)[1][:, :count]
            level(model.decoder, model.quantizer.from_codes(chosen)[0], model.decoder.conv2)
    model.to(case.device).requires_grad_(False)
    return Network(
        model.encoder,
        model.decoder,
        lambda latents: model.quantizer(latents, count)[1],
        lambda codes: model.quantizer.from_codes(codes)[0],
        rate,
        hop,
        [config.codebook_size] * count,
        quantizer=model.quantizer,
        reach=REACH,
        random_weights=not case.weights,
        device=case.device,
    )


def factorized(layer: Any) -> Stage:
    """A codebook behind a projection to few dimensions, compared by cosine (DAC, SNAC)."""

    def vectors(residual: Tensor) -> Tensor:
        projected = layer.in_proj(residual)
        return projected.transpose(1, 2).reshape(-1, projected.shape[1])

    return Stage(
        layer.codebook.num_embeddings, vectors, layer.codebook.weight.copy_, lambda residual: layer(residual)[0]
    )

"""SNAC (Siuzdak et al., arXiv 2410.14411) through the package snac."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from snac import SNAC
from torch import Tensor

from bench import Unsupported
from impls.codec._dac import factorized
from impls.codec._neural import Network
from impls.codec._seanet import folded
from impls.codec._seeding import Stage, level, lively, seed_codebooks, seeded, sound
from impls.codec._weights import loaded

PUBLISHED = {
    24: {"sampling_rate": 24000, "encoder_dim": 48, "encoder_rates": [2, 4, 8, 8], "decoder_dim": 1024,
         "decoder_rates": [8, 8, 4, 2], "attn_window_size": None, "codebook_size": 4096, "codebook_dim": 8,
         "vq_strides": [4, 2, 1], "noise": True, "depthwise": True},
}  # fmt: skip
"""hubertsiuzdak/snac_24khz, config.json: 0.98 kbit/s."""

REACH = 32


def network(case: Any, published: dict[str, Any], **changes: Any) -> Network:
    """SNAC for a case. A frame is one of its coarsest codebook; the finer ones have 2 and 4 indices in it."""
    settings = {**published, **changes}
    strides, size = settings["vq_strides"], settings["codebook_size"]
    with seeded(case.seed) as generator:
        model = SNAC(**settings).eval()
        if case.weights:
            loaded(model, case.weights)
        folded(model)
        _quiet(model)
        layers = model.quantizer.quantizers
        if not case.weights:
            lively(model.encoder, model.decoder)
            with torch.no_grad():
                latents = model.encoder(model.preprocess(sound(settings["sampling_rate"])))
                seed_codebooks(latents, [map(_stage, layers)], generator)
                level(model.decoder, model.quantizer(latents)[0], model.decoder.model[-2])
    model.to(case.device).requires_grad_(False)
    per_frame = [strides[0] // stride for stride in strides]

    def quantize(latents: Tensor) -> Tensor:
        codes = model.quantizer(latents)[1]
        return torch.cat(
            [c.unflatten(1, (-1, n)).transpose(1, 2) for c, n in zip(codes, per_frame, strict=True)], dim=1
        )

    def dequantize(codes: Tensor) -> Tensor:
        return model.quantizer.from_codes([c.transpose(1, 2).flatten(1) for c in codes.split(per_frame, dim=1)])

    rate, hop = settings["sampling_rate"], int(model.hop_length) * strides[0]
    nominal = sum(per_frame) * (size - 1).bit_length() * rate / hop
    if not 0.5 <= nominal / (1000 * case.bitrate) <= 2:
        raise Unsupported(f"SNAC has {nominal / 1000:.3g} kbit/s, and no other: --bitrate {nominal / 1000:.3g}")
    return Network(
        model.encoder, model.decoder, quantize, dequantize, rate, hop, [size] * sum(per_frame),
        quantizer=model.quantizer, reach=REACH // strides[0], straight=lambda latents: model.quantizer(latents)[0],
        random_weights=not case.weights, device=case.device,
    )  # fmt: skip


def _stage(layer: Any) -> Stage:
    inner = factorized(layer)
    pooled = lambda x: torch.nn.functional.avg_pool1d(x, layer.stride, layer.stride) if layer.stride > 1 else x
    return Stage(inner.size, lambda residual: inner.vectors(pooled(residual)), inner.fill, inner.quantized)


def _quiet(model: SNAC) -> None:
    """Its decoder adds noise drawn anew at each call: taken as its mean, zero, so that an answer can be checked.

    What weighs the noise is computed all the same: whoever decodes pays a seventh more multiplications for it.
    """

    def weighed(part: Any, x: Tensor) -> Tensor:
        return x + x.new_zeros(len(x), 1, x.shape[-1]) * part.linear(x)

    for part in model.decoder.modules():
        if type(part).__name__ == "NoiseBlock":
            part.forward = partial(weighed, part)

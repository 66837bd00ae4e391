"""Mimi (Défossez et al., Moshi, arXiv 2410.00037) through transformers' MimiModel."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import MimiConfig, MimiModel

from impls.codec._neural import Network, books
from impls.codec._seanet import stage
from impls.codec._seeding import level, lively, seed_codebooks, seeded, sound
from impls.codec._weights import loaded
from impls.nets import causal

PUBLISHED = {"num_quantizers": 32}
"""kyutai/mimi, config.json; its other hyper-parameters are the defaults of MimiConfig: 24 kHz, 64 filters, ratios
8 6 5 4, width 512, two transformers of 8 layers and 8 heads, 32 codebooks of 2048 x 256, of which Moshi uses 8."""


class Encoder(nn.Module):
    """Audio (batch, 1, samples) -> latents (batch, 512, frames)."""

    def __init__(self, model: Any):
        super().__init__()
        self.model = model.encoder

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x, use_streaming=False).latents

    def exportable(self) -> nn.Module:
        part = self.model
        return Chain([part.encoder_seanet, Attention(part.encoder_transformer), part.downsample])


class Decoder(nn.Module):
    """Latents -> audio."""

    def __init__(self, model: Any):
        super().__init__()
        self.model = model.decoder

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x).audio_values

    def exportable(self) -> nn.Module:
        part = self.model
        return Chain([part.upsample, Attention(part.decoder_transformer), part.decoder_seanet])


class Chain(nn.Sequential):
    """Parts in turn, for export: without transformers' bookkeeping of masks and outputs, which ONNX does not know."""

    def __init__(self, parts: list[nn.Module]):
        super().__init__(*parts)


class Attention(nn.Module):
    """A transformer of Mimi, every position seeing itself and the sliding window before it."""

    def __init__(self, transformer: Any):
        super().__init__()
        self.inner, self.window = transformer, transformer.config.sliding_window

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        at = torch.arange(x.shape[1], device=x.device)[None]
        back = at[0, :, None] - at
        mask = torch.zeros_like(back, dtype=x.dtype).masked_fill((back < 0) | (back >= self.window), -1e9)[None, None]
        angles = self.inner.rotary_emb(x, at)
        for layer in self.inner.layers:
            x = layer(x, attention_mask=mask, position_ids=at, position_embeddings=angles)
        return x.transpose(1, 2)


class Stream:
    """A frame at a time: convolutions with their left context, transformers with the keys and values of 10 s."""

    def __init__(self, model: Any):
        from transformers import DynamicCache

        enc, dec = model.encoder, model.decoder
        self.before = (
            [list(enc.encoder_seanet.layers), [enc.downsample]],
            [[dec.upsample], list(dec.decoder_seanet.layers)],
        )
        self.transformers = enc.encoder_transformer, dec.decoder_transformer
        self.states: list[list[causal.State]] = [[(), ()], [(), ()]]
        self.caches = [DynamicCache(config=t.config) for t in self.transformers]

    def encode(self, x: Tensor) -> Tensor:
        return self._step(0, x)

    def decode(self, x: Tensor) -> Tensor:
        return self._step(1, x)

    def _step(self, side: int, x: Tensor) -> Tensor:
        first, second = self.before[side]
        x, self.states[side][0] = causal.step(first, x, self.states[side][0])
        found = self.transformers[side](x.transpose(1, 2), cache=self.caches[side], use_cache=True)
        x, self.states[side][1] = causal.step(second, found.last_hidden_state.transpose(1, 2), self.states[side][1])
        return x


def network(case: Any, **changes: Any) -> Network:
    """Mimi for a case; ``changes`` are other hyper-parameters than the published ones."""
    config = MimiConfig(**{**PUBLISHED, **changes})
    bits = (config.codebook_size - 1).bit_length()
    hop = round(config.sampling_rate / config.frame_rate)
    count = books(case, "Mimi", range(1, config.num_quantizers + 1), bits * config.frame_rate)
    with seeded(case.seed) as generator:
        model = MimiModel(config).eval()
        if case.weights:
            loaded(model, case.weights, renamed)
        encoder, decoder = Encoder(model), Decoder(model)
        parts = [model.quantizer.semantic_residual_vector_quantizer, model.quantizer.acoustic_residual_vector_quantizer]
        if not case.weights:
            lively(encoder, decoder)
            latents = encoder(sound(config.sampling_rate))
            for part in parts:
                seed_codebooks(_projected(part, latents), [map(stage, part.layers)], generator)
            codes = model.quantizer.encode(latents, count).transpose(0, 1)
            level(decoder, model.quantizer.decode(codes), model.decoder.decoder_seanet.layers[-1].conv)
    model.to(case.device).requires_grad_(False)
    return Network(
        encoder,
        decoder,
        lambda latents: model.quantizer.encode(latents, count).transpose(0, 1),
        model.quantizer.decode,
        config.sampling_rate,
        hop,
        [config.codebook_size] * count,
        quantizer=model.quantizer,
        codebooks=[layer.codebook.embed_sum for part in parts for layer in part.layers],
        stream=lambda: _pair(Stream(model)),
        delay=hop,
        random_weights=not case.weights,
        device=case.device,
    )


FLAT = {
    "encoder.layers.": "encoder.encoder_seanet.layers.", "decoder.layers.": "decoder.decoder_seanet.layers.",
    "encoder_transformer.": "encoder.encoder_transformer.", "decoder_transformer.": "decoder.decoder_transformer.",
    "downsample.": "encoder.downsample.", "upsample.": "decoder.upsample.",
}  # fmt: skip
"""Names in kyutai/mimi, and in MimiModel since transformers has its halves as models of their own."""


def renamed(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """The names of the published file in those of MimiModel."""
    fresh = {}
    for name, tensor in found.items():
        old = next((old for old in FLAT if name.startswith(old)), "")
        fresh[FLAT[old] + name.removeprefix(old) if old else name] = tensor
    return fresh


def _projected(part: Any, latents: Tensor) -> Tensor:
    with torch.no_grad():
        return latents if part.input_proj is None else part.input_proj(latents)


def _pair(stream: Stream) -> tuple[Any, Any]:
    return stream.encode, stream.decode

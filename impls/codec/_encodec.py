"""EnCodec (Défossez et al., arXiv 2210.13438) through transformers' EncodecModel."""

from __future__ import annotations

from typing import Any

from transformers import EncodecConfig, EncodecModel

from impls.codec._neural import Network, books
from impls.codec._seanet import Stream, folded, stage
from impls.codec._seeding import LOUDNESS, level, lively, seed_codebooks, seeded, sound
from impls.codec._weights import loaded

# facebook/encodec_24khz and encodec_48khz, config.json; also facebookresearch/encodec, model.py
PUBLISHED_24 = {
    "target_bandwidths": (1.5, 3.0, 6.0, 12.0, 24.0)
}  # the defaults of EncodecConfig are its hyper-parameters
PUBLISHED_48 = {
    "target_bandwidths": (3.0, 6.0, 12.0, 24.0), "sampling_rate": 48000, "audio_channels": 2, "normalize": True,
    "chunk_length_s": 1.0, "overlap": 0.01, "norm_type": "time_group_norm", "use_causal_conv": False,
}  # fmt: skip


def network(case: Any, published: dict[str, Any], **changes: Any) -> Network:
    """EnCodec for a case; ``changes`` are other hyper-parameters than the published ones."""
    config = EncodecConfig(**{**published, **changes})
    rate, hop = config.sampling_rate, config.hop_length
    each = 10 * rate / hop if config.codebook_size == 1024 else rate / hop * (config.codebook_size - 1).bit_length()
    choices = [round(1000 * kilobits / each) for kilobits in config.target_bandwidths]
    count = books(case, "EnCodec", choices, each)
    with seeded(case.seed) as generator:
        model = EncodecModel(config).eval()
        if case.weights:
            loaded(model, case.weights)
        folded(model.encoder), folded(model.decoder)
        layers = model.quantizer.layers
        if not case.weights:
            lively(model.encoder, model.decoder)
            latents = model.encoder(sound(rate, config.audio_channels)[..., : rate if config.normalize else None])
            seed_codebooks(latents, [map(stage, layers)], generator)
            level(model.decoder, latents, model.decoder.layers[-1], 1.0 if config.normalize else LOUDNESS)
    model.to(case.device).requires_grad_(False)
    streams = config.use_causal_conv and config.norm_type == "weight_norm"
    return Network(
        model.encoder,
        model.decoder,
        lambda latents: model.quantizer.encode(latents, count * each / 1000).transpose(0, 1),
        lambda codes: model.quantizer.decode(codes.transpose(0, 1)),
        rate,
        hop,
        [config.codebook_size] * count,
        codebooks=[layer.codebook.embed for layer in layers],
        channels=config.audio_channels,
        stream=(lambda: parts(Stream(model.encoder.layers, model.decoder.layers, hop))) if streams else None,
        delay=hop if streams else None,
        random_weights=not case.weights,
        device=case.device,
    )


def parts(stream: Stream) -> tuple[Any, Any]:
    return stream.encode, stream.decode

"""Neural codecs in other precisions and engines, and with entropy coding, against themselves in float32."""

from __future__ import annotations

import numpy as np
import pytest

from bench import Unsupported

pytest.importorskip("torch")
pytest.importorskip("transformers.models.mimi.modeling_mimi", exc_type=(ImportError, OSError))

import tiny_codecs as tiny
from tiny_codecs import made, sound


@pytest.mark.parametrize(
    ("name", "how"),
    (
        ("dac", "bfloat16"),
        ("dac", "onnx"),
        ("mimi", "int8"),
        ("mimi", "onnx"),
        ("encodec", "onnx"),
        ("encodec", "entropy"),
    ),
)
def test_variants_against_float32(name, how):
    pytest.importorskip({"onnx": "onnxruntime", "entropy": "constriction"}.get(how, "torch"))
    plain, other = made(name), made(name, how)
    assert (other.differentiable is None) == (how == "onnx"), "there is no way back through ONNX Runtime"
    x = sound(plain, 1.7)
    packets = plain.encode(x)
    if how == "entropy":
        packets = other.encode(x)
        again = plain.decode(plain.encode(x))  # PyTorch may round otherwise from call to call
        np.testing.assert_allclose(other.decode(packets), again, atol=1e-5, err_msg="not lossless")
        assert other.payload_bits(packets) < 1.1 * plain.payload_bits(plain.encode(x)), "random indices save nothing"
        return
    least = {"bfloat16": 20, "int8": 20, "onnx": 80}[how]
    truth, found = plain.decode(packets), other.decode(packets)
    assert 10 * np.log10((truth**2).sum() / ((truth - found) ** 2).sum()) > least
    assert other.differences["indices_differ"] < 0.25 and other.differences["audio_snr_db"] > least
    assert (
        other.model_bytes < plain.model_bytes if how in ("bfloat16", "int8") else other.model_bytes == plain.model_bytes
    )


def test_a_variant_that_strays_is_refused(monkeypatch):
    from impls.codec import _variants

    monkeypatch.setitem(_variants.TOLERANCE, "bfloat16", 300.0)
    with pytest.raises(ValueError, match=r"bfloat16 is .* dB from float32, and 300 are asked of it"):
        _variants.made(tiny.network("dac"), "bfloat16", tiny.case())
    with pytest.raises(Unsupported, match="convolutions only"):
        _variants.made(tiny.network("dac"), "int8", tiny.case())


def test_a_compiled_network_answers_as_the_network_does_at_any_length():
    """Two layers each way: the compiler takes a minute and more for any whole codec."""
    import torch
    from torch import nn

    from impls.codec import _variants
    from impls.codec._neural import Network

    torch.manual_seed(0)
    plain = Network(
        encoder=nn.Sequential(nn.Conv1d(1, 8, 8, stride=4, padding=2), nn.ELU(), nn.Conv1d(8, 4, 4, stride=4)),
        decoder=nn.Sequential(nn.ConvTranspose1d(4, 8, 4, stride=4), nn.ELU(), nn.ConvTranspose1d(8, 1, 4, stride=4)),
        quantize=lambda x: (8 * x).round().clamp(-8, 7).long() + 8,
        dequantize=lambda codes: (codes - 8) / 8,
        rate=8000,
        hop=16,
        sizes=[16] * 4,
    )
    compiled, size = _variants.made(plain, "compile", tiny.case())
    assert compiled.figures["latents_snr_db"] > 80 and compiled.figures["audio_snr_db"] > 80
    assert size == sum(w.nbytes for w in plain.weights)
    for part in (compiled.encoder, compiled.decoder):
        assert type(part).__name__ == "OptimizedModule", "the network itself would agree, too"
    for frames in (3, 250):
        codes = torch.randint(0, 16, (1, 4, frames), generator=torch.Generator().manual_seed(1)).numpy()
        np.testing.assert_allclose(compiled.audio(codes), plain.audio(codes), atol=1e-5)

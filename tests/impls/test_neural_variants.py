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

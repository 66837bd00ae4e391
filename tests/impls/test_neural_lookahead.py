"""How far the published architectures look ahead; narrow networks look as far as wide ones."""

from __future__ import annotations

from math import inf

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers.models.mimi.modeling_mimi", exc_type=(ImportError, OSError))

import tiny_codecs as tiny

from bench import Case
from bench.registry import load
from impls.codec import _dac
from suites._lookahead import by_gradient, by_perturbation

SUITE = load().suite("stream")


def by_hand(strides: tuple[int, ...]) -> int:
    """Samples: every layer's reach ahead, times the samples between two of its steps.

    A residual unit of DAC has three convolutions of 7 taps, 1, 3 and 9 apart; strided ones have two strides of taps,
    and half a stride of padding, rounded up.
    """
    units, ahead, step = 3 * (1 + 3 + 9), 3, 1
    for stride in strides:
        ahead += step * (units + 2 * stride - 1 - -(-stride // 2))
        step *= stride
    ahead += step * (1 + 3)  # the encoder's last, the decoder's first
    for stride in strides[::-1]:
        step //= stride
        ahead += step * (-(-stride // 2) + units)
    return ahead + 3


@pytest.mark.parametrize(
    ("name", "hop", "milliseconds"), [("encodec", 320, 13.3), ("causal", 320, 13.3), ("mimi", 1920, 80.0)]
)
def test_causal_networks_need_one_frame(name, hop, milliseconds):
    ahead = by_gradient(tiny.codec(name).differentiable(), hop)
    assert ahead == hop - 1 and round(1000 * (ahead + 1) / 24000, 1) == milliseconds


def test_encodec_whose_convolutions_are_not_causal():
    net = tiny.network("encodec", tiny.case(1.2), use_causal_conv=False)
    ahead = by_gradient(lambda x: net.decoder(net.encoder(x)), 320)
    assert round(1000 * (ahead + 1) / 24000) == 113


def test_encodec_at_48_khz_normalises_over_all_of_a_segment():
    net = tiny.network("encodec48")
    assert by_gradient(lambda x: net.decoder(net.encoder(x)), 320, channels=2, most=20_000) == inf


def test_snac_looks_ahead_in_its_quantizer_too():
    """Its encoder ends in 7 taps where DAC's has 3; the coarsest codebook stands for the mean of 4 steps of 512."""
    pytest.importorskip("snac")
    codec = tiny.codec("snac")
    ahead = by_gradient(codec.differentiable(), codec.frame)
    assert ahead == by_hand((2, 4, 8, 8)) + 2 * 512 + 3 * 512
    settings = {"quiet": 0.003, "loud": 0.9, "spread": 2, "places": 8}
    assert by_perturbation(lambda x: codec.decode(codec.encode(x)), codec.frame, **settings) <= ahead


@pytest.mark.parametrize(("rate", "milliseconds"), [(24, 248), (44, 204)])
def test_dac_looks_far_ahead(rate, milliseconds):
    published = _dac.PUBLISHED[rate]
    wide_enough = {"encoder_hidden_size": 4, "decoder_hidden_size": 64}  # that nothing small vanishes on the way
    net = _dac.network(tiny.case(1.0), published, **tiny.DAC | wide_enough)
    ahead = by_gradient(lambda x: net.decoder(net.encoder(x)), net.hop)
    assert ahead == by_hand(published["downsampling_ratios"])
    assert round(1000 * (ahead + 1) / net.rate) == milliseconds


def test_what_cannot_be_streamed_tells_its_look_ahead_all_the_same():
    case = Case("stream", {"frame_ms": 20.0, "sample_rate": 24000, "bitrate": 0.6, "channels": 1, "seconds": 0.5})
    codec = tiny.codec("dac")
    made = SUITE.adopt(codec, case)
    assert list(made) == ["whole"] and not made["whole"].frame_seconds, "no frame that could come late"
    assert SUITE.audio_seconds(case) == 0.5
    args = SUITE.inputs(case, SUITE.audio(case))["whole"]
    out = made["whole"].call(args)
    assert SUITE.check(case, "whole", args, out, None).wrong == ""
    assert "samples of 12000" in SUITE.check(case, "whole", args, out[:, :100], None).wrong
    figures = made["whole"].probe()
    assert figures["algorithmic_ms"] == pytest.approx(
        1000 * (figures["lookahead_gradient_samples"] + 1) / codec.rate, abs=1e-3
    )

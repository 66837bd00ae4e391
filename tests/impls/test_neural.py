"""Neural codecs, a thousandth of their size: packets, parity with the library, streaming, long sounds."""

from __future__ import annotations

import os
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench import Case, Unsupported
from bench.signals import stream

pytest.importorskip("torch")
pytest.importorskip("transformers.models.mimi.modeling_mimi", exc_type=(ImportError, OSError))

import tiny_codecs as tiny
import torch
from tiny_codecs import made, sound

from impls.codec import _seeding

NAMES = ("encodec", "causal", "mimi", "dac", "encodec48", "snac")
STREAMED = ("encodec", "causal", "mimi")


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_with_indices_that_vary(name):
    codec = made(name)
    x = sound(codec, 1.3)
    before = x.copy()
    packets = codec.encode(x)
    y = codec.decode(packets)
    assert y.dtype == np.float32 and len(y) == codec.channels and y.shape[1] >= x.shape[1] and np.isfinite(y).all()
    assert (x == before).all() and packets == codec.encode(x) and (y == codec.decode(packets)).all()
    assert 0.02 < y.std() < 1, "a seeded network is audible"
    assert len(set(packets)) > len(packets) / 4, "codebooks of zeros would give one packet over and over"
    bits = len(packets) * codec.frame / codec.rate * codec.nominal
    if name == "encodec48":  # the second segment is short; each carries 32 bits of loudness
        bits = 2 * 32 + (150 + -(-(x.shape[1] - 47520) // 320)) * 4 * 4
    assert codec.payload_bits(packets) == pytest.approx(bits)
    assert codec.random_weights and codec.parameters > 1000 and codec.macs > 1e6


@pytest.mark.parametrize("name", NAMES)
def test_a_seeded_network_says_what_it_is_told(name):
    """Where biases drowned everything, all that compares two decoders would pass."""
    codec = made(name)
    one, other = (codec.decode(codec.encode(sound(codec, 1.0, seed))) for seed in (0, 9))
    assert np.abs(one - other).std() > 0.3 * one.std()


def test_the_library_gives_the_same_indices_and_samples():
    """EncodecModel.encode and decode, at whole frames."""
    from impls.codec import _encodec

    net = tiny.network("encodec")
    model = net.quantize.__closure__[[c for c in net.quantize.__code__.co_freevars].index("model")].cell_contents
    assert isinstance(model, _encodec.EncodecModel)
    x = torch.from_numpy(stream(24000, 24000, 5))[None, None]
    with torch.inference_mode():
        theirs = model.encode(x, bandwidth=1.2)
        audio = model.decode(theirs.audio_codes, theirs.audio_scales)[0]
    ours = net.codes(x.numpy())
    assert (ours == theirs.audio_codes[0].numpy()).all()
    np.testing.assert_allclose(net.audio(ours), audio.numpy(), atol=1e-6)


def test_segments_are_the_library_s():
    """EnCodec at 48 kHz: normalised seconds, faded into each other."""
    net, codec = tiny.network("encodec48"), made("encodec48")
    model = net.quantize.__closure__[list(net.quantize.__code__.co_freevars).index("model")].cell_contents
    x = sound(codec, 2.0)[:, : 47520 + 70 * 320]
    with torch.inference_mode():
        theirs = model.encode(torch.from_numpy(x)[None], bandwidth=2.4)
        audio = model.decode(
            theirs.audio_codes, theirs.audio_scales, last_frame_pad_length=theirs.last_frame_pad_length
        )[0][0].numpy()
    np.testing.assert_allclose(codec.decode(codec.encode(x))[:, : audio.shape[1]], audio, atol=1e-5)
    assert codec.frame == codec.delay == 48000, "a segment is held until it is whole, and comes back in its place"


@pytest.mark.parametrize("name", STREAMED)
def test_streaming_is_offline(name):
    """Frame by frame through packets; the state carries all that the past has to say, 10 s of attention included."""
    codec = made(name)
    x = sound(codec, 2.4)
    feed, whole = codec.stream(), codec.decode(codec.encode(x))
    parts = [feed(x[:, at : at + codec.frame]) for at in range(0, x.shape[1] - codec.frame + 1, codec.frame)]
    together = np.concatenate(parts, axis=1)
    np.testing.assert_allclose(together, whole[:, : together.shape[1]], atol=1e-5)
    late = [part.shape[1] for part in parts].index(next(p.shape[1] for p in parts if p.shape[1]))
    assert late == (6 if name == "encodec" else 0), "EnCodec as published mirrors its first seven frames"
    assert codec.delay == codec.frame


@pytest.mark.parametrize("name", ("encodec", "mimi", "dac", "encodec48", "snac"))
def test_long_sounds_are_cut_without_seams(name, monkeypatch):
    from impls.codec import _neural

    codec, x = made(name), sound(made(name), 4.5)
    whole = codec.decode(packets := codec.encode(x))
    monkeypatch.setattr(_neural, "CHUNK_SECONDS", 1.92 if name == "mimi" else 1.0)
    differ = sum(a != b for a, b in zip(packets, codec.encode(x), strict=True))
    assert differ <= len(packets) // 50, "ties alone may fall otherwise"
    np.testing.assert_allclose(codec.decode(packets), whole, atol=1e-5)


@pytest.mark.parametrize("name", ("encodec", "mimi"))
def test_a_long_sound_goes_through_the_variant(name, monkeypatch):
    """And not in pieces through the float32 network whose state the variant has not."""
    from impls.codec import _neural

    codec, plain = made(name, "bfloat16"), made(name)
    packets = plain.encode(sound(plain, 4.5))
    whole = codec.decode(packets)
    monkeypatch.setattr(_neural, "CHUNK_SECONDS", 1.92)
    assert (codec.decode(packets) == whole).all()
    assert np.abs(whole - plain.decode(packets)).max() > 1e-3, "bfloat16 has 8 bits"


def test_a_piece_is_all_that_the_network_ever_sees(monkeypatch):
    """Memory does not grow with the sound: ten minutes of it go through in pieces."""
    from impls.codec import _neural

    codec, longest = tiny.network("causal"), []
    monkeypatch.setattr(_neural, "CHUNK_SECONDS", 20.0)
    fresh = codec.stream

    def watched():
        encode, decode = fresh()
        return lambda x: longest.append(x.shape[-1]) or encode(x), decode

    object.__setattr__(codec, "stream", watched)
    codes = codec.codes(np.tile(sound(made("causal"), 10.0), 60)[None])
    assert codes.shape[-1] == 75 * 600 and len(longest) == 30 and max(longest) == 20 * 24000


@pytest.mark.parametrize("name", ("encodec", "encodec48"))
def test_a_batch_is_its_sounds(name):
    codec = made(name)
    batch = np.stack([sound(codec, 0.5, seed) for seed in (1, 2, 3)])
    packets = codec.encode_batch(batch)
    assert (
        sum(a != b for x, one in zip(batch, packets, strict=True) for a, b in zip(codec.encode(x), one, strict=True))
        <= 2
    )
    many = codec.decode_batch(packets)
    np.testing.assert_allclose(many, np.stack([codec.decode(one) for one in packets]), atol=1e-5)


def test_a_case_with_a_batch():
    """From the suite's inputs to its verdict: three sounds in a call count as three times the audio."""
    from bench.codec import ops
    from bench.registry import load

    suite, case = load().suite("codec"), Case("codec", dict(tiny.case().params) | {"seconds": 0.5, "batch": 3})
    args = suite.inputs(case, suite.audio(case))["decode"]
    assert args[0].shape == (3, 1, 12000) and suite.audio_seconds(case) == 1.5 and suite.valid(case)
    codec = made("encodec")
    found_ops = ops(codec, case)
    for op in ("encode", "decode"):
        found = suite.check(case, op, args, found_ops[op].call(args), None)
        assert not found.wrong and found.metrics["payload_bps"] == pytest.approx(1200, rel=0.02), op
    with pytest.raises(Unsupported, match="takes one sound at a time: --case batch=1"):
        ops(replace(codec, encode_batch=None), case)


def test_moshi_says_how_to_get_it_and_which_it_is(monkeypatch, tmp_path):
    for name, body in (("with", "echo 0.2.11"), ("without", "echo PackageNotFoundError >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    for variable, said in (
        ("", "BENCH_MOSHI_PYTHON is not set; .*pip install moshi"),
        ("/gone/python", "is no interpreter; "),
        (str(tmp_path / "without"), "has no moshi; .*pip install moshi"),
    ):
        monkeypatch.setenv("BENCH_MOSHI_PYTHON", variable)
        with pytest.raises(ImportError, match=said):
            runpy.run_module("impls.codec._moshi")
    monkeypatch.setenv("BENCH_MOSHI_PYTHON", str(tmp_path / "with"))
    assert runpy.run_module("impls.codec._moshi")["__version__"] == "0.2.11"  # what rows and scores state


@pytest.mark.skipif(
    not os.environ.get("BENCH_MOSHI_PYTHON"), reason="BENCH_MOSHI_PYTHON names no interpreter with moshi"
)
def test_moshi_streams_what_it_gives_offline():
    from impls.codec._moshi import codec

    one = codec(tiny.case(1.1))
    x = sound(one)[:, : 12 * 1920]
    packets = one.encode(x)
    assert len(set(packets)) > 6 and one.parameters == pytest.approx(96.1e6, abs=0.1e6)
    feed = one.stream()
    parts = [feed(x[:, at : at + 1920]) for at in range(0, x.shape[1], 1920)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), one.decode(packets), atol=1e-5)
    assert one.encode(x) == packets


def test_moshi_keeps_a_stream_apart_from_whole_sounds(monkeypatch):
    """Kyutai's modules hold the state of a stream themselves: what is encoded meanwhile would go on from it."""
    module = SimpleNamespace(state={"": "stream", "encoder": 7})
    module.get_streaming_state = lambda: dict(module.state)
    module.set_streaming_state = lambda state: module.__dict__.update(state=dict(state))
    for name in ("moshi", "moshi.models", "moshi.models.loaders"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(__version__="", get_mimi=None))
    child = Path(_seeding.__file__).with_name("_moshi_child.py")
    whole = runpy.run_path(str(child))["whole"]
    assert whole(module, lambda x: (x, module.state), 3) == (3, {"": None, "encoder": None})
    assert module.state == {"": "stream", "encoder": 7}

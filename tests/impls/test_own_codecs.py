"""The codecs made of our own networks, SoundStream and BSQ-ViT, with few channels: bits, states, pieces, weights."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bench import Codec, Unsupported
from bench.signals import stream

pytest.importorskip("torch")
pytest.importorskip("librosa")

import tiny_codecs as tiny
import torch

from impls.codec import _bsq_vit, _soundstream
from impls.codec._neural import codec
from impls.nets.bsq_vit import BSQViT, Encoder, Grid
from impls.nets.soundstream import SoundStream
from suites._lookahead import by_gradient

SOUNDSTREAM = {"C": 4, "D": 8, "N": 16}
BSQ_VIT = {"width": 16, "layers": 1, "heads": 2, "ffn_output": 16, "kernel_size": 3, "conformer": "both"}
SMALL = Grid(n_mels=32, n_frames=64, patch_mels=16, patch_frames=16)  # pictures of 0.64 s, 12.5 tokens a second


@cache
def soundstream(bitrate: float = 6.0, how: str = "float32", **changes) -> Codec:
    wanted = tiny.case(bitrate)
    return codec(wanted, _soundstream.network(wanted, **SOUNDSTREAM, **changes), how)


@cache
def bsq_vit(bitrate: float = 0.9, how: str = "float32", **changes) -> Codec:
    return _bsq_vit.bsq_vit(tiny.case(bitrate), how, **BSQ_VIT, **changes)


def sound(made: Codec, seconds: float) -> np.ndarray:
    return stream(round(seconds * made.rate), made.rate, 3)[None]


@pytest.mark.parametrize(("bitrate", "codebooks"), [(0.75, 1), (3, 4), (6, 8), (12, 16), (18, 24)])
def test_soundstream_spends_ten_bits_a_codebook(bitrate: float, codebooks: int) -> None:
    made = codec(tiny.case(bitrate), _soundstream.network(tiny.case(bitrate), C=1, D=2))
    packets = made.encode(sound(made, 0.4))
    assert made.nominal == 1000 * bitrate
    assert made.payload_bits(packets) == 30 * codebooks * 10
    assert made.decode(packets).shape == (1, 9600)


def test_soundstream_streams_exactly() -> None:
    made = soundstream()
    x = sound(made, 1.0)
    feed, packets = made.stream(), made.encode(x)
    parts = [feed(x[:, at : at + 320]) for at in range(0, 24000, 320)]
    assert {part.shape for part in parts} == {(1, 320)}
    np.testing.assert_allclose(np.concatenate(parts, 1), made.decode(packets), atol=1e-5)
    assert made.delay == made.frame == 320
    assert len(set(packets)) > 20
    assert 0.02 < made.decode(packets).std() < 1
    assert made.random_weights


@pytest.mark.parametrize("film", ["", "encoder", "decoder"])
def test_the_look_ahead_of_soundstream_is_a_frame(film: str) -> None:
    assert by_gradient(soundstream(film=film).differentiable(), 320) == 319


def test_denoising_changes_what_is_coded() -> None:
    plain, other, decoder = (soundstream(film=side) for side in ("", "encoder", "decoder"))
    x = sound(plain, 0.5)
    assert plain.encode(x) != other.encode(x)
    assert decoder.parameters == other.parameters == plain.parameters + 2 * 2 * 8 + 2 * 8
    feed = other.stream()
    parts = [feed(x[:, at : at + 320]) for at in range(0, 9600, 320)]
    np.testing.assert_allclose(np.concatenate(parts, 1), other.decode(other.encode(x))[:, :9600], atol=1e-5)


def test_long_sounds_go_through_soundstream_with_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    from impls.codec import _neural

    made = soundstream()
    x = sound(made, 4.5)
    packets = made.encode(x)
    whole = made.decode(packets)
    monkeypatch.setattr(_neural, "CHUNK_SECONDS", 1.0)
    assert sum(a != b for a, b in zip(made.encode(x), packets, strict=True)) < len(packets) / 50, "ties alone"
    np.testing.assert_allclose(made.decode(packets), whole, atol=1e-5)


@pytest.mark.parametrize(("bitrate", "bits"), [(0.45, 9), (0.9, 18), (1.8, 36)])
def test_bsq_vit_spends_exactly_its_bits(bitrate: float, bits: int) -> None:
    """512 tokens in 10.24 s; a shorter sound is filled up to columns of 0.16 s, of 8 tokens."""
    made = _bsq_vit.bsq_vit(tiny.case(bitrate), "float32", width=4, layers=1, heads=1, ffn_output=4)
    packets = made.encode(sound(made, 10.24))
    assert made.payload_bits(packets) == 512 * bits
    assert made.payload_bits(packets) / 10.24 == made.nominal == 1000 * bitrate
    assert {len(packet) for packet in packets} == {bits}
    assert made.payload_bits(made.encode(sound(made, 1.0))) == 7 * 8 * bits


def test_bsq_vit_takes_long_sounds_in_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transformers see 64 frames at most; the spectrogram that they see knows of no cut, nor does the length."""
    seen, forward = [], Encoder.forward
    monkeypatch.setattr(Encoder, "forward", lambda self, mel: seen.append(mel) or forward(self, mel))
    small = bsq_vit(0.2, grid=SMALL)
    x = sound(small, 2.0)
    seen.clear()
    packets = small.encode(x)
    assert [piece.shape[-1] for piece in seen] == [64, 64, 64, 16]  # 13 columns of 0.16 s
    spectrogram = _bsq_vit.LogMel(n_mels=32)(torch.from_numpy(np.pad(x, ((0, 0), (0, 1280)))), 0, 208)
    assert torch.allclose(torch.cat(seen, -1), spectrogram, atol=1e-4)
    y = small.decode(packets)
    assert y.shape == (1, 13 * 2560)
    assert np.isfinite(y).all() and y.std() > 1e-3
    assert len(set(packets)) > 3
    assert np.array_equal(y, small.decode(packets))


def test_delay_of_bsq_vit_is_a_picture_and_what_the_vocoder_holds_back() -> None:
    """The last frames of a picture come out with the next one, whose last window ends half of itself late."""
    made = bsq_vit()
    held, window = 12 * 160, 512
    assert made.delay == 1024 * 160 + held + window - 160
    assert made.stream is None
    assert made.frame == made.delay, "it is held back, and not late in what is decoded"


def test_macs_of_bsq_vit_by_hand() -> None:
    """One block of width 4 on each side over 512 tokens: products and attention, counted on paper."""
    d, tokens, bits = 4, 512, 18
    block = tokens * (4 * d * d + 2 * 4 * d * d) + 2 * tokens * tokens * d
    ends = tokens * (256 * d + 2 * d * bits + d * 4 + 4 * 256)
    made = _bsq_vit.macs_per_second(Grid(), width=4, layers=1, heads=1, ffn_output=4, L=bits)
    assert made == pytest.approx((2 * block + ends) / 10.24)


@pytest.mark.parametrize(
    ("make", "how"), [(soundstream, "bfloat16"), (soundstream, "onnx"), (bsq_vit, "int8"), (bsq_vit, "onnx")]
)
def test_variants_against_float32(make, how: str) -> None:
    if how == "onnx":
        pytest.importorskip("onnx")
        pytest.importorskip("onnxruntime")
    plain, other = make(), make(how=how)
    least = 60 if how == "onnx" else 20
    assert other.differences["latents_snr_db"] > least and other.differences["audio_snr_db"] > least
    x = sound(plain, 0.7)
    ours, theirs = plain.encode(x), other.encode(x)
    bits = [np.unpackbits(np.frombuffer(b"".join(packets), np.uint8)) for packets in (ours, theirs)]
    assert (bits[0] != bits[1]).mean() < (0.02 if how == "onnx" else 0.4)
    assert other.decode(ours).shape == plain.decode(ours).shape
    assert other.model_bytes < plain.model_bytes or how == "onnx"


def test_weights_that_the_user_has(tmp_path) -> None:
    """Saved, loaded, the same indices and no longer random; another architecture is refused in one line."""
    from safetensors.torch import save_file

    torch.manual_seed(5)
    trained = SoundStream(**SOUNDSTREAM, n_q=12).eval()
    save_file(trained.state_dict(), tmp_path / "trained.safetensors")
    wanted = tiny.case(6.0, weights=str(tmp_path / "trained.safetensors"))
    made = codec(wanted, _soundstream.network(wanted, **SOUNDSTREAM))
    x = sound(made, 0.4)
    network = _soundstream.network(wanted, **SOUNDSTREAM)
    with torch.inference_mode():
        truth = trained.encode(torch.from_numpy(x)[None], n_q=8).numpy()
    assert (network.codes(x[None]) == truth).all()
    assert not made.random_weights and made.payload_bits(made.encode(x)) == 30 * 8 * 4
    with pytest.raises(Unsupported, match=r"0\.75 to 9 kbit/s, and not 20: --bitrate 9 is near"):  # its 12 codebooks
        _soundstream.network(tiny.case(20.0, weights=wanted.weights), **SOUNDSTREAM)
    with pytest.raises(Unsupported, match="another architecture") as refused:
        _soundstream.network(wanted, C=3, D=8, N=16)
    assert "\n" not in str(refused.value)
    model = BSQViT(L=18, **BSQ_VIT)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, tmp_path / "bsq.safetensors")
    assert not _bsq_vit.bsq_vit(
        tiny.case(0.9, weights=str(tmp_path / "bsq.safetensors")), "float32", **BSQ_VIT
    ).random_weights


ERRORS = {
    "empty": (lambda c: c.encode(np.zeros((1, 0), np.float32)), "empty"),
    "stereo": (lambda c: c.encode(np.zeros((2, 960), np.float32)), "2 channels; this codec takes mono"),
    "no packets": (lambda c: c.decode([]), "no packets"),
    "long": (lambda c: c.decode([bytes(99)]), "a packet of 99 bytes; a frame of this codec takes"),
}


@pytest.mark.parametrize("what", ERRORS)
@pytest.mark.parametrize("make", [soundstream, bsq_vit])
def test_errors_in_one_line(make, what: str) -> None:
    call, says = ERRORS[what]
    with pytest.raises(ValueError, match=says) as raised:
        call(make())
    assert "\n" not in str(raised.value)


def test_codes_out_of_range() -> None:
    made = codec(tiny.case(6.0), _soundstream.network(tiny.case(6.0), C=1, D=2, N=12))  # 4 bits hold 16
    with pytest.raises(ValueError, match="not from 0 to 11"):
        made.decode([b"\xff" * 4])


@pytest.mark.parametrize(
    ("make", "bitrate", "says"),
    [
        (_soundstream.network, 64.0, "SoundStream has 0.75 to 18 kbit/s, and not 64: --bitrate 18 is near"),
        (lambda case: _bsq_vit.bsq_vit(case, "float32"), 6.0, "BSQ-ViT has 0.45 to 1.8 kbit/s, and not 6"),
    ],
)
def test_a_bitrate_out_of_reach(make, bitrate: float, says: str) -> None:
    with pytest.raises(Unsupported, match=says):
        make(tiny.case(bitrate))

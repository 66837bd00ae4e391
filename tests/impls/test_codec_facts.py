"""Codecs against published facts, other decoders, and the definitions of formats."""

from __future__ import annotations

import importlib
import io
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import Case, Codec
from bench.codec import resample
from bench.corpus import clip

Make = Callable[..., Codec]


def rates(made: Codec, frames: int = 50) -> tuple[float, float]:
    """Payload and container bitrate of whole frames, bit/s."""
    x = np.random.default_rng(0).uniform(-0.3, 0.3, (1, made.frame * frames - max(0, made.delay - made.frame)))
    packets = made.encode(x.astype(np.float32))
    assert len(packets) == frames
    seconds = frames * made.frame / made.rate
    container = made.container_bits(packets) if made.container_bits else 8 * sum(map(len, packets))
    return made.payload_bits(packets) / seconds, container / seconds


def test_amr_header_costs_400_bits_a_second(codec: Make) -> None:
    payload, container = rates(codec("amrnb", 4.75, 8000))
    assert payload == 4750
    assert container == 5200  # 12 bytes for 95 bits, and a header byte, 50 times a second: RFC 4867, 5.3
    assert rates(codec("amrwb", 12.65)) == (12650, 50 * 8 * (32 + 1))


def test_codec2_pads_to_bytes(codec: Make) -> None:
    assert rates(codec("codec2", 1.3, 8000)) == (1300, 1400)
    assert rates(codec("codec2", 0.7, 8000)) == (700, 800)
    assert rates(codec("codec2", 3.2, 8000)) == (3200, 3200)


def test_bitrates_of_standards(codec: Make) -> None:
    assert rates(codec("g711:mulaw", 64, 8000))[0] == 64000
    assert [rates(codec("g722", asked))[0] for asked in (64, 56, 48, 10)] == [64000, 56000, 48000, 48000]
    assert rates(codec("gsm", 13, 8000)) == (13000, 13200)
    assert rates(codec("g723_1", 6.3, 8000)) == (6300, 6400)
    assert rates(codec("lc3", 16))[0] == 16000
    assert rates(codec("speex", 8, 8000))[0] == 8000
    g726 = codec("g726", 24, 8000)
    assert g726.payload_bits(g726.encode(np.zeros((1, 8000), np.float32))) == 24000


def test_delays_of_standards(codec: Make) -> None:
    """Algorithmic delay in milliseconds: a frame, and what the codec looks ahead or its filters hold back."""
    published = {
        "amrnb": 25.0,  # 20 + 5
        "codec2": 40.0,
        "g723_1": 37.5,  # 30 + 7.5
        "gsm": 20.0,
        "lc3": 12.5,  # 10 + 2.5
        "lc3:7.5ms": 11.5,  # 7.5 + 4
        "opus": 26.5,  # RFC 6716, 2: 20 + 6.5
        "opus:lowdelay": 12.5,  # 10 + 2.5
        "speex": 33.9375,  # the Speex manual: 34 in wide band
    }
    for name, delay in published.items():
        made = codec(name, 16)
        assert 1000 * made.delay / made.rate == delay, name


def test_g722_leaves_the_lowest_bits_of_the_lower_band_to_other_data(codec: Make) -> None:
    """Modes 2 and 3 decode without them: whatever stands there makes no difference."""
    for bitrate, mask in ((56, 0xFE), (48, 0xFC)):
        made = codec("g722", bitrate)
        packets = made.encode(clip("builtin", 0.5, 16000, 1, 0))
        cleared = [bytes(byte & mask for byte in packet) for packet in packets]
        assert np.array_equal(made.decode(packets), made.decode(cleared))


def test_g711_is_the_table_of_the_standard(codec: Make) -> None:
    """The expansion of G.711, tables 1a and 2a, in its usual 16-bit form, sign and segments from the definition."""
    codes = np.arange(256)
    mulaw, alaw = codes ^ 0xFF, codes ^ 0x55
    segment, step = mulaw >> 4 & 7, mulaw & 15
    magnitude = ((2 * step + 33) << segment) - 33
    expected = {"mulaw": np.where(mulaw & 128, -1, 1) * magnitude * 4}
    segment, step = alaw >> 4 & 7, alaw & 15
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    expected["alaw"] = np.where(alaw & 128, 1, -1) * magnitude * 8
    for law, values in expected.items():
        decoded = codec(f"g711:{law}", 64, 8000).decode([bytes(range(256))])
        assert np.array_equal(decoded[0] * 32768, values)


@pytest.mark.parametrize("channels", [1, 2])
def test_lc3_gives_the_bits_of_the_wrapper(codec: Make, channels: int) -> None:
    """lc3py's own classes, which we do without, on the same samples."""
    made, lc3 = codec("lc3", 33, 24000, channels), importlib.import_module("lc3")
    x = np.resize(clip("builtin", 1.0, 24000, 1, 0), (channels, 24000))
    packets = made.encode(x)
    samples = np.pad(np.rint(x * 32768).clip(-32768, 32767).astype(np.int16), ((0, 0), (0, 240)))
    wrapper = lc3.Encoder(10000, 24000, channels), lc3.Decoder(10000, 24000, channels)
    frames = [samples[:, at : at + 240].T.tobytes() for at in range(0, 24240, 240)]
    assert packets == [wrapper[0].encode(frame, len(packets[0]), bit_depth=16) for frame in frames]
    theirs = b"".join(wrapper[1].decode(packet, bit_depth=16) for packet in packets)
    assert np.array_equal(made.decode(packets).T.ravel() * 32768, np.frombuffer(theirs, np.int16))


def test_speex_is_decoded_by_another_decoder_alike(codec: Make) -> None:
    made, av = codec("speex", 12.8), importlib.import_module("impls.codec._av")
    x = clip("builtin", 2.0, 16000, 1, 0)
    packets = made.encode(x)
    header = b"Speex   " + b"1.2".ljust(20, b"\0")  # the 80 bytes of speex_header.h
    header += np.array([1, 80, 16000, 1, 4, 1, -1, 320, 0, 1, 0, 0, 0], "<i4").tobytes()
    other = av.Decoder("speex", 16000, 1, header)
    ours, theirs = made.decode(packets), np.concatenate([other(packet) for packet in packets], axis=1)
    assert np.corrcoef(ours[0, 2000:], theirs[0, 2000:])[0, 1] > 0.9


def by_libsndfile(file: bytes, **raw: Any) -> np.ndarray:
    """What libsndfile makes of a file, or of data without a header: float32 (samples,)."""
    soundfile = importlib.import_module("soundfile")
    return soundfile.read(io.BytesIO(file), dtype="float32", **raw)[0]


@pytest.mark.parametrize(
    ("name", "subtype"), [("gsm", "GSM610"), ("g711:mulaw", "ULAW"), ("g711:alaw", "ALAW")], ids=lambda x: x
)
def test_libsndfile_decodes_to_the_same_samples(codec: Make, name: str, subtype: str) -> None:
    made = codec(name, 64, 8000)
    packets = made.encode(clip("builtin", 2.0, 8000, 1, 0))
    raw = {"format": "RAW", "subtype": subtype, "samplerate": 8000, "channels": 1}
    assert np.array_equal(made.decode(packets)[0], by_libsndfile(b"".join(packets), **raw))


@pytest.mark.parametrize("kind", ["ima", "ms"])
def test_adpcm_blocks_are_those_of_wav_files(codec: Make, kind: str) -> None:
    made = codec(f"adpcm:{kind}", 32, 8000)
    packets = made.encode(clip("builtin", 2.0, 8000, 1, 0))
    coefficients = (256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232)  # Microsoft's seven pairs
    extra = struct.pack("<H", made.frame) + (struct.pack("<H14h", 7, *coefficients) if kind == "ms" else b"")
    head = struct.pack("<HHIIHHH", 2 if kind == "ms" else 0x11, 1, 8000, 4096, 256, 4, len(extra)) + extra
    chunks = {b"fmt ": head, b"fact": struct.pack("<I", len(packets) * made.frame), b"data": b"".join(packets)}
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks.items())
    assert np.array_equal(made.decode(packets)[0], by_libsndfile(b"RIFF" + struct.pack("<I", len(body)) + body))


def test_mp3_is_a_file_that_others_decode_alike(codec: Make) -> None:
    """mpg123, in libsndfile, on the packets one after the other."""
    made = codec("mp3", 32)
    packets = made.encode(clip("builtin", 2.0, 16000, 1, 0))
    assert np.abs(made.decode(packets)[0] - by_libsndfile(b"".join(packets))).max() < 1e-5


def snr(x: np.ndarray, y: np.ndarray) -> float:
    """Signal-to-noise ratio in dB over the length of x."""
    return float(10 * np.log10((x**2).sum() / ((x - y[: len(x)]) ** 2).sum()))


def test_g726_is_as_good_as_another_implementation(codec: Make) -> None:
    """libsndfile has the same coder as G.721 and G.723, at three of the four rates."""
    x = clip("builtin", 2.0, 8000, 1, 0)
    sndfile = importlib.import_module("impls.codec._sndfile")
    for bitrate, subtype in ((24, "G723_24"), (32, "G721_32"), (40, "G723_40")):
        made, other = codec("g726", bitrate, 8000), sndfile.write(x, 8000, subtype, "AU")
        ours = snr(x[0], made.decode(made.encode(x))[0])
        assert ours == pytest.approx(snr(x[0], by_libsndfile(other)), abs=0.5)


def test_ogg_pages_keep_a_valid_checksum() -> None:
    """Against the polynomial of RFC 3533, bit by bit."""
    sndfile = importlib.import_module("impls.codec._sndfile")
    file = sndfile.write(clip("builtin", 0.5, 16000, 1, 0), 16000, "VORBIS", "OGG", compression_level=0.5)
    pages = sndfile.pages(file)
    assert len(b"".join(pages)) == len(file)
    for page in pages:
        crc = 0
        for byte in page[:22] + bytes(4) + page[26:]:
            crc ^= byte << 24
            for _ in range(8):
                crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
        assert page[14:18] == bytes(4)
        assert int.from_bytes(page[22:26], "little") == crc
    assert np.array_equal(sndfile.read(b"".join(pages)), sndfile.read(file))


def test_vorbis_is_searched_for_the_bitrate(codec: Make) -> None:
    for asked in (24, 40, 60):
        made, x = codec("vorbis", asked), clip("builtin", 4.0, 16000, 1, 0)
        assert made.rate == 16000
        assert made.payload_bits(made.encode(x)) / 4.0 == pytest.approx(1000 * asked, rel=0.05)


@pytest.mark.skipif(not os.environ.get("BENCH_TEST_CORPUS"), reason="BENCH_TEST_CORPUS names no folder of real speech")
def test_payload_on_real_speech(codec: Make) -> None:
    """Opus at 12 kbit/s, variable: 11758 bit/s were measured on other clips; 24 and 6 stay within the window too."""
    import soundfile

    files = sorted(Path(os.environ["BENCH_TEST_CORPUS"], "speech").glob("l*.flac"))[:6]
    assert files
    made = {asked: codec("opus", asked) for asked in (6, 12, 24)} | {"aac": codec("aac", 24)}
    spent, seconds = dict.fromkeys(made, 0), 0.0
    for file in files:
        x, rate = soundfile.read(file, dtype="float32", frames=6 * 48000)
        seconds += len(x) / rate
        for asked, one in made.items():
            spent[asked] += one.payload_bits(one.encode(resample(x[None], rate, one.rate)))
    assert spent[12] / seconds == pytest.approx(11800, rel=0.03)
    for asked in (6, 12, 24, "aac"):
        assert spent[asked] / seconds == pytest.approx(made[asked].nominal, rel=0.1)


def test_what_codecs_share() -> None:
    common = importlib.import_module("impls.codec._common")
    case = Case("codec", {"sample_rate": 16000})
    assert common.nearest((8, 16, 24), 12) == 8  # of two as near, the smaller
    assert common.nearest({24: "c", 8: "a"}, 1000) == 24
    assert common.rate_for(case, (8000, 24000, 48000)) == 24000
    assert common.rate_for(case, (8000,)) == 8000
    assert common.padded(np.ones((2, 5)), 4).shape == (2, 8)
    assert common.padded(np.ones((2, 4)), 4).shape == (2, 4)
    assert common.padded(np.ones((2, 4)), 4, 1).shape == (2, 8)
    whole = np.array([[-1, -0.5, 0, 0.5, 32767 / 32768]], np.float32)
    assert np.array_equal(common.to_float(common.to_int16(whole)), whole)
    assert np.array_equal(common.to_float(common.to_int32(whole)), whole)
    assert common.to_int16(np.array([[2.0, -2.0, 1.0]])).tolist() == [[32767, -32768, 32767]]
    assert common.to_int32(np.array([[1.0, -1.0]], np.float32)).tolist() == [[2**31 - 1, -(2**31)]]

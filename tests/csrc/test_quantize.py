"""Sample formats against their definitions in float64, G.711's own arithmetic, and NumPy's half precision."""

from __future__ import annotations

import os

import numpy as np
import pytest

audiokern = pytest.importorskip("audiokern")
from audiokern.quantize import FORMATS, Int8, Quantizer  # noqa: E402

ISAS = audiokern.isas()
LENGTHS = (0, 1, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 130, 255, 256, 257, 1000, 16383, 16385, 40000)


def mulaw_encode(x: np.ndarray) -> np.ndarray:
    x = np.clip(np.asarray(x, np.float64), -1, 1)
    y = np.sign(x) * np.log1p(255.0 * np.abs(x)) / np.log1p(255.0)
    return np.floor((y + 1) / 2 * 255 + 0.5).astype(np.uint8)


def mulaw_decode(q: np.ndarray) -> np.ndarray:
    y = 2 * q.astype(np.float64) / 255 - 1
    return np.sign(y) * (256.0 ** np.abs(y) - 1) / 255


def floats(bits: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(bits, np.uint32).view(np.float32)


def steps() -> np.ndarray:
    """The bits of the smallest positive float of each code above 128, by bisection of the definition."""
    low, high = np.zeros(127, np.int64), np.full(127, 0x3F800000, np.int64)
    codes = np.arange(129, 256)
    while (high - low).max() > 1:
        middle = (low + high) // 2
        above = mulaw_encode(floats(middle.astype(np.uint32))) >= codes
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return high


class TestMulaw:
    def test_every_step_and_its_neighbours(self, isa: str) -> None:
        bits = (steps()[:, None] + np.arange(-200, 200)).astype(np.uint32)
        x = floats(bits).ravel()
        both = np.concatenate([x, -x])
        np.testing.assert_array_equal(Quantizer("mulaw", isa=isa).encode(both), mulaw_encode(both))

    def test_bits_at_random(self, isa: str) -> None:
        rng = np.random.default_rng(1)
        x = floats(
            rng.integers(0, 0x3F800001, 1 << 20, dtype=np.uint32) | rng.integers(0, 2, 1 << 20, dtype=np.uint32) << 31
        )
        np.testing.assert_array_equal(Quantizer("mulaw", isa=isa).encode(x), mulaw_encode(x))

    def test_near_zero(self, isa: str) -> None:
        x = np.array([0.0, -0.0, 1e-45, -1e-45, 1e-30, -1e-30, -1.2071339e-18, -1.2071341e-18, -1e-17], np.float32)
        np.testing.assert_array_equal(Quantizer("mulaw", isa=isa).encode(x), mulaw_encode(x))

    def test_clips_and_silences_nan(self, isa: str) -> None:
        x = np.array([1.0, -1.0, 1.5, -1.5, 3e38, -3e38, np.inf, -np.inf, np.nan, -np.nan], np.float32)
        assert Quantizer("mulaw", isa=isa).encode(x).tolist() == [255, 0] * 4 + [128, 128]

    def test_anything_in_a_float_anywhere(self, isa: str) -> None:
        quantizer, rng = Quantizer("mulaw", isa=isa), np.random.default_rng(3)
        for length in LENGTHS:
            x = floats(rng.integers(0, 1 << 32, length, dtype=np.uint32))
            x[rng.random(length) < 0.2] = np.nan  # one in 256 by themselves
            np.testing.assert_array_equal(quantizer.encode(x), mulaw_encode(np.where(np.isnan(x), 0, x)))

    def test_decode(self, isa: str) -> None:
        q = np.arange(256, dtype=np.uint8)
        x = Quantizer("mulaw", isa=isa).decode(q)
        np.testing.assert_array_equal(x, mulaw_decode(q).astype(np.float32))
        np.testing.assert_array_equal(Quantizer("mulaw", isa=isa).encode(x), q)

    @pytest.mark.skipif("AUDIOKERN_EXHAUSTIVE" not in os.environ, reason="set AUDIOKERN_EXHAUSTIVE: some 25 s each")
    def test_every_float(self, isa: str) -> None:
        quantizer, edges = Quantizer("mulaw", isa=isa), np.concatenate([[0], steps()])
        tiny = int(np.float32(1.2071341e-18).view(np.uint32))
        for start in range(0, 0x3F800001, 1 << 24):
            bits = np.arange(start, min(start + (1 << 24), 0x3F800001), dtype=np.uint32)
            lengths = np.diff(np.clip(np.append(edges, 0x3F800001), start, start + len(bits)))
            code = np.repeat(np.arange(128, 256, dtype=np.uint8), lengths)
            assert np.array_equal(quantizer.encode(floats(bits)), code)
            code = np.where(bits < tiny, 128, 255 - code)
            assert np.array_equal(quantizer.encode(floats(bits | np.uint32(1 << 31))), code)
        for start in range(0x3F800000, 1 << 31, 1 << 24):  # from 1 to the last NaN
            bits = np.arange(start, start + (1 << 24), dtype=np.uint32)
            codes = (255, 0) if start < 0x7F800000 else (128, 128)
            for sign, code in zip((0, 1 << 31), codes, strict=True):
                encoded = quantizer.encode(floats(bits | np.uint32(sign)))
                if start == 0x7F800000:
                    assert encoded[0] == 255 * (sign == 0)  # infinity
                    encoded = encoded[1:]
                assert (encoded == code).all()


def test_mulaw_is_torchaudios() -> None:
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchaudio.functional")
    x = np.random.default_rng(2).uniform(-1, 1, 100_000)
    ours = Quantizer("mulaw").encode(x)
    theirs = functional.mu_law_encoding(torch.from_numpy(x.astype(np.float32)).double(), 256).numpy()
    np.testing.assert_array_equal(ours, theirs)
    decoded = functional.mu_law_decoding(torch.arange(256), 256).numpy()
    np.testing.assert_allclose(Quantizer("mulaw").decode(np.arange(256, dtype=np.uint8)), decoded, atol=1e-6)


# G.711, sample by sample, as the reference programs compute it.


def ulaw_g191(pcm: int) -> int:
    magnitude = min(((~pcm if pcm < 0 else pcm) >> 2) + 33, 0x1FFF)
    segment = magnitude.bit_length() - 5
    code = (8 - segment) << 4 | (15 - (magnitude >> segment & 15))
    return code | (0x80 if pcm >= 0 else 0)


def ulaw_sun(pcm: int) -> int:
    value, mask = pcm >> 2, 0xFF
    if value < 0:
        value, mask = -value, 0x7F
    value = min(value, 8159) + 33
    segment = next(i for i, end in enumerate((63, 127, 255, 511, 1023, 2047, 4095, 8191, 8192)) if value <= end)
    if segment == 8:
        return 0x7F ^ mask
    return (segment << 4 | (value >> (segment + 1) & 15)) ^ mask


def ulaw_expand(code: int) -> int:
    code = ~code & 0xFF
    value = (((code & 15) << 3) + 0x84) << (code >> 4 & 7)
    return 0x84 - value if code & 0x80 else value - 0x84


def alaw_compress(pcm: int) -> int:
    value, mask = pcm >> 3, 0xD5
    if value < 0:
        value, mask = -value - 1, 0x55
    segment = next(i for i, end in enumerate((31, 63, 127, 255, 511, 1023, 2047, 4095)) if value <= end)
    return (segment << 4 | (value >> (1 if segment < 2 else segment) & 15)) ^ mask


def alaw_expand(code: int) -> int:
    code ^= 0x55
    value, segment = (code & 15) << 4, code >> 4 & 7
    value = value + 8 if segment == 0 else (value + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


G711 = {
    "ulaw_g191": (ulaw_g191, ulaw_expand),
    "ulaw_sun": (ulaw_sun, ulaw_expand),
    "alaw": (alaw_compress, alaw_expand),
}
PCM = np.arange(-32768, 32768, dtype=np.int16)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("law", G711)
class TestG711:
    def test_every_sample(self, law: str, isa: str) -> None:
        compress, _ = G711[law]
        expected = np.array([compress(int(pcm)) for pcm in PCM], np.uint8)
        quantizer = Quantizer(law, isa=isa)
        np.testing.assert_array_equal(quantizer.encode_i16(PCM), expected)
        np.testing.assert_array_equal(quantizer.encode((PCM / 32768).astype(np.float32)), expected)

    def test_every_code(self, law: str, isa: str) -> None:
        _, expand = G711[law]
        codes = np.arange(256, dtype=np.uint8)
        expected = np.array([expand(int(code)) for code in codes], np.int16)
        quantizer = Quantizer(law, isa=isa)
        np.testing.assert_array_equal(quantizer.decode_i16(codes), expected)
        np.testing.assert_array_equal(quantizer.decode(codes), expected.astype(np.float32) / 32768)

    def test_floats_round_saturate_and_silence_nan(self, law: str, isa: str) -> None:
        x = np.array([1.0, -1.0, 7.0, -7.0, np.inf, -np.inf, np.nan, 100.5 / 32768, 101.5 / 32768], np.float32)
        pcm = np.array([32767, -32768, 32767, -32768, 32767, -32768, 0, 100, 102], np.int16)
        quantizer = Quantizer(law, isa=isa)
        np.testing.assert_array_equal(quantizer.encode(x), quantizer.encode_i16(pcm))


def test_only_g711_takes_pcm() -> None:
    with pytest.raises(audiokern.AudiokernError):
        Quantizer("mulaw").encode_i16(PCM)


@pytest.mark.parametrize("isa", ISAS)
class TestHalves:
    def specials(self) -> np.ndarray:
        rng = np.random.default_rng(3)
        bits = rng.integers(0, 1 << 32, 1 << 18, dtype=np.uint32)
        near_halves = (rng.integers(0, 1 << 19, 1 << 14, dtype=np.uint32) << 13) + rng.integers(
            0xFFE, 0x1003, 1 << 14, dtype=np.uint32
        )
        named = floats(
            np.array(
                [
                    0,
                    1 << 31,
                    0x7F800000,
                    0xFF800000,
                    0x477FEFFF,
                    0x477FF000,
                    0x33000000,
                    0x33000001,
                    0x387FE000,
                    0x387FF000,
                ]
            )
        )
        return np.concatenate([floats(bits), floats(near_halves), named])

    def test_float16_encode(self, isa: str) -> None:
        x = self.specials()
        numbers = x[~np.isnan(x)]
        with np.errstate(over="ignore"):
            expected = numbers.astype(np.float16)
        ours = Quantizer("float16", isa=isa).encode(numbers)
        np.testing.assert_array_equal(ours.view(np.uint16), expected.view(np.uint16))

    def test_float16_decode(self, isa: str) -> None:
        codes = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
        ours, expected = Quantizer("float16", isa=isa).decode(codes), codes.astype(np.float32)
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected))
        np.testing.assert_array_equal(ours[~np.isnan(ours)].view(np.uint32), expected[~np.isnan(ours)].view(np.uint32))

    def test_bfloat16(self, isa: str) -> None:
        torch = pytest.importorskip("torch")
        x = self.specials()
        x = x[~np.isnan(x)]
        expected = torch.from_numpy(x).to(torch.bfloat16)
        quantizer = Quantizer("bfloat16", isa=isa)
        codes = quantizer.encode(x)
        np.testing.assert_array_equal(codes, expected.view(torch.uint16).numpy())
        np.testing.assert_array_equal(quantizer.decode(codes).view(np.uint32), codes.astype(np.uint32) << 16)

    @pytest.mark.parametrize("format", ["float16", "bfloat16"])
    def test_nan_stays_quiet_on_every_isa(self, isa: str, format: str) -> None:
        x = floats(np.array([0x7F800001, 0xFF800001, 0x7FC00000, 0xFFFFFFFF, 0x7FA12345], np.uint32))
        codes = Quantizer(format, isa=isa).encode(x)
        np.testing.assert_array_equal(
            codes.view(np.uint16), Quantizer(format, isa="portable").encode(x).view(np.uint16)
        )
        back = Quantizer(format, isa=isa).decode(codes)
        assert np.isnan(back).all()
        assert (back.view(np.uint32) & 0x400000).all()


@pytest.mark.parametrize("isa", ISAS)
def test_int16(isa: str) -> None:
    x = np.random.default_rng(4).uniform(-1.1, 1.1, 100_000).astype(np.float32)
    expected = np.clip(np.rint(x * np.float32(32768)), -32768, 32767).astype(np.int16)
    quantizer = Quantizer("int16", isa=isa)
    np.testing.assert_array_equal(quantizer.encode(x), expected)
    np.testing.assert_array_equal(quantizer.decode(PCM), PCM.astype(np.float32) / 32768)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("format", FORMATS)
def test_result_does_not_depend_on_place_or_threads(format: str, isa: str) -> None:
    x = np.random.default_rng(5).uniform(-1.2, 1.2, max(LENGTHS) + 3).astype(np.float32)
    whole = Quantizer(format, isa=isa)
    codes = whole.encode(x)
    samples = whole.decode(codes)
    for quantizer in (whole, Quantizer(format, threads=3, isa=isa)):
        for length in LENGTHS:
            out = np.full(length + 2, 77).astype(codes.dtype)
            part = quantizer.encode(x[3 : 3 + length], out[1:-1])
            np.testing.assert_array_equal(part, codes[3 : 3 + length])
            assert out[0] == out[-1] == np.array(77).astype(codes.dtype), "wrote outside its buffer"
            np.testing.assert_array_equal(quantizer.decode(codes[3 : 3 + length]), samples[3 : 3 + length])


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("axis", ["tensor", "row", "column"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (7, 64), (5, 131), (80, 1000), (2, 3, 80), (2, 0), (0, 4)])
def test_int8(axis: str, shape: tuple[int, ...], isa: str) -> None:
    x = np.random.default_rng(6).standard_normal(shape).astype(np.float32)
    if x.size > 10:
        x.flat[[1, 5]] = 0, -9
    int8 = Int8(axis, threads=2, isa=isa)
    scales = int8.scales(x)
    matrix = x.reshape(-1, shape[-1]) if x.size else np.zeros(shape, np.float32)
    peaks = {
        "tensor": lambda: [np.abs(x).max(initial=0)],
        "row": lambda: np.abs(matrix).max(1, initial=0),
        "column": lambda: np.abs(matrix).max(0, initial=0),
    }[axis]()
    if x.size:
        np.testing.assert_array_equal(scales, np.asarray(peaks, np.float32) / np.float32(127))
        spread = scales[:, None] if axis == "row" else scales
        codes = int8.encode(x, scales)
        ratio = np.divide(matrix, spread, out=np.zeros_like(matrix), where=np.broadcast_to(spread, matrix.shape) != 0)
        np.testing.assert_array_equal(codes.reshape(matrix.shape), np.clip(np.rint(ratio), -127, 127))
        decoded = int8.decode(codes, scales)
        np.testing.assert_array_equal(decoded.reshape(matrix.shape), codes.reshape(matrix.shape) * spread)
        assert (np.abs(decoded.reshape(matrix.shape) - matrix) <= spread * 0.5001).all()


@pytest.mark.parametrize("isa", ISAS)
def test_int8_specials(isa: str) -> None:
    x = np.array([[np.nan, np.inf, -np.inf, 3.0, 0.5, -0.5, 1.5, 200.0]], np.float32)
    int8 = Int8(isa=isa)
    assert int8.encode(x, [1.0]).tolist() == [[0, 127, -127, 3, 0, 0, 2, 127]]
    assert int8.encode(x, [0.0]).tolist() == [[0] * 8]
    assert int8.scales(x[:, 3:])[0] == np.float32(200) / np.float32(127)
    assert int8.scales(np.array([np.nan, -1], np.float32)) == np.float32(1) / np.float32(127)

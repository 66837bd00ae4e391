"""The definitions of every format against independent truths, and faults that the checks must see."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench import Case
from bench.registry import load
from suites import quantize as q

SUITE = load().suite("quantize")
FORMATS = sorted(q.CODE_DTYPE)
UNSCALED = [f for f in FORMATS if f not in q.SCALED]
PCM = np.arange(-32768, 32768)

samples = arrays(np.float32, st.integers(1, 40), elements=st.floats(-1, 1, width=32))


def case(format: str, seconds: float = 0.2) -> Case:
    signal = "waveform" if format in q.WAVEFORM else "spectrogram"
    params = {"format": format, "signal": signal, "seconds": seconds, "sample_rate": 16000, "batch": 2}
    return Case("quantize", params)


def signal(format: str) -> np.ndarray:
    audio = np.random.default_rng(1).uniform(-1, 1, (2, 3200)).astype(np.float32)
    return q.spectrogram(audio) if format == "int8_band" else audio


def verdict(format: str, op: str, args: tuple[Any, ...], out: Any) -> str:
    return SUITE.check(case(format), op, args, out, SUITE.reference(case(format), op, args)).wrong


# G.711, by integers: the segment is the position of the leading bit


def ulaw_byte(pcm: int) -> int:
    """As the ITU-T's G.191 does it: 14-bit magnitudes, biased by 33."""
    magnitude = min(((~pcm if pcm < 0 else pcm) >> 2) + 33, 8191)
    segment = magnitude.bit_length() - 6
    return ~((0x80 if pcm < 0 else 0) | segment << 4 | (magnitude >> (segment + 1)) & 15) & 0xFF


def alaw_byte(pcm: int) -> int:
    """12-bit magnitudes without their last bit."""
    magnitude = (~pcm if pcm < 0 else pcm) >> 4
    segment = max(magnitude.bit_length() - 4, 0) if magnitude > 15 else 0
    interval = (magnitude >> max(segment - 1, 0)) & 15
    return ((0 if pcm < 0 else 0x80) | segment << 4 | interval) ^ 0x55


@pytest.mark.parametrize(("law", "byte"), [("g711u", ulaw_byte), ("g711a", alaw_byte)])
def test_g711_codes_all_16_bit_samples_as_integer_arithmetic_does(law, byte):
    assert q.g711_encode(law, PCM / 32768).tolist() == [byte(int(v)) for v in PCM]


@pytest.mark.parametrize(
    ("law", "values"),
    [
        ("g711u", {0x80: 32124, 0x00: -32124, 0xFF: 0, 0x7F: 0, 0xFE: 8, 0x7E: -8, 0x8F: 16764, 0xF0: 120}),
        ("g711a", {0xAA: 32256, 0x2A: -32256, 0xD5: 8, 0x55: -8, 0xD4: 24, 0x80: 5504, 0xC5: 264}),
    ],
)
def test_g711_decodes_to_published_values(law, values):
    """In 16 bits, from the decoding tables that every telephony library carries."""
    table = q.g711_values(law) * 32768
    assert {code: int(table[code]) for code in values} == values


@pytest.mark.parametrize("law", ["g711u", "g711a"])
def test_g711_values_lie_within_their_decision_values(law):
    lower, value = q.g711_magnitudes(law)
    assert (np.diff(lower) > 0).all() and (np.diff(value) > 0).all()
    assert (lower <= value).all() and (value[:-1] < lower[1:]).all()


def test_g711_agrees_with_python_where_the_recommendation_leaves_no_choice():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        audioop = pytest.importorskip("audioop", reason="removed in Python 3.13")
    linear = PCM.astype("<i2").tobytes()
    assert q.g711_encode("g711a", PCM / 32768).tobytes() == audioop.lin2alaw(linear, 2)
    positive = PCM >= 0  # Python follows Sun for negative ones
    ours = q.g711_encode("g711u", PCM / 32768)
    assert ours[positive].tobytes() == np.frombuffer(audioop.lin2ulaw(linear, 2), np.uint8)[positive].tobytes()
    every = bytes(range(256))
    for law, decode in (("g711u", audioop.ulaw2lin), ("g711a", audioop.alaw2lin)):
        assert (q.g711_values(law) * 32768).tolist() == np.frombuffer(decode(every, 2), "<i2").tolist()


# The other formats


def test_mulaw_is_torchaudios():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchaudio.functional")
    x = np.linspace(-1, 1, 20001)
    (codes,) = q.encode("mulaw", x)
    assert codes.tolist() == functional.mu_law_encoding(torch.from_numpy(x), 256).tolist()
    every = np.arange(256, dtype=np.uint8)
    theirs = functional.mu_law_decoding(torch.arange(256).double(), 256).numpy()
    np.testing.assert_allclose(q.decode("mulaw", every), theirs, atol=1e-12)


def test_mulaw_has_its_corners():
    assert q.encode("mulaw", np.float32([-1, 0, 1]))[0].tolist() == [0, 128, 255]
    np.testing.assert_allclose(q.decode("mulaw", np.uint8([0, 255])), [-1, 1])


@pytest.mark.parametrize("format", ["mulaw", "g711u", "g711a", "int16"])
def test_every_code_comes_back_from_its_value(format):
    codes = PCM.astype(np.int16) if format == "int16" else np.arange(256, dtype=np.uint8)
    back = q.encode(format, q.decode(format, codes))[0]
    changed = codes[back != codes].tolist()
    assert changed == ([0x7F] if format == "g711u" else [])  # mu-law has a second zero


@given(arrays(np.float32, 30, elements=st.floats(-60000, 60000, width=32)))
def test_float16_is_numpys(x):
    assert q.round_binary(x, 11, -14).tolist() == x.astype(np.float16).astype(np.float64).tolist()


def test_float16_ties_go_to_even():
    """Halfway between any two neighbours."""
    every = np.arange(0x7BFF, dtype=np.uint16)
    x = (
        every.view(np.float16).astype(np.float32) + (every + 1).astype(np.uint16).view(np.float16).astype(np.float32)
    ) / 2
    assert q.round_binary(x, 11, -14).tolist() == x.astype(np.float16).astype(np.float64).tolist()
    assert (q.encode("float16", x)[0].view(np.uint16) % 2 == 0).all()


@pytest.mark.parametrize("lower", [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
@pytest.mark.parametrize("sign", [0, 0x80000000])
def test_bfloat16_is_the_nearest_with_ties_to_even(lower, sign):
    """All upper halves of finite float32; the neighbours are the half itself and the next one."""
    upper = np.arange(0x7F7F, dtype=np.uint32)
    x = (upper << 16 | np.uint32(lower) | np.uint32(sign)).view(np.float32)
    chosen = upper + (lower > 0x8000) + (lower == 0x8000) * (upper % 2)
    expected = (chosen.astype(np.uint32) << 16 | np.uint32(sign)).view(np.float32).astype(np.float64)
    assert q.round_binary(x, 8, -126).tolist() == expected.tolist()
    assert q.decode("bfloat16", *q.encode("bfloat16", x)).tolist() == expected.tolist()


@given(samples)
def test_int16_is_off_by_half_a_step_at_most(x):
    error = np.abs(q.decode("int16", *q.encode("int16", x)) - np.minimum(x, 32767 / 32768))
    assert (error <= 0.5 / 32768).all()


@given(arrays(np.float32, (2, 3, 5), elements=st.floats(0, 300, width=32)), st.sampled_from(q.SCALED))
def test_int8_is_off_by_half_a_step_at_most_and_uses_its_range(x, format):
    codes, scale = q.encode(format, x)
    assert (np.abs(q.decode(format, codes, scale) - x) <= scale * 0.5001).all()
    peaks = np.abs(codes).max((0, 1)) if format == "int8_band" else np.abs(codes).max()
    loud = x.max((0, 1)) > q.SCALE_FLOOR if format == "int8_band" else x.max() > q.SCALE_FLOOR
    assert np.all((peaks == 127) | ~np.asarray(loud))


def test_a_full_scale_sine_in_16_bits_has_98_db():
    """6.02 bits + 1.76 dB (Bennett 1948)."""
    sine = np.sin(np.arange(50000) * 0.1234567)[None].astype(np.float32) * np.float32(32767 / 32768)
    found = q.snr(sine, q.decode("int16", *q.encode("int16", sine)))["snr_db"]
    assert found == pytest.approx(6.0206 * 16 + 1.76, abs=0.1)


@pytest.mark.parametrize("format", ["g711u", "g711a", "mulaw"])
def test_companding_keeps_the_snr_over_40_db_of_level(format):
    sine = np.sin(np.arange(20000) * 0.1234567)[None]
    for level in (1, 0.1, 0.02):
        x = (level * sine).astype(np.float32)
        assert 28 < q.snr(x, q.decode(format, *q.encode(format, x)))["snr_db"] < 42


def test_the_snr_of_bands_is_that_of_the_middle_one():
    """Ones in five bands, the errors of which are 10, 20, 30, 60 and 80 dB lower; a sixth is silent."""
    x = np.ones((2, 7, 6), np.float32)
    x[..., 5] = 0
    decoded = x + np.append(10 ** (-np.array([10, 20, 30, 60, 80]) / 20), 0)
    found = q.snr(x, decoded)
    assert found["band_snr_db"] == pytest.approx(30)
    assert found["snr_db"] == pytest.approx(10 * np.log10(5 / (0.1 + 0.01 + 0.001 + 1e-6 + 1e-8)))


# The suite


def test_the_grids_reach_every_format_of_each_signal():
    params = [p for p in SUITE.expand("default") if SUITE.valid(Case("quantize", p))]
    assert {p["format"] for p in params if p["signal"] == "waveform"} == set(q.WAVEFORM)
    assert {p["format"] for p in params if p["signal"] == "spectrogram"} == set(q.SPECTROGRAM)


@pytest.mark.parametrize("format", FORMATS)
def test_work_counts_the_bytes_of_the_arrays(format):
    c = case(format, seconds=1.0)
    inputs = SUITE.inputs(c, SUITE.audio(c))
    codes = inputs["decode"][0]
    for op in SUITE.ops:
        assert SUITE.work(c, op).bytes == inputs["encode"][0].nbytes + codes.nbytes


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["random", "silent", "denormal", "one sample"])
def test_the_definition_passes_its_own_check(format, kind):
    x = signal(format)
    x = {"random": x, "silent": x * 0, "denormal": x * np.float32(1e-40), "one sample": x[..., :1]}[kind]
    codes = q.encode(format, x)
    assert verdict(format, "encode", (x,), codes if len(codes) > 1 else codes[0]) == ""
    assert verdict(format, "decode", codes, q.decode(format, *codes).astype(np.float32)) == ""


def damaged(codes: np.ndarray) -> np.ndarray:
    """One code in the middle is the next one."""
    codes = codes.copy()
    codes.view(f"u{codes.itemsize}").flat[codes.size // 2] += 1
    return codes


@pytest.mark.parametrize("format", FORMATS)
def test_a_single_code_off_by_one_is_wrong(format):
    x = signal(format)
    codes, *scale = q.encode(format, x)
    check = SUITE.check(
        case(format), "encode", (x,), (damaged(codes), *scale), SUITE.reference(case(format), "encode", (x,))
    )
    assert check.wrong.startswith("1 of ") and check.metrics["error"] == pytest.approx(1 / x.size)


def test_codes_next_to_a_decision_boundary_may_fall_on_either_side_but_not_further():
    exact = np.array([[2.5]])
    for position, codes, wrong in (
        (2.5 + 1e-5, 2, False),
        (2.5 + 1e-5, 3, False),
        (2.5 + 1e-3, 2, True),
        (2.4, 3, True),
    ):
        assert q.wrong_codes("mulaw", np.uint8([[codes]]), exact * 0 + position).any() == wrong


@pytest.mark.parametrize("format", FORMATS)
def test_answers_of_another_kind_are_wrong(format):
    x = signal(format)
    codes, *scale = q.encode(format, x)
    assert "not" in verdict(format, "encode", (x,), (codes.astype(np.int32), *scale))
    assert "not" in verdict(format, "encode", (x,), (codes[:, 1:], *scale))
    assert "arrays" in verdict(format, "encode", (x,), (codes, *scale, codes))
    values = q.decode(format, codes, *scale)
    assert "not float32" in verdict(format, "decode", (codes, *scale), values)


@pytest.mark.parametrize("format", q.SCALED)
def test_a_scale_that_is_not_the_peak_over_127_is_wrong(format):
    x = signal("int8_band")
    codes, scale = q.encode(format, x)
    assert "scale" in verdict(format, "encode", (x,), (codes, scale * np.float32(1.001)))
    assert "scale" in verdict(format, "encode", (x,), (codes, scale[:1] if len(scale) > 1 else np.ones(3, np.float32)))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fault", ["gain", "small gain", "shift", "nan", "one value"])
def test_faults_of_a_decoder_are_seen(format, fault):
    x = signal(format)
    codes = q.encode(format, x)
    values = q.decode(format, *codes).astype(np.float32)
    bad = {
        "gain": values * np.float32(1.0001),
        "small gain": values * np.float32(1.00001),
        "shift": np.roll(values, 1, -1),
        "nan": values.copy(),
        "one value": values.copy(),
    }[fault]
    if fault == "nan":
        bad[0, 0] = np.nan
    elif fault == "one value":
        bad.flat[7] += np.float32(1e-3) * np.abs(values).max()
    assert verdict(format, "decode", codes, values) == ""
    assert "off by" in verdict(format, "decode", codes, bad)


def test_numba_gives_the_same_codes_on_two_threads():
    pytest.importorskip("numba")
    x = signal("int8_band")
    made = load().find("quantize", "numba").ops(Case("quantize", case("int8_band").params, threads=2), SUITE)
    assert verdict("int8_band", "encode", (x,), made["encode"].call((x,))) == ""

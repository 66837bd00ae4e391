"""Resampling against sums in float64, tones through the filter, torchaudio, and its own streams."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

audiokern = pytest.importorskip("audiokern")
from audiokern.resample import QUALITIES, Resampler  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

ISAS = audiokern.isas()
RATES = [
    (48000, 16000),
    (44100, 16000),
    (16000, 24000),
    (48000, 44100),
    (8000, 48000),
    (16000, 16000),
    (7, 5),
    (44100, 44101),
]
DECIBELS = {"fast": 100, "hq": 125, "vhq": 150}


def definition(x: np.ndarray, rate_in: int, rate_out: int, quality: str) -> np.ndarray:
    """The sum of x[i] h(t - i) in float64, with the filters that audiokern/resample.h states."""
    slow = max(1.0, rate_in / rate_out)
    n = np.arange(math.ceil(len(x) * rate_out / rate_in))
    t = (n[:, None] * rate_in - np.arange(len(x)) * rate_out) / rate_out
    if quality == "low":
        cutoff, reach = 0.99 / slow, 6 * slow / 0.99
        window = np.cos(np.pi * t / reach / 2) ** 2
    else:
        asked = DECIBELS[quality]
        decibels = asked + 2 + 0.15 * max(0, asked - 125)
        passband = 0.90 if quality == "fast" else 0.9255
        cutoff = (passband + 1) / 2 / slow
        reach = (decibels - 7.95) / (2.285 * np.pi * (1 - passband) / slow) / 2
        beta = 0.1102 * (decibels - 8.7)
        window = np.i0(beta * np.sqrt(np.clip(1 - (t / reach) ** 2, 0, 1))) / np.i0(beta)
    return np.where(np.abs(t) < reach, cutoff * np.sinc(cutoff * t) * window, 0) @ x.astype(np.float64)


@functools.cache
def noise_resampled(rate_in: int, rate_out: int, quality: str) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(1).standard_normal(1600).astype(np.float32)
    return x, definition(x, rate_in, rate_out, quality)


def decibels(error: np.ndarray, signal: np.ndarray) -> float:
    return 10 * np.log10(np.sum(np.square(error, dtype=np.float64)) / np.sum(np.square(signal, dtype=np.float64)))


def tone(frequency: float, rate: int, samples: int) -> np.ndarray:
    return np.sin(2 * np.pi * frequency / rate * np.arange(samples)).astype(np.float32)


def residual(x: np.ndarray, frequency: float, rate: int) -> float:
    """Power in dB, against a full-scale tone, of what a fitted tone leaves of x, ends apart."""
    n = np.arange(len(x))[len(x) // 4 : -len(x) // 4]
    basis = np.stack([np.cos(2 * np.pi * frequency / rate * n), np.sin(2 * np.pi * frequency / rate * n)], 1)
    y = x[n].astype(np.float64)
    rest = y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    return 10 * np.log10(2 * np.mean(rest**2) + 1e-30)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("rates", RATES)
def test_is_its_definition(rates: tuple[int, int], quality: str, isa: str) -> None:
    x, truth = noise_resampled(*rates, quality)
    ours = Resampler(*rates, quality, isa=isa, method="direct")(x)
    assert ours.shape == truth.shape
    assert decibels(ours - truth, truth) < {"vhq": -149, "hq": -126}.get(quality, -128)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("quality", DECIBELS)
@pytest.mark.parametrize("rates", RATES)
def test_blocks_by_fft_are_the_direct_filter(rates: tuple[int, int], quality: str, isa: str) -> None:
    """Long enough for several groups of blocks, and a last block that is cut; both are near the same truth."""
    x = np.random.default_rng(6).standard_normal(60_001).astype(np.float32)
    direct, auto = (Resampler(*rates, quality, isa=isa, method=m)(x) for m in ("direct", "auto"))
    assert direct.shape == auto.shape
    assert decibels(auto - direct, direct) < -{"fast": 100, "hq": 124, "vhq": 154}[quality]  # 154: both are rounded
    assert not np.array_equal(auto, direct) or rates in ((16000, 16000), (7, 5), (44100, 44101)), "the FFT was not used"


@pytest.mark.parametrize("quality", DECIBELS)
@pytest.mark.parametrize("rates", RATES[:5])
def test_passband_and_stopband_by_tones(rates: tuple[int, int], quality: str) -> None:
    rate_in, rate_out = rates
    resampler, nyquist = Resampler(*rates, quality), min(rates) / 2
    samples = 2 * rate_in  # enough for blocks by FFT
    edge = 0.90 if quality == "fast" else 0.9255
    for f in np.array([0.02, 0.31, 0.62, 0.8, edge]) * nyquist:
        y = resampler(tone(f, rate_in, samples))
        middle = slice(len(y) // 4, -len(y) // 4)
        n = np.arange(len(y))[middle]
        basis = np.stack([np.cos(2 * np.pi * f / rate_out * n), np.sin(2 * np.pi * f / rate_out * n)], 1)
        c, s = np.linalg.lstsq(basis, y[middle].astype(np.float64), rcond=None)[0]
        assert abs(math.hypot(c, s) - 1) < 10 ** (-DECIBELS[quality] / 20) + 2e-7, "gain in the passband"
        assert abs(c) < 1e-6, "a tone comes out in phase: there is no delay"
        # images and rounding together; a float32 sine itself is rounded at -150 dB
        assert residual(y, f, rate_out) < -min(DECIBELS[quality], 145)
    if rate_out < rate_in:
        for f in np.linspace(nyquist, rate_in / 2, 6)[:-1]:
            y = resampler(tone(f, rate_in, samples))
            y = y[len(y) // 4 : -len(y) // 4]
            assert 10 * np.log10(2 * np.mean(y.astype(np.float64) ** 2) + 1e-30) < -min(DECIBELS[quality], 149)


def test_hq_has_soxrs_passband() -> None:
    f = 0.94 * 8000
    y = Resampler(48000, 16000, "hq")(tone(f, 48000, 48000))[4000:-4000]
    assert 10 * np.log10(2 * np.mean(y.astype(np.float64) ** 2)) > -0.1


@pytest.mark.parametrize("rates", RATES[:-1])  # torchaudio would take 15 GB for the last
def test_low_is_torchaudios_default(rates: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchaudio.functional")
    x = np.random.default_rng(2).standard_normal((2, 3000)).astype(np.float32)
    theirs = functional.resample(torch.from_numpy(x).double(), *rates).numpy()
    ours = Resampler(*rates, "low")(x)
    if rates[0] == rates[1]:
        return  # torchaudio returns its input, unfiltered
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=3e-6)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("quality", ["low", "hq", "vhq"])
def test_threads_and_channels_change_no_bit(quality: str, isa: str) -> None:
    x = np.random.default_rng(3).standard_normal((3, 50_001)).astype(np.float32)
    whole = Resampler(44100, 16000, quality, isa=isa)(x)
    np.testing.assert_array_equal(Resampler(44100, 16000, quality, threads=3, isa=isa)(x), whole)
    for channel, expected in zip(x, whole, strict=True):
        np.testing.assert_array_equal(Resampler(441, 160, quality, isa=isa)(channel), expected)


@pytest.mark.parametrize("isa", ISAS)
@settings(max_examples=12)
@given(
    rates=st.sampled_from([*RATES, (48000, 32000), (11025, 8000), (1, 33), (33, 1), (16001, 16000)]),
    quality=st.sampled_from(["low", "fast", "vhq"]),
    pieces=st.lists(st.integers(0, 2000), max_size=6),
    channels=st.integers(1, 3),
)
def test_streams_are_the_whole_bit_for_bit(
    isa: str, rates: tuple[int, int], quality: str, pieces: list[int], channels: int
) -> None:
    resampler = Resampler(*rates, quality, isa=isa, method="direct")
    x = np.random.default_rng(4).standard_normal((channels, sum(pieces))).astype(np.float32)
    stream = resampler.stream(channels)
    for _ in range(2):  # a flush leaves the stream as new
        outputs, taken, given_out = [], 0, 0
        for piece in pieces:
            outputs.append(stream.write(x[:, taken : taken + piece]))
            taken += piece
            given_out += outputs[-1].shape[1]
            assert resampler.length(taken) - given_out <= stream.delay
        outputs.append(stream.flush())
        np.testing.assert_array_equal(np.concatenate(outputs, 1), resampler(x))


@pytest.mark.parametrize("samples", [0, 1, 2, 5, 15, 16, 17, 100])
def test_short_signals(samples: int) -> None:
    x = np.random.default_rng(5).standard_normal(samples).astype(np.float32)
    for rates in RATES:
        y = Resampler(*rates, "fast")(x)
        assert len(y) == math.ceil(samples * rates[1] / rates[0])
        if samples:
            np.testing.assert_allclose(y, definition(x, *rates, "fast"), atol=2e-6)


def test_custom_filter() -> None:
    y = Resampler(48000, 16000, (0.5, 0.75, 60.0))(tone(0.76 * 8000, 48000, 48000))[1000:-1000]
    assert 10 * np.log10(2 * np.mean(y.astype(np.float64) ** 2)) < -60


@pytest.mark.parametrize("bad", [(0.9, 0.8, 100), (0.0, 1.0, 100), (0.9, 1.2, 100), (0.9, 1.0, 10), (0.9, 1, math.nan)])
def test_refuses_impossible_filters(bad: tuple[float, float, float]) -> None:
    with pytest.raises(audiokern.AudiokernError):
        Resampler(48000, 16000, bad)


@pytest.mark.parametrize("rates", [(0, 1), (1, 0), (-5, 5), (2**31 - 1, 1)])
def test_refuses_impossible_rates(rates: tuple[int, int]) -> None:
    with pytest.raises(audiokern.AudiokernError):
        Resampler(*rates, "hq")

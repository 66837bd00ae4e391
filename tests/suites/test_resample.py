"""The ideal against analytic signals, and the probes against resamplers whose faults are known."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, gcd
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import Case
from bench.registry import load
from suites import resample as r

SUITE = load().suite("resample")
PAIRS = pytest.mark.parametrize(("source", "target"), r.PAIRS)


def case(source: int, target: int, seconds: float = 2.0, batch: int = 1) -> Case:
    return Case("resample", {"source_rate": source, "target_rate": target, "batch": batch, "seconds": seconds})


def burst(rate: int, hz: float, seconds: float = 1.0) -> np.ndarray:
    """A tone in a Gaussian of 0.05 s around the middle: band-limited, and silent at both ends to 1e-20."""
    t = np.arange(round(seconds * rate)) / rate
    return (np.cos(2 * np.pi * hz * t + 0.7) * np.exp(-(((t - seconds / 2) / 0.05) ** 2)))[None]


def judged(c: Case, x: np.ndarray, out: Any) -> Any:
    return SUITE.check(c, "resample", (x,), out, SUITE.reference(c, "resample", (x,)))


# The ideal


@PAIRS
@pytest.mark.parametrize("of_band", [0.05, 0.5, 0.95])
def test_the_ideal_samples_a_band_limited_signal_exactly(source, target, of_band):
    hz = of_band * min(source, target) / 2
    np.testing.assert_allclose(r.ideal(burst(source, hz), source, target), burst(target, hz), atol=1e-12)


def test_librosas_answer_is_fitted():
    """It takes 22050 (48000 / 44100) for a little more than 24000, and rounds up."""
    pytest.importorskip("librosa")
    c = case(44100, 48000, seconds=0.5)
    x = SUITE.audio(c)
    out = load().find("resample", "librosa").ops(c, SUITE)["resample"].call((x,))
    assert judged(c, x, out).wrong == "" and out.shape == (1, 24000)


@pytest.mark.parametrize(("source", "target"), [pair for pair in r.PAIRS if pair[0] > pair[1]])
def test_the_ideal_removes_what_the_new_rate_cannot_hold(source, target):
    assert np.abs(r.ideal(burst(source, 1.1 * target / 2), source, target)).max() < 1e-10


@PAIRS
def test_the_ideal_is_the_limit_of_long_filters(source, target):
    """On noise below 0.8 B, against scipy's polyphase filter of 400 zero crossings."""
    signal = pytest.importorskip("scipy.signal")
    noise = np.random.default_rng(0).standard_normal((1, source))
    spectrum = np.fft.rfft(noise) * (np.fft.rfftfreq(source, 1 / source) < 0.8 * min(source, target) / 2)
    x = np.fft.irfft(spectrum, source) * np.hanning(source)
    common = gcd(source, target)
    up, down = target // common, source // common
    taps = signal.firwin(200 * max(up, down) * 2 + 1, 0.9 / max(up, down), window=("kaiser", 16))
    expected = signal.resample_poly(x, up, down, axis=1, window=taps)
    np.testing.assert_allclose(r.ideal(x, source, target), expected, atol=1e-6)


@given(st.integers(0, 10**7), st.sampled_from(r.PAIRS))
def test_the_length_is_rounded_up(samples, pair):
    assert r.output_length(samples, *pair) == ceil(Fraction(samples) * pair[1] / pair[0])


@pytest.mark.parametrize("samples", [1, 2, 7, 1001, 1600])
@PAIRS
def test_the_ideal_has_that_length(source, target, samples):
    assert r.ideal(np.ones((3, samples)), source, target).shape == (3, r.output_length(samples, source, target))


def test_fit_cuts_and_pads():
    c = case(48000, 16000, seconds=7 / 48000)
    assert r.fit(np.ones((2, 5)), c).tolist() == [[1, 1, 1]] * 2
    assert r.fit(np.ones((2, 2)), c).tolist() == [[1, 1, 0]] * 2


# Gain and delay


@settings(max_examples=30)
@given(st.floats(-20, 20), st.floats(0.1, 10), st.integers(0, 1000))
def test_gain_and_delay_are_found(delay, gain, seed):
    """Delays in samples, through the spectrum of white noise; both to within their own standard errors."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((2, 4000)))
    hz = np.fft.rfftfreq(4000, 1 / 16000)
    moved = gain * spectrum * np.exp(-2j * np.pi * hz * delay / 16000)
    low = hz < 2000
    found = r.gain_and_delay(moved[:, low], spectrum[:, low], hz[low])
    assert found[0] == pytest.approx(gain, rel=1e-9)
    assert found[2] * 16000 == pytest.approx(delay, abs=1e-6)
    noise = np.fft.rfft(np.random.default_rng(seed + 1).standard_normal((2, 4000)))
    g, g_error, d, d_error = r.gain_and_delay((moved + gain * noise)[:, low], spectrum[:, low], hz[low])
    assert 0.3 / np.sqrt(low.sum()) < g_error / gain < 1.5 / np.sqrt(low.sum())
    assert abs(g - gain) < 5 * g_error and abs(d - delay / 16000) < 5 * d_error


def test_a_periodic_sound_is_taken_to_be_late_by_less_than_a_period():
    """One tone, a fifth of a sample late: its correlation has a peak at every period."""
    n = np.arange(6401)
    window = r.taper(len(n), 3200)
    tone, late = (np.sin(0.45 * (n - delay)) * window for delay in (0, 0.2))
    found = r.gain_and_delay(
        *(np.fft.rfft(y[None])[:, :801] for y in (late, tone)), np.fft.rfftfreq(6401, 1 / 16000)[:801]
    )
    assert found[2] * 16000 == pytest.approx(0.2, abs=0.01)


# The verdict


@PAIRS
@pytest.mark.parametrize("batch", [1, 3])
def test_the_ideal_passes(source, target, batch):
    c = case(source, target, seconds=0.5, batch=batch)
    x = SUITE.audio(c)
    check = judged(c, x, r.ideal(x, source, target).astype(np.float32))
    assert not check.wrong and check.metrics["error"] < 1e-6


def moved(y: np.ndarray, samples: float) -> np.ndarray:
    """Late by a part of a sample."""
    hz = np.fft.rfftfreq(y.shape[1])
    return np.fft.irfft(np.fft.rfft(y) * np.exp(-2j * np.pi * hz * samples), y.shape[1]).astype(np.float32)


FAULTS = {
    "a fifth louder": (lambda y: y * np.float32(1.2), "+1.6 dB"),
    "a fifth softer": (lambda y: y * np.float32(0.8), "-1.9 dB"),
    "three quarters of a sample late": (lambda y: moved(y, 0.75), "delayed by 0.7"),
    "half the gain": (lambda y: y * np.float32(0.5), "-6.0 dB"),
    "twice the gain": (lambda y: y * np.float32(2), "+6.0 dB"),
    "upside down": (lambda y: -y, "delayed|dB"),
    "a sample late": (lambda y: np.roll(y, 1, 1), "delayed by 1.00 samples"),
    "a sample early": (lambda y: np.roll(y, -1, 1), "delayed by -1.00 samples"),
    "a frame late": (lambda y: np.roll(y, 400, 1), "delayed by 400.00 samples"),
    "another signal": (lambda y: y[:, ::-1].copy(), "dB|delayed"),
    "silence": (lambda y: y * 0, "dB"),
    "NaN": (lambda y: np.where(np.arange(y.shape[1]) == 5, np.float32(np.nan), y), "NaN"),
    "a sample short": (lambda y: y[:, :-1], "not float32"),
    "float64": (lambda y: y.astype(np.float64), "not float32"),
    "transposed": (lambda y: y.T, "not float32"),
}


@pytest.mark.parametrize("fault", FAULTS)
@PAIRS
def test_gross_faults_are_wrong(source, target, fault):
    c = case(source, target, seconds=1.0)
    x = SUITE.audio(c)
    spoil, says = FAULTS[fault]
    out = spoil(r.ideal(x, source, target).astype(np.float32))
    found = judged(c, x, out).wrong
    assert found and any(part in found for part in says.split("|"))


@PAIRS
def test_a_rate_that_is_half_a_percent_off_is_wrong(source, target):
    c = case(source, target, seconds=2.0)
    x = SUITE.audio(c)
    y = r.ideal(x, source, target)
    at = np.minimum(np.arange(y.shape[1]) * 1.005, y.shape[1] - 1)
    assert judged(c, x, np.interp(at, np.arange(y.shape[1]), y[0])[None].astype(np.float32)).wrong


def kinds(c: Case) -> dict[str, np.ndarray]:
    shape = SUITE.audio(c).shape
    random = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    click = np.zeros(shape, np.float32)
    click[:, shape[1] // 3] = 1
    return {
        "random": random,
        "DC": random * 0 + 1,
        "click": click,
        "silent": random * 0,
        "denormal": random * np.float32(1e-40),
    }


@pytest.mark.parametrize("seconds", [0.011, 0.4])
@PAIRS
def test_a_resampler_without_any_filter_is_poor_but_not_wrong(source, target, seconds):
    c = case(source, target, seconds=seconds)
    for x in kinds(c).values():
        _, outputs = r.lengths(c)
        times = np.arange(outputs) * source / target
        check = judged(c, x, np.interp(times, np.arange(x.shape[1]), x[0])[None].astype(np.float32))
        assert check.wrong == ""


@PAIRS
def test_the_error_is_the_differences_share_up_to_four_fifths_of_the_band(source, target):
    """On noise, a thousandth louder; and on what lies above 0.8 B nobody is judged."""
    c = case(source, target, seconds=1.0)
    x = kinds(c)["random"]
    y = r.ideal(x, source, target)
    assert judged(c, x, (1.001 * y).astype(np.float32)).metrics["error"] == pytest.approx(1e-3, rel=1e-3)
    spectrum, hz = np.fft.rfft(y), np.fft.rfftfreq(y.shape[1], 1 / target)
    spectrum[:, hz > 0.82 * min(source, target) / 2] = 0
    assert judged(c, x, np.fft.irfft(spectrum, y.shape[1]).astype(np.float32)).metrics["error"] < 1e-3


@PAIRS
def test_what_may_be_compensated_for_is_right(source, target):
    c = case(source, target, seconds=1.0)
    x = SUITE.audio(c)
    y = r.ideal(x, source, target).astype(np.float32)
    for out in (moved(y, 0.4), moved(y, -0.4), y * np.float32(1.08), y * np.float32(0.92)):
        assert judged(c, x, out).wrong == ""


def test_sound_out_of_silence_is_wrong():
    c = case(48000, 16000, seconds=0.1)
    assert "out of silence" in judged(c, np.zeros((1, 4800), np.float32), np.full((1, 1600), 1e-6, np.float32)).wrong


# The probes


def probed(c: Case, resampler: Any) -> dict[str, float]:
    return SUITE.quality(c, "resample", lambda x: resampler(x).astype(np.float32))


def filtered(source: int, target: int, response: Any) -> Any:
    """The ideal, followed by a gain for each frequency over B."""

    def resampler(x: np.ndarray) -> np.ndarray:
        y = r.ideal(x, source, target)
        spectrum = np.fft.rfft(y, 2 * y.shape[1])
        hz = np.fft.rfftfreq(2 * y.shape[1], 1 / target)
        return np.fft.irfft(spectrum * response(hz / (min(source, target) / 2)))[:, : y.shape[1]]

    return resampler


@PAIRS
def test_probes_find_nothing_wrong_with_the_ideal(source, target):
    found = probed(case(source, target, batch=2), filtered(source, target, lambda f: np.ones_like(f)))
    assert found["snr_db"] > 80  # what the ends of the signal leave in its middle
    assert found["ripple_db"] < 0.001
    assert found["edge"] == 1
    assert abs(found["probe_delay_samples"]) < 1e-4
    assert ("image_rejection_db" in found) == (source % target != 0)
    assert ("alias_rejection_db" in found) == (target < source)
    assert found.get("image_rejection_db", 99) > 80 and found.get("alias_rejection_db", 99) > 80


@PAIRS
def test_ripple_and_snr_are_measured(source, target):
    """A gain of 1 +- 1%: peak to peak 0.174 dB, and noise of 0.01 / sqrt(2)."""
    found = probed(case(source, target), filtered(source, target, lambda f: 1 + 0.01 * np.cos(40 * f)))
    assert found["ripple_db"] == pytest.approx(20 * np.log10(1.01 / 0.99), rel=0.02)
    assert found["snr_db"] == pytest.approx(43.0, abs=0.4)


@PAIRS
@pytest.mark.parametrize("edge", [0.4, 0.7, 0.9, 0.97])
def test_the_edge_is_measured(source, target, edge):
    """First-order fall in power, so 3.01 dB at the edge; wide enough for what the passband tones can resolve."""
    found = probed(case(source, target), filtered(source, target, lambda f: np.sqrt(1 / (1 + (f / edge) ** 40))))
    assert found["edge"] == pytest.approx(edge, abs=0.01)


@PAIRS
@pytest.mark.parametrize("delay", [-1.0, 0.25, 3.5])
def test_the_delay_is_measured(source, target, delay):
    band = min(source, target) / 2
    late = filtered(source, target, lambda f: np.exp(-2j * np.pi * f * band * delay / target))
    assert probed(case(source, target), late)["probe_delay_samples"] == pytest.approx(delay, abs=1e-3)


@pytest.mark.parametrize(("source", "target"), [(48000, 16000), (24000, 8000)])
def test_decimation_without_a_filter_has_no_alias_rejection(source, target):
    found = probed(case(source, target), lambda x: x[:, :: source // target])
    assert found["alias_rejection_db"] == pytest.approx(0, abs=1e-3)
    assert found["snr_db"] == pytest.approx(0, abs=0.01)  # as much alias as signal
    assert found["ripple_db"] < 1e-4


def test_attenuated_aliases_are_measured():
    """The ideal plus a fiftieth of the decimated input above B: 34 dB."""

    def resampler(x):
        y = r.ideal(x, 48000, 16000)
        return y + 0.02 * (x[:, ::3] - y)

    assert probed(case(48000, 16000), resampler)["alias_rejection_db"] == pytest.approx(33.98, abs=0.05)


def test_stuffing_with_zeros_has_no_image_rejection():
    def resampler(x):
        y = np.zeros((1, 2 * x.shape[1]))
        y[:, ::2] = 2 * x
        return y

    found = probed(case(8000, 16000), resampler)
    assert found["image_rejection_db"] == pytest.approx(0, abs=1e-3)


def test_probes_keep_the_shape_and_dtype_of_the_inputs():
    c = case(44100, 16000, batch=2)
    expected = SUITE.inputs(c, SUITE.audio(c))["resample"][0]
    seen = []

    def call(x):
        seen.append((x.shape, x.dtype))
        return r.ideal(x, 44100, 16000).astype(np.float32)

    SUITE.quality(c, "resample", call)
    assert seen == [(expected.shape, expected.dtype)] * 3


@PAIRS
def test_no_image_or_alias_of_a_tone_falls_on_another(source, target):
    probe = r.Probe(case(source, target), lambda x: x)
    for lowest, highest in ((0, r.PASSBAND), (r.PASSBAND, 1), (r.STOPBAND, 2)):
        tones = probe.tones(lowest, highest)
        band = min(source, target) / 2
        assert len(set(tones)) == r.PROBE_TONES and tones.min() > lowest * band and tones.max() < highest * band
        images = {int(sign * hz % gcd(source, target)) for hz in tones for sign in (1, -1)}
        assert len(images) == 2 * r.PROBE_TONES


def test_short_cases_are_not_probed():
    assert SUITE.quality(case(48000, 16000, seconds=1.0), "resample", lambda x: x) == {}

"""Delays that are known are found: exactly by waveform and impulse, to a millisecond by envelope."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality.voices import RATE, noisy, speech
from scipy.signal import butter, sosfiltfilt

from bench.quality.align import by_envelope, by_impulse, by_waveform, calibrate, shift

VOICE = speech(2.0)


def vocoded(x: np.ndarray, seed: int) -> np.ndarray:
    """What a parametric codec might do: noise with the levels of 12 bands of ``x``; the waveform is another."""
    noise = np.random.default_rng(seed).standard_normal(len(x))
    edges = np.geomspace(100, 7500, 13)
    out = np.zeros_like(x)
    for low, high in pairwise(edges):
        band = butter(2, [low, high], "bandpass", fs=RATE, output="sos")
        level = np.sqrt(np.convolve(sosfiltfilt(band, x) ** 2, np.hanning(161) / 80, "same"))
        carrier = sosfiltfilt(band, noise)
        out += level * carrier / carrier.std()
    return out / 4


@given(delay=st.integers(-8000, 8000), extra=st.integers(-500, 4000), seed=st.integers(0, 100))
@settings(max_examples=40)
def test_known_shifts_are_recovered_exactly(delay, extra, seed):
    """Positive is late, negative is early; the degraded signal may be longer or shorter, louder, and noisy."""
    late = shift(VOICE, -delay, len(VOICE) + extra)
    found = by_waveform(VOICE, 0.3 * noisy(late, 20, seed), RATE)
    assert found.samples == delay and found.trusted


def test_a_shifted_copy_correlates_perfectly():
    x = np.random.default_rng(0).standard_normal(RATE)
    assert by_waveform(x, shift(x, -123, len(x)), RATE).correlation == pytest.approx(1, abs=1e-3)


def test_a_delay_beyond_the_longest_is_not_found():
    x = np.random.default_rng(0).standard_normal(RATE)
    late = shift(x, -900, len(x))
    assert by_waveform(x, late, RATE, longest=0.06).samples == 900
    assert not by_waveform(x, late, RATE, longest=0.05).trusted


def test_of_the_peaks_of_a_tone_the_nearest_to_zero_counts():
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert by_waveform(tone, shift(tone, -5, len(tone)), RATE).samples == 5


@given(delay=st.integers(-3000, 3000), length=st.integers(1, 6000))
@settings(max_examples=100)
def test_shift_takes_the_delay_out_and_keeps_the_length(delay, length):
    x = np.arange(1, 4001, dtype=np.float32)
    out = shift(x, delay, length)
    assert out.shape == (length,) and out.dtype == np.float32
    wanted = [x[n + delay] if 0 <= n + delay < len(x) else 0 for n in range(length)]
    assert (out == wanted).all()


@pytest.mark.parametrize("delay", [-80, 0, 37, 320, 1600])
def test_envelopes_find_the_delay_of_a_codec_that_keeps_no_waveform(delay):
    late = shift(vocoded(VOICE, 3), -delay, len(VOICE))
    assert not by_waveform(VOICE, late, RATE).trusted
    found = by_envelope(VOICE, late, RATE)
    assert abs(found.samples - delay) <= RATE // 1000 and found.trusted


@pytest.mark.parametrize("delay", [-41, 0, 7, 500])
def test_envelopes_of_a_shifted_copy(delay):
    assert abs(by_envelope(VOICE, shift(VOICE, -delay, len(VOICE)), RATE).samples - delay) <= 4


def test_an_impulse_gives_the_delay_of_a_filter():
    response = np.zeros(2000)
    response[700:711] = np.hanning(11)
    found = by_impulse(response, at=500)
    assert found and found.samples == 205
    assert by_impulse(np.random.default_rng(0).standard_normal(2000), 500) is None, "smeared beyond recognition"
    assert by_impulse(np.zeros(2000), 500) is None and by_impulse(np.zeros(0), 0) is None


def files(delays: list[int], make=lambda x, seed: noisy(x, 15, seed)) -> list[tuple[np.ndarray, np.ndarray]]:
    voices = [speech(1.5, seed=seed) for seed in range(len(delays))]
    return [(x, shift(make(x, n), -d, len(x) + 500)) for n, (x, d) in enumerate(zip(voices, delays, strict=True))]


def test_a_codecs_delay_is_one_figure_for_all_files():
    found = calibrate(files([400, 401, 401, 402]), RATE)
    assert (found.samples, found.method, found.files) == (401, "waveform", 4)
    assert found.estimates == (400, 401, 401, 402) and found.spread == 0.5 and found.stable


def test_a_parametric_codec_is_calibrated_by_envelopes():
    found = calibrate(files([300] * 4, vocoded), RATE)
    assert found.method == "envelope" and abs(found.samples - 300) <= 16 and found.stable


def test_the_delay_is_that_of_most_files():
    """One file in five was cut elsewhere."""
    pairs = [(VOICE, shift(VOICE, -late, len(VOICE))) for late in (40, 40, 900, 40, 41)]
    found = calibrate(pairs, RATE)
    assert found.samples == 40 and found.estimates == (40, 40, 900, 40, 41) and found.spread == 1 and found.stable


def test_unstable_estimates_are_seen():
    rng = np.random.default_rng(0)
    pairs = [(speech(1.0, seed=n), rng.standard_normal(RATE) / 8) for n in range(5)]
    found = calibrate(pairs, RATE, "waveform")
    assert not found.stable and found.correlation < 0.5 and len(found.estimates) == 5
    apart = calibrate(files([0, 300, 600, 900]), RATE)
    assert not apart.stable and apart.spread > 400


def test_files_on_which_the_waveform_is_lost_take_no_part():
    pairs = [*files([250, 250, 250]), (VOICE, vocoded(VOICE, 1)), (VOICE, 0 * VOICE)]
    found = calibrate(pairs, RATE)
    assert (found.samples, found.method, found.files, len(found.estimates)) == (250, "waveform", 4, 3)


def test_nothing_to_calibrate_on_is_said():
    with pytest.raises(ValueError, match="not silent"):
        calibrate([(VOICE, 0 * VOICE)], RATE)
    with pytest.raises(ValueError, match="none of auto, waveform, envelope"):
        calibrate([(VOICE, VOICE)], RATE, "envelop")

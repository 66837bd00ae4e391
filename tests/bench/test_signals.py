"""The sounds that the project makes: level, determinism, content."""

import numpy as np
import pytest

from bench import signals

RATE = 16000


@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 44100, 48000])
def test_stream_is_float32_within_its_peak_and_finite(sample_rate):
    x = signals.stream(12 * sample_rate, sample_rate, seed=3)
    assert x.dtype == np.float32 and x.shape == (12 * sample_rate,)
    assert np.isfinite(x).all()
    assert 0.5 < np.abs(x).max() <= signals.PEAK


def test_no_subnormals_and_every_sample_on_the_24_bit_grid():
    x = signals.stream(11 * RATE, RATE).astype(np.float64)
    assert np.array_equal(x * signals.GRID, np.round(x * signals.GRID))


def test_a_seed_fixes_the_sound_and_another_seed_changes_it():
    assert np.array_equal(signals.stream(RATE, RATE, 5), signals.stream(RATE, RATE, 5))
    assert not np.array_equal(signals.stream(RATE, RATE, 5), signals.stream(RATE, RATE, 6))


def test_negative_and_huge_seeds_are_seeds():
    assert len(signals.stream(100, RATE, -1)) == 100
    assert len(signals.stream(100, RATE, 2**70)) == 100


def test_the_sound_itself_is_pinned():
    """A change of sound must raise signals.VERSION, since figures taken on other sounds are not comparable."""
    parts = np.array_split(signals.stream(11 * RATE, RATE).astype(np.float64), 5)
    assert signals.VERSION == 1
    assert [float(np.sum(part**2)) for part in parts] == pytest.approx(ENERGY, rel=1e-4)


ENERGY = [1052.507, 602.272, 495.496, 334.801, 858.415]


def test_a_longer_stream_begins_with_the_shorter_one():
    assert np.array_equal(signals.stream(9 * RATE, RATE)[: 3 * RATE], signals.stream(3 * RATE, RATE))


def test_a_stream_longer_than_its_material_repeats():
    period = sum(round(seconds * RATE) for _, seconds in signals.SCENES) * signals.CYCLES
    x = signals.stream(period + RATE, RATE)
    assert np.array_equal(x[period:], x[:RATE])


@pytest.mark.parametrize("samples", [0, 1, 2, 7])
@pytest.mark.parametrize("kind", signals.KINDS)
def test_tiny_requests(kind, samples):
    x = signals.KINDS[kind](samples, RATE, 0)
    assert x.shape == (samples,) and x.dtype == np.float32 and np.isfinite(x).all()
    assert signals.stream(samples, RATE).shape == (samples,)


def test_speech_pauses_and_noise_does_not():
    def quiet_share(x):
        frames = x[: len(x) // 320 * 320].reshape(-1, 320)
        level = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
        return (level < 0.02 * level.max()).mean()

    assert quiet_share(signals.speech(8 * RATE, RATE)) > 0.05
    assert quiet_share(signals.noise(8 * RATE, RATE)) == 0


def test_speech_is_voiced_at_a_human_pitch():
    x = signals.speech(4 * RATE, RATE, 1).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(x, 1 << 17)) ** 2
    correlation = np.fft.irfft(spectrum)[: RATE // 60]
    lag = RATE // 300 + int(np.argmax(correlation[RATE // 300 :]))
    assert correlation[lag] > 0.2 * correlation[0]


def test_noise_falls_by_three_decibels_an_octave():
    x = signals.noise(60 * RATE, RATE).astype(np.float64)
    power = np.abs(np.fft.rfft(x)) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    octaves = [power[(hz >= low) & (hz < 2 * low)].mean() for low in (200, 400, 800, 1600)]
    slope = np.polyfit(np.arange(4), 10 * np.log10(octaves), 1)[0]
    assert slope == pytest.approx(-3.01, abs=0.2)


def test_partials_stay_below_the_nyquist_frequency():
    """A note's recursion stops in time: nothing of a 440 Hz note at 8 kHz is folded back between its partials."""
    rng = np.random.Generator(np.random.PCG64(0))
    note = signals._note(rng, 8000, 440.0, 1.0) * np.hanning(8000)
    power = np.abs(np.fft.rfft(note)) ** 2
    near = np.abs((np.arange(len(power)) + 220) % 440 - 220) <= 20
    assert power[~near].sum() < 1e-3 * power.sum()

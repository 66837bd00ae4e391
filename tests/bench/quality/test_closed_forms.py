"""Metrics of our own against closed forms, other libraries, and properties that follow from their definitions."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality.voices import RATE, noisy, speech

from bench.quality import MetricFailure, metrics
from bench.quality.spectra import mel_filters

VOICE = speech(0.7)


def value(name: str, degraded: np.ndarray, clean: np.ndarray = VOICE, rate: int = RATE) -> float:
    return metrics()[name](clean, degraded, rate)


@given(snr=st.floats(-30, 120), gain=st.floats(0.01, 100), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_snr_is_what_was_mixed_and_si_sdr_no_matter_how_loud(snr, gain, seed):
    degraded = noisy(VOICE - VOICE.mean(), snr, seed)
    assert value("snr", degraded, VOICE - VOICE.mean()) == pytest.approx(snr, abs=1e-6)
    assert value("si_sdr", degraded, VOICE - VOICE.mean()) == pytest.approx(snr, abs=1e-6)
    assert value("si_sdr", gain * degraded, VOICE) == pytest.approx(snr, abs=1e-6)
    assert value("si_sdr", -degraded, VOICE) == pytest.approx(snr, abs=1e-6), "polarity is a scale too"


def test_a_gain_is_an_error_to_snr_alone():
    assert value("snr", 1.1 * VOICE) == pytest.approx(20)
    with pytest.raises(MetricFailure, match="identical to the reference"):
        value("si_sdr", 1.1 * VOICE)


def test_si_sdr_of_two_sines():
    """s = sin, y = a sin + b cos over whole periods: 20 log10(a / b)."""
    phase = 2 * np.pi * 100 * np.arange(RATE) / RATE
    found = value("si_sdr", 0.3 * np.sin(phase) + 0.02 * np.cos(phase) + 0.1, 0.5 * np.sin(phase))
    assert found == pytest.approx(20 * np.log10(0.3 / 0.02), abs=1e-9)


@given(gain=st.floats(0.2, 0.99))
@settings(max_examples=20)
def test_segmental_snr_of_a_gain_is_the_same_in_every_frame(gain):
    assert value("segmental_snr", gain * VOICE) == pytest.approx(min(35, -20 * np.log10(1 - gain)), abs=1e-6)


def test_segmental_snr_is_limited_in_every_frame():
    """Half of the signal untouched, half drowned: the limits, but for the frames across the border."""
    x = np.random.default_rng(0).standard_normal(10 * RATE) / 8
    degraded = x.copy()
    degraded[5 * RATE :] += 10 * np.roll(x, 7)[5 * RATE :]
    assert value("segmental_snr", degraded, x) == pytest.approx((35 - 10) / 2, abs=0.1)
    assert value("segmental_snr", -100 * x, x) == -10


def test_segmental_snr_is_loizous():
    """A plain transcription of the definition in Loizou's book, one frame after the other."""
    degraded = noisy(VOICE, 5)
    size, skip = 480, 120
    window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(1, size + 1) / (size + 1)))
    ratios = []
    for start in range(0, len(VOICE) - size + 1, skip):
        clean, coded = VOICE[start : start + size] * window, degraded[start : start + size] * window
        ratios.append(min(35, max(-10, 10 * np.log10(np.sum(clean**2) / np.sum((clean - coded) ** 2)))))
    assert value("segmental_snr", degraded) == pytest.approx(np.mean(ratios), abs=1e-9)


def test_segmental_snr_leaves_out_frames_of_digital_silence():
    """Noise where the reference is zero would count as the lowest limit, and half of the frames are such."""
    x, noise = np.random.default_rng(4).standard_normal((2, 4 * RATE)) / 8
    x[: 2 * RATE] = 0
    assert value("segmental_snr", x + 0.1 * noise, x) == pytest.approx(20, abs=0.2)


@given(decibels=st.floats(-10, 30))
@settings(max_examples=20)
def test_a_gain_moves_every_bin_by_as_much(decibels):
    """LSD of a gain is the gain in dB; the cepstra but the zeroth, and so MCD, do not move."""
    x = np.random.default_rng(0).standard_normal(RATE)
    louder = x * 10 ** (decibels / 20)
    assert value("lsd", louder, x) == pytest.approx(abs(decibels), abs=1e-3)
    assert value("mcd", louder, x) == pytest.approx(0, abs=1e-6)


def test_lsd_of_a_filter_is_the_filters_response():
    """x[n] - 0.9 x[n - 1] of white noise: the rms of 20 log10 |1 - 0.9 e^-jw| over frequency, in every frame."""
    x = np.random.default_rng(1).standard_normal(20 * RATE) / 50
    found = value("lsd", x - 0.9 * np.roll(x, 1), x)
    response = 20 * np.log10(np.abs(1 - 0.9 * np.exp(-1j * np.pi * np.arange(257) / 256)))
    assert found == pytest.approx(np.sqrt((response**2).mean()), rel=0.03)


@pytest.mark.parametrize("name", ["lsd", "mcd"])
def test_distances_are_means_over_frames(name):
    """What is filtered in its second half is half as far away as what is filtered throughout."""
    x = np.random.default_rng(1).standard_normal(10 * RATE) / 50
    whole = x - 0.9 * np.roll(x, 1)
    half = np.concatenate([x[: len(x) // 2], whole[len(x) // 2 :]])
    assert value(name, half, x) == pytest.approx(value(name, whole, x) / 2, rel=0.02)


def test_lsd_floors_what_no_ear_could_hear():
    x = np.zeros(RATE)
    x[::100] = 0.5
    assert value("lsd", x + 1e-9 * np.random.default_rng(0).standard_normal(RATE), x) < 0.05


def test_pitch_is_compared_by_its_logarithm_where_both_are_voiced(monkeypatch):
    """An octave where the other rises by two: the logarithms lie on a line. Of 60 frames, 10 are voiced in one only."""
    from bench.quality import f0

    course = np.geomspace(100, 200, 50)
    tracks = {0.1: np.append(course, [150.0] * 10), 0.2: np.append(course**2 / 100, [0.0] * 10)}
    monkeypatch.setattr(f0, "track", lambda x, rate: tracks[float(x[0])])
    pair = np.full(RATE, 0.2), np.full(RATE, 0.1)
    assert value("f0_correlation", *pair) == pytest.approx(1, abs=1e-9)
    assert value("voicing_error", *pair) == value("voicing_error", *pair[::-1]) == pytest.approx(1 / 6)


def test_mcd_is_the_smoothed_difference_in_decibels():
    """A band of noise raised by a cosine of k ripples over the mel axis, of amplitude a dB: MCD is a / sqrt(2).

    The ripple is put into the mel bands directly, so that the closed form is exact.
    """
    from bench.quality import mcd

    bands = np.random.default_rng(2).standard_normal(mcd.N_MELS)
    ripple = 3 * np.cos(np.pi * 4 * (np.arange(mcd.N_MELS) + 0.5) / mcd.N_MELS)  # dB
    order, band = np.arange(1, mcd.N_CEPSTRA + 1), np.arange(mcd.N_MELS)
    basis = np.cos(np.pi * np.outer(order, band + 0.5) / mcd.N_MELS) / mcd.N_MELS
    distance = mcd.DECIBELS * np.linalg.norm(basis @ (bands + ripple * np.log(10) / 10) - basis @ bands)
    assert distance == pytest.approx(3 / np.sqrt(2), abs=1e-9)
    assert abs(mcd.DECIBELS - 6.14185) < 1e-5


def test_cepstra_are_those_of_scipys_cosine_transform():
    from scipy.fft import dct

    from bench.quality import mcd
    from bench.quality.spectra import magnitudes

    filters = mel_filters(RATE, 512, mcd.N_MELS)
    bands = magnitudes(VOICE, 400, 160, 512) ** 2 @ (filters / filters.sum(axis=1, keepdims=True)).T
    whole = dct(np.log(np.maximum(bands, 1e-10)), type=2, axis=1) / (2 * mcd.N_MELS)
    assert mcd.cepstra(VOICE, RATE) == pytest.approx(whole[:, 1:14], abs=1e-9)


@pytest.mark.parametrize(("rate", "n_fft", "n_mels"), [(16000, 512, 40), (48000, 2048, 320), (8000, 32, 5)])
def test_mel_filters_are_librosas(rate, n_fft, n_mels):
    librosa = pytest.importorskip("librosa")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty filters, which the narrow ones are
        known = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, dtype=np.float64)
    assert mel_filters(rate, n_fft, n_mels) == pytest.approx(known, abs=1e-12)


def test_mel_distance_is_that_of_the_descript_audio_codec():
    """The same by torch.stft and librosa's filters, as audiotools computes it."""
    torch, librosa = pytest.importorskip("torch"), pytest.importorskip("librosa")
    degraded, total = noisy(VOICE, 15), 0.0
    for size, bands in zip((32, 64, 128, 256, 512, 1024, 2048), (5, 10, 20, 40, 80, 160, 320), strict=True):
        logs = []
        for x in (VOICE, degraded):
            spectrum = torch.stft(
                torch.from_numpy(x), size, size // 4, window=torch.hann_window(size, dtype=torch.float64),
                center=True, return_complex=True,
            )  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of empty filters, which the narrow ones are
                filters = librosa.filters.mel(sr=RATE, n_fft=size, n_mels=bands, dtype=np.float64)
            logs.append(np.log10(np.maximum(filters @ spectrum.abs().numpy(), 1e-5)))
        total += np.abs(logs[0] - logs[1]).mean()
    assert value("mel_distance", degraded) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("name", ["snr", "si_sdr", "segmental_snr", "lsd", "mcd", "mel_distance"])
@given(snr=st.floats(-5, 50), step=st.floats(1, 20), seed=st.integers(0, 100))
@settings(max_examples=5)
def test_more_of_the_same_noise_is_never_better(name, snr, step, seed):
    less, more = value(name, noisy(VOICE, snr + step, seed)), value(name, noisy(VOICE, snr, seed))
    assert less > more if metrics()[name].better == "higher" else less < more

"""The STFT suite's reference against a literal sum, against SciPy and librosa, and against what must hold."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core import Case
from bench.registry import load

SUITE = load().suite("stft")
from suites.stft import forward, frames, hann, inverse, inverse_length, reconstructed, samples  # noqa: E402


def case(n_fft: int = 16, hop_length: int = 4, center: bool = True, length: int = 101, batch: int = 1) -> Case:
    params = {"n_fft": n_fft, "hop_length": hop_length, "center": center, "sample_rate": 1000, "batch": batch}
    return Case("stft", {**params, "seconds": length / 1000})


def noise(c: Case, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (c.batch, samples(c))).astype(np.float32)


def literal(c: Case, x: np.ndarray) -> np.ndarray:
    """The docstring's sum, term by term, with the reflection written out as an index."""
    length, offset = x.shape[1], c.n_fft // 2 if c.center else 0
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / c.n_fft) for n in range(c.n_fft)]
    out = np.zeros((x.shape[0], frames(c), c.n_fft // 2 + 1), np.complex128)
    for b, m, k, n in product(*map(range, (*out.shape, c.n_fft))):
        t = abs(m * c.hop_length + n - offset)
        t = t if t < length else 2 * (length - 1) - t
        angle = 2 * math.pi * k * n / c.n_fft
        out[b, m, k] += window[n] * float(x[b, t]) * complex(math.cos(angle), -math.sin(angle))
    return out


shapes = st.builds(
    case,
    n_fft=st.sampled_from([8, 12, 16, 22]),
    hop_length=st.integers(1, 4),
    center=st.booleans(),
    length=st.integers(26, 60),
    batch=st.integers(1, 2),
)


@settings(max_examples=20)
@given(shapes, st.integers(0, 1000))
def test_reference_is_the_literal_sum(c: Case, seed: int) -> None:
    x = noise(c, seed)
    np.testing.assert_allclose(forward(c, x), literal(c, x), atol=1e-12)


@pytest.mark.parametrize(("n_fft", "hop_length", "center"), [(400, 160, True), (400, 160, False), (512, 128, True)])
def test_reference_agrees_with_librosa(n_fft: int, hop_length: int, center: bool) -> None:
    librosa = pytest.importorskip("librosa")
    c = case(n_fft, hop_length, center, length=4001, batch=2)
    x = noise(c).astype(np.float64)
    theirs = librosa.stft(x, n_fft=n_fft, hop_length=hop_length, center=center, pad_mode="reflect")
    np.testing.assert_allclose(forward(c, x), theirs.swapaxes(1, 2), atol=1e-10)


def test_reference_agrees_with_scipy() -> None:
    from scipy.signal import get_window, stft

    c = case(1024, 256, center=False, length=5000)
    x = noise(c).astype(np.float64)
    window = get_window("hann", 1024, fftbins=True)
    _, _, theirs = stft(x, window=window, nperseg=1024, noverlap=768, boundary=None, padded=False)
    np.testing.assert_allclose(forward(c, x), theirs.swapaxes(1, 2) * window.sum(), atol=1e-10)


@settings(max_examples=30)
@given(shapes, st.integers(0, 1000))
def test_inverse_restores_the_samples(c: Case, seed: int) -> None:
    x = noise(c, seed)
    restored = inverse(c, forward(c, x))
    assert restored.shape == (c.batch, inverse_length(c))
    region = reconstructed(c)
    np.testing.assert_allclose(restored[:, region], x[:, : inverse_length(c)][:, region], atol=1e-9)


@pytest.mark.parametrize("center", [True, False])
def test_what_the_inverse_must_restore_is_nearly_everything(center: bool) -> None:
    c = case(400, 160, center, length=16001)
    kept = np.zeros(inverse_length(c), bool)
    kept[reconstructed(c)] = True
    assert kept.sum() >= (16001 if center else 16001 - 3 * 400)


def test_inverse_agrees_with_librosa_where_no_signal_has_that_spectrum() -> None:
    librosa = pytest.importorskip("librosa")
    c = case(64, 16, length=1000)
    rng = np.random.default_rng(1)
    made_up = forward(c, noise(c)) * rng.uniform(0.5, 1.5, (1, frames(c), 33))
    theirs = librosa.istft(made_up.swapaxes(1, 2), hop_length=16, n_fft=64, length=1000)
    np.testing.assert_allclose(inverse(c, made_up), theirs, atol=1e-10)


@settings(max_examples=20)
@given(shapes, st.floats(-3, 3), st.floats(-3, 3))
def test_reference_is_linear(c: Case, a: float, b: float) -> None:
    x, y = noise(c, 1).astype(np.float64), noise(c, 2).astype(np.float64)
    np.testing.assert_allclose(forward(c, a * x + b * y), a * forward(c, x) + b * forward(c, y), atol=1e-11)


def test_energy_is_that_of_the_windowed_frames() -> None:
    """Parseval: the bins between DC and Nyquist stand for two."""
    c = case(64, 16, center=False, length=500)
    x = noise(c).astype(np.float64)
    power = np.abs(forward(c, x)) ** 2
    doubled = power[..., 0] + power[..., -1] + 2 * power[..., 1:-1].sum(axis=-1)
    in_time = [np.sum((x[0, m * 16 : m * 16 + 64] * hann(64)) ** 2) for m in range(frames(c))]
    np.testing.assert_allclose(doubled[0] / 64, in_time, rtol=1e-12)


def test_check_tells_right_from_nearly_right() -> None:
    c = case(64, 16, length=2000)
    x = noise(c)
    expected = forward(c, x)
    off_by_one = forward(c, np.roll(x, 1, axis=1)).astype(np.complex64)
    louder = forward(c, x) * 1.00001
    answers = {
        "": expected.astype(np.complex64),
        "complex128, not complex64": expected,
        "shape (1, 126, 32), not (1, 126, 33)": expected[..., :-1].astype(np.complex64),
        "returned list, not an array": [1],
        "exceeds": off_by_one,
        "relative error 1.0e-05 exceeds": louder.astype(np.complex64),
        "relative error nan exceeds": np.full(expected.shape, np.nan, np.complex64),
    }
    for words, answer in answers.items():
        wrong = SUITE.check(c, "forward", (x,), answer, expected).wrong
        assert (words in wrong) if words else wrong == "", (words, wrong)


def test_check_lets_denormals_be_flushed_but_not_silence_become_sound() -> None:
    c = case(64, 16, length=2000)
    tiny = noise(c) * np.float32(1e-40)
    silence = np.zeros(forward(c, tiny).shape, np.complex64)
    assert SUITE.check(c, "forward", (tiny,), silence, forward(c, tiny)).wrong == ""
    assert SUITE.check(c, "forward", (tiny,), silence + np.float32(1e-7), forward(c, tiny)).wrong != ""


@pytest.mark.parametrize("grid", ["quick", "default", "full", "kernels"])
def test_grids_hold_only_cases_that_make_sense(grid: str) -> None:
    made = [Case("stft", p) for p in SUITE.expand(grid)]
    assert made and all(SUITE.valid(c) for c in made)
    for c in made:
        assert frames(c) > 1
        assert SUITE.audio_seconds(c) == c.batch * c.seconds
        # the answer, its reference and a copy must fit into the memory of a small machine
        assert 8 * c.batch * frames(c) * (c.n_fft // 2 + 1) < 400e6


def test_work_is_what_the_arrays_hold() -> None:
    c = case(512, 128, length=16000, batch=2)
    x = noise(c)
    work = SUITE.work(c, "forward")
    assert work.bytes == x.nbytes + forward(c, x).astype(np.complex64).nbytes
    assert work.flops == 2 * frames(c) * (2.5 * 512 * 9 + 512)


def test_inputs_are_the_audio_and_its_spectrum() -> None:
    c = Case("stft", SUITE.expand("quick")[0])
    x = SUITE.audio(c)
    assert x.shape == (c.batch, samples(c)) and x.dtype == np.float32
    made = SUITE.inputs(c, x)
    assert made["forward"][0] is x
    assert made["inverse"][0].shape == (c.batch, frames(c), c.n_fft // 2 + 1)
    assert made["inverse"][0].dtype == np.complex64

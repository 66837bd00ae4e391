"""Signals that the tests of quality metrics share: something like speech, and the corpus's reference files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

RATE = 16000


def speech(seconds: float = 3.0, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """A voice of sorts, float64: pulses of a wandering pitch through three formants, in syllables with pauses."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * rate)
    time = np.arange(samples) / rate
    pitch = 120 * 2 ** (0.3 * np.sin(2 * np.pi * 0.7 * time + seed))
    phase = np.cumsum(pitch) / rate
    x = np.diff(np.floor(phase), prepend=0) + 0.01 * rng.standard_normal(samples)
    for formant in (500 + 30 * seed, 1500, 2500):
        radius = np.exp(-np.pi * 120 / rate)
        x = lfilter([1.0], [1, -2 * radius * np.cos(2 * np.pi * formant / rate), radius**2], x)
    syllables = np.clip(3 * np.sin(2 * np.pi * 1.7 * time) + 1.5, 0, 1)
    x = x * syllables + 1e-4 * np.abs(x).max() * rng.standard_normal(samples)
    x -= x.mean()
    return 0.5 * x / np.abs(x).max()


def noisy(x: np.ndarray, snr: float, seed: int = 1) -> np.ndarray:
    """``x`` with white noise at exactly ``snr`` dB, orthogonal to it and without a mean."""
    noise = np.random.default_rng(seed).standard_normal(len(x))
    noise -= noise.mean()
    centred = x - x.mean()
    noise -= (noise @ centred) / (centred @ centred) * centred
    return x + noise * np.sqrt((x @ x) / (noise @ noise)) * 10 ** (-snr / 20)


def reference(name: str) -> np.ndarray:
    """A file of the corpus's reference folder, float64; the test is skipped where there is no corpus."""
    import soundfile

    corpus = os.environ.get("BENCH_TEST_CORPUS")
    if not corpus:
        pytest.skip("needs the reference recordings: set BENCH_TEST_CORPUS to a folder that has them")
    samples, _rate = soundfile.read(Path(corpus) / "reference" / name)
    return samples


def expected() -> dict:
    """The published values beside those files."""
    import json

    corpus = os.environ.get("BENCH_TEST_CORPUS")
    if not corpus:
        pytest.skip("needs the reference recordings: set BENCH_TEST_CORPUS to a folder that has them")
    return json.loads((Path(corpus) / "reference" / "expected.json").read_text())

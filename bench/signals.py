"""Sounds that the project makes itself: speech-like, music-like and noise, so that nothing needs a download.

Everything is drawn in seconds and hertz from ``numpy.random.PCG64``, synthesised in float64 and rounded to the
24-bit grid: that hides the last-place differences of mathematical libraries, so a seed sounds the same on every
platform, and it leaves no denormal behind. The sounds are for timing and for numerical checks; they stand in for
the spectrum and the rhythm of real audio, not for its quality.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

VERSION = 1
"""Raised whenever a sound changes: figures taken on other sounds are not comparable."""

PEAK = 0.9
GRID = 2.0**23
"""24 bits: as fine as studio recordings, and exact in float32."""

VOWELS = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (440, 1020, 2240),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    ],
    dtype=np.float64,
)
"""Hz: mean F1, F2, F3 of ten American English vowels, men (Peterson & Barney 1952, Table II)."""

BANDWIDTHS = np.array([60.0, 90.0, 150.0, 200.0])
"""Hz: usual bandwidths of the first four formants (Klatt 1980, Table I)."""

SCENES = (("speech", 4.1), ("music", 3.9), ("noise", 2.1))
"""Kind and seconds of each turn of :func:`stream`; odd lengths, so that rows of a batch never line up."""

CYCLES = 3
"""After this many rounds (30.3 s) :func:`stream` repeats: long inputs cost a copy, not a synthesis."""


def stream(samples: int, sample_rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Speech, music and noise in turn; float32, shape (samples,), peak at most 0.9, repeating after 30.3 s.

    A longer request begins with the same samples as a shorter one.
    """
    turns, made = [], 0
    for number in range(CYCLES * len(SCENES)):
        if made >= samples:
            break
        kind, seconds = SCENES[number % len(SCENES)]
        turns.append(KINDS[kind](round(seconds * sample_rate), sample_rate, seed * 1000 + number))
        made += len(turns[-1])
    whole = np.concatenate(turns) if turns else np.empty(0, np.float32)
    return whole[:samples] if made >= samples else np.resize(whole, samples)


def speech(samples: int, sample_rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Phrases of fricative-and-vowel syllables with pauses; float32, shape (samples,)."""
    rng = _rng(seed, 1)
    out = np.zeros(samples)
    at, voice = 0.0, rng.uniform(95, 210)  # Hz: adult speakers, low and high
    while at < samples / sample_rate:
        syllables = int(rng.integers(3, 8))
        for k in range(syllables):
            pitch = voice * (1.12 - 0.25 * k / syllables) * rng.uniform(0.96, 1.04)  # a phrase falls in pitch
            if rng.random() < 0.5:
                at += _add(out, _fricative(rng, sample_rate), at, sample_rate)
            at += _add(out, _vowel(rng, sample_rate, pitch), at, sample_rate) * 0.85
        at += rng.uniform(0.2, 0.5)
    return _finish(out, rng, 0.8)


def music(samples: int, sample_rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Plucked harmonic notes over a beat of kick and hat; float32, shape (samples,)."""
    rng = _rng(seed, 2)
    out = np.zeros(samples)
    beat = 60 / rng.uniform(90, 140)
    root = 110 * 2 ** (rng.integers(0, 12) / 12)  # Hz: A2 and the eleven semitones above
    for k in range(int(np.ceil(samples / sample_rate / beat)) * 2):
        at = k * beat / 2
        note = root * 2 ** (rng.choice([0, 3, 5, 7, 10, 12, 15]) / 12)  # minor pentatonic
        _add(out, 0.5 * _note(rng, sample_rate, note, beat * rng.choice([0.5, 1, 2])), at, sample_rate)
        drum = _kick(sample_rate) if k % 4 == 0 else _hat(rng, sample_rate)
        _add(out, drum, at, sample_rate)
    return _finish(out, rng, PEAK)


def noise(samples: int, sample_rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Pink noise (1/f power above 20 Hz) whose level drifts by a few decibels; float32, shape (samples,)."""
    if not samples:
        return np.empty(0, np.float32)
    rng = _rng(seed, 3)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hz = np.fft.rfftfreq(samples, 1 / sample_rate)
    out = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 20)), samples)
    t = np.arange(samples) / sample_rate
    out *= 1 + 0.4 * np.sin(2 * np.pi * (rng.uniform(0.3, 0.8) * t + rng.random()))
    return _finish(out, rng, 0.6)


KINDS = {"speech": speech, "music": music, "noise": noise}


def _rng(seed: int, salt: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed % 2**64, salt]))


def _add(out: Samples, sound: Samples, at: float, sample_rate: int) -> float:
    """Mix ``sound`` into ``out`` from second ``at`` on, cut at the end; returns the sound's seconds."""
    start = round(at * sample_rate)
    room = max(0, min(len(sound), len(out) - start))
    out[start : start + room] += sound[:room]
    return len(sound) / sample_rate


def _finish(out: Samples, rng: np.random.Generator, peak: float) -> NDArray[np.float32]:
    """Scale to ``peak``, over a recording's noise floor about 80 dB below it, on the 24-bit grid."""
    if not len(out):
        return out.astype(np.float32)
    out = out / (np.max(np.abs(out)) or 1.0) + 1e-4 * rng.uniform(-1, 1, len(out))
    return (np.round(out * (peak / 1.0001 * GRID)) / GRID).astype(np.float32)


def _ramp(samples: int, sample_rate: int, seconds: float) -> Samples:
    """An envelope that rises and falls linearly over ``seconds`` at both ends."""
    edge = np.minimum(np.arange(samples), np.arange(samples)[::-1]) + 1
    return np.minimum(edge / max(1.0, seconds * sample_rate), 1.0)


def _vowel(rng: np.random.Generator, sample_rate: int, pitch: float) -> Samples:
    """Glottal pulses through damped formants in parallel (CHANT, Rodet 1984), 0.12 to 0.26 s."""
    samples = round(rng.uniform(0.12, 0.26) * sample_rate)
    formants = np.append(VOWELS[rng.integers(len(VOWELS))], 3500.0) * rng.uniform(0.95, 1.15)
    strength = np.array([1.0, 0.6, 0.3, 0.15])
    t = np.arange(round(0.03 * sample_rate))[:, None] / sample_rate
    heard = formants < 0.45 * sample_rate
    damped = strength * np.exp(-np.pi * BANDWIDTHS * t) * np.sin(2 * np.pi * formants * t)
    response = damped[:, heard].sum(axis=1)
    glide = pitch * (1 + rng.uniform(-0.08, 0.08) * np.linspace(0, 1, samples))
    phase = np.cumsum(glide) / sample_rate
    pulses = np.flatnonzero(np.diff(np.floor(phase)))
    train = np.zeros(samples)
    train[pulses] = rng.uniform(0.95, 1.05, len(pulses))  # shimmer
    return _convolve(train, response)[:samples] * _ramp(samples, sample_rate, 0.02)


def _fricative(rng: np.random.Generator, sample_rate: int) -> Samples:
    """Noise around 2 to 6 kHz, 0.04 to 0.09 s."""
    samples = round(rng.uniform(0.04, 0.09) * sample_rate)
    centre = min(rng.uniform(2500, 6000), 0.4 * sample_rate)
    hz = np.fft.rfftfreq(samples, 1 / sample_rate)
    shape = 1 / (1 + ((hz - centre) / 1200) ** 2)
    hiss: Samples = np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) * shape, samples)
    return hiss * (0.25 / float(np.max(np.abs(hiss)))) * _ramp(samples, sample_rate, 0.015)


def _convolve(a: Samples, b: Samples) -> Samples:
    size = 1 << (len(a) + len(b) - 1).bit_length()
    both: Samples = np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size), size)
    return both[: len(a) + len(b) - 1]


def _note(rng: np.random.Generator, sample_rate: int, pitch: float, seconds: float) -> Samples:
    """Twelve partials of falling strength, each from the two before: sin(na) = 2 cos(a) sin((n-1)a) - sin((n-2)a)."""
    samples = round(seconds * sample_rate)
    t = np.arange(samples) / sample_rate
    angle = 2 * np.pi * pitch * t
    before, partial, twice_cos = np.zeros(samples), np.sin(angle), 2 * np.cos(angle)
    fade = np.exp(-3 * t / max(seconds, 1e-3))
    decay, out, tilt = fade.copy(), np.zeros(samples), rng.uniform(0.8, 1.6)
    for n in range(1, 13):
        if n * pitch > 0.45 * sample_rate:
            break
        out += partial * decay / n**tilt
        before, partial = partial, twice_cos * partial - before
        decay *= 0.5 + 0.5 * fade  # high partials die first
    return out * _ramp(samples, sample_rate, 0.004)


def _kick(sample_rate: int) -> Samples:
    """A sine falling from 150 to 50 Hz in 0.15 s."""
    t = np.arange(round(0.15 * sample_rate)) / sample_rate
    return np.sin(2 * np.pi * (50 * t + 100 * 0.03 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.05)


def _hat(rng: np.random.Generator, sample_rate: int) -> Samples:
    """Differenced white noise, gone in 0.05 s."""
    t = np.arange(round(0.05 * sample_rate)) / sample_rate
    return 0.12 * np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-t / 0.012)

"""What the suite `vq` quantizes: log-mel frames as a codec's encoder would give them, and HuBERT's MFCCs."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from bench import Case
from suites import _kept

SAMPLE_RATE = 24000
HOP_LENGTH = 320
FRAME_RATE = SAMPLE_RATE // HOP_LENGTH  # 75 Hz: SoundStream (arXiv 2107.03312) and EnCodec (arXiv 2210.13438) at 24 kHz
N_FFT = 2048  # bins of 12 Hz, narrow enough for 128 bands
N_MELS = 128
FLOOR = 1e-8  # band power below which all is silence
MFCC_RATE = 100  # frames a second, of 16 kHz audio
MFCC_DIM = 39
TRAINING_CLIPS = 6  # of different seeds, for the built-in audio repeats after half a minute
TRAINING_SECONDS = 30.0
TRAINING_VECTORS = int(TRAINING_CLIPS * TRAINING_SECONDS * FRAME_RATE)  # some thirteen for each of 1024 codewords
VERSION = 2  # of what is made here: another number makes all codebooks anew


def of_mfcc(case: Case) -> bool:
    return bool(case.quantizer == "hubert")


def frame_rate(case: Case) -> int:
    """Vectors in a second of audio."""
    return MFCC_RATE if of_mfcc(case) else FRAME_RATE


def vectors(case: Case) -> int:
    """Vectors in one call, over the whole batch."""
    if of_mfcc(case):
        return case.batch * max(0, 1 + (round(case.seconds * 16000) - 400) // 160)
    return case.batch * (round(case.seconds * SAMPLE_RATE) // HOP_LENGTH)


def audio(case: Case) -> np.ndarray:
    """What is quantized: float32 (batch, samples) of the corpus's second, fourth, ... clip."""
    return _clip(case, 1, case.seconds, case.batch, case.seed)


def training(case: Case) -> np.ndarray:
    """What everything is fitted to: features of 180 s of the first, third, ... clip, float32 (count, dim).

    The built-in audio is made from other seeds instead; where there is but one clip, other places of it are heard.
    """
    seeds = range(1000 * (case.seed + 1), 1000 * (case.seed + 1) + TRAINING_CLIPS)
    extract = mfcc if of_mfcc(case) else bands

    def make() -> dict[str, np.ndarray]:
        made = [extract(_clip(case, 0, TRAINING_SECONDS, 1, seed)) for seed in seeds]
        return {"features": np.concatenate(made).astype(np.float32)}

    found = _kept.arrays("features", facts(case), make)["features"]
    return found if of_mfcc(case) else project(found, case.dim)


def facts(case: Case) -> list[Any]:
    """All that :func:`training` depends on, but for the projection."""
    from bench.corpus import Corpus

    kind = "mfcc" if of_mfcc(case) else "log-mel"
    return [VERSION, kind, Corpus.open(case.corpus).fingerprint, case.seed, TRAINING_CLIPS, TRAINING_SECONDS]


def held_out(case: Case) -> bool:
    """Whether what is quantized shares no clip with what was fitted to."""
    from bench.corpus import BUILTIN, Corpus

    return case.corpus == BUILTIN or len(Corpus.open(case.corpus).clips) > 1


def _clip(case: Case, part: int, seconds: float, batch: int, seed: int) -> np.ndarray:
    from bench.corpus import BUILTIN, Corpus, clip

    rate = 16000 if of_mfcc(case) else SAMPLE_RATE
    if case.corpus == BUILTIN:
        return clip(case.corpus, seconds, rate, batch, seed)
    corpus = Corpus.open(case.corpus)
    half = corpus.clips[part::2] or corpus.clips
    return clip(replace(corpus, clips=half), seconds, rate, batch, seed)


def features(case: Case, audio: np.ndarray) -> np.ndarray:
    """Vectors of audio (batch, samples): float32 (batch frames, dim)."""
    return mfcc(audio) if of_mfcc(case) else project(bands(audio), case.dim)


def project(bands: np.ndarray, dim: int) -> np.ndarray:
    """(count, 128) times a Gaussian matrix that is always the same: float32 (count, dim).

    So all of ``dim`` components carry something of all bands, as an encoder's do.
    """
    return (bands @ np.random.default_rng(1).normal(0, N_MELS**-0.5, (N_MELS, dim))).astype(np.float32)


def bands(audio: np.ndarray) -> np.ndarray:
    """log10 of mel bands of audio (batch, samples) at 24 kHz: float64 (batch frames, 128), one for each 320 samples.

    HTK's scale, triangles in Hz, Hann window of 2048 samples, centred, zeros beyond the ends.
    """
    frames = audio.shape[1] // HOP_LENGTH
    padded = np.pad(audio, ((0, 0), (N_FFT // 2, N_FFT // 2)))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, N_FFT, axis=1)[:, ::HOP_LENGTH][:, :frames]
    window, bank = np.sin(np.pi * np.arange(N_FFT) / N_FFT) ** 2, _filterbank()
    return np.concatenate([np.log10(np.maximum(_power(row * window) @ bank, FLOOR)) for row in pieces])


def mfcc(audio: np.ndarray) -> np.ndarray:
    """HuBERT's first targets (arXiv 2106.07447): float32 (batch frames, 39) of audio (batch, samples) at 16 kHz.

    13 coefficients as Kaldi's ``compute-mfcc-feats`` gives them (23 bands, C0 kept, lifter 22), and their first and
    second differences over five frames, the ends repeated (torchaudio's ``compute_deltas``), 100 a second.
    """
    from suites.mel import PRESETS, dct, filterbank, lifter, window

    p = replace(PRESETS["kaldi"], n_mels=23)
    bank, cepstra = filterbank(p).T, dct(23).T * lifter()
    made = []
    for row in audio.astype(np.float64):
        pieces = np.lib.stride_tricks.sliding_window_view(row, p.win_length)[:: p.hop_length]
        pieces = pieces - pieces.mean(axis=-1, keepdims=True)
        pieces = pieces - 0.97 * np.concatenate([pieces[:, :1], pieces[:, :-1]], axis=-1)
        energies = np.abs(np.fft.rfft(pieces * window(p), p.n_fft)) ** 2 @ bank
        static = np.log(np.maximum(energies, np.finfo(np.float32).eps)) @ cepstra
        made.append(np.hstack([static, first := _deltas(static), _deltas(first)]))
    return np.concatenate(made).astype(np.float32)


def _deltas(x: np.ndarray) -> np.ndarray:
    padded = np.pad(x, ((2, 2), (0, 0)), mode="edge")
    return (2 * (padded[4:] - padded[:-4]) + padded[3:-1] - padded[1:-3]) / 10


def _power(frames: np.ndarray) -> np.ndarray:
    spectrum = np.fft.rfft(frames)
    return spectrum.real**2 + spectrum.imag**2


@lru_cache
def _filterbank() -> np.ndarray:
    """Triangles on O'Shaughnessy's mel scale from 0 to 12 kHz: float64 (N_FFT // 2 + 1, N_MELS)."""
    hertz = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + SAMPLE_RATE / 1400), N_MELS + 2) / 2595) - 1)
    rise = (hertz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hertz[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rise, fall))

"""What the suite `vq` quantizes, and with what: features of audio, and codebooks fitted to them by k-means."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from bench import Case

SAMPLE_RATE = 24000
HOP_LENGTH = 320
FRAME_RATE = SAMPLE_RATE // HOP_LENGTH  # 75 Hz: SoundStream (arXiv 2107.03312) and EnCodec (arXiv 2210.13438) at 24 kHz
N_FFT = 2048  # bins of 12 Hz, narrow enough for 128 bands
N_MELS = 128
FLOOR = 1e-8  # band power below which all is silence
TRAINING_CLIPS = 6  # of different seeds, for the built-in audio repeats after half a minute
TRAINING_SECONDS = 30.0
TRAINING_VECTORS = int(TRAINING_CLIPS * TRAINING_SECONDS * FRAME_RATE)  # some thirteen for each of 1024 codewords
ITERATIONS = 6  # of Lloyd's algorithm; four more lower the distortion of other vectors by less than 1%
VERSION = 1  # of this file's arithmetic: another number makes all codebooks anew


def features(audio: np.ndarray, dim: int) -> np.ndarray:
    """Vectors of audio (batch, samples) at 24 kHz: float32 (batch frames, dim), one for each 320 samples.

    log10 of 128 mel bands (HTK's scale, triangles in Hz, Hann window of 2048 samples, centred, zeros beyond the ends),
    times a Gaussian matrix that is always the same, so that all of ``dim`` components carry something of all bands.
    """
    frames = audio.shape[1] // HOP_LENGTH
    padded = np.pad(audio, ((0, 0), (N_FFT // 2, N_FFT // 2)))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, N_FFT, axis=1)[:, ::HOP_LENGTH][:, :frames]
    window, bank = np.sin(np.pi * np.arange(N_FFT) / N_FFT) ** 2, _filterbank()
    projection = np.random.default_rng(VERSION).normal(0, N_MELS**-0.5, (N_MELS, dim))
    made = [np.log10(np.maximum(_power(row * window) @ bank, FLOOR)) @ projection for row in pieces]
    return np.concatenate(made).astype(np.float32)


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


def codebooks(case: Case) -> np.ndarray:
    """float32 (stages, size, dim), fitted stage by stage on 180 s of the corpus that other seeds choose.

    The same for every length and batch of a case. Kept on disk, by the corpus's fingerprint and everything else that
    they depend on; a folder that cannot be written costs some seconds a process.
    """
    return _codebooks(case.corpus, case.seed, case.stages, case.size, case.dim)


@lru_cache
def _codebooks(corpus: str, seed: int, stages: int, size: int, dim: int) -> np.ndarray:
    from bench.corpus import Corpus, clip

    facts = [
        VERSION,
        Corpus.open(corpus).fingerprint,
        seed,
        stages,
        size,
        dim,
        TRAINING_CLIPS,
        TRAINING_SECONDS,
        ITERATIONS,
    ]
    path = _cache() / f"codebooks-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]}.npy"
    if path.exists():
        return np.load(path, allow_pickle=False)
    seeds = range(1000 * (seed + 1), 1000 * (seed + 1) + TRAINING_CLIPS)
    vectors = [features(clip(corpus, TRAINING_SECONDS, SAMPLE_RATE, 1, other), dim) for other in seeds]
    books = fit(np.concatenate(vectors), stages, size, np.random.default_rng(seed))
    _keep(path, books)
    return books


def fit(vectors: np.ndarray, stages: int, size: int, random: np.random.Generator) -> np.ndarray:
    """Residual codebooks, float32 (stages, size, dim): k-means of the vectors, then of what it leaves, and so on."""
    left, books = vectors.astype(np.float32), []
    for _ in range(stages):
        books.append(kmeans(left, size, random))
        left = left - books[-1][_assign(left, books[-1])[0]]
    return np.stack(books)


def kmeans(vectors: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Lloyd's algorithm from vectors drawn without replacement: float32 (size, dim).

    A codeword that nobody is nearest to becomes one of the vectors that are worst off.
    """
    book = vectors[random.choice(len(vectors), size, replace=False)]
    for _ in range(ITERATIONS):
        index, distances = _assign(vectors, book)
        order = np.argsort(index, kind="stable")
        used, starts, counts = np.unique(index[order], return_index=True, return_counts=True)
        book = book.copy()
        book[used] = np.add.reduceat(vectors[order], starts) / counts[:, None].astype(np.float32)
        unused = np.setdiff1d(np.arange(size), used)
        book[unused] = vectors[np.argsort(-distances, kind="stable")[: len(unused)]]
    return book


def _assign(vectors: np.ndarray, book: np.ndarray, block: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """The nearest codeword of each vector and its squared distance, a block at a time, whose scores stay in cache."""
    half = (book**2).sum(1) / 2
    indices, distances = np.empty(len(vectors), np.intp), np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), block):
        part = slice(start, start + block)
        scores = vectors[part] @ book.T
        scores -= half
        indices[part] = scores.argmax(1)
        distances[part] = (vectors[part] ** 2).sum(1) - 2 * scores.max(1)
    return indices, distances


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "audio-bench"


def _keep(path: Path, books: np.ndarray) -> None:
    """Whole or not at all, whoever else writes it at the same time."""
    unfinished = path.with_suffix(f".{os.getpid()}.npy")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(unfinished, books, allow_pickle=False)
        unfinished.replace(path)
    except OSError:
        pass  # a read-only home: fitted again next time

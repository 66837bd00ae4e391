"""One clip through one codec, scored: plain values in, plain values out, so that it can be done on any machine."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.asr import RATE, recogniser
from bench.codec import ORIGINAL, Codec, Trip, on_the_grid, resample, staged
from bench.core import Case, Implementation, Unsupported
from bench.corpus import Clip, Corpus
from bench.quality import score
from bench.quality.align import shift
from bench.registry import load
from bench.worker import prove, version_of

VERSION = 1
"""Counts changes of this file that change a figure; part of every key of the cache."""

MOST_SECONDS = 60.0
"""A longer clip is scored on its beginning: memory does not grow with the corpus."""

Answer = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """All that is needed. ``folder`` is the corpus's, "" for the built-in one; ``clip`` the fields of its Clip.

    ``lag`` (samples at the case's rate) is taken out before the metrics; ``asr`` "" means no recogniser, and
    ``asr_corpus`` is the folder whose grammar it keeps to, "" for none; ``keep_seconds`` is how much of the decoded
    audio comes back (0: none), as FLAC in base64; ``weights`` is the file of those that the user gave.
    """

    suite: str
    impl: str
    params: dict[str, Any]
    seed: int
    folder: str
    clip: dict[str, Any]
    metrics: tuple[str, ...]
    asr: str
    asr_corpus: str
    lag: int
    keep_seconds: float
    weights: str = ""


def perform(task: Task) -> Answer:
    """Encode, decode, align, score. Touches no file but the clip; raises whatever goes wrong with it.

    {"version", "seconds", "facts", "values", "failures", "flags", and where asked for "heard" (or "deaf": why a
    recogniser gave no text) and "audio"}.
    """
    case = Case(task.suite, task.params, seed=task.seed, weights=task.weights)
    sound = clip_audio(task, case)
    decoded, version = sound, ""
    facts: dict[str, float] = {}
    if task.impl != ORIGINAL:
        implementation, codec = _made(task.suite, task.impl, tuple(task.params.items()), task.seed, task.weights)
        if len(sound) > codec.channels:
            raise Unsupported(f"at most {codec.channels} channels")
        decoded, facts = Trip(codec, case).whole(sound)
        version = version_of(implementation)
    if decoded.ndim != 2 or len(decoded) != len(sound):
        raise ValueError(f"the decoded audio has the shape {decoded.shape}, not ({len(sound)}, samples)")
    if not np.isfinite(decoded).all():
        raise ValueError("the decoded audio holds NaN or infinity")
    aligned = np.stack([shift(channel, task.lag, sound.shape[1]) for channel in decoded])
    raw = np.stack([shift(channel, 0, sound.shape[1]) for channel in decoded])
    answer: Answer = {
        "version": version,
        "seconds": sound.shape[1] / case.sample_rate,
        "facts": facts,
        **scored(sound, aligned, raw, case.sample_rate, task.metrics),
    }
    if task.asr:
        try:
            answer["heard"] = heard(task, aligned.mean(axis=0), case.sample_rate)
        except Exception as error:  # costs the word error rate of this clip, and no other figure
            answer["deaf"] = f"{error or type(error).__name__}".split("\n")[0]
    if task.keep_seconds:
        answer["audio"] = flac(aligned[:, : round(task.keep_seconds * case.sample_rate)], case.sample_rate)
    return answer


def clip_audio(task: Task, case: Case) -> np.ndarray:
    """float32 (channels, samples) at the case's rate, on the grid of 16 bits; raises :class:`BadFileError`."""
    clip = Clip(**{**task.clip, "path": Path(task.clip["path"])})
    corpus = Corpus("", Path(task.folder) if task.folder else None, ())
    # a manifest's seconds are rounded: the whole of a short clip is whatever the file holds
    frames = round(MOST_SECONDS * clip.sample_rate) if clip.seconds > MOST_SECONDS else None
    mono = corpus.read(clip, 0, frames)
    return on_the_grid(staged(resample(mono[None], clip.sample_rate, case.sample_rate)[0], case))


def scored(sound: np.ndarray, aligned: np.ndarray, raw: np.ndarray, rate: int, metrics: Sequence[str]) -> Answer:
    """Metrics of each channel, and their mean over the channels; one that fails on a channel has failed."""
    each = [score(x, y, rate, metrics, raw=late) for x, y, late in zip(sound, aligned, raw, strict=True)]
    failures = {name: why for found in each for name, why in found.failures.items()}
    values = {name: float(np.mean([f.values[name] for f in each])) for name in each[0].values if name not in failures}
    return {"values": values, "failures": failures, "flags": sorted({flag for f in each for flag in f.flags})}


def heard(task: Task, mono: np.ndarray, rate: int) -> str:
    """What the recogniser makes of it, at 16 kHz."""
    return recogniser(task.asr)(resample(mono[None], rate, RATE)[0].astype(np.float32), task.asr_corpus)


def flac(audio: np.ndarray, rate: int) -> str:
    """FLAC of 16 bits in base64."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, on_the_grid(audio).T, rate, format="FLAC", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()


@lru_cache(maxsize=1)
def _made(
    suite: str, impl: str, params: tuple[tuple[str, Any], ...], seed: int, weights: str
) -> tuple[Implementation, Codec]:
    """A codec is made once for all the clips of a case."""
    implementation = load().find(suite, impl)
    prove(implementation)
    codec = implementation.make(Case(suite, dict(params), seed=seed, weights=weights), **implementation.variant)
    if not isinstance(codec, Codec):
        raise TypeError(f"an implementation of {suite} returns a bench.Codec, not {type(codec).__name__}")
    return implementation, codec

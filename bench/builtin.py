"""The corpus ``builtin``: eight sounds of ten seconds at 48 kHz, four speakers, two pieces, two noises."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from bench import signals
from bench.audiofile import Mono
from bench.manifest import Clip

BUILTIN = "builtin"
RATE = 48000
SECONDS = 10.0
KINDS = {"speech": 4, "music": 2, "noise": 2}


def clips() -> tuple[Clip, ...]:
    return tuple(_clip(kind, number) for kind, count in KINDS.items() for number in range(count))


def samples(clip: Clip) -> Mono:
    """The whole sound, float32 (480000,); not to be written to."""
    return _synthesised(clip.kind, int(clip.more["seed"]))


def _clip(kind: str, number: int) -> Clip:
    name = f"{kind}-{number + 1}"
    speaker = f"{BUILTIN}-{number + 1}" if kind == "speech" else ""
    return Clip(name, Path(), name, kind, RATE, SECONDS, speaker, "", {"seed": str(number)})


@lru_cache(maxsize=8)
def _synthesised(kind: str, seed: int) -> Mono:
    return signals.KINDS[kind](round(SECONDS * RATE), RATE, seed)

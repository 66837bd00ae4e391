"""A small corpus, a run that was timed, and its scoring, in a folder of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from bench.plan import Item, Plan
from bench.registry import Registry
from bench.results import Row
from bench.runner import Observer
from bench.scores import Score, read_scores
from bench.scoring.run import run
from bench.store import Store

CASE = {"bitrate": 128.0, "sample_rate": 16000, "channels": 1, "seconds": 1.0}
CLIPS = {"a": 1.0, "b": 0.7, "c": 0.9}  # seconds; toy codecs with a fault fail on 0.7 s
SPOKEN = {"a": "loud ships", "b": "soft ships", "c": ""}


def corpus(folder: Path) -> Path:
    """Three clips of noise that swells, with transcripts for two."""
    folder.mkdir()
    lines = ["id\tpath\tkind\tspeaker\ttranscript"]
    for number, (name, seconds) in enumerate(CLIPS.items()):
        samples = round(seconds * 16000)
        noise = np.random.default_rng(number).standard_normal(samples) * np.hanning(samples) / 10
        soundfile.write(folder / f"{name}.wav", noise, 16000, subtype="PCM_16")
        lines.append(f"{name}\t{name}.wav\t{'music' if name == 'c' else 'speech'}\ts{number}\t{SPOKEN[name]}")
    (folder / "manifest.tsv").write_text("\n".join(lines) + "\n")
    return folder


def timed(folder: Path, impls: Sequence[str], audio: Path, **plan) -> Store:
    """A run of which only the scoring is left; the toy codecs are 40 samples late."""
    cases = plan.pop("cases", [CASE])
    lag = plan.pop("lag", 40.0)
    settings = {"corpus": str(audio), "metrics": ("snr",), "deadline_s": 30.0} | plan
    store = Store(folder, Plan([Item("codec", cases, list(impls), ["decode"])], **settings), {})
    for case in cases:
        for impl in impls:
            facts = {"lag_samples": lag, "algorithmic_delay_ms": 12.5}
            store.append(Row("run", "codec", impl, case, "decode", version=np.__version__, quality=facts))
    return store


def scored(registry: Registry, store: Store, observer: Observer | None = None) -> list[Score]:
    """Score it, and read what is on disk."""
    try:
        run(store, registry, observer or Observer())
    finally:
        store.close()
    return list(read_scores(store.folder))

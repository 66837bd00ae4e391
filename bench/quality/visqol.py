"""ViSQOL v3, speech and audio mode, by visqol-python, a port of Google's C++ program."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from bench.quality.core import MetricFailure, Signal, metric

if TYPE_CHECKING:
    from visqol import VisqolApi

SOURCE = "Chinen et al., 'ViSQOL v3: an open source production ready objective speech and audio metric', QoMEX 2020"
FACTS = {"unit": "MOS-LQO", "better": "higher", "source": SOURCE}
_lock = threading.Lock()


@metric(
    "visqol_speech",
    title="similarity of gammatone spectrograms up to 8 kHz, mapped to listeners' opinions of speech by the lattice"
    " model; aligns in time by itself; a signal against itself scores 4.5 to 4.8. Never rank generative codecs by it"
    " alone",
    range=(1, 5),
    identity=4.5056,
    rates=(16000,),
    lowest_rate=16000,
    shortest=0.75,
    requires=("visqol", "ai_edge_litert.interpreter"),
    **FACTS,
)
def visqol_speech(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return _measure("speech", reference, degraded, sample_rate)


@metric(
    "visqol_audio",
    title="similarity of gammatone spectrograms up to 15 kHz, mapped to listeners' opinions of music by a support"
    " vector regression; aligns in time by itself; signals below 48 kHz are upsampled, both alike",
    range=(1, 5),
    identity=4.7321,
    rates=(48000,),
    lowest_rate=24000,
    shortest=1.0,
    requires=("visqol",),
    **FACTS,
)
def visqol_audio(reference: Signal, degraded: Signal, sample_rate: int) -> float:
    return _measure("audio", reference, degraded, sample_rate)


def _measure(mode: str, reference: Signal, degraded: Signal, sample_rate: int) -> float:
    try:
        with _lock:  # one interpreter serves the process
            return float(_api(mode).measure_from_arrays(reference, degraded, sample_rate).moslqo)
    except (ValueError, IndexError) as error:
        raise MetricFailure(f"ViSQOL finds nothing to compare ({error})") from None


@cache
def _api(mode: str) -> VisqolApi:
    from visqol import VisqolApi

    api = VisqolApi()
    with _quiet():
        # True, or it would fall back without a word to a model that gives 1 to 2 MOS more
        api.create(mode=mode, use_lattice_model=True if mode == "speech" else None)
    return api


@contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow Lite announces its delegate on the process's standard error, past Python's: not in here."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

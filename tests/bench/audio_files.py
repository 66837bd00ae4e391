"""Small audio files for the tests of corpora, and what a refusal must look like."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.corpus import CorpusError

RATE = 16000


def tone(seconds=1.0, rate=RATE, hz=440.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path: Path, samples=None, rate=RATE, subtype="FLOAT"):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(rate=rate) if samples is None else samples, rate, subtype=subtype)
    return path


def manifest(folder: Path, *lines: str, header="id\tpath"):
    (folder / "manifest.tsv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def refusal(action, *args) -> str:
    """The one line that a refused request gives."""
    with pytest.raises(CorpusError) as caught:
        action(*args)
    text = str(caught.value)
    assert "\n" not in text and ";" in text, f"one line with a way out after a semicolon, not {text!r}"
    return text

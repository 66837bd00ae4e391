"""Named sets of audio: the built-in signals, a registered folder, or any folder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench import signals


class CorpusError(ValueError):
    """One line: what is wrong with the audio, and the way out."""


def clip(corpus: str, seconds: float, sample_rate: int, batch: int = 1, seed: int = 0) -> NDArray[np.float32]:
    """``batch`` rows of consecutive audio: float32, shape (batch, round(seconds * sample_rate))."""
    if corpus != "builtin":
        raise CorpusError(f"no corpus is called {corpus!r}; there are: builtin")
    samples = round(seconds * sample_rate)
    return signals.stream(batch * samples, sample_rate, seed).reshape(batch, samples)

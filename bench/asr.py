"""Recognisers by name: what scores word error rates calls. They are the implementations of the suite ``asr``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.core import Case, Implementation
from bench.registry import load, source_hash
from bench.worker import prove, version_of

SUITE = "asr"
RATE = 16000

Transcribe = Callable[[NDArray[np.float32]], str]


class Recogniser:
    """``recogniser("name")(samples, corpus)``: the text of one clip.

    Made for a corpus when it is first asked for one, and kept. ``identity`` names the implementation, its library's
    version, its code and its weights: with the samples and the corpus's grammar, all that a text depends on.
    """

    def __init__(self, implementation: Implementation, threads: int = 1):
        self.implementation, self.threads = implementation, threads
        self.name = implementation.name
        self.made: dict[str, Transcribe] = {}

    def __call__(self, samples: NDArray[np.float32], corpus: str = "") -> str:
        """The text of ``samples``, float32 mono (samples,) at 16 kHz; "" where nothing is heard.

        ``corpus`` is the name of the clip's corpus, whose closed grammar is kept to where it declares one.
        Raises :class:`Unsupported` where the recogniser cannot run here, ValueError for other samples, or none.
        """
        if samples.ndim != 1 or samples.dtype != np.float32 or not len(samples):
            raise ValueError(f"a recogniser takes float32 (samples,) at {RATE} Hz, not {samples.dtype}{samples.shape}")
        return self._for(corpus)(samples)

    @property
    def identity(self) -> str:
        model = getattr(self._for(""), "model", "")
        code = source_hash(self.implementation)[:12]
        return " ".join(filter(None, (self.name, version_of(self.implementation), code, model)))

    def _for(self, corpus: str) -> Transcribe:
        if corpus not in self.made:
            case = Case(SUITE, {}, threads=self.threads, corpus=corpus)
            self.made[corpus] = self.implementation.make(case, **self.implementation.variant)
        return self.made[corpus]


@cache
def recogniser(name: str = "", threads: int = 1) -> Recogniser:
    """The recogniser of that name; without one, the suite's default.

    Raises :class:`bench.registry.UnknownName` with a suggestion, and :class:`Unsupported`, which says what to install.
    """
    suite = load().suite(SUITE)
    implementation = load().find(SUITE, name or suite.default)  # type: ignore[attr-defined]
    prove(implementation)
    return Recogniser(implementation, threads)

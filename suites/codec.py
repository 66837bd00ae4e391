"""Codecs: audio into packets at a stated bitrate, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench import Case, Check, Codec, Op, Suite, Work
from bench.codec import FACTS, ops
from bench.corpus import clip

SILENCE = 1e-20


class CodecSuite(Suite):
    """Conventions: see :class:`bench.Codec`. A case is a bitrate in kbit/s, over all channels, at a sample rate."""

    name = "codec"
    title = "audio -> payload packets at a bitrate (kbit/s) -> audio"
    ops = ("encode", "decode", "stream")
    scored = True
    grids = {
        "quick": [{"bitrate": [12.0], "sample_rate": [16000], "channels": [1], "seconds": [5.0]}],
        "default": [{"bitrate": [6.0, 12.0, 24.0], "sample_rate": [16000], "channels": [1], "seconds": [10.0]}],
        "full": [
            {"bitrate": [3.0, 6.0, 9.0, 12.0, 16.0, 24.0, 32.0], "sample_rate": [16000], "channels": [1],
             "seconds": [10.0]},
            {"bitrate": [24.0, 48.0, 64.0, 96.0, 128.0], "sample_rate": [48000], "channels": [1, 2],
             "seconds": [10.0]},
        ],
    }  # fmt: skip

    def adopt(self, made: Any, case: Case) -> Mapping[str, Op]:
        assert isinstance(made, Codec), "an implementation of codec returns a bench.Codec"
        return ops(made, case)

    def valid(self, case: Case) -> bool:
        return case.params.get("batch", 1) == 1

    def audio(self, case: Case) -> np.ndarray:
        return clip(case.corpus, case.seconds, case.sample_rate, case.channels, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        signal = on_the_grid(audio)
        return dict.fromkeys(self.ops, (signal,))

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> None:
        return None

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        answer, facts = out
        metrics = {name: float(value) for name, value in zip(FACTS, facts, strict=True) if np.isfinite(value)}
        if op != "encode":
            if answer.ndim != 2 or len(answer) != case.channels or answer.dtype != np.float32:
                return Check(metrics, f"gives {answer.dtype} {answer.shape}, not float32 ({case.channels}, samples)")
            if not np.isfinite(answer).all():
                return Check(metrics, "the decoded audio holds NaN or infinity")
        return Check(metrics)

    def work(self, case: Case, op: str) -> Work:
        return Work(0, 0)

    def audio_seconds(self, case: Case) -> float:
        return float(case.seconds)


def on_the_grid(audio: np.ndarray) -> np.ndarray:
    """Rounded to 16 bits: float32 multiples of 2**-15 in [-1, 1)."""
    return (np.clip(np.rint(audio * 32768), -32768, 32767) / 32768).astype(np.float32)

"""A fault in one corner of an answer is found: first and last frame, sample and bin, of the first and the last row."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from bench.core import Case
from bench.registry import load

CASES: dict[str, dict[str, Any]] = {
    "stft": {"n_fft": 64, "hop_length": 16, "center": True, "sample_rate": 8000},
    "fft": {"n": 64},
    "mel": {"preset": "bsqvit"},
    "quantize": {"format": "int8_band", "signal": "spectrogram", "sample_rate": 16000},
    "resample": {"source_rate": 48000, "target_rate": 16000},
}
OPS = [(suite, op) for suite, ops in {
    "stft": ("forward", "inverse"), "fft": ("forward", "inverse"), "mel": ("mel", "log_mel", "mfcc"),
    "quantize": ("encode", "decode"),
}.items() for op in ops]  # fmt: skip


def asked(suite: str, op: str) -> tuple[Any, Case, tuple[Any, ...], Any]:
    found, c = load().suite(suite), Case(suite, {**CASES[suite], "batch": 3, "seconds": 0.5})
    args = found.inputs(c, found.audio(c))[op]
    return found, c, args, found.reference(c, op, args)


def right(suite: str, op: str, args: tuple[Any, ...], reference: np.ndarray) -> tuple[np.ndarray, ...]:
    """An answer that is right, its array first."""
    if (suite, op) == ("quantize", "encode"):
        from suites.quantize import encode

        return encode("int8_band", *args)
    return (reference.astype(np.complex64 if np.iscomplexobj(reference) else np.float32),)


@pytest.mark.parametrize(("suite", "op"), OPS)
def test_a_fault_in_any_corner_is_wrong(suite: str, op: str) -> None:
    found, c, args, reference = asked(suite, op)
    answer, *scale = right(suite, op, args, reference)

    def wrong(out: np.ndarray) -> str:
        return found.check(c, op, args, (out, *scale) if scale else out, reference).wrong

    assert len(answer) == 3 and wrong(answer) == ""
    loud = np.abs(answer).max()
    for corner in product((0, -1), repeat=answer.ndim):
        spoilt = answer.copy()
        spoilt[corner] += 3 if scale else loud / 10
        assert wrong(spoilt), corner


def test_a_fault_in_one_row_of_resampled_audio_is_wrong() -> None:
    found, c, args, reference = asked("resample", "resample")
    answer = reference.astype(np.float32)
    for row in range(3):
        spoilt = answer.copy()
        spoilt[row] = np.nan
        assert "NaN" in found.check(c, "resample", args, spoilt, reference).wrong
        spoilt[row] = answer[row, ::-1]
        assert found.check(c, "resample", args, spoilt, reference).metrics["error"] > 0.1


def test_an_inverse_without_padding_is_judged_where_every_frame_exists() -> None:
    """From n_fft - hop_length to frames * hop_length, and nowhere else."""
    suite = load().suite("stft")
    c = Case("stft", {**CASES["stft"], "center": False, "batch": 1, "seconds": 0.5})
    args = suite.inputs(c, suite.audio(c))["inverse"]
    reference = suite.reference(c, "inverse", args)
    answer, frames = reference.astype(np.float32), args[0].shape[1]
    for at, judged in ((47, False), (48, True), (16 * frames - 1, True), (16 * frames, False)):
        spoilt = answer.copy()
        spoilt[0, at] += 1
        assert bool(suite.check(c, "inverse", args, spoilt, reference).wrong) == judged, at


QUIET = [*((suite, op) for suite, op in OPS if suite in ("stft", "fft") or op == "mel"), ("resample", "resample")]


@pytest.mark.parametrize(("suite", "op"), QUIET)
def test_quiet_audio_is_judged_as_loud_audio_is(suite: str, op: str) -> None:
    """At -160 dB; an answer that is a half too loud, or none at all, is wrong."""
    found, c, _, _ = asked(suite, op)
    args = found.inputs(c, found.audio(c) * np.float32(1e-8))[op]
    reference = found.reference(c, op, args)
    (answer,) = right(suite, op, args, reference)
    assert found.check(c, op, args, answer, reference).wrong == ""
    assert found.check(c, op, args, answer * np.float32(1.5), reference).wrong
    assert found.check(c, op, args, answer * 0, reference).wrong

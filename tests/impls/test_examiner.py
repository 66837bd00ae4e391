"""The examiner sees each fault that the contract forbids, planted in an otherwise right implementation."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.core import Case, Implementation, Op, Unsupported
from bench.registry import load

SUITE = load().suite("stft")
from suites.stft import forward  # noqa: E402

spec = importlib.util.spec_from_file_location("examiner", Path(__file__).with_name("examiner.py"))
assert spec and spec.loader
examiner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examiner)


def answer(case: Case, x: np.ndarray) -> np.ndarray:
    return forward(case, x).astype(np.complex64)


def right(case: Case) -> Callable[..., Any]:
    return lambda x: answer(case, x)


def in_float16(case: Case) -> Op:
    def run(x: np.ndarray) -> np.ndarray:
        parts = np.ascontiguousarray(answer(case, x)).view(np.float32)
        return parts.astype(np.float16).astype(np.float32).view(np.complex64)

    return Op(run, precision="float16")


def wrong_on_silence(case: Case) -> Callable[..., Any]:
    return lambda x: answer(case, x) if x.any() else np.full_like(answer(case, x), np.nan)


def wrong_on_a_batch(case: Case) -> Callable[..., Any]:
    return lambda x: answer(case, np.repeat(x[:1], len(x), axis=0))


def modifies_its_input(case: Case) -> Callable[..., Any]:
    def run(x: np.ndarray) -> np.ndarray:
        out = answer(case, x)
        x[:, 0] += 1
        return out

    return run


def differs_from_call_to_call(case: Case) -> Callable[..., Any]:
    calls = itertools.count()
    return lambda x: answer(case, x) * np.float32(1 + 1e-7 * (next(calls) % 2))


def hands_out_its_buffer(case: Case) -> Op:
    buffer: dict[tuple[int, ...], np.ndarray] = {}

    def run(x: np.ndarray) -> np.ndarray:
        out = answer(case, x)
        kept = buffer.setdefault(out.shape, out)
        kept[:] = out
        return kept

    return Op(run)


def doubles(case: Case) -> Callable[..., Any]:
    return lambda x: forward(case, x)


FAULTS = {
    wrong_on_silence: "silent: relative error nan",
    wrong_on_a_batch: "batch=3 seconds=",
    modifies_its_input: "modifies its input",
    differs_from_call_to_call: "two calls differ",
    hands_out_its_buffer: "overwrites the answer",
    doubles: "complex128, not complex64",
}


@pytest.fixture
def two_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row and three of the first setting suffice to see a fault."""
    first = list(itertools.islice(examiner.cases(SUITE, "cpu"), 2))
    monkeypatch.setattr(examiner, "cases", lambda suite, device: first)


def examine(make: Callable[..., Any], requires: tuple[str, ...] = ()) -> dict[str, Any]:
    return examiner.examine(SUITE, Implementation("stft", make.__name__, make, requires))


@pytest.mark.usefixtures("two_cases")
@pytest.mark.parametrize("make", [right, in_float16])
def test_a_right_implementation_passes(make: Callable[..., Any]) -> None:
    found = examine(make)
    assert found["problems"] == [] and found["skipped"] == ""
    assert found["answers"] > 7


@pytest.mark.usefixtures("two_cases")
@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_a_fault_is_seen(make: Callable[..., Any]) -> None:
    problems = examine(make)["problems"]
    assert problems and all(FAULTS[make] in problem for problem in problems), problems


@pytest.mark.usefixtures("two_cases")
def test_what_cannot_run_is_skipped_with_its_reason() -> None:
    def refuses(case: Case) -> Callable[..., Any]:
        raise Unsupported("only on Tuesdays")

    assert examine(refuses)["skipped"] == "only on Tuesdays"
    assert "no_such_module" in examine(right, ("no_such_module",))["skipped"]


def test_signals_and_cases_are_what_they_are_called() -> None:
    audio = examiner.signals((2, 1001))
    assert all(s.shape == (2, 1001) and s.dtype == np.float32 and s.flags.c_contiguous for s in audio.values())
    assert 0 < np.abs(audio["denormal"]).max() < np.finfo(np.float32).tiny
    assert (np.abs(audio["full scale"]) == 1).all()
    assert (audio["impulse"].sum(axis=1) == 1).all()
    for suite in (s for s in load().suites.values() if s.name != "load"):  # which has files to be examined on
        made = list(examiner.cases(suite, "cpu"))
        assert {c.batch for c in made} in ({1}, {1, 3})
        assert all(suite.audio(c).shape[-1] % 2 for c in made if "seconds" in c.params)

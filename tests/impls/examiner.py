"""Run as a script: holds the implementations named on the command line to the contract, one JSON line a finding.

``examiner.py SUITE/NAME...`` prints ``{"start": name}`` before each, then ``{"done": ..., "skipped": reason,
"problems": [...], "answers": count}``. A process of its own, so that a crash or a clash of thread pools is told
apart from a wrong answer.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from bench.core import Case, Implementation, Op, Suite, Unsupported
from bench.registry import load
from bench.signals import KINDS

SECONDS = 0.4  # long enough for several frames of the largest transform
LONG = ("full", "curve")  # grids whose settings differ from those of the others in number only
SLOW = {("vq", "default")}  # published sizes, half a minute of fitting; quick has every kind, kernels full sizes
UNSTEADY = {("codec2", "decode"), ("codec2", "stream")}  # draws random phases from a state that no call resets


def signals(shape: tuple[int, ...], seed: int = 0) -> dict[str, np.ndarray]:
    """What audio may look like: float32 (batch, samples), or (batch, channels, samples)."""
    random = np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
    impulse = np.zeros(shape, np.float32)
    impulse[..., shape[-1] // 3] = 1
    tone = np.broadcast_to(np.sin(0.3 * np.arange(shape[-1])), shape).astype(np.float32, order="C")
    return {
        "random": random,
        "impulse": impulse,
        "DC": np.full(shape, 0.5, np.float32),
        "full scale": np.where(random < 0, np.float32(-1), np.float32(1)),
        "tone": tone,
        "silent": np.zeros(shape, np.float32),
        "denormal": random * np.float32(1e-40),
    }


@cache
def cases(suite: Suite, device: str) -> tuple[Case, ...]:
    """Every setting of all grids but the long ones, on little audio: one row of odd length, and a batch of three.

    Where a case has no duration, its rows are as long as the suite says.
    """
    return tuple(_cases(suite, device))


def _cases(suite: Suite, device: str) -> Iterator[Case]:
    seen = set()
    grids = [grid for grid in suite.grids if grid not in LONG and (suite.name, grid) not in SLOW]
    for params in (p for grid in grids for p in suite.expand(grid)):
        for batch in (1, 3):
            little = {"batch": batch} | ({"seconds": SECONDS} if "seconds" in params else {})
            case = Case(suite.name, {**params, **little}, device)
            if case.label not in seen and suite.valid(case):
                seen.add(case.label)
                yield odd(suite, case) if "seconds" in params else case


def odd(suite: Suite, case: Case) -> Case:
    """The case with a duration a little longer, at which a row has an odd number of samples."""
    count = suite.audio(case).shape[-1]
    longer = [SECONDS, SECONDS * (count + 1) / count, *(SECONDS + step * 1e-5 for step in range(1000))]
    for seconds in longer:
        changed = replace(case, params={**case.params, "seconds": seconds})
        if suite.audio(changed).shape[-1] % 2 and suite.valid(changed):
            return changed
    raise ValueError(f"no odd length near {case.label}")


class Asked:
    """One case's signals and what the suite says about them, made once for all implementations of a process.

    Implementations are given copies, so that none can spoil them for the next.
    """

    def __init__(self, suite: Suite, case: Case) -> None:
        self.suite, self.case = suite, case
        self.audio = signals(suite.audio(case).shape)
        if case.batch > 1:  # whatever the signal, rows are handled alike
            self.audio = {name: self.audio[name] for name in ("random", "tone")}
        self._inputs: dict[str, dict[str, Any]] = {}
        self._references: dict[tuple[str, str], Any] = {}

    def inputs(self, signal: str) -> dict[str, tuple[Any, ...]]:
        if signal not in self._inputs:
            self._inputs[signal] = self.suite.inputs(self.case, self.audio[signal])
        return self._inputs[signal]

    def reference(self, op: str, signal: str) -> Any:
        if (op, signal) not in self._references:
            self._references[op, signal] = self.suite.reference(self.case, op, self.inputs(signal)[op])
        return self._references[op, signal]


ASKED: dict[tuple[Suite, str, str], Asked] = {}


def asked(suite: Suite, case: Case) -> Asked:
    key = (suite, case.device, case.label)
    if key not in ASKED:
        ASKED[key] = Asked(suite, case)
    return ASKED[key]


def arrays(value: Any) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(v) for v in (value if isinstance(value, tuple) else (value,)))


def same(a: Any, b: Any) -> bool:
    """Equal to the last bit, in shape and in dtype."""
    pairs = zip(arrays(a), arrays(b), strict=False)
    return len(arrays(a)) == len(arrays(b)) and all(
        x.shape == y.shape and x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in pairs
    )


def copies(value: Any) -> tuple[np.ndarray, ...]:
    return tuple(a.copy() for a in arrays(value))


def examine_op(question: Asked, op: str, made: Op, steady: bool = True) -> Iterator[str]:
    """What is wrong with one operation, signal by signal."""
    earlier: tuple[str, Any, Any] | None = None
    for name in question.audio:
        args = question.inputs(name)[op]
        given = copies(args)
        out = made.call(given)
        first = copies(out)
        verdict = question.suite.judge(made, question.case, op, args, out, question.reference(op, name))
        if verdict.wrong:
            yield f"{name}: {verdict.wrong}"
        if not same(given, args):
            yield f"{name}: modifies its input"
        if earlier and not same(earlier[1], earlier[2]):
            yield f"{name}: overwrites the answer it gave for {earlier[0]}; finish must copy a buffer that is reused"
        if steady and not same(made.call(copies(args)), first):
            yield f"{name}: two calls differ"
        earlier = (name, out, first)


def examine(suite: Suite, implementation: Implementation) -> dict[str, Any]:
    for module in implementation.requires:
        try:
            importlib.import_module(module)
        except ImportError as error:
            return {"skipped": f"{error}", "problems": [], "answers": 0}
    problems, unsupported, answers = [], "", 0
    for case in cases(suite, implementation.devices[0]):
        question = asked(suite, case)
        wanted = question.inputs("random")
        try:
            made = implementation.ops(case, suite)
        except Unsupported as reason:
            unsupported = str(reason) or "raises Unsupported without a reason"
            continue
        for op in wanted.keys() & made.keys():
            answers += len(question.audio)
            steady = (implementation.name, op) not in UNSTEADY
            problems += [f"{case.label} {op}, {problem}" for problem in examine_op(question, op, made[op], steady)]
    return {"skipped": "" if answers else unsupported, "problems": problems, "answers": answers}


if __name__ == "__main__":
    KINDS.update({kind: cache(make) for kind, make in KINDS.items()})  # hundreds of cases begin with the same speech
    for full_name in sys.argv[1:]:
        print(json.dumps({"start": full_name}), flush=True)
        suite_name, _, name = full_name.partition("/")
        try:
            found = examine(load().suite(suite_name), load().find(suite_name, name))
        except Exception as error:
            found = {"skipped": "", "problems": [f"{type(error).__name__}: {error}"], "answers": 0}
        print(json.dumps({"done": full_name, **found}), flush=True)

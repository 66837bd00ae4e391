"""Run as a script: holds loaders to the contract of the suite `load`, one JSON line a finding.

``load_examiner.py NAME...`` prints ``{"start": name}`` before each, then ``{"done": name, "skipped": reason,
"problems": [...], "answers": count}``. A process of its own, so that a crash costs the tests nothing else.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.core import Case, Implementation, Op, Unsupported
from bench.registry import load
from bench.signals import KINDS
from suites import _load_job
from suites._load_set import FORMATS

DECODE = {"files": 1, "batch": 1, "workers": 0, "features": "waveform", "cache": "warm", "sample_rate": 16000}
EPOCH = {"seconds": 0.8, "chunk": 0.5, "files": 24, "batch": 8, "workers": 0, "features": "waveform", "cache": "warm"}
MORE = ({"workers": 1, "format": "flac"}, {"sample_rate": 24000}, {"seconds": 0.3}, {"features": "log_mel"})
ALIASING = ("dali",)  # downsamples without an anti-alias filter; where it does, the suite must say so
ROUNDED = 27  # samples: so near the start that decoders need what lies before it; 27 / 24000 * 24000 is below 27
SLOW = ("ffcv",)  # compiles for each loader: it shows its seeds and its crops, and a crop longer than the file


def decoding(implementation: Implementation) -> Iterator[str]:
    """Whole files and parts, in every format that it reads."""
    for format in FORMATS:
        for chunk in (0.0, 0.5):
            case = Case("load", {"format": format, "seconds": 2.0, "chunk": chunk, **DECODE})
            yield from answer(implementation, case, "decode")
        case = Case("load", {"format": format, "seconds": 2.0, "chunk": 0.5, **DECODE, "sample_rate": 24000})
        yield from answer(implementation, case, "decode", ROUNDED)


def reading(implementation: Implementation) -> Iterator[str]:
    """What a cold call gives is in the file when it is called: reading is in its time."""
    case = Case("load", {"format": "wav", "seconds": 0.25, "chunk": 0.0, **DECODE, "cache": "cold"})
    made, args = ready(implementation, case)
    if "decode" not in made:
        return
    native = made["decode"].native(args["decode"])
    made["decode"].run(*native)
    file = Path(native[0])
    before = file.read_bytes()
    try:
        file.write_bytes(before[:44] + bytes(len(before) - 44))  # after the header, silence
        out = made["decode"].finish(made["decode"].run(*native))
        yield "a cold call gives what was read before it" if out.any() else ""
    finally:
        file.write_bytes(before)


def epochs(implementation: Implementation) -> Iterator[str]:
    """Order, crops and leaks of the plain case, another seed's order, and what else there is."""
    _load_job.STEPS = ()
    plain = Case("load", {"format": "wav", "sample_rate": 16000, **EPOCH})
    orders = []
    for seed in (0, 1):
        case = replace(plain, seed=seed)
        made, args = ready(implementation, case)
        if "epoch" not in made:
            return
        (loading,) = made["epoch"].native(args["epoch"])
        orders.append(np.concatenate([_load_job.host(index) for _, index, _ in loading.epochs()]))
        verdict = load().suite("load").check(case, "epoch", args["epoch"], loading, None)
        yield f"seed {seed}: {verdict.wrong}" if verdict.wrong else ""
        if not seed:
            figures = _load_job.figures(loading)
            yield "" if figures["leak_epochs"] >= 10 else "too slow to watch for leaks"
    yield "another seed gives the same order" if (orders[0] == orders[1]).all() else ""
    for change in MORE if implementation.name not in SLOW else (MORE[2], {"workers": 1000}):
        if not implementation.name.startswith("ffcv:"):
            found = answer(implementation, replace(plain, params={**plain.params, **change}), "epoch")
            if "sample_rate" in change and implementation.name in ALIASING:
                found = ("aliasing went unseen" if not problem else "" for problem in found)
            yield from found


def answer(implementation: Implementation, case: Case, op: str, start: int | None = None) -> Iterator[str]:
    """What is wrong with one answer, or "" for a right one; nothing where the case is not supported."""
    try:
        made, args = ready(implementation, case)
    except Unsupported as reason:
        assert str(reason)
        return
    if start is not None:
        args[op] = (args[op][0], np.array(start))
    if op in made:
        verdict = load().suite("load").check(case, op, args[op], made[op].call(args[op]), None)
        yield f"{case.label}: {verdict.wrong}" if verdict.wrong else ""


def ready(implementation: Implementation, case: Case) -> tuple[dict[str, Op], dict[str, Any]]:
    suite = load().suite("load")
    made = implementation.ops(case, suite)
    for op in made.values():
        op.native(next(iter(suite.inputs(case, suite.audio(case)).values())))  # raises Unsupported where it must
    return made, suite.inputs(case, suite.audio(case))


def examine(implementation: Implementation) -> dict[str, Any]:
    for module in implementation.requires:
        try:
            importlib.import_module(module)
        except (ImportError, OSError) as error:
            return {"skipped": f"{module}: {error}", "problems": [], "answers": 0}
    gc.freeze()  # the libraries' own objects: each of the epochs watched for leaks would search all of them for garbage
    try:
        found = [*decoding(implementation), *reading(implementation), *epochs(implementation)]
    except Unsupported as reason:
        return {"skipped": str(reason), "problems": [], "answers": 0}
    return {"skipped": "", "problems": [f for f in found if f], "answers": len(found)}


if __name__ == "__main__":
    KINDS.update({kind: cache(make) for kind, make in KINDS.items()})  # all sets of files begin with the same speech
    for name in sys.argv[1:]:
        print(json.dumps({"start": name}), flush=True)
        try:
            found = examine(load().find("load", name))
        except Exception as error:
            found = {"skipped": "", "problems": [f"{type(error).__name__}: {error}"], "answers": 0}
        print(json.dumps({"done": name, **found}), flush=True)

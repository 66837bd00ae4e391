"""IPP's loops on two threads: the conformance test runs everything on one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPARE = """
import numpy as np
from bench.core import Case
from bench.registry import load
try:
    import impls._ipp
except ImportError as error:
    print("skip", error)
    raise SystemExit
for suite, op, params in (
    ("mel", "mel", {"preset": "whisper80", "batch": 2, "seconds": 0.5}),
    ("stft", "forward", dict(n_fft=512, hop_length=128, center=True, sample_rate=16000, batch=2, seconds=0.5)),
    ("fft", "inverse", {"n": 400, "batch": 33}),
):
    found = load().suite(suite)
    args = found.inputs(Case(suite, params), found.audio(Case(suite, params)))[op]
    one, two = (load().find(suite, "ipp").ops(Case(suite, params, threads=n), found)[op].call(args) for n in (1, 2))
    print(suite, float(np.abs(one - two).max() / np.abs(one).max()) < 1e-6)
"""


def test_two_threads_give_what_one_gives() -> None:
    env = {**os.environ, "NUMBA_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", COMPARE]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=200).stdout
    if said.startswith("skip"):
        pytest.skip(said)
    assert said.split() == ["mel", "True", "stft", "True", "fft", "True"]

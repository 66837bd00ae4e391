"""What no implementation could be given is left out of the plan, and not put down to the implementations."""

from __future__ import annotations

import pytest

from bench.core import Case
from bench.registry import load

MAY_BE_NOTHING = ("center", "bitrate", "chunk", "workers")


@pytest.mark.parametrize("suite", ["stft", "mel", "fft", "resample", "quantize", "vq", "stream", "load", "asr"])
def test_a_value_that_nobody_can_use_is_no_case(suite: str) -> None:
    found = load().suite(suite)
    for params in found.expand("quick"):
        for name, value in params.items():
            for bad in ["nobody"] if isinstance(value, str) else [0, -1]:
                case = Case(suite, {**params, name: bad})
                assert name in MAY_BE_NOTHING or not found.valid(case), case.label

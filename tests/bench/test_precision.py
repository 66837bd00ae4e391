"""An answer in 16 bits is right where rounding explains its error, and only if its maker said so."""

import numpy as np
import pytest

from bench import Case, Op
from bench.registry import load

CASE = Case("mel", {"preset": "whisper80", "batch": 1, "seconds": 0.3})


@pytest.fixture(scope="module")
def answer():
    suite = load().suite("mel")
    args = suite.inputs(CASE, suite.audio(CASE))["mel"]
    return suite, args, suite.reference(CASE, "mel", args)


@pytest.mark.parametrize(
    ("said", "given", "right"),
    [
        ("float16", np.float16, True),
        ("bfloat16", np.float16, True),
        ("float32", np.float16, False),
        ("float32", np.float32, True),
    ],
)
def test_rounding_is_forgiven_to_those_who_state_it(answer, said, given, right):
    suite, args, exact = answer
    out = exact.astype(given).astype(np.float32)
    found = suite.judge(Op(lambda x: x, precision=said), CASE, "mel", args, out, exact)
    assert (found.wrong == "") == right and 0 < found.metrics["error"] < 2.0**-11


@pytest.mark.parametrize("said", ["float16", "bfloat16"])
def test_more_than_rounding_is_wrong_and_so_is_another_shape(answer, said):
    suite, args, exact = answer
    op = Op(lambda x: x, precision=said)
    assert (
        "relative error 1.0e-02" in suite.judge(op, CASE, "mel", args, (1.01 * exact).astype(np.float32), exact).wrong
    )
    assert "not float32" in suite.judge(op, CASE, "mel", args, exact[:, :-1].astype(np.float32), exact).wrong


def test_each_format_is_ranked_by_itself():
    kinds = [load().suite(suite).kind(name) for suite in ("mel", "stft") for name in ("cuda", "cuda:float16", "c:avx2")]
    assert kinds == 2 * ["", "float16", ""]

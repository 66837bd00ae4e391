"""The fft suite's reference against the literal sum, its count of operations against published ones, its check."""

from __future__ import annotations

import numpy as np
import pytest

from bench.core import Case
from bench.registry import load

SUITE = load().suite("fft")
from suites.fft import SAMPLES, rows, split_radix  # noqa: E402


def case(n: int, batch: int = 3) -> Case:
    return Case("fft", {"n": n, "batch": batch})


@pytest.mark.parametrize("n", [8, 30, 400])
def test_references_are_the_literal_sums(n: int) -> None:
    x = np.random.default_rng(n).uniform(-1, 1, (2, n)).astype(np.float32)
    c, angles = case(n, 2), 2 * np.pi * np.outer(np.arange(n), np.arange(n)) / n
    spectrum = x.astype(np.float64) @ np.exp(-1j * angles)
    forward = SUITE.reference(c, "forward", (x,))
    np.testing.assert_allclose(forward, spectrum[:, : n // 2 + 1], atol=1e-11)
    there_and_back = (spectrum @ np.exp(1j * angles)).real / n
    np.testing.assert_allclose(SUITE.reference(c, "inverse", (forward,)), there_and_back, atol=1e-6)


# Multiplications and additions of the real split-radix algorithm with three butterflies, Sorensen et al. 1987
PUBLISHED = {8: 2 + 20, 16: 10 + 60, 32: 34 + 164, 64: 98 + 420, 128: 258 + 1028, 256: 642 + 2436, 512: 1538 + 5636}


@pytest.mark.parametrize("n", PUBLISHED)
def test_operations_are_as_many_as_published(n: int) -> None:
    assert split_radix(n) == PUBLISHED[n]
    assert SUITE.work(case(n), "forward").flops == 3 * PUBLISHED[n]


@pytest.mark.parametrize("grid", SUITE.grids)
def test_rows_fill_an_eighth_of_a_mebibyte_each_way(grid: str) -> None:
    for params in SUITE.expand(grid):
        c = Case("fft", params)
        assert c.batch == rows(c.n) and c.batch % 16 == 0
        assert 0.75 * SAMPLES <= c.batch * c.n <= SAMPLES or c.batch == 16
        assert SUITE.valid(c) and SUITE.audio(c).shape == (c.batch, c.n)


@pytest.mark.parametrize("op", SUITE.ops)
def test_check_tells_right_from_wrong(op: str) -> None:
    c = case(64)
    args = SUITE.inputs(c, SUITE.audio(c))[op]
    reference = SUITE.reference(c, op, args)
    right = reference.astype(np.complex64 if op == "forward" else np.float32)

    def wrong(out: object) -> str:
        return SUITE.check(c, op, args, out, reference).wrong

    assert wrong(right) == ""
    assert "exceeds" in wrong(right * np.float32(1 + 2e-6))
    assert "exceeds" in wrong(np.full_like(right, np.nan))
    assert "not" in wrong(reference) and "not" in wrong(right[:, 1:])
    assert "not an array" in wrong(list(right))

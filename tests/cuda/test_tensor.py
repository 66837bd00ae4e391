"""The residual search on tensor cores, on the emulated GPU: layouts, and that three TF32 products make an fp32 one."""

import numpy as np
import pytest

from bench import Case, Unsupported
from bench.registry import load
from tests.cuda.conftest import emulate

RNG = np.random.default_rng(7)
SUITE = load().suite("vq")  # before suites.vq is imported, for it is read anew here


def rounded(x):
    """The nearest TF32 number."""
    return ((x.astype(np.float32).view(np.uint32) + 0x1000) & 0xFFFFE000).astype(np.uint32).view(np.float32)


def test_what_three_products_leave_out_is_less_than_fp32_rounds():
    x, y = RNG.standard_normal((2, 10000)).astype(np.float32)
    (x_big, x_small), (y_big, y_small) = ((rounded(v), rounded(v - rounded(v))) for v in (x, y))
    exact = x.astype(np.float64) * y
    three = x_big.astype(np.float64) * y_big + x_big.astype(np.float64) * y_small + x_small.astype(np.float64) * y_big
    assert np.abs(three / exact - 1).max() < 2.0**-20
    assert np.abs(x_big.astype(np.float64) * y_big / exact - 1).max() > 2.0**-12  # one is not enough


def search(launch, x, books):
    half = ((books.astype(np.float64) ** 2).sum(2) / 2).astype(np.float32)
    out = np.full((len(books), len(x)), -1, np.int32)
    launch((-(-len(x) // 16), 1), 32, 4 * 8 * (books.shape[2] + 4), x, len(x), books, half, out)
    return out


def test_the_nearest_codewords_are_found_where_one_tf32_product_would_miss_them(emulated):
    """Codewords differ from one another by a hundredth of their size."""
    types = "const float *, int, const float *, const float *, int *"
    launch = emulated("vq_tc.cu", "rvq_tc", types, DIM=16, SIZE=13, STAGES=2, CODES=8)
    centre = RNG.standard_normal(16)
    books = (centre + 1e-2 * RNG.standard_normal((2, 13, 16))).astype(np.float32)
    books[1] -= centre.astype(np.float32)
    books[1] *= 10
    books[1, 9] = books[1, 2]  # the first of equals is taken
    x = (centre + 1e-2 * RNG.standard_normal((21, 16))).astype(np.float32)
    out = search(launch, x, books)
    left = x.astype(np.float64)
    for book, index in zip(books.astype(np.float64), out, strict=True):
        scores = (book**2).sum(1) / 2 - left @ book.T
        # of numbers as large as these, sums of 16 products in fp32 are off by a few units of 2^-24
        assert (scores[np.arange(21), index] <= scores.min(1) + 4e-6).all()
        left = left - book[index]
    assert not (out[1] == 9).any()
    coarse = rounded(books[0]).astype(np.float64)
    missed = ((books[0].astype(np.float64) ** 2).sum(1) / 2 - rounded(x).astype(np.float64) @ coarse.T).argmin(1)
    exact = (books[0].astype(np.float64) ** 2).sum(1) / 2 - x.astype(np.float64) @ books[0].astype(np.float64).T
    assert (exact[np.arange(21), missed] > exact.min(1) + 4e-6).any()


def made(monkeypatch, emulated, params, arch="sm_90"):
    emulate(monkeypatch, emulated, arch)
    return load().find("vq", "cuda:tc").ops(Case("vq", params, device="cuda"), SUITE)


def test_the_implementation_launches_it(monkeypatch, emulated):
    from impls.vq import _cuda

    books = RNG.standard_normal((2, 9, 8)).astype(np.float32)
    monkeypatch.setattr(_cuda, "codebooks", lambda case: books)
    x = RNG.standard_normal((70, 8)).astype(np.float32)
    out = np.asarray(made(monkeypatch, emulated, {"quantizer": "residual", "dim": 8})["encode"].call((x,)))
    left = x.astype(np.float64)
    for book, index in zip(books.astype(np.float64), out, strict=True):
        assert np.array_equal(((left[:, None] - book) ** 2).sum(2).argmin(1), index)
        left = left - book[index]


@pytest.mark.parametrize(
    ("params", "arch", "why"),
    [
        ({"quantizer": "fsq", "dim": 128}, "sm_90", "not fsq"),
        ({"quantizer": "residual", "dim": 13}, "sm_90", "of 13"),
        ({"quantizer": "residual", "dim": 8}, "sm_75", "sm_75 know no TF32"),
    ],
)
def test_what_it_cannot_do_is_said(monkeypatch, emulated, params, arch, why):
    from impls.vq import _cuda

    monkeypatch.setattr(_cuda, "codebooks", lambda case: np.zeros((1, 8, 8), np.float32))
    with pytest.raises(Unsupported, match=why):
        made(monkeypatch, emulated, params, arch)

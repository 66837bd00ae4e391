"""The residual search by a sieve, on the emulated GPU: what float16 rules out is never the nearest codeword."""

from functools import cache

import numpy as np
import pytest

from bench import Case, Unsupported
from bench.registry import load
from tests.cuda.conftest import emulate, signature

RNG = np.random.default_rng(11)
SUITE = load().suite("vq")  # before suites.vq is imported, for it is read anew here


@pytest.fixture
def search(emulated):
    """``search(x, books)``, by as many warps a block as are asked for."""
    from impls.vq._cuda import in_float16

    @cache
    def compiled(stages, size, dim):
        types = signature("vq_sieve.cu", "rvq_sieve")
        return emulated("vq_sieve.cu", "rvq_sieve", types, DIM=dim, SIZE=size, STAGES=stages)

    def run(x, books, warps=1):
        out = np.full((len(books), len(x)), -1, np.int32)
        arguments = x, len(x), books, *in_float16(books), out
        grid = -(-len(x) // (32 * warps)), 1
        compiled(*books.shape)(grid, 32 * warps, 128 * warps * books.shape[2], *arguments)
        return out

    return run


def judged(x, books, out):
    """Asserts that each codeword is the nearest, as far as fp32 can tell; how often it is not the nearest exactly."""
    left, missed = x.copy(), 0
    for book, index in zip(books, out, strict=True):
        exact, wide = left.astype(np.float64), book.astype(np.float64)
        scores = (wide**2).sum(1) / 2 - exact @ wide.T
        lengths = np.linalg.norm(exact, axis=1) + np.linalg.norm(wide, axis=1).max()
        rounding = 2.0**-22 * lengths * np.linalg.norm(wide, axis=1).max()
        found = scores[np.arange(len(x)), index]
        assert (found <= scores.min(1) + rounding).all()
        missed += (found > scores.min(1)).sum()
        left -= book[index]
    return missed


def normal(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(("count", "size", "dim", "warps"), [(70, 40, 16, 1), (33, 100, 48, 1), (130, 17, 32, 2)])
def test_the_nearest_codewords_are_found_whatever_the_sizes(search, count, size, dim, warps):
    books = normal(3, size, dim) * np.float32([1, 0.5, 0.25])[:, None, None]
    x = normal(count, dim)
    assert judged(x, books, search(x, books, warps)) == 0


def nearest_in_float16(x, book):
    return ((book.astype(np.float64) ** 2).sum(1) / 2 - halved(x) @ halved(book).T).argmin(1)


def halved(x):
    return x.astype(np.float16).astype(np.float64)


@pytest.mark.parametrize("apart", [1e-2, 1e-3])
def test_codewords_that_float16_cannot_tell_apart(search, apart):
    """A hundredth: three products tell them apart. A thousandth: whole classes are searched in fp32."""
    centre = normal(32)
    books = np.stack([centre + apart * normal(150, 32), apart * normal(150, 32)]).astype(np.float32)
    books[:, 90] = books[:, 20]
    books[:, 149] = books[:, 3]
    x = (centre + apart * normal(45, 32)).astype(np.float32)
    x[7], x[8] = books[0, 90], books[0, 149]
    out = search(x, books)
    judged(x, books, out)
    assert (nearest_in_float16(x, books[0]) != out[0]).any()
    assert out[0, 7] == 20
    assert out[0, 8] == 3
    assert not np.isin(out, (90, 149)).any()  # the first of equals is taken


def test_all_codewords_equal_and_vectors_that_are_zero(search):
    books = np.stack([np.repeat(normal(1, 16), 37, 0), normal(37, 16), np.zeros((37, 16), np.float32)])
    x = np.zeros((5, 16), np.float32)
    x[1:3] = normal(2, 16)
    out = search(x, books)
    judged(x, books, out)
    assert not out[[0, 2]].any()


@pytest.mark.parametrize("size", [1e-20, 1e15])
def test_magnitudes(search, size):
    """With vectors of the codebooks' magnitude, and with others that float16 cannot hold beside them."""
    books, x = normal(2, 30, 16), normal(30, 16)
    usual = search(x, books)
    assert np.array_equal(search(np.float32(size) * x, np.float32(size) * books), usual)
    x[::4] *= np.float32(size)
    judged(x, books, search(x, books))


def test_what_is_no_number_ends_and_spoils_no_other_row(search):
    books, x = normal(1, 20, 16), normal(30, 16)
    expected = search(x, books)
    x[5, 3], x[21] = np.nan, np.inf
    out = search(x, books)
    assert np.array_equal(np.delete(out, (5, 21), 1), np.delete(expected, (5, 21), 1))
    assert ((out >= 0) & (out < 20)).all()


def limits(x, books):
    """Of the first book, scaled: E without what sums add, (count,); scores in float16 and exact ones, (count, size)."""
    from impls.vq._cuda import in_float16

    scale, length, lost = in_float16(books)[1][0, :3].astype(np.float64)
    x, c = x * scale, books[0] * scale
    error = np.linalg.norm(x - halved(x), axis=1) * length + np.linalg.norm(halved(x), axis=1) * lost
    half = (c**2).sum(1) / 2
    return error, half - halved(x) @ halved(c).T, half - x @ c.T


def crossed(place):
    """A vector and two codewords, the first and that of the place, that float16 exchanges: it rounds down where the
    vector has what the first codeword has, and up where it has what the other has."""
    down, up = 1 + 0.98 * 2.0**-11, 1 + 1.02 * 2.0**-11
    x, book = np.full((1, 64), down), np.full((20, 64), -1.0)
    x[:, 32:] = up
    book[[0, place]] = 0
    book[0, :32], book[place, 32:] = down, up
    book[0, 32] = 0.004  # for which it is the nearest
    book /= 64  # so that products, not squares, decide
    return x.astype(np.float32), book[None].astype(np.float32)


def test_the_bound_holds_and_hardly_more_than_it_happens():
    x, books = normal(200, 64), normal(1, 300, 64)
    x[100:] = books[0, :100] * (1 + 2.0**-12)
    error, near, exact = limits(x.astype(np.float64), books.astype(np.float64))
    assert (np.abs(near - exact) <= error[:, None]).all()
    down = np.full((1, 64), 1 + 0.98 * 2.0**-11)
    error, near, exact = limits(down, down[None])
    assert 0.99 * error < np.abs(near - exact) <= error


@pytest.mark.parametrize("place", [1, 16])  # 16: of the first codeword's class
def test_a_quarter_of_the_bound_would_miss_the_nearest(search, place):
    x, books = crossed(place)
    error, near, exact = limits(x.astype(np.float64), books.astype(np.float64))
    assert exact.argmin() == 0
    assert near.argmin() == place
    assert 2 * error / 4 < near[0, 0] - near.min() < 2 * error
    vectors = np.zeros((64, 64), np.float32)  # in each of a lane's rows, beside others of small error
    vectors[[0, 41, 18, 59]] = x
    assert not search(vectors, books)[0, [0, 41, 18, 59]].any()


def cut_off(number, unit):
    return np.trunc(number / unit) * unit


@pytest.mark.parametrize("together", [8, 16])
def test_sums_of_tensor_cores_are_within_the_bound(together):
    """Addends end at 2^-24 of the largest and sums have 24 bits, all cut off, as those of an A100 and an H100 do, if
    not better."""
    x, c = halved(RNG.standard_normal((500, 128))), halved(RNG.standard_normal((500, 128)))
    x[:250], c[:250] = np.abs(x[:250]), np.abs(c[:250])
    half = ((c**2).sum(1) / 2).astype(np.float32).astype(np.float64)
    found = half.copy()
    for begin in range(0, 128, together):
        addends = np.concatenate([found[:, None], -(x * c)[:, begin : begin + together]], 1)
        largest = np.exp2(np.floor(np.log2(np.abs(addends).max(1, keepdims=True))))
        total = cut_off(addends, largest * 2.0**-24).sum(1)
        found = cut_off(total, np.exp2(np.floor(np.log2(np.maximum(np.abs(total), 1e-30)))) * 2.0**-23)
    bound = 8 * 12 * 2.0**-23 * (half + np.linalg.norm(x, axis=1) * np.linalg.norm(c, axis=1))
    error = np.abs(found - (half - (x * c).sum(1)))
    assert (error <= bound).all()
    assert (error > bound / 100).any()


def made(monkeypatch, emulated, params, arch="sm_90"):
    emulate(monkeypatch, emulated, arch)
    return load().find("vq", "cuda:sieve").ops(Case("vq", params, device="cuda"), SUITE)


def test_the_implementation_launches_it(monkeypatch, emulated):
    from impls.vq import _cuda

    books = normal(2, 9, 16)
    monkeypatch.setattr(_cuda, "codebooks", lambda case: books)
    x = normal(140, 16)
    out = np.asarray(made(monkeypatch, emulated, {"quantizer": "residual", "dim": 16})["encode"].call((x,)))
    assert judged(x, books, out) == 0


@pytest.mark.parametrize(
    ("params", "arch", "why"),
    [
        ({"quantizer": "fsq", "dim": 128}, "sm_90", "not fsq"),
        ({"quantizer": "residual", "dim": 8}, "sm_90", "of 8"),
        ({"quantizer": "residual", "dim": 512}, "sm_90", "of 512"),
        ({"quantizer": "residual", "dim": 16}, "sm_75", "sm_75 lacks"),
    ],
)
def test_what_it_cannot_do_is_said(monkeypatch, emulated, params, arch, why):
    with pytest.raises(Unsupported, match=why):
        made(monkeypatch, emulated, params, arch)

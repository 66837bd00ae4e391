"""Vector quantization against the argmin in float64."""

from __future__ import annotations

import numpy as np
import pytest

audiokern = pytest.importorskip("audiokern")
from audiokern.vq import VectorQuantizer  # noqa: E402
from hypothesis import example, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

ISAS = audiokern.isas()


def nearest(x: np.ndarray, book: np.ndarray) -> np.ndarray:
    """The definition, codeword by codeword; x may be float64."""
    x, book = x.astype(np.float64), book.astype(np.float64)
    return np.array([np.argmin(((v - book) ** 2).sum(1)) for v in x], np.int32)


def residual_nearest(x: np.ndarray, books: np.ndarray) -> np.ndarray:
    left, indices = x.astype(np.float64), []
    for book in books:
        indices.append(nearest(left, book))
        left = left - book[indices[-1]]
    return np.stack(indices)


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("isa", ISAS)
@settings(deadline=None, max_examples=40)
@given(
    count=st.integers(1, 210),
    size=st.integers(1, 150),
    dim=st.integers(1, 40),
    scale=st.sampled_from([1e-20, 1.0, 1e12]),
    seed=st.integers(0, 99),
)
@example(count=35, size=65, dim=1, scale=1e-20, seed=1)  # scores underflow
def test_any_size(isa: str, count: int, size: int, dim: int, scale: float, seed: int) -> None:
    x, book = normal(seed, count, dim) * np.float32(scale), normal(seed + 1, size, dim) * np.float32(scale)
    np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))


@pytest.mark.parametrize("isa", ISAS)
class TestExactness:
    def test_nearly_equal_codewords(self, isa: str) -> None:
        """Pairs of codewords one ulp apart: float32 scores cannot tell them, the definition can."""
        book = normal(1, 64, 32)
        book = np.concatenate([book, np.nextafter(book, np.float32(9))])
        x = book[:64] + normal(2, 64, 32) * np.float32(0.3)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_first_of_equals(self, isa: str) -> None:
        book = np.repeat(normal(3, 40, 16), 5, axis=0)
        x = normal(4, 100, 16)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))
        assert (VectorQuantizer(book, isa=isa).encode(x) % 5 == 0).all()

    def test_far_from_the_origin(self, isa: str) -> None:
        """Differences of 1 beside components of 1000: the scores cancel, the distances do not."""
        book = normal(5, 300, 24) + np.float32(1000)
        x = normal(6, 200, 24) + np.float32(1000)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_codewords_themselves(self, isa: str) -> None:
        book = normal(7, 1024, 8)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(book), np.arange(1024))

    def test_huge_and_missing_numbers(self, isa: str) -> None:
        book = normal(8, 20, 4)
        x = normal(9, 7, 4)
        x[1, 2], x[2, 0], x[3, 1] = np.nan, np.inf, -np.inf
        x[4:] = np.float32(3e38)  # every distance is the same in float64: any codeword is right
        indices, expected = VectorQuantizer(book, isa=isa).encode(x), nearest(x, book)
        assert indices[1] == 0
        np.testing.assert_array_equal(indices[[0, 2, 3]], expected[[0, 2, 3]])
        assert ((indices >= 0) & (indices < len(book))).all()

    def test_zero_vectors(self, isa: str) -> None:
        book = normal(10, 33, 6)
        x = np.zeros((5, 6), np.float32)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))


class TestSieve:
    """Codebooks large enough that candidates are first looked for in 8-bit integers."""

    @settings(deadline=None, max_examples=25)
    @given(
        size=st.integers(64, 400),
        dim=st.integers(16, 70),
        scale=st.sampled_from([1e-17, 1e-14, 1.0, 1e14, 1e17]),
        offset=st.sampled_from([0.0, 1.0, 30.0, 3000.0]),
        spread=st.sampled_from([0.01, 1.0, 100.0]),
        seed=st.integers(0, 99),
    )
    def test_any_codebook(
        self, isa: str, size: int, dim: int, scale: float, offset: float, spread: float, seed: int
    ) -> None:
        """Near and far from the origin, vectors much smaller and much larger than the codewords."""
        x = ((normal(seed, 101, dim) * np.float32(spread) + np.float32(offset)) * np.float32(scale)).astype(np.float32)
        book = ((normal(seed + 1, size, dim) + np.float32(offset)) * np.float32(scale)).astype(np.float32)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_more_candidates_than_it_takes(self, isa: str) -> None:
        """Clusters of a hundred codewords that 8 bits cannot tell apart."""
        book = np.repeat(normal(1, 6, 32), 100, axis=0) + normal(2, 600, 32) * np.float32(1e-4)
        x = np.concatenate([normal(3, 50, 32), book[::40]])
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_many_candidates(self, isa: str) -> None:
        """A quiet cluster beside loud codewords, as log-mel features have: 8 bits leave dozens, float32 one or two."""
        book = np.concatenate([normal(21, 700, 48), np.float32(4) + normal(22, 200, 48) * np.float32(0.03)])
        twins = np.nextafter(book[690:710], np.float32(9))  # and these float64 alone
        book = np.concatenate([book, twins])
        x = np.concatenate([normal(23, 40, 48), np.float32(4) + normal(24, 60, 48) * np.float32(0.03), book[690:710]])
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_many_panels(self, isa: str) -> None:
        book, x = normal(25, 2200, 16), normal(26, 70, 16)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(book[:2100:30]), np.arange(0, 2100, 30))

    def test_first_of_equals(self, isa: str) -> None:
        book = np.repeat(normal(4, 100, 24), 3, axis=0)
        x = normal(5, 120, 24)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_first_of_equally_near(self, isa: str) -> None:
        """Small integers, so that many codewords that differ are at the same distance; the sieve sorts them."""
        rng = np.random.default_rng(27)
        book = rng.integers(-1, 2, (400, 18)).astype(np.float32)
        book[:200] += 5  # panels that differ much, and many codewords of one that are candidates
        x = (rng.integers(-1, 2, (150, 18)) + 5 * rng.integers(0, 2, (150, 1))).astype(np.float32)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_clusters_far_apart(self, isa: str) -> None:
        """Tight clusters far from the mean: bytes leave whole clusters, the bound of their panels a few codewords."""
        middles = normal(28, 12, 40) * np.float32(20)
        book = np.repeat(middles, 60, axis=0) + normal(29, 720, 40) * np.float32(0.05)
        book = book[np.random.default_rng(30).permutation(720)]
        x = np.repeat(middles, 8, axis=0) + normal(31, 96, 40) * np.float32(0.05)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_one_huge_codeword(self, isa: str) -> None:
        """It sets the integers' scale, so that the others become zeros."""
        book = normal(6, 200, 20)
        book[77] *= np.float32(1e6)
        x = np.concatenate([normal(7, 60, 20), book[70:80]])
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_constants_and_missing_numbers(self, isa: str) -> None:
        book = normal(8, 128, 16)
        x = normal(9, 60, 16)
        x[3], x[4] = 0, book.astype(np.float64).mean(0)
        x[5, 15], x[6, 0], x[59, 7] = np.nan, np.inf, -np.inf
        indices, expected = VectorQuantizer(book, isa=isa).encode(x), nearest(x, book)
        assert indices[5] == 0
        others = np.arange(60) != 5
        np.testing.assert_array_equal(indices[others], expected[others])
        same = np.repeat(book[:1], 100, axis=0)
        np.testing.assert_array_equal(VectorQuantizer(same, isa=isa).encode(x[:3]), [0, 0, 0])
        book[9, 3] = np.nan
        assert (VectorQuantizer(book, isa=isa).encode(x[:3]) != 9).all()

    def test_rows_apart(self, isa: str) -> None:
        """A residual search, all vectors the same: each block and each lane of it must agree."""
        books = normal(10, 3, 130, 18)
        x = np.repeat(normal(11, 1, 18), 205, axis=0)
        indices = VectorQuantizer(books, isa=isa).encode(x)
        np.testing.assert_array_equal(indices, np.repeat(residual_nearest(x[:1], books), 205, axis=1))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(
    "shape", [(8, 256, 32, 300), (3, 7, 5, 97), (4, 1024, 8, 100), (1, 10, 3, 1), (4, 512, 67, 150)]
)
def test_residual(shape: tuple[int, int, int, int], isa: str) -> None:
    stages, size, dim, count = shape
    books = normal(11, stages, size, dim) * np.float32(0.8) ** np.arange(stages, dtype=np.float32)[:, None, None]
    x = normal(12, count, dim)
    expected = residual_nearest(x, books)
    vq = VectorQuantizer(books, isa=isa)
    indices = vq.encode(x)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(VectorQuantizer(books, threads=3, isa=isa).encode(x), expected)
    first = np.empty((stages, count), np.int32)
    vq.encode(x, first, stages=stages)
    np.testing.assert_array_equal(first, expected)
    total = np.zeros((count, dim), np.float32)
    for book, index in zip(books, expected, strict=True):
        total += book[index]
    np.testing.assert_array_equal(vq.decode(indices), total)
    np.testing.assert_array_equal(vq.decode(indices[:1]), books[0][expected[0]])


def test_is_scipys_nearest() -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    x, book = normal(13, 500, 128), normal(14, 1024, 128)
    theirs = distance.cdist(x.astype(np.float64), book.astype(np.float64), "sqeuclidean").argmin(1)
    np.testing.assert_array_equal(VectorQuantizer(book).encode(x), theirs)


def test_refuses() -> None:
    vq = VectorQuantizer(normal(15, 4, 3))
    for bad in (-1, 4, 2**31 - 1):
        with pytest.raises(audiokern.AudiokernError):
            vq.decode(np.array([0, bad], np.int32))
    with pytest.raises(audiokern.AudiokernError):
        VectorQuantizer(np.zeros((0, 3), np.float32))
    with pytest.raises(ValueError, match="vectors must be"):
        vq.encode(normal(16, 2, 4))
    assert vq.encode(np.zeros((0, 3), np.float32)).shape == (0,)

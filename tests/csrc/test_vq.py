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
@settings(max_examples=40)
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

    def test_scores_that_overflow(self, isa: str) -> None:
        """Half of a square is beyond float32, and that codeword the nearest."""
        book = np.array([[3.7e18] * 52, [1e18] * 52, [2e20] * 52], np.float32)
        x = np.full((3, 52), 2.5e18, np.float32)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_zero_vectors(self, isa: str) -> None:
        book = normal(10, 33, 6)
        x = np.zeros((5, 6), np.float32)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))


class TestSieve:
    """Codebooks large enough that candidates are first looked for in 8-bit integers."""

    @settings(max_examples=25)
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


def correlated(seed: int, count: int, dim: int, few: int, rest: float) -> np.ndarray:
    """Vectors that ``few`` directions, the same for any seed, explain but for ``rest``."""
    directions = normal(99, few, dim) * np.float32(0.8) ** np.arange(few, dtype=np.float32)[:, None]
    return normal(seed, count, few) @ directions + normal(seed + 1, count, dim) * np.float32(rest)


@pytest.mark.parametrize("isa", ISAS)
class TestAxes:
    """Codebooks of which a few directions hold nearly all: bytes are then multiplied along these alone."""

    @settings(max_examples=40)
    @given(
        stages=st.integers(1, 4),
        size=st.integers(16, 300),
        dim=st.integers(43, 300),
        few=st.integers(1, 60),
        rest=st.sampled_from([0.0, 1e-3, 0.05, 0.3, 1.0]),
        scale=st.sampled_from([1e-20, 1e-14, 1.0, 1e12, 1e20]),
        offset=st.sampled_from([0.0, 1.0, 300.0]),
        seed=st.integers(0, 99),
    )
    @example(stages=4, size=256, dim=128, few=8, rest=0.0, scale=1.0, offset=0.0, seed=1)  # fewer directions than axes
    @example(stages=2, size=256, dim=256, few=30, rest=0.05, scale=1.0, offset=300.0, seed=2)
    def test_any_codebooks(
        self, isa: str, stages: int, size: int, dim: int, few: int, rest: float, scale: float, offset: float, seed: int
    ) -> None:
        """Near and far from the origin; equal codewords; sums of codewords, of which nothing is left."""
        books = np.stack([correlated(seed + 2 * s, size, dim, few, rest) * np.float32(0.6**s) for s in range(stages)])
        books[:, size // 2] = books[:, size // 3]
        books[0] += np.float32(offset)
        x = correlated(seed + 50, 101, dim, few, 2 * rest) + np.float32(offset)
        x[:10] = books[:, :10].sum(0)
        books, x = books * np.float32(scale), x * np.float32(scale)
        x[10], x[11], x[12] = 0, books[0].astype(np.float64).mean(0), books[0, 5]
        np.testing.assert_array_equal(VectorQuantizer(books, isa=isa).encode(x), residual_nearest(x, books))

    def test_beyond_the_axes(self, isa: str) -> None:
        """Codewords that differ beyond the axes only, and vectors that lie there altogether."""
        book = np.repeat(correlated(1, 60, 96, 12, 0.0), 5, axis=0) + normal(2, 300, 96) * np.float32(0.02)
        across = np.linalg.svd(book - book.mean(0))[2][-30:]  # what the codebook has least of
        x = np.concatenate([book[:150] + normal(3, 150, 96) * np.float32(0.02), normal(4, 40, 30) @ across * 5])
        x = (x + book.mean(0)).astype(np.float32)
        np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_a_codeword_apart(self, isa: str) -> None:
        """One of many that are not all looked at when axes are found: it is far away, and beyond them."""
        book, x = correlated(1, 1100, 64, 6, 0.01), correlated(3, 100, 64, 6, 0.1)
        for far in (1e3, 1e16, 1e25):
            book[1] = normal(5, 64) * np.float32(far)
            x[7] = book[1] * np.float32(0.9)
            np.testing.assert_array_equal(VectorQuantizer(book, isa=isa).encode(x), nearest(x, book))

    def test_stages_unlike_one_another(self, isa: str) -> None:
        """Other axes, or none: constant codebooks, those that vary evenly, and one far larger than the others."""
        books = np.stack([correlated(1, 200, 64, 6, 0.01), normal(3, 200, 64), np.zeros((200, 64), np.float32)])
        books = np.concatenate(
            [books, correlated(5, 200, 64, 6, 0.01)[None] * np.float32(1e6), books[:1] * np.float32(1e-9)]
        )
        x = correlated(7, 150, 64, 6, 0.3)
        np.testing.assert_array_equal(VectorQuantizer(books, isa=isa).encode(x), residual_nearest(x, books))

    def test_missing_and_huge_numbers(self, isa: str) -> None:
        books = np.stack([correlated(1, 128, 64, 6, 0.05), correlated(3, 128, 64, 6, 0.05)])
        x = correlated(5, 60, 64, 6, 0.1)
        x[5, 15], x[6, 0], x[59, 7], x[7], x[8, 3] = np.nan, np.inf, -np.inf, 3e38, 1e16
        vq = VectorQuantizer(books, isa=isa)
        indices, expected = vq.encode(x), residual_nearest(x, books)
        assert indices[0, 5] == 0
        finite = np.isfinite(x).all(1) & (np.abs(x) < 1e10).all(1)
        np.testing.assert_array_equal(indices[:, finite], expected[:, finite])
        assert ((indices >= 0) & (indices < 128)).all()
        books[0, 9, 3] = np.nan
        assert (VectorQuantizer(books, isa=isa).encode(x[:3])[0] != 9).all()

    def test_first_stages_alone_and_threads(self, isa: str) -> None:
        books = np.stack([correlated(2 * s, 256, 80, 12, 0.03) for s in range(4)])
        x = correlated(20, 500, 80, 12, 0.2)
        expected = residual_nearest(x, books)
        vq = VectorQuantizer(books, threads=3, isa=isa)
        for stages in (1, 2, 4, 3):
            np.testing.assert_array_equal(vq.encode(x, stages=stages), expected[:stages])


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
    for index in (2**32, 0.5, np.nan):  # which become 0 in int32
        with pytest.raises(ValueError, match="whole numbers"), np.errstate(all="raise"):
            VectorQuantizer(np.ones((2, 3))).decode([index])
    with pytest.raises(ValueError, match="have 1 stage, not 0"):
        VectorQuantizer(np.ones((2, 3))).encode(np.ones((4, 3)), stages=0)
    with pytest.raises(ValueError, match="vectors must be"):
        vq.encode(normal(16, 2, 4))
    assert vq.encode(np.zeros((0, 3), np.float32)).shape == (0,)

"""The vq suite's reference against a loop over codewords, its codebooks against what k-means promises, its check."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.core import Case
from bench.registry import load

SUITE = load().suite("vq")
from suites import _codebooks  # noqa: E402
from suites._codebooks import codebooks, features, fit, kmeans  # noqa: E402
from suites.vq import TIE, check_encode, decode, nearest  # noqa: E402


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Codebooks of a dozen seconds of audio, kept in a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(_codebooks, "TRAINING_CLIPS", 2)
    monkeypatch.setattr(_codebooks, "TRAINING_SECONDS", 5.0)
    _codebooks._codebooks.cache_clear()
    yield tmp_path / "audio-bench"
    _codebooks._codebooks.cache_clear()


def case(stages: int = 3, size: int = 16, dim: int = 8, seconds: float = 1.0, batch: int = 1, seed: int = 0) -> Case:
    quantizer = "kmeans" if stages == 1 else "residual"
    sizes = {"stages": stages, "size": size, "dim": dim, "batch": batch, "seconds": seconds}
    return Case("vq", {"quantizer": quantizer, **sizes}, seed=seed)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_reference_is_the_loop_over_codewords() -> None:
    books, x = normal(3, 16, 8), normal(50, 8, seed=1)
    found = nearest(books, x)
    for v, indices in zip(x.astype(np.float64), found.T, strict=True):
        for book, index in zip(books.astype(np.float64), indices, strict=True):
            assert index == min(range(16), key=lambda i: math.dist(v, book[i]))
            v = v - book[index]
    expected = books[0][found[0]].astype(np.float64) + books[1][found[1]] + books[2][found[2]]
    np.testing.assert_allclose(decode(books, found), expected)


def test_vectors_follow_the_audio_75_a_second() -> None:
    c = case(batch=2, seconds=2.0)
    x = SUITE.inputs(c, SUITE.audio(c))["encode"][0]
    assert x.shape == (2 * 150, 8) and x.dtype == np.float32
    assert x.std(axis=0).min() > 0.05
    silence = features(np.zeros((1, 3200), np.float32), 8)
    assert (silence == silence[0]).all() and len(silence) == 10


def test_a_tone_moves_the_bands_around_it() -> None:
    """The filters' centres are where HTK's scale puts them: 1 kHz lies at 1000 mel of 3266."""
    bank = _codebooks._filterbank()
    spectrum = np.zeros(len(bank))
    spectrum[round(1000 / 24000 * _codebooks.N_FFT)] = 1
    assert (spectrum @ bank).argmax() == pytest.approx(1000 / 3266 * 129 - 1, abs=1)


def test_kmeans_is_scikit_learns() -> None:
    """From the same draw, after as many steps of Lloyd's algorithm."""
    cluster = pytest.importorskip("sklearn.cluster")
    x = normal(900, 8)
    start = x[np.random.default_rng(5).choice(900, 32, replace=False)]
    theirs = cluster.KMeans(32, init=start, n_init=1, max_iter=_codebooks.ITERATIONS, tol=0, algorithm="lloyd").fit(x)
    np.testing.assert_allclose(kmeans(x, 32, np.random.default_rng(5)), theirs.cluster_centers_, atol=1e-5)


def test_no_codeword_is_idle() -> None:
    """Ten points many times over and two far away: a draw of twelve holds doubles, which must be put to use."""
    points = np.concatenate([np.repeat(normal(10, 5), 40, axis=0), 100 + normal(2, 5, seed=1)])
    book = kmeans(points, 12, np.random.default_rng(3))
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - book, axis=2).min(1), 0, atol=1e-4)


def test_every_stage_lowers_the_distortion_of_what_it_was_fitted_to() -> None:
    x = normal(900, 8)
    books = fit(x, 4, 32, np.random.default_rng(0))
    left = [float(((x - decode(books[:n], nearest(books[:n], x))) ** 2).mean()) for n in range(1, 5)]
    assert (x**2).mean() > left[0] and all(a > 1.2 * b for a, b in pairwise(left))


def test_codebooks_are_kept_and_depend_on_the_seed(cache: Path) -> None:
    made = codebooks(case())
    assert made.shape == (3, 16, 8) and made.dtype == np.float32
    (file,) = cache.iterdir()
    np.save(file, made + 1, allow_pickle=False)
    _codebooks._codebooks.cache_clear()
    np.testing.assert_array_equal(codebooks(case(seconds=30.0, batch=4)), made + 1)  # read, whatever the length
    file.unlink()
    _codebooks._codebooks.cache_clear()
    np.testing.assert_array_equal(codebooks(case()), made)
    assert (codebooks(case(seed=1)) != made).any() and len(list(cache.iterdir())) == 2


def test_a_home_that_cannot_be_written_costs_time_only(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert codebooks(case()).shape == (3, 16, 8)


def test_figures_are_those_of_the_vectors() -> None:
    books, x = normal(2, 16, 8), normal(500, 8, seed=1)
    found = check_encode(books, x, nearest(books, x)).metrics
    left = x - decode(books, nearest(books, x))
    assert found["distortion"] == pytest.approx(float((left**2).mean()))
    assert found["snr_db"] == pytest.approx(10 * math.log10(x.var(0).mean() / (left**2).mean()))
    assert found["bits_per_vector"] == 8 and found["bits_per_second"] == 600
    assert found["error"] == found["ties"] == 0
    assert 1 / 16 < found["perplexity"] <= 1
    even = np.arange(16, dtype=np.int32)[None]  # every codeword once
    assert check_encode(books[:1], books[0], even).metrics["perplexity"] == pytest.approx(1)


def test_a_tie_is_counted_and_a_worse_codeword_is_wrong() -> None:
    """Two codewords at nearly the same distance: 1 and 1 + d from a vector at the origin of a square."""
    x, book = np.zeros((1, 2), np.float32), np.array([[1, 0], [0, 1]], np.float32)
    for further, ties, wrong in ((0.1 * TIE, 1, 0), (10 * TIE, 0, 1)):
        book[1, 1] = 1 + np.float32(further) if further > TIE else 1 + 2 * np.finfo(np.float32).eps
        check = check_encode(book[None], x, np.array([[1]]))
        assert (check.metrics["ties"], check.metrics["error"]) == (ties, wrong), further
        assert bool(check.wrong) == bool(wrong)


def test_after_a_tie_the_next_stages_are_judged_by_what_it_left() -> None:
    books = np.array([[[1, 0], [-1, 0]], [[1, 0], [-1, 0]]], np.float32)
    x = np.zeros((1, 2), np.float32)  # both codewords are equally near; the second stage must undo the first
    assert check_encode(books, x, np.array([[0], [1]])).wrong == ""
    assert check_encode(books, x, np.array([[1], [0]])).metrics["ties"] == 0.5
    assert "not the nearest" in check_encode(books, x, np.array([[1], [1]])).wrong


def test_check_tells_right_from_wrong() -> None:
    c = case()
    inputs = SUITE.inputs(c, SUITE.audio(c))
    indices = inputs["decode"][0]

    def wrong(op: str, out: object) -> str:
        return SUITE.check(c, op, inputs[op], out, SUITE.reference(c, op, inputs[op])).wrong

    assert wrong("encode", indices) == "" and wrong("encode", indices.astype(np.int64)) == ""
    assert "not integers" in wrong("encode", indices.T) and "not integers" in wrong("encode", indices.astype("f4"))
    assert "not from 0 to 15" in wrong("encode", indices + 16)
    assert "are not the nearest" in wrong("encode", (indices + 1) % 16)
    right = decode(codebooks(c), indices).astype(np.float32)
    assert wrong("decode", right) == ""
    assert "exceeds" in wrong("decode", right * np.float32(1.00001)) and "exceeds" in wrong("decode", right * np.nan)
    assert "not float32" in wrong("decode", right.astype(np.float64)) and "not an array" in wrong("decode", None)


@pytest.mark.parametrize("grid", SUITE.grids)
def test_grids_hold_only_cases_that_make_sense(grid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Case("vq", p) for p in SUITE.expand(grid)]
    assert {c.quantizer for c in made} == {"kmeans", "residual"}
    assert all(SUITE.valid(c) for c in made)
    assert not SUITE.valid(case(stages=1, size=20000))
    large = Case("vq", {**made[0].params, "seconds": 60.0})
    assert SUITE.work(large, "encode").flops > 2 * 4500 * large.stages * large.size * large.dim

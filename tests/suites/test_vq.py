"""The vq suite's definitions against loops, formulas and properties; its features, its figures, its verdicts."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.core import Case, Unsupported
from bench.registry import load

SUITE = load().suite("vq")
from suites import _codebooks, _features, _kept, _kmeans, _scalars  # noqa: E402
from suites._codebooks import codebooks, fit, fitted, quantizer  # noqa: E402
from suites._kmeans import kmeans  # noqa: E402
from suites._quantizers import KINDS, TIE, Residual  # noqa: E402
from suites.vq import costs, figures, vectors  # noqa: E402

SIZES = {"kmeans": (1, 16), "hubert": (1, 20), "fsq": (2, 64), "scalar": (5, 7), "mulaw": (5, 8)}  # else (2, 16)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fitted to a dozen seconds of audio, and kept in a folder of the test's own."""
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(_features, "TRAINING_CLIPS", 2)
    monkeypatch.setattr(_features, "TRAINING_SECONDS", 5.0)
    monkeypatch.setattr(_scalars, "STEPS", 60)
    _codebooks._fitted.cache_clear()
    yield tmp_path / "quantizers"
    _codebooks._fitted.cache_clear()


def case(kind: str = "residual", stages: int = 3, size: int = 16, dim: int = 8, seconds: float = 1.0, **other) -> Case:
    sizes = {"stages": stages, "size": size, "dim": dim, "batch": other.pop("batch", 1), "seconds": seconds}
    return Case("vq", {"quantizer": kind, **sizes}, **other)


def of_kind(kind: str) -> Case:
    stages, size = SIZES.get(kind, (2, 16))
    return case(kind, stages, size, 39 if kind == "hubert" else 32)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def made(kind: str, stages: int, size: int, dim: int = 16, count: int = 700) -> tuple[dict, object, np.ndarray]:
    """Fitted to uneven random vectors: the arrays, the quantizer, and other vectors of the same kind."""
    spread = np.geomspace(4, 0.5, dim).astype(np.float32)
    arrays = fit(kind, normal(count, dim) * spread + 1, stages, size, np.random.default_rng(0))
    return arrays, KINDS[kind](arrays), normal(60, dim, seed=1) * spread + 1


def test_residual_is_the_loop_over_codewords() -> None:
    arrays, definition, x = made("residual", 3, 16)
    found = definition.encode(x)
    for v, indices in zip(x.astype(np.float64), found.T, strict=True):
        for book, index in zip(arrays["books"].astype(np.float64), indices, strict=True):
            assert index == min(range(16), key=lambda i: math.dist(v, book[i]))
            v = v - book[index]
    expected = sum(book[i].astype(np.float64) for book, i in zip(arrays["books"], found, strict=True))
    np.testing.assert_allclose(definition.decode(found), expected)


def test_product_is_a_vector_quantizer_on_each_part_of_the_rotated_vector() -> None:
    arrays, definition, x = made("product", 4, 8)
    np.testing.assert_allclose(arrays["down"] @ arrays["down"].T, np.eye(16), atol=1e-5)
    found = definition.encode(x)
    parts = np.split(x.astype(np.float64) @ arrays["down"].astype(np.float64), 4, axis=1)
    alone = [Residual({"books": book[None]}) for book in arrays["books"]]
    for part, vq, index in zip(parts, alone, found, strict=True):
        np.testing.assert_array_equal(vq.encode(part), index[None])
    joined = np.hstack([vq.decode(index[None]) for vq, index in zip(alone, found, strict=True)])
    np.testing.assert_allclose(definition.decode(found), joined @ arrays["down"].T)


def test_gumbel_takes_the_greatest_logit_which_is_the_nearest_codeword() -> None:
    arrays, definition, x = made("gumbel", 2, 12)
    logits = (x.astype(np.float64) @ arrays["weight"] + arrays["bias"]).reshape(len(x), 2, 12)
    np.testing.assert_array_equal(definition.encode(x), logits.argmax(2).T)
    parts = np.split(x @ arrays["up"].T, 2, axis=1)  # the rows of `up` are orthonormal axes
    for part, book, index in zip(parts, arrays["books"], definition.encode(x), strict=True):
        distances = np.linalg.norm(part[:, None] - book, axis=2)
        assert (distances[np.arange(len(x)), index] <= distances.min(1) + 1e-4).all()


def test_split_quantizes_two_complementary_projections() -> None:
    arrays, definition, x = made("split", 4, 16)
    first, rest = arrays["down"].astype(np.float64)
    np.testing.assert_allclose(first.T @ rest, 0, atol=1e-6)
    found = definition.encode(x)
    np.testing.assert_array_equal(found[:1], Residual({"books": arrays["books"][:1]}).encode(x @ first))
    np.testing.assert_array_equal(found[1:], Residual({"books": arrays["books"][1:]}).encode(x @ rest))


def test_factorized_takes_the_nearest_direction_and_gives_its_length_back() -> None:
    arrays, definition, x = made("factorized", 2, 16)
    left, back = x.astype(np.float64), 0.0
    for stage, index in enumerate(definition.encode(x)):
        z, book = left @ arrays["down"][stage] + arrays["down_bias"][stage], arrays["books"][stage]
        cosine = (z @ book.T) / np.linalg.norm(z, axis=1, keepdims=True) / np.linalg.norm(book, axis=1)
        np.testing.assert_array_equal(index, cosine.argmax(1))
        out = book[index].astype(np.float64) @ arrays["up"][stage] + arrays["up_bias"][stage]
        left, back = left - out, back + out
    np.testing.assert_allclose(definition.decode(definition.encode(x)), back, atol=1e-6)


@pytest.mark.parametrize("levels", [5, 8])
def test_fsq_is_its_formula_and_its_indices_go_round(levels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """round(half tanh(z + shift) - offset), the first component the least significant digit."""
    monkeypatch.setattr(_scalars, "LEVELS", levels)
    arrays, definition, x = made("fsq", 2, levels**2)
    z = (x @ arrays["down"].astype(np.float64)) + arrays["down_bias"]
    digits = np.rint(_scalars.finite(z)[0] * (levels // 2)) + levels // 2
    assert 0 <= digits.min() <= digits.max() < levels
    np.testing.assert_array_equal(definition.encode(x), (digits.reshape(-1, 2, 2) @ [1, levels]).T)
    every = np.arange(levels**2)
    codes = arrays["values"][definition.digits(np.stack([every, every]))].astype(np.float64)  # (count, 4)
    inner = np.arctanh(np.clip(codes * (levels // 2) + _scalars.bounds(levels)[1], -9, 9) / _scalars.bounds(levels)[0])
    again = np.searchsorted(arrays["edges"], inner - _scalars.bounds(levels)[2]).reshape(-1, 2, 2) @ [1, levels]
    np.testing.assert_array_equal(again.T, [every, every])


@pytest.mark.parametrize("kind", ["lfq", "bsq"])
def test_bits_are_the_signs_and_the_index(kind: str) -> None:
    arrays, definition, x = made(kind, 2, 8)
    signs = (x @ arrays["down"].astype(np.float64) + arrays["down_bias"]) > 0
    texts = ["".join("01"[int(s)] for s in row) for row in signs]
    np.testing.assert_array_equal(definition.encode(x), np.array([[int(t[:3], 2), int(t[3:], 2)] for t in texts]).T)
    length = 1 / math.sqrt(6) if kind == "bsq" else 1
    np.testing.assert_allclose(arrays["values"], [-length, length], rtol=1e-6)


@pytest.mark.parametrize("bits", [9, 18, 36])
def test_bsq_errs_by_less_than_its_bound(bits: int) -> None:
    """|u - q|^2 = 2 - 2 sum |u_i| / sqrt(L) < 2 - 2 / sqrt(L), for sum |u_i| >= |u| = 1 (arXiv 2406.07548, eq. 9)."""
    z = np.random.default_rng(0).standard_t(2, (1000, bits))
    q, _ = _scalars.spherical(z)
    u = z / np.linalg.norm(z, axis=1, keepdims=True)
    np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1)
    assert ((u - q) ** 2).sum(1).max() <= 2 - 2 / math.sqrt(bits) + 1e-12
    axis, _ = _scalars.spherical(np.eye(bits))  # the worst: one component alone, all others counted as below zero
    np.testing.assert_allclose(((np.eye(bits) - axis) ** 2).sum(1), 2 - 2 / math.sqrt(bits))


def test_gradients_are_those_of_what_is_smooth() -> None:
    """Straight through rounding and sign: what is left is tanh, and the division by the length."""
    z, g, step = normal(5, 6).astype(np.float64), normal(5, 6, seed=1).astype(np.float64), 1e-6
    half, _, shift, width = _scalars.bounds(_scalars.LEVELS)
    smooth = {
        _scalars.finite: lambda v: half * np.tanh(v + shift) / width,
        _scalars.spherical: lambda v: v / np.linalg.norm(v, axis=1, keepdims=True),
        _scalars.signs: lambda v: v,
    }
    for rounding, function in smooth.items():
        numeric = [
            ((function(z + step * e) - function(z - step * e)) * g).sum(1) / (2 * step) for e in np.eye(6)[:, None]
        ]
        np.testing.assert_allclose(rounding(z)[1](g), np.stack(numeric, 1), atol=1e-7)


def test_learning_beats_signs_of_principal_components() -> None:
    x = normal(2000, 8) @ np.diag(np.geomspace(8, 0.5, 8)).astype(np.float32)
    mean, axes, _ = _scalars.principal(x)
    plain = np.where((x - mean) @ axes[:, :6] > 0, 1.0, -1.0)
    up, bias = _scalars.least_squares(plain, x)
    arrays = fit("bsq", x, 1, 64, np.random.default_rng(0))
    definition = KINDS["bsq"](arrays)
    learned = ((definition.decode(definition.encode(x)) - x) ** 2).mean()
    assert learned < 0.9 * ((plain @ up + bias - x) ** 2).mean()


@pytest.mark.parametrize("kind", ["scalar", "mulaw"])
def test_anchors_are_steps_over_a_reach(kind: str) -> None:
    arrays, definition, x = made(kind, 4, 8)
    steps = np.diff(arrays["values"])
    assert (steps > 0).all() and len(arrays["edges"]) == 7
    assert np.allclose(steps, steps[0]) == (kind == "scalar")
    if kind == "mulaw":  # compressed, the steps are even
        reach = arrays["values"].max() / (np.expm1(7 / 8 * math.log(256)) / 255)
        y = np.sign(arrays["values"]) * np.log1p(255 * np.abs(arrays["values"]) / reach) / math.log(256)
        np.testing.assert_allclose(np.diff(y), 0.25, rtol=1e-4)
    found = definition.encode(x)
    np.testing.assert_array_equal(definition.encode(definition.decode(found)), found)


@pytest.mark.parametrize("kind", KINDS)
def test_every_quantizer_lowers_the_distortion_and_tells_wrong_indices(kind: str) -> None:
    c = of_kind(kind)
    assert SUITE.valid(c)
    inputs = SUITE.inputs(c, SUITE.audio(c))
    x, indices = inputs["encode"][0], inputs["decode"][0]
    assert x.shape == (vectors(c), c.dim) and indices.shape == (c.stages, len(x))
    right = SUITE.check(c, "encode", (x,), indices, None)
    assert not right.wrong and right.metrics["error"] == right.metrics["ties"] == 0
    assert right.metrics["distortion"] > 0 and right.metrics["held_out"] == 1
    bits = c.stages * np.log2(c.size)
    assert right.metrics["bits_per_vector"] == pytest.approx(bits)
    assert right.metrics["bits_per_second"] == pytest.approx(bits * (100 if kind == "hubert" else 75))
    heard, definition = _features.training(c), quantizer(c)
    found = definition.encode(heard)
    assert ((definition.decode(found) - heard) ** 2).mean() < 0.7 * heard.var(0).mean()
    np.testing.assert_array_equal(fitted(c)["counts"], [np.bincount(i, minlength=c.size) for i in found])
    shifted = SUITE.check(c, "encode", (x,), (indices + 1) % c.size, None)
    assert "are not the nearest" in shifted.wrong and shifted.metrics["error"] > 0.3
    back = SUITE.reference(c, "decode", inputs["decode"])
    assert SUITE.check(c, "decode", inputs["decode"], back.astype(np.float32), back).wrong == ""


@pytest.mark.parametrize("kind", KINDS)
def test_work_is_that_of_the_arrays_that_a_vector_meets(kind: str) -> None:
    """Two operations for each number of a matrix or codebook that it is multiplied with, and all comparisons."""
    c = of_kind(kind)
    size = {name: array.size for name, array in fitted(c).items()}
    met = {"gumbel": ["weight"], "factorized": ["down", "books", "up"]}.get(kind, ["down", "books"])
    compared = c.stages * c.size if "books" in size else fitted(c)["down"].shape[1]
    encode = 2 * sum(size.get(name, 0) for name in met) + compared
    up = size["down"] if kind == "product" else size.get("up", 0)  # its rotation is turned round
    added = c.dim * (c.stages - 1) if kind in ("kmeans", "hubert", "residual", "split", "factorized") else 0
    tables = sum(size.get(name, 0) for name in ("down", "up", "weight", "books"))
    for op, operations in (("encode", encode), ("decode", 2 * up + added)):
        work = SUITE.work(c, op)
        assert work.flops == vectors(c) * operations
        assert work.bytes == 4 * (vectors(c) * (c.dim + c.stages) + tables)


def test_decoding_factors_goes_up_only() -> None:
    """A product of 8 with each of 32 components, and the sum of both stages."""
    assert costs(of_kind("factorized"))[1] == 2 * (2 * 8 * 32) + 32


@pytest.mark.parametrize("kind", ["fsq", "lfq", "bsq", "scalar", "mulaw", "product"])
def test_a_vector_may_have_one_component(kind: str) -> None:
    x = normal(100, 1)
    size = {"fsq": 8, "lfq": 2, "bsq": 2}.get(kind, 4)
    definition = KINDS[kind](fit(kind, x, 1, size, np.random.default_rng(0)))
    assert ((definition.decode(definition.encode(x)) - x) ** 2).mean() < x.var()


def test_fsq_of_another_library_takes_its_maps_where_tokens_are_as_wide_as_vectors() -> None:
    pytest.importorskip("vector_quantize_pytorch")
    c = case("fsq", 2, 64, 4)
    args = SUITE.inputs(c, SUITE.audio(c))
    for op, run in load().find("vq", "vector-quantize-pytorch").make(c).items():
        assert SUITE.check(c, op, args[op], run.call(args[op]), None).wrong == ""


def test_rounding_of_float32_is_no_error_of_a_component() -> None:
    arrays, definition, x = made("bsq", 1, 8)
    down = arrays["down"][:, 0].astype(np.float64)
    foot = x - np.outer(x @ down + arrays["down_bias"][0], down / (down @ down))  # the first bit is a coin's toss
    found = definition.encode(foot.astype(np.float32))
    assert definition.judge(foot.astype(np.float32), found ^ 4) == (0, len(x))
    assert definition.judge((foot + 1e-3 * down).astype(np.float32), np.zeros_like(found))[0] == len(x)


def test_vectors_follow_the_audio_75_a_second() -> None:
    c = case(batch=2, seconds=2.0)
    x = SUITE.inputs(c, SUITE.audio(c))["encode"][0]
    assert x.shape == (2 * 150, 8) and x.dtype == np.float32
    assert x.std(axis=0).min() > 0.05
    uneven = case(seconds=0.99999)  # 24000 samples, rounded
    assert vectors(uneven) == len(_features.features(uneven, SUITE.audio(uneven))) == 75
    silence = _features.features(c, np.zeros((1, 3200), np.float32))
    assert (silence == silence[0]).all() and len(silence) == 10


def test_a_tone_moves_the_bands_around_it() -> None:
    """The filters' centres are where HTK's scale puts them: 1 kHz lies at 1000 mel of 3266."""
    bank = _features._filterbank()
    spectrum = np.zeros(len(bank))
    spectrum[round(1000 / 24000 * _features.N_FFT)] = 1
    assert (spectrum @ bank).argmax() == pytest.approx(1000 / 3266 * 129 - 1, abs=1)


def test_mfccs_are_those_of_hubert() -> None:
    """fairseq's dump_mfcc_feature.py: torchaudio's Kaldi MFCCs without energy, and compute_deltas twice."""
    try:
        import torch
        from torchaudio.compliance.kaldi import mfcc
        from torchaudio.functional import compute_deltas
    except (ImportError, OSError) as error:
        pytest.skip(f"torchaudio: {error}")
    c = case("hubert", 1, 100, 39)
    audio = SUITE.audio(c)
    theirs = mfcc(torch.from_numpy(audio), sample_frequency=16000, use_energy=False).T
    deltas = compute_deltas(theirs)
    theirs = torch.cat([theirs, deltas, compute_deltas(deltas)]).T.numpy()
    ours = _features.features(c, audio)
    assert ours.shape == theirs.shape == (98, 39)
    np.testing.assert_allclose(ours, theirs, atol=5e-3)  # they compute in float32


def test_what_is_measured_was_not_fitted_to(tmp_path: Path) -> None:
    """Two clips, two tones: the quantizer hears the first, the measuring the second. With one clip it says so."""
    for name, hertz in (("a", 300), ("b", 5000)):
        tone = 0.1 * np.sin(2 * np.pi * hertz * np.arange(48000) / 24000)
        (tmp_path / "two").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "two" / f"{name}.wav", tone, 24000)
    c = case(corpus=str(tmp_path / "two"))
    loudest = lambda audio: _features.bands(audio)[20:50].mean(0).argmax()  # noqa: E731
    heard, measured = loudest(_features._clip(c, 0, 1.0, 1, 7)), loudest(SUITE.audio(c))
    assert heard < 30 < 80 < measured
    assert _features.held_out(c) and not _features.held_out(case(corpus=str(tmp_path / "two" / "a.wav")))


def test_kmeans_is_scikit_learns() -> None:
    """From the same draw, after as many steps of Lloyd's algorithm."""
    cluster = pytest.importorskip("sklearn.cluster")
    x = normal(900, 8)
    start = x[np.random.default_rng(5).choice(900, 32, replace=False)]
    theirs = cluster.KMeans(32, init=start, n_init=1, max_iter=_kmeans.ITERATIONS, tol=0, algorithm="lloyd").fit(x)
    np.testing.assert_allclose(kmeans(x, 32, np.random.default_rng(5)), theirs.cluster_centers_, atol=1e-5)


def test_no_codeword_is_idle() -> None:
    """Ten points many times over and two far away: a draw of twelve holds doubles, which must be put to use."""
    points = np.concatenate([np.repeat(normal(10, 5), 40, axis=0), 100 + normal(2, 5, seed=1)])
    book = kmeans(points, 12, np.random.default_rng(3))
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - book, axis=2).min(1), 0, atol=1e-4)


def test_every_stage_lowers_the_distortion_of_what_it_was_fitted_to() -> None:
    x = normal(900, 8)
    books = _kmeans.fit(x, 4, 32, np.random.default_rng(0))
    cut = [Residual({"books": books[:n]}) for n in range(1, 5)]
    left = [float(((x - q.decode(q.encode(x))) ** 2).mean()) for q in cut]
    assert (x**2).mean() > left[0] and all(a > 1.2 * b for a, b in pairwise(left))


def test_what_was_fitted_is_kept_and_depends_on_the_seed(cache: Path) -> None:
    first = codebooks(case())
    assert first.shape == (3, 16, 8) and first.dtype == np.float32
    (file,) = cache.glob("quantizer-*.npz")
    with np.load(file) as kept:
        np.savez(file, **{**kept, "books": first + 1})
    _codebooks._fitted.cache_clear()
    np.testing.assert_array_equal(codebooks(case(seconds=30.0, batch=4)), first + 1)  # read, whatever the length
    file.write_bytes(file.read_bytes()[:100])  # damaged: made again
    _codebooks._fitted.cache_clear()
    np.testing.assert_array_equal(codebooks(case()), first)
    assert (codebooks(case(seed=1)) != first).any() and len(list(cache.glob("quantizer-*"))) == 2


def test_a_home_that_cannot_be_written_costs_time_only(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert codebooks(case()).shape == (3, 16, 8)
    assert _kept.arrays("x", [1], lambda: {"a": np.ones(2)})["a"].sum() == 2


def test_searches_of_codebooks_refuse_what_is_more() -> None:
    with pytest.raises(Unsupported, match="searches codebooks only; fsq is more than that"):
        codebooks(of_kind("fsq"))


def test_figures_are_those_of_the_vectors() -> None:
    _, definition, x = made("residual", 2, 16)
    found = definition.encode(x)
    counts = np.stack([np.bincount(i, minlength=16) for i in found])
    metrics = figures(x, definition.decode(found), found, counts)
    left = x - definition.decode(found)
    assert metrics["distortion"] == pytest.approx(float((left**2).mean()))
    assert metrics["snr_db"] == pytest.approx(10 * math.log10(x.var(0).mean() / (left**2).mean()), rel=1e-5)
    assert metrics["bits_per_vector"] == 8
    assert metrics["entropy_bits"] <= metrics["coded_bits"] < 8 and 1 / 16 < metrics["perplexity"] < 1


def test_rates_of_indices_that_are_known() -> None:
    """Even use: the full rate. Two of four values, each half of the time: one bit. Never seen before: dear."""
    even = figures(normal(16, 2), normal(16, 2, seed=1), np.arange(16)[None], np.full((1, 16), 1000))
    assert even["coded_bits"] == pytest.approx(4) and even["entropy_bits"] == pytest.approx(4)
    assert even["perplexity"] == pytest.approx(1) and even["used"] == 1
    x, halves = normal(8, 2), np.array([[0, 1] * 4])
    known = figures(x, 0 * x, halves, np.array([[10**6, 10**6, 0, 0]]))
    assert known["coded_bits"] == pytest.approx(1, abs=1e-4) and known["entropy_bits"] == pytest.approx(1)
    assert known["perplexity"] == pytest.approx(0.5) and known["used"] == 0.5
    assert figures(x, 0 * x, halves, np.array([[0, 0, 10**6, 10**6]]))["coded_bits"] > 20


def test_a_tie_is_counted_and_a_worse_codeword_is_wrong() -> None:
    """Two codewords at nearly the same distance: 1 and 1 + d from a vector at the origin of a square."""
    x, book = np.zeros((1, 2), np.float32), np.array([[1, 0], [0, 1]], np.float32)
    for further, ties, wrong in ((0.1 * TIE, 1, 0), (10 * TIE, 0, 1)):
        book[1, 1] = 1 + np.float32(further) if further > TIE else 1 + 2 * np.finfo(np.float32).eps
        assert Residual({"books": book[None]}).judge(x, np.array([[1]])) == (wrong, ties), further


def test_after_a_tie_the_next_stages_are_judged_by_what_it_left() -> None:
    both = Residual({"books": np.array([[[1, 0], [-1, 0]], [[1, 0], [-1, 0]]], np.float32)})
    x = np.zeros((1, 2), np.float32)  # both codewords are equally near; the second stage must undo the first
    assert both.judge(x, np.array([[0], [1]])) == (0, 0)
    assert both.judge(x, np.array([[1], [0]])) == (0, 1)
    assert both.judge(x, np.array([[1], [1]])) == (1, 1)


def test_check_tells_right_from_wrong() -> None:
    c = case()
    inputs = SUITE.inputs(c, SUITE.audio(c))
    indices = inputs["decode"][0]

    def wrong(op: str, out: object) -> str:
        return SUITE.check(c, op, inputs[op], out, SUITE.reference(c, op, inputs[op])).wrong

    assert wrong("encode", indices) == "" and wrong("encode", indices.astype(np.int64)) == ""
    assert "not integers" in wrong("encode", indices.T) and "not integers" in wrong("encode", indices.astype("f4"))
    assert "not from 0 to 15" in wrong("encode", indices + 16)
    right = quantizer(c).decode(indices).astype(np.float32)
    assert wrong("decode", right) == ""
    assert "exceeds" in wrong("decode", right * np.float32(1.00001)) and "exceeds" in wrong("decode", right * np.nan)
    assert "not float32" in wrong("decode", right.astype(np.float64)) and "not an array" in wrong("decode", None)


@pytest.mark.parametrize("grid", SUITE.grids)
def test_grids_hold_only_cases_that_make_sense(grid: str) -> None:
    cases = [Case("vq", p) for p in SUITE.expand(grid)]
    assert all(SUITE.valid(c) for c in cases) and all(SUITE.work(c, "encode").flops > 0 for c in cases)
    if grid in ("quick", "default"):
        assert {c.quantizer for c in cases} == set(KINDS)
    if grid == "curve":
        bits = {c.quantizer: [] for c in cases}
        for c in cases:
            bits[c.quantizer].append(round(c.stages * math.log2(c.size), 6))
        assert set(map(tuple, bits.values())) == {(9, 18, 36, 72)}
    if grid == "kernels":  # by these names the C kernels are compared
        assert [c.label for c in cases] == [
            "quantizer=kmeans stages=1 size=1024 dim=128 batch=1 seconds=60",
            "quantizer=residual stages=8 size=1024 dim=128 batch=1 seconds=60",
        ]


@pytest.mark.parametrize(
    "bad",
    [
        case("kmeans", 2),
        case("nobody"),
        case("hubert", 1, 100, 40),
        case("split", 1),
        case("product", 3),
        case("gumbel", 3),
        case("fsq", 1, 100),
        case("bsq", 3, 8),
        case("residual", 1, 20000),
        case("factorized", 1, 16, 4),
    ],
    ids=lambda c: c.label,
)
def test_cases_that_make_no_sense_are_left_out(bad: Case) -> None:
    assert not SUITE.valid(bad)

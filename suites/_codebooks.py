"""Everything that a quantizer of the suite `vq` needs, fitted to features of the corpus and kept on disk by content."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from bench import Case, Unsupported
from suites import _features, _kept, _kmeans, _scalars
from suites._quantizers import KINDS, Quantizer, Residual

VERSION = 2  # of the arithmetic of fitting: another number makes everything anew
COARSE = 2  # principal components that the first codebook of `split` sees: fewest errors for 1 + 7 codebooks
FACTORS = 8  # components of a codeword in DAC (arXiv 2306.06546)
Arrays = dict[str, np.ndarray]


def codebooks(case: Case) -> np.ndarray:
    """float32 (stages, size, dim) of a quantizer that is nothing but its codebooks; :class:`Unsupported` for another.

    The same for every length and batch of a case. A folder that cannot be written costs some seconds a process.
    """
    if KINDS[case.quantizer] is not Residual:
        raise Unsupported(f"searches codebooks only; {case.quantizer} is more than that")
    return fitted(case)["books"]


def fitted(case: Case) -> Arrays:
    """What was fitted, float32 arrays by name: the attributes of the quantizer's class in :mod:`suites._quantizers`.

    ``counts``, int64 (stages, size), says how often each index was chosen for the vectors that were fitted to.
    """
    return _fitted(case.corpus, case.seed, case.quantizer, case.stages, case.size, case.dim)


def quantizer(case: Case) -> Quantizer:
    """The definition, in float64, with what was fitted."""
    return KINDS[case.quantizer](fitted(case))


@lru_cache(maxsize=4)
def _fitted(corpus: str, seed: int, kind: str, stages: int, size: int, dim: int) -> Arrays:
    case = Case("vq", {"quantizer": kind, "stages": stages, "size": size, "dim": dim}, seed=seed, corpus=corpus)
    facts = [VERSION, *_features.facts(case), kind, stages, size, dim, _kmeans.ITERATIONS, _scalars.STEPS]

    def make() -> Arrays:
        return fit(kind, _features.training(case), stages, size, np.random.default_rng(seed))

    return _kept.arrays("quantizer", facts, make)


def fit(kind: str, vectors: np.ndarray, stages: int, size: int, random: np.random.Generator) -> Arrays:
    """Arrays of a quantizer of ``vectors``, float32 (count, dim)."""
    made = _FITS[kind](vectors, stages, size, random)
    arrays = {name: np.ascontiguousarray(a, np.float32) for name, a in made.items()}
    indices = KINDS[kind](arrays).encode(vectors)
    return arrays | {"counts": np.stack([np.bincount(index, minlength=size) for index in indices])}


def _residual(x: np.ndarray, stages: int, size: int, random: np.random.Generator) -> Arrays:
    return {"books": _kmeans.fit(x, stages, size, random)}


def _split(x: np.ndarray, stages: int, size: int, random: np.random.Generator) -> Arrays:
    """Mimi learns its two projections; here the first codebook sees the leading principal components, all others the
    rest, so that what they say adds up. Codewords have half as many components as vectors."""
    width = x.shape[1] // 2
    basis = _scalars.principal(x)[1][:, :width]
    first = (np.arange(width) < COARSE).astype(np.float64)
    down = np.stack([basis * first, basis * (1 - first)]).astype(np.float32)
    shown = min(width, _features.N_MELS)  # what lies behind is zero
    books = np.zeros((stages, size, width), np.float32)
    books[:1, :, :COARSE] = _kmeans.fit((x @ down[0])[:, :COARSE], 1, size, random)
    books[1:, :, :shown] = _kmeans.fit((x @ down[1])[:, :shown], stages - 1, size, random)
    return {"down": down, "up": down.transpose(0, 2, 1), "books": books}


def _factorized(x: np.ndarray, stages: int, size: int, random: np.random.Generator) -> Arrays:
    """Stage by stage: down to the leading principal components of what is left, at equal variance; k-means of their
    directions; a codeword is the mean of its vectors, at their length; back by least squares."""
    left, made = x.astype(np.float64), []
    for _ in range(stages):
        mean, basis, deviations = _scalars.principal(left)
        down = basis[:, :FACTORS] / np.maximum(deviations[:FACTORS], 1e-9)
        z = (left - mean) @ down
        unit = (z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        book = _kmeans.kmeans(unit, size, random)
        index = _kmeans.assign(unit, book / np.linalg.norm(book, axis=1, keepdims=True))[0]
        counts = np.maximum(np.bincount(index, minlength=size), 1)[:, None]
        lengths = np.bincount(index, (z * book[index]).sum(1), size)[:, None] / counts / (book**2).sum(1, keepdims=True)
        book = book * np.where(lengths > 0, lengths, 1)
        up, up_bias = _scalars.least_squares(book[index], left)
        left = left - book[index] @ up - up_bias
        made.append({"down": down, "down_bias": -mean @ down, "books": book, "up": up, "up_bias": up_bias})
    return {name: np.stack([stage[name] for stage in made]) for name in made[0]}


def _product(x: np.ndarray, stages: int, size: int, random: np.random.Generator) -> Arrays:
    down = _balanced(x, x.shape[1], stages)
    parts = np.split(x @ down, stages, axis=1)
    return {"down": down, "books": np.stack([_kmeans.kmeans(part, size, random) for part in parts])}


def _gumbel(x: np.ndarray, stages: int, size: int, random: np.random.Generator) -> Arrays:
    """Logits that are greatest for the nearest of k-means' codewords, -|z - c|^2 / 2 but for what all have in common.

    The codewords of all groups together have half as many components as vectors: 256 of 512 in wav2vec 2.0.
    """
    down = _balanced(x, x.shape[1] // 2, stages)
    groups = np.split(down, stages, axis=1)
    books = np.stack([_kmeans.kmeans(x @ group, size, random) for group in groups])
    weight = np.hstack([group @ book.T for group, book in zip(groups, books, strict=True)])
    return {"weight": weight, "bias": -(books**2).sum(2).ravel() / 2, "books": books, "up": down.T}


def _balanced(x: np.ndarray, width: int, groups: int) -> np.ndarray:
    """``width`` principal axes, float32 (dim, width), dealt to groups so that each one's variances multiply to about
    the same (optimized product quantization, parametric: Ge, He, Ke & Sun, CVPR 2013)."""
    _, basis, deviations = _scalars.principal(x)
    logs = np.log(np.maximum(deviations[:width], 1e-3 * deviations[0]))
    dealt: list[list[int]] = [[] for _ in range(groups)]
    for axis, _ in enumerate(logs):
        free = [group for group in dealt if len(group) < width // groups]
        min(free, key=lambda group: sum(logs[i] - logs[-1] for i in group)).append(axis)
    return basis[:, np.concatenate(dealt)].astype(np.float32)


_FITS: dict[str, Callable[[np.ndarray, int, int, np.random.Generator], Arrays]] = {
    "kmeans": _residual,
    "residual": _residual,
    "hubert": _residual,
    "split": _split,
    "factorized": _factorized,
    "product": _product,
    "gumbel": _gumbel,
    **_scalars.FITS,
}

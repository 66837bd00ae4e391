"""Quantization of audio features: codebooks, residual and product, and lookup-free, fitted to the corpus's audio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from bench import Case, Check, Curve, Suite, Work
from suites import _features
from suites._codebooks import FACTORS, codebooks, fitted, quantizer
from suites._features import frame_rate, vectors
from suites._quantizers import KINDS, Residual
from suites._scalars import LEVELS

__all__ = ["Vq", "codebooks", "fitted", "quantizer", "vectors"]
TOLERANCE = 1e-6  # decoded vectors: relative error, norm-wise


def _grid(
    quantizer: str | Sequence[str],
    stages: int | Sequence[int],
    size: int = 1024,
    dim: int = 128,
    batch: Sequence[int] = (1,),
    seconds: Sequence[float] = (60.0,),
) -> dict[str, Sequence[Any]]:
    return {
        "quantizer": [quantizer] if isinstance(quantizer, str) else quantizer,
        "stages": [stages] if isinstance(stages, int) else stages,
        "size": [size],
        "dim": [dim],
        "batch": batch,
        "seconds": seconds,
    }


LOOKUP_FREE = ("fsq", "lfq", "bsq")
ANCHORS = ("scalar", "mulaw")
FAMOUS = [_grid("kmeans", 1), _grid("residual", 8)]
PUBLISHED = [
    _grid("split", 8, 2048, 512, seconds=[20.0]),
    _grid("factorized", 9, 1024, 1024, seconds=[20.0]),
    _grid("product", 8, seconds=[20.0]),
    _grid("gumbel", 2, 320, 512, seconds=[20.0]),
    _grid(LOOKUP_FREE, 2, 512, seconds=[20.0]),
    _grid(ANCHORS, 6, 8, seconds=[20.0]),
    _grid("hubert", 1, 100, _features.MFCC_DIM, seconds=[20.0]),
    _grid("hubert", 1, 500, _features.MFCC_DIM, seconds=[20.0]),
]
EQUAL_BITS = [_grid(("residual", "product", *LOOKUP_FREE), (1, 2, 4, 8), 512), _grid(ANCHORS, (3, 6, 12, 24), 8)]


class Vq(Suite):
    """``encode``: vectors, float32 (count, dim) -> indices, any integers (stages, count), from 0 to size - 1.

    ``decode``: indices, int32 (stages, count) -> the vectors that they stand for, float32 (count, dim).

    The vectors are 75 a second, as in SoundStream and in EnCodec at 24 kHz (60 s: 4500): the log-mel frames of the
    case's audio through a seeded projection, see :mod:`suites._features`. Everything was fitted to other clips of the
    corpus, or other draws of the built-in audio. Exact definitions: :mod:`suites._quantizers`; how they are fitted:
    :mod:`suites._codebooks` and :mod:`suites._scalars`; in words: ``docs/quantizers.md``.

    - ``kmeans``: one stage; the index is that of the nearest codeword (squared Euclidean distance).
    - ``residual``: each stage quantizes what the stages before have left (SoundStream, arXiv 2107.03312, algorithm 1).
    - ``split``: Mimi's (arXiv 2410.00037): one codebook on a projection of its own beside ``stages - 1`` residual ones.
    - ``factorized``: DAC's (arXiv 2306.06546): a residual stage projects to 8 components and compares directions.
    - ``product``: ``stages`` parts of the rotated vector, each with a codebook of its own.
    - ``gumbel``: wav2vec 2.0's (arXiv 2006.11477), not training: the greatest logit of each of ``stages`` groups.
    - ``fsq``: ``stages`` tokens of log8(size) components, each rounded to 8 levels (arXiv 2309.15505).
    - ``lfq``, ``bsq``: ``stages`` tokens of log2(size) signs (arXiv 2310.05737; 2406.07548): the bits are the index.
    - ``scalar``, ``mulaw``: anchors; ``stages`` principal components on ``size`` uniform or mu-law (255) steps.
    - ``hubert``: nearest of ``size`` centroids to 39 MFCCs, 100 a second of 16 kHz audio (arXiv 2106.07447).

    An index is right when its codeword is the nearest in float64 to what its own earlier indices leave of the vector,
    or further by at most 1e-6 (|x|^2 + |c|^2) in squared distance: such ties are counted. The components of a
    lookup-free quantizer may be off by 2e-6 of the lengths whose product they are. A decoded array is wrong when
    ``||out - reference|| / ||reference||`` exceeds 1e-6.

    Figures, of vectors that nothing was fitted to (``held_out``: 1; 0 where the corpus is one clip): ``distortion``,
    the mean squared error of a component; ``snr_db``, the vectors' variance over it; ``bits_per_vector``, stages
    log2(size), and ``bits_per_second``; ``coded_bits``, bits a vector that an entropy coder sends which knows how often
    each index occurred in what was fitted to; ``entropy_bits``, the entropy of these indices themselves, stage by
    stage, too low by some size / 2 / count / ln 2 a stage; ``perplexity``, as a share of ``size``: 1 when all are used
    equally often; ``used``, the share of indices that occur; ``ties``, the share that are not the nearest's.
    """

    name = "vq"
    title = "quantization of features: count x dim float32 -> stages x count indices, and back"
    ops = ("encode", "decode")
    curve = Curve(
        "encode",
        ("bits_per_vector", "coded_bits"),
        "snr_db",
        ("quantizer", "dim"),
        ("entropy_bits", "perplexity", "used"),
    )
    grids: ClassVar = {
        "quick": [
            _grid("kmeans", 1, 256, 32, seconds=[10.0]),
            _grid("residual", 4, 256, 32, seconds=[10.0]),
            _grid(("split", "factorized", "product", "gumbel", *LOOKUP_FREE, *ANCHORS), 2, 64, 32, seconds=[10.0]),
            _grid("hubert", 1, 100, _features.MFCC_DIM, seconds=[10.0]),
        ],
        "default": [*FAMOUS, *PUBLISHED],
        "curve": EQUAL_BITS,
        "full": [
            _grid("kmeans", 1, batch=[1, 16], seconds=[2.0, 60.0]),
            _grid("residual", 8, batch=[1, 16], seconds=[2.0, 60.0]),
            _grid("residual", 8, 2048, 256),
            *PUBLISHED,
            *EQUAL_BITS,
        ],
        "kernels": FAMOUS,
        "hour": [_grid("residual", 8, seconds=[3600.0])],
    }

    def audio(self, case: Case) -> np.ndarray:
        return _features.audio(case)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        x = _features.features(case, audio)
        return {"encode": (x,), "decode": (quantizer(case).encode(x).astype(np.int32),)}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray | None:
        """decode: in float64. encode: none, for a stage's answer depends on the stages before."""
        return quantizer(case).decode(args[0]) if op == "decode" else None

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        if not isinstance(out, np.ndarray):
            return Check({"error": 1.0}, f"returned {type(out).__name__}, not an array")
        if op == "encode":
            return self.check_encode(case, args[0], out)
        reference = quantizer(case).decode(args[0]) if reference is None else reference
        if out.shape != reference.shape or out.dtype != np.float32:
            return Check({"error": 1.0}, f"{out.dtype} {out.shape}, not float32 {reference.shape}")
        error = float(np.linalg.norm(out - reference) / np.linalg.norm(reference))
        wrong = "" if error <= TOLERANCE else f"relative error {error:.1e} exceeds {TOLERANCE:g}"
        return Check({"error": error}, wrong)

    def check_encode(self, case: Case, x: np.ndarray, out: np.ndarray) -> Check:
        """Each stage against the best choice for what the stages before it left, in float64."""
        if out.shape != (case.stages, len(x)) or out.dtype.kind not in "iu":
            return Check({"error": 1.0}, f"{out.dtype} {out.shape}, not integers {(case.stages, len(x))}")
        if out.size and not 0 <= out.min() <= out.max() < case.size:
            return Check({"error": 1.0}, f"indices from {out.min()} to {out.max()}, not from 0 to {case.size - 1}")
        out, best = out.astype(np.int64), quantizer(case)
        wrong, ties = best.judge(x, out)
        found = {"error": wrong / max(1, out.size), "ties": ties / max(1, out.size)}
        found |= figures(x, best.decode(out), out, fitted(case)["counts"])
        found |= {"bits_per_second": found["bits_per_vector"] * frame_rate(case)}
        found |= {"held_out": float(_features.held_out(case))}
        if _features.of_mfcc(case):  # of other features than all others: no point of their curve
            found.pop("snr_db", None)
        return Check(found, f"{wrong} of {out.size} codewords are not the nearest" if wrong else "")

    def work(self, case: Case, op: str) -> Work:
        """encode: all products with all codewords, and a comparison each; no search that leaves codewords out is
        assumed, for in 128 dimensions none pays. decode: the additions, and products of maps. Every array crosses
        memory once."""
        count, (encode, decode, tables) = vectors(case), costs(case)
        flops = count * (encode if op == "encode" else decode)
        return Work(float(flops), 4.0 * (count * case.dim + tables + case.stages * count))

    def audio_seconds(self, case: Case) -> float:
        return float(case.batch * case.seconds)

    def valid(self, case: Case) -> bool:
        kind = case.quantizer
        if kind not in KINDS or case.size < 2 or min(case.stages, case.dim, vectors(case)) < 1:
            return False
        if kind in ANCHORS:
            return bool(case.stages <= min(case.dim, _features.N_MELS) and case.size <= 1 << 16)
        if kind in LOOKUP_FREE:
            whole = case.size == (LEVELS if kind == "fsq" else 2) ** digits(case) <= 1 << 20
            return bool(whole and case.stages * digits(case) <= case.dim)
        fits = {
            "kmeans": case.stages == 1,
            "hubert": case.stages == 1 and case.dim == _features.MFCC_DIM,
            "split": case.stages > 1 and case.dim % 2 == 0,
            "factorized": case.dim >= FACTORS,
            "product": case.dim % case.stages == 0,
            "gumbel": case.dim % (2 * case.stages) == 0,
        }
        return bool(case.size <= _features.TRAINING_VECTORS and fits.get(kind, True))


def digits(case: Case) -> int:
    """Components of a token of a lookup-free quantizer."""
    return round(math.log(case.size, LEVELS if case.quantizer == "fsq" else 2))


def costs(case: Case) -> tuple[int, int, int]:
    """Operations a vector to encode and to decode, and numbers in all tables."""
    stages, size, dim, kind = case.stages, case.size, case.dim, case.quantizer
    search = stages * size  # comparisons
    if KINDS[kind] is Residual:
        return 2 * search * dim + search, dim * (stages - 1), search * dim
    if kind == "split":
        maps, books = dim * dim, search * dim // 2
    elif kind == "factorized":  # encoding goes down, and up again for the next stage
        maps, books = stages * dim * FACTORS, search * FACTORS
        return 4 * maps + 2 * books + search, 2 * maps + dim * (stages - 1), 2 * maps + books
    elif kind == "product":  # one rotation for both ways; parts are joined, not added
        maps, books = dim * dim, size * dim
        return 2 * maps + 2 * books + search, 2 * maps, maps + books
    elif kind == "gumbel":
        return 2 * dim * search + search, dim * dim, search * dim + dim * dim // 2 + size * dim // 2
    else:
        parts = stages * (digits(case) if kind in LOOKUP_FREE else 1)
        maps, books, search = dim * parts, 0, parts
        return 2 * maps + search, 2 * maps, 2 * maps
    return 2 * maps + 2 * books + search, 2 * maps + dim * (stages - 1), 2 * maps + books


def figures(x: np.ndarray, back: np.ndarray, indices: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    """Distortion, rate, and how evenly the indices are used; what is undefined is left out.

    ``counts`` (stages, size): how often each index was seen before; half is added, as by Krichevsky and Trofimov.
    """
    size = counts.shape[1]
    distortion, variance = float(((x - back) ** 2).mean()), float(x.astype(np.float64).var(0).mean())
    found = {"distortion": distortion, "bits_per_vector": len(indices) * math.log2(size)}
    if distortion > 0 and variance > 0:
        found["snr_db"] = 10 * math.log10(variance / distortion)
    shares = [np.bincount(index, minlength=size) / len(index) for index in indices]
    entropies = [-float(share[share > 0] @ np.log2(share[share > 0])) for share in shares]
    known = (counts + 0.5) / (counts + 0.5).sum(1, keepdims=True)
    found["coded_bits"] = -sum(float(share @ np.log2(k)) for share, k in zip(shares, known, strict=True))
    found["entropy_bits"] = sum(entropies)
    found["perplexity"] = 2 ** (sum(entropies) / len(indices)) / size
    return found | {"used": float(np.mean([(share > 0).mean() for share in shares]))}

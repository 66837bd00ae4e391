"""Vector quantization of audio features: the nearest codeword, in one stage or in several (residual)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from bench import Case, Check, Suite, Work
from suites._codebooks import FRAME_RATE, TRAINING_VECTORS, codebooks, features

TIE = 1e-6  # of |x|^2 + |c|^2: a codeword that is this much further than the nearest is as good; counted
TOLERANCE = 1e-6  # decoded vectors: relative error, norm-wise


def _grid(
    quantizer: str,
    stages: int,
    size: int = 1024,
    dim: int = 128,
    batch: Sequence[int] = (1,),
    seconds: Sequence[float] = (60.0,),
) -> dict[str, Sequence[Any]]:
    return {
        "quantizer": [quantizer],
        "stages": [stages],
        "size": [size],
        "dim": [dim],
        "batch": batch,
        "seconds": seconds,
    }


class Vq(Suite):
    """``encode``: vectors, float32 (count, dim) -> indices, any integers (stages, count).

    ``decode``: indices, int32 (stages, count) -> the sums of their codewords, float32 (count, dim).

    The vectors are 75 a second, as in SoundStream and in EnCodec at 24 kHz (60 s: 4500): the log-mel frames of the
    case's audio through a seeded projection, see :func:`suites._codebooks.features`. The codebooks, float32
    (stages, size, dim) from :func:`suites._codebooks.codebooks`, were fitted by k-means on other audio of the corpus.

    - ``kmeans``: one stage; the index is that of the nearest codeword (squared Euclidean distance).
    - ``residual``: each stage quantizes what the stages before have left (SoundStream, arXiv 2107.03312, algorithm 1).

    An index is right when its codeword is the nearest in float64 to what its own earlier indices leave of the vector,
    or further by at most 1e-6 (|x|^2 + |c|^2) in squared distance: such ties are counted. A decoded array is wrong
    when ``||out - reference|| / ||reference||`` exceeds 1e-6.

    Figures: ``distortion``, the mean squared error of a component; ``snr_db``, the vectors' variance over it;
    ``bits_per_vector``, stages log2(size), and ``bits_per_second``; ``perplexity`` of the indices, as a share of
    ``size``: 1 when all codewords are used equally often; ``ties``, the share of indices that are not the nearest's.
    """

    name = "vq"
    title = "vector quantization: count x dim float32 -> stages x count indices of the nearest codewords, and back"
    ops = ("encode", "decode")
    grids: ClassVar = {
        "quick": [_grid("kmeans", 1, 256, 32, seconds=[10.0]), _grid("residual", 4, 256, 32, seconds=[10.0])],
        "default": [_grid("kmeans", 1), _grid("residual", 8)],
        "full": [
            _grid("kmeans", 1, batch=[1, 16], seconds=[2.0, 60.0]),
            _grid("residual", 8, batch=[1, 16], seconds=[2.0, 60.0]),
            _grid("residual", 8, 2048, 256),
        ],
        "kernels": [_grid("kmeans", 1), _grid("residual", 8)],
    }

    def audio(self, case: Case) -> np.ndarray:
        from bench.corpus import clip
        from suites._codebooks import SAMPLE_RATE

        return clip(case.corpus, case.seconds, SAMPLE_RATE, case.batch, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        vectors = features(audio, case.dim)
        return {"encode": (vectors,), "decode": (nearest(codebooks(case), vectors),)}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray | None:
        """decode: the sums in float64. encode: none, for a stage's answer depends on the stages before."""
        return decode(codebooks(case), *args) if op == "decode" else None

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        if not isinstance(out, np.ndarray):
            return Check({"error": 1.0}, f"returned {type(out).__name__}, not an array")
        if op == "encode":
            return check_encode(codebooks(case), args[0], out)
        reference = decode(codebooks(case), *args) if reference is None else reference
        if out.shape != reference.shape or out.dtype != np.float32:
            return Check({"error": 1.0}, f"{out.dtype} {out.shape}, not float32 {reference.shape}")
        error = float(np.linalg.norm(out - reference) / np.linalg.norm(reference))
        return Check(
            {"error": error}, "" if error <= TOLERANCE else f"relative error {error:.1e} exceeds {TOLERANCE:g}"
        )

    def work(self, case: Case, op: str) -> Work:
        """encode: the product of all vectors with all codewords, and a comparison each; no search that leaves codewords
        out is assumed, for in 128 dimensions none pays. decode: the additions. Every array crosses memory once."""
        count, books = vectors(case), case.stages * case.size * case.dim
        flops = (
            2 * count * books + count * case.stages * case.size
            if op == "encode"
            else count * case.dim * (case.stages - 1)
        )
        return Work(float(flops), 4.0 * (count * case.dim + books + case.stages * count))

    def audio_seconds(self, case: Case) -> float:
        return float(case.batch * case.seconds)

    def valid(self, case: Case) -> bool:
        return (
            case.size <= TRAINING_VECTORS and (case.stages == 1) == (case.quantizer == "kmeans") and vectors(case) > 0
        )


def vectors(case: Case) -> int:
    """Vectors in one call, over the whole batch."""
    return case.batch * int(case.seconds * FRAME_RATE + 1e-9)


def scores(left: np.ndarray, book: np.ndarray) -> np.ndarray:
    """|c|^2 / 2 - x c, float64 (count, size): half the squared distance, less |x|^2 / 2, which orders nothing."""
    book = book.astype(np.float64)
    return (book**2).sum(1) / 2 - left @ book.T


def nearest(books: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The indices in float64, int32 (stages, count); the first of equals."""
    left, indices = x.astype(np.float64), np.empty((len(books), len(x)), np.int32)
    for book, index in zip(books, indices, strict=True):
        index[:] = scores(left, book).argmin(1)
        left = left - book[index]
    return indices


def decode(books: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The sums of codewords in float64: (count, dim)."""
    return sum(book[index].astype(np.float64) for book, index in zip(books, indices, strict=True))


def check_encode(books: np.ndarray, x: np.ndarray, out: np.ndarray) -> Check:
    """Each stage against the nearest codeword of what the stages before it left, in float64."""
    stages, size, _ = books.shape
    if out.shape != (stages, len(x)) or out.dtype.kind not in "iu":
        return Check({"error": 1.0}, f"{out.dtype} {out.shape}, not integers {(stages, len(x))}")
    if out.size and not 0 <= out.min() <= out.max() < size:
        return Check({"error": 1.0}, f"indices from {out.min()} to {out.max()}, not from 0 to {size - 1}")
    x = x.astype(np.float64)
    left, wrong, ties, every = x, 0, 0, np.arange(len(x))
    for book, index in zip(books, out, strict=True):
        found = scores(left, book)
        excess = 2 * (found[every, index] - found.min(1))
        far = excess > TIE * ((x**2).sum(1) + (book[index].astype(np.float64) ** 2).sum(1))
        wrong += int(far.sum())
        ties += int(((index != found.argmin(1)) & ~far).sum())
        left = left - book[index]
    metrics = {"error": wrong / max(1, out.size), "ties": ties / max(1, out.size)}
    metrics |= figures(x, left, out, size)
    return Check(metrics, f"{wrong} of {out.size} codewords are not the nearest" if wrong else "")


def figures(x: np.ndarray, left: np.ndarray, indices: np.ndarray, size: int) -> dict[str, float]:
    """Distortion, rate, and how evenly the codewords are used; what is undefined is left out."""
    distortion, variance = float((left**2).mean()), float(x.var(0).mean())
    bits = len(indices) * math.log2(size)
    found = {"distortion": distortion, "bits_per_vector": bits, "bits_per_second": bits * FRAME_RATE}
    if distortion > 0 and variance > 0:
        found["snr_db"] = 10 * math.log10(variance / distortion)
    shares = [np.bincount(index, minlength=size) / len(index) for index in indices]
    entropies = [-sum(p * math.log(p) for p in share if p > 0) for share in shares]
    return found | {"perplexity": float(np.exp(np.mean(entropies)) / size)}

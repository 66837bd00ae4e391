"""What each quantizer of the suite `vq` does, in float64 and from its definition: encode, decode, and who is right.

A quantizer is made of the arrays that were fitted (:mod:`suites._codebooks`), whose names are its attributes. Those
with few choices a stage answer ``walk(x, indices)``: stage by stage, for vectors float64 (count, dim), what each choice
would cost (count, size), within how much of the least a choice counts as a tie (count,), and the index that is gone on
with: of ``indices`` (stages, count), or the cheapest, the first of equals, where None are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

TIE = 1e-6  # of |x|^2 + |c|^2: a codeword that is this much further than the nearest is as good; counted
Step = tuple[np.ndarray, np.ndarray, np.ndarray]  # costs, tolerance, index
Indices = np.ndarray | None


class Quantizer:
    """``encode``: float32 (count, dim) -> int64 (stages, count). ``decode``: those -> float64 (count, dim)."""

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.__dict__ |= {name: np.asarray(a, np.float64) for name, a in arrays.items()}

    books: Any  # (stages, size, width)

    def walk(self, x: np.ndarray, indices: Indices) -> Iterator[Step]:
        raise NotImplementedError

    def decode(self, indices: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def encode(self, x: np.ndarray, block: int = 4096) -> np.ndarray:
        parts = [x[i : i + block].astype(np.float64) for i in range(0, len(x), block)]
        return np.concatenate([np.stack([index for _, _, index in self.walk(p, None)]) for p in parts], axis=1)

    def judge(self, x: np.ndarray, indices: np.ndarray) -> tuple[int, int]:
        """(wrong, ties): indices, not the cheapest, that cost more than it by more than the tolerance, or by less."""
        wrong, ties, every = 0, 0, np.arange(len(x))
        for cost, tolerance, index in self.walk(x.astype(np.float64), indices):
            far = cost[every, index] - cost.min(1) > tolerance
            wrong += int(far.sum())
            ties += int(((index != cost.argmin(1)) & ~far).sum())
        return wrong, ties


class Residual(Quantizer):
    """Each stage takes the codeword nearest to what the stages before have left. One stage: the nearest codeword."""

    def walk(self, x: np.ndarray, indices: Indices) -> Iterator[Step]:
        return _residual(self.books, x, indices)

    def decode(self, indices: np.ndarray) -> np.ndarray:
        return _sum(self.books, indices)


class Split(Quantizer):
    """Mimi's: the first codebook on one projection of x, all others, residually, on another; both projected back."""

    down: Any  # (2, dim, width)
    up: Any  # (2, width, dim)

    def walk(self, x: np.ndarray, indices: Indices) -> Iterator[Step]:
        first, rest = (None, None) if indices is None else (indices[:1], indices[1:])
        yield from _residual(self.books[:1], x @ self.down[0], first)
        yield from _residual(self.books[1:], x @ self.down[1], rest)

    def decode(self, indices: np.ndarray) -> np.ndarray:
        return _sum(self.books[:1], indices[:1]) @ self.up[0] + _sum(self.books[1:], indices[1:]) @ self.up[1]


class Factorized(Quantizer):
    """DAC's: each stage projects what is left to few components, takes the codeword of the nearest direction (cosine),
    and projects that codeword, at its own length, back."""

    down: Any  # (stages, dim, width)
    down_bias: Any  # (stages, width)
    up: Any  # (stages, width, dim)
    up_bias: Any  # (stages, dim)

    def walk(self, x: np.ndarray, indices: Indices) -> Iterator[Step]:
        left, length = x, np.linalg.norm(x, axis=1)
        for stage, book in enumerate(self.books):
            z = left @ self.down[stage] + self.down_bias[stage]
            size = np.maximum(np.linalg.norm(z, axis=1), 1e-12)
            directions = book / np.linalg.norm(book, axis=1, keepdims=True)
            cost = -2 * (z / size[:, None]) @ directions.T
            index = cost.argmin(1) if indices is None else indices[stage]
            yield cost, 4 * TIE * (length / size + 1), index  # a short z is known less well
            left = left - book[index] @ self.up[stage] - self.up_bias[stage]

    def decode(self, indices: np.ndarray) -> np.ndarray:
        stages = zip(self.books, self.up, self.up_bias, indices, strict=True)
        return sum(book[index] @ up + bias for book, up, bias, index in stages)


class Product(Quantizer):
    """A rotation, then a codebook of its own for each of ``stages`` equal parts of the vector."""

    down: Any  # (dim, dim), orthogonal

    def walk(self, x: np.ndarray, indices: Indices) -> Iterator[Step]:
        parts = np.split(x @ self.down, len(self.books), axis=1)
        for stage, (book, part) in enumerate(zip(self.books, parts, strict=True)):
            yield from _residual(book[None], part, None if indices is None else indices[stage : stage + 1], x)

    def decode(self, indices: np.ndarray) -> np.ndarray:
        return _joined(self.books, indices) @ self.down.T


class Gumbel(Quantizer):
    """wav2vec 2.0's, not training: the greatest of a group's logits picks a codeword; all groups' are joined."""

    weight: Any  # (dim, stages * size)
    bias: Any  # (stages * size,)
    up: Any  # (stages * width, dim)

    def walk(self, x: np.ndarray, indices: Indices) -> Iterator[Step]:
        groups = np.split(-2 * (x @ self.weight + self.bias), len(self.books), axis=1)
        for stage, (cost, book) in enumerate(zip(groups, self.books, strict=True)):
            index = cost.argmin(1) if indices is None else indices[stage]
            yield cost, TIE * ((x**2).sum(1) + (book[index] ** 2).sum(1)), index

    def decode(self, indices: np.ndarray) -> np.ndarray:
        return _joined(self.books, indices) @ self.up


class Scalars(Quantizer):
    """An affine map to few components, each rounded to one of n values: FSQ, LFQ, BSQ, and plain scalar quantization.

    Component i of a token is its digit to the base n: the most significant first for bits, the least for other n, as
    in vector-quantize-pytorch. LFQ and BSQ: n = 2, by the sign, for which BSQ's normalisation makes no difference.
    """

    down: Any  # (dim, components)
    down_bias: Any  # (components,)
    edges: Any  # (n - 1,): a component's digit is how many of them lie below it
    values: Any  # (n,)
    up: Any  # (components, dim)
    up_bias: Any  # (dim,)
    weights: Any  # (components of a token,): powers of n

    def components(self, x: np.ndarray) -> np.ndarray:
        return x @ self.down + self.down_bias

    def digits(self, indices: np.ndarray) -> np.ndarray:
        """Tokens (stages, count) -> digits (count, components)."""
        base = len(self.values)
        found = indices.T[:, :, None] // self.weights.astype(np.int64) % base
        return found.reshape(indices.shape[1], -1)

    def encode(self, x: np.ndarray, block: int = 4096) -> np.ndarray:
        digits = np.searchsorted(self.edges, self.components(x.astype(np.float64)))
        return (digits.reshape(len(x), -1, len(self.weights)) @ self.weights.astype(np.int64)).T

    def judge(self, x: np.ndarray, indices: np.ndarray) -> tuple[int, int]:
        """A digit is right when its component lies between the digit's edges, or outside by the rounding of float32."""
        x = x.astype(np.float64)
        z, digits = self.components(x), self.digits(indices)
        scale = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(self.down, axis=0) + np.abs(self.down_bias)
        edges = np.concatenate([[-np.inf], self.edges, [np.inf]])
        outside = np.maximum(edges[digits] - z, z - edges[digits + 1])
        tokens = (len(indices.T), len(indices), len(self.weights))
        far = (outside > 2 * TIE * (scale + np.abs(z))).reshape(tokens).any(2)
        other = (digits != np.searchsorted(self.edges, z)).reshape(tokens).any(2)
        return int(far.sum()), int((other & ~far).sum())

    def decode(self, indices: np.ndarray) -> np.ndarray:
        return self.values[self.digits(indices)] @ self.up + self.up_bias


KINDS: dict[str, type[Quantizer]] = {
    "kmeans": Residual,
    "residual": Residual,
    "hubert": Residual,
    "split": Split,
    "factorized": Factorized,
    "product": Product,
    "gumbel": Gumbel,
    **dict.fromkeys(("fsq", "lfq", "bsq", "scalar", "mulaw"), Scalars),
}


def _residual(books: np.ndarray, x: np.ndarray, indices: Indices, whole: np.ndarray | None = None) -> Iterator[Step]:
    """Costs are squared distances, less |x|^2, which orders nothing; ``whole`` is what x is a part of."""
    left, length = x, ((x if whole is None else whole) ** 2).sum(1)
    for stage, book in enumerate(books):
        cost = (book**2).sum(1) - 2 * left @ book.T
        index = cost.argmin(1) if indices is None else indices[stage]
        yield cost, TIE * (length + (book[index] ** 2).sum(1)), index
        left = left - book[index]


def _sum(books: np.ndarray, indices: np.ndarray) -> np.ndarray:
    return sum(book[index] for book, index in zip(books, indices, strict=True))


def _joined(books: np.ndarray, indices: np.ndarray) -> np.ndarray:
    return np.hstack([book[index] for book, index in zip(books, indices, strict=True)])

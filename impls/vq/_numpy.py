"""The quantizers in NumPy, float32: each takes what was fitted and gives encode and decode."""

import numpy as np


def residual(books, block=256):
    """Blocks of ``block`` vectors, so that their scores stay in cache."""
    halves = (books**2).sum(2) / 2

    def encode(x):
        indices = np.empty((len(books), len(x)), np.int64)
        for i in range(0, len(x), block):
            left = x[i : i + block]
            for stage, (book, half) in enumerate(zip(books, halves, strict=True)):
                scores = left @ book.T
                index = np.subtract(half, scores, out=scores).argmin(1, out=indices[stage, i : i + block])
                left = left - book[index] if stage + 1 < len(books) else left
        return indices

    return encode, lambda indices: sum(map(np.take, books, indices, [0] * len(books)))


def split(down, up, books, **_):
    (first, back), (rest, back_rest) = residual(books[:1]), residual(books[1:])
    return (
        lambda x: np.concatenate([first(x @ down[0]), rest(x @ down[1])]),
        lambda indices: back(indices[:1]) @ up[0] + back_rest(indices[1:]) @ up[1],
    )


def factorized(down, down_bias, books, up, up_bias, **_):
    directions = books / np.linalg.norm(books, axis=2, keepdims=True)  # the length of z changes no argmax

    def encode(x):
        indices = []
        for stage in range(len(books)):
            indices.append(((x @ down[stage] + down_bias[stage]) @ directions[stage].T).argmax(1))
            x = x - (books[stage][indices[-1]] @ up[stage] + up_bias[stage])
        return np.stack(indices)

    whole = [book @ matrix + bias for book, matrix, bias in zip(books, up, up_bias, strict=True)]
    return encode, lambda indices: sum(map(np.take, whole, indices, [0] * len(whole)))


def product(down, books, **_):
    halves = (books**2).sum(2) / 2

    def encode(x):
        parts = zip(np.split(x @ down, len(books), axis=1), books, halves, strict=True)
        return np.stack([(half - part @ book.T).argmin(1) for part, book, half in parts])

    return encode, lambda indices: np.hstack(list(map(np.take, books, indices, [0] * len(books)))) @ down.T


def gumbel(weight, bias, books, up, **_):
    return (
        lambda x: (x @ weight + bias).reshape(len(x), len(books), -1).argmax(2).T,
        lambda indices: np.hstack(list(map(np.take, books, indices, [0] * len(books)))) @ up,
    )


def scalars(down, down_bias, edges, values, weights, up, up_bias, **_):
    """Thresholds; of signs, whether each is above 0: the length by which BSQ divides has no sign."""
    weights = weights.astype(np.int64)

    def encode(x):
        z = x @ down + down_bias
        digits = z > 0 if len(edges) == 1 else np.searchsorted(edges, z)
        return (digits.reshape(len(x), -1, len(weights)) @ weights).T

    def decode(indices):
        digits = indices.T[:, :, None] // weights % len(values)
        return values[digits.reshape(len(digits), -1)] @ up + up_bias

    return encode, decode


KINDS = {"split": split, "factorized": factorized, "product": product, "gumbel": gumbel}
KINDS |= dict.fromkeys(("kmeans", "residual", "hubert"), lambda books, **_: residual(books))
KINDS |= dict.fromkeys(("fsq", "lfq", "bsq", "scalar", "mulaw"), scalars)

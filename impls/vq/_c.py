"""audiokern's searches after NumPy's projections: (encode, decode) of a quantizer that is more than its codebooks."""

import numpy as np


def split(plan, down, up, books, **_):
    first, rest = plan(books[:1]), plan(books[1:])
    return (
        lambda x: np.concatenate([first.encode(x @ down[0]), rest.encode(x @ down[1])]),
        lambda indices: first.decode(indices[:1]) @ up[0] + rest.decode(indices[1:]) @ up[1],
    )


def product(plan, down, books, **_):
    parts = [plan(book) for book in books]

    def encode(x):
        pieces = np.split(x @ down, len(parts), axis=1)
        return np.stack([part.encode(np.ascontiguousarray(x)) for part, x in zip(parts, pieces, strict=True)])

    def decode(indices):
        return np.hstack([part.decode(index) for part, index in zip(parts, indices, strict=True)]) @ down.T

    return encode, decode


KINDS = {"split": split, "product": product}

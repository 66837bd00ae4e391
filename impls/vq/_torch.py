"""The quantizers in PyTorch: each takes what was fitted, as tensors, and gives encode and decode."""

import math

import torch
from torch.nn.functional import embedding, normalize


def residual(books):
    halves = (books**2).sum(2) / 2

    def encode(x):
        indices = []
        for stage, (book, half) in enumerate(zip(books, halves, strict=True)):
            x = x - embedding(indices[-1], books[stage - 1]) if stage else x
            indices.append(torch.addmm(half, x, book.T, alpha=-1).argmin(1))
        return torch.stack(indices)

    return encode, lambda indices: sum(map(embedding, indices, books))


def split(down, up, books, **_):
    (first, back), (rest, back_rest) = residual(books[:1]), residual(books[1:])
    return (
        lambda x: torch.cat([first(x @ down[0]), rest(x @ down[1])]),
        lambda indices: back(indices[:1]) @ up[0] + back_rest(indices[1:]) @ up[1],
    )


def factorized(down, down_bias, books, up, up_bias, **_):
    """As in DAC: both sides are normalised, and each stage's codeword is projected back."""

    def out(stage, index):
        return torch.addmm(up_bias[stage], embedding(index, books[stage]), up[stage])

    def encode(x):
        indices = []
        for stage, book in enumerate(books):
            z = normalize(torch.addmm(down_bias[stage], x, down[stage]))
            indices.append((z @ normalize(book).T).argmax(1))
            x = x - out(stage, indices[-1])
        return torch.stack(indices)

    return encode, lambda indices: sum(out(stage, index) for stage, index in enumerate(indices))


def product(down, books, **_):
    halves = (books**2).sum(2)[:, None] / 2

    def encode(x):
        parts = (x @ down).reshape(len(x), len(books), -1).transpose(0, 1)
        return torch.baddbmm(halves, parts, books.transpose(1, 2), alpha=-1).argmin(2)

    return encode, lambda indices: torch.hstack(list(map(embedding, indices, books))) @ down.T


def gumbel(weight, bias, books, up, **_):
    return (
        lambda x: torch.addmm(bias, x, weight).reshape(len(x), len(books), -1).argmax(2).T,
        lambda indices: torch.hstack(list(map(embedding, indices, books))) @ up,
    )


def scalars(rounding):
    def make(down, down_bias, edges, values, weights, up, up_bias, **_):
        whole = weights.long()

        def encode(x):
            digits = rounding(torch.addmm(down_bias, x, down), edges)
            return (digits.reshape(len(x), -1, len(whole)) * whole).sum(2).T

        def decode(indices):
            digits = indices.T[:, :, None] // whole % len(values)
            return torch.addmm(up_bias, values[digits.reshape(len(digits), -1)], up)

        return encode, decode

    return make


def fsq(z, edges, eps=1e-3):
    """round(half tanh(z + shift) - offset), counted from 0."""
    levels = len(edges) + 1
    half, offset = (levels - 1) * (1 + eps) / 2, 0.5 * (levels % 2 == 0)
    return (torch.tanh(z + math.atanh(offset / half)) * half - offset).round().long() + levels // 2


KINDS = {"split": split, "factorized": factorized, "product": product, "gumbel": gumbel, "fsq": scalars(fsq)}
KINDS |= dict.fromkeys(("kmeans", "residual", "hubert"), lambda books, **_: residual(books))
KINDS |= {"lfq": scalars(lambda z, edges: z > 0), "bsq": scalars(lambda z, edges: normalize(z) > 0)}
KINDS |= dict.fromkeys(("scalar", "mulaw"), scalars(lambda z, edges: torch.bucketize(z, edges)))

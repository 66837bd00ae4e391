"""What the kernels of the residual search take."""

import numpy as np

from suites.vq import codebooks

FAR = 3e38  # half of the square of a codeword that is not there


def tables(gpu, case):
    """(stages, size, dim), and on the device the codebooks and half of each codeword's square."""
    books = codebooks(case)
    half = ((books.astype(np.float64) ** 2).sum(2) / 2).astype(np.float32)
    return books.shape, (gpu.upload(books), gpu.upload(half))


def sieve_tables(gpu, case):
    """(stages, size, dim), and on the device the codebooks and both of :func:`in_float16`."""
    books = codebooks(case)
    return books.shape, tuple(map(gpu.upload, (books, *in_float16(books))))


def in_float16(books):
    """Codebooks as cuda/vq_sieve.cu reads them, uint32, and its five bounds, float32 (stages, 5).

    Codewords are scaled by a power of two, for each stage one, so that the largest component is 8 to 16: float16 then
    holds vectors 4000 times as large, and what it loses of small components is nothing beside the large ones.
    """
    stages, size, dim = books.shape
    groups, pairs = -(-size // 16), -(-dim // 32)
    scale = np.exp2(np.clip(4.0 - np.frexp(np.abs(books).max((1, 2)))[1], -100, 100))[:, None, None]
    scaled = np.zeros((stages, groups * 16, pairs * 32))
    scaled[:, :size, :dim] = books * scale
    big = scaled.astype(np.float16)
    small = (scaled - big).astype(np.float16)
    half = (scaled**2).sum(2) / 2
    lengths = [np.sqrt((x**2).sum(2).max(1)) for x in (scaled, scaled - big, scaled - big - small)]
    bounds = np.stack([scale[:, 0, 0], *(x * (1 + 1e-6) for x in (*lengths, half.max(1)))], 1)
    half[:, size:] = FAR
    # a lane's two tiles, its column of eight, pairs of steps, the step, its rows of sixteen
    parts = -np.stack([big, small], 1).reshape(stages, 2, groups, 2, 8, pairs, 2, 4, 4)
    factors = parts.transpose(0, 1, 2, 5, 3, 4, 7, 6, 8).reshape(stages, 2, groups, -1).view(np.uint32)
    starts = np.tile(half.reshape(stages, groups, -1, 2), 2).reshape(stages, 1, groups, -1).astype(np.float32)
    starts = np.broadcast_to(starts.view(np.uint32), (stages, 2, groups, 32))
    return np.concatenate([factors, starts], 3), bounds.astype(np.float32)

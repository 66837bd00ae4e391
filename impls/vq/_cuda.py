"""What the kernels of the residual search take."""

import numpy as np

from suites.vq import codebooks


def tables(gpu, case):
    """(stages, size, dim), and on the device the codebooks and half of each codeword's square."""
    books = codebooks(case)
    half = ((books.astype(np.float64) ** 2).sum(2) / 2).astype(np.float32)
    return books.shape, (gpu.upload(books), gpu.upload(half))

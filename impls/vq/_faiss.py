"""faiss's quantizers that give codes of bits in a row, with what was fitted in them."""

import faiss
import numpy as np

from bench import Op, Unsupported


def packed(quantizer, books, before=lambda x: x, after=lambda x: x):
    """encode and decode of a quantizer with ``books`` (stages, size, width) to be."""
    stages, size, _ = books.shape
    bits = int(size - 1).bit_length()
    if size != 2**bits:
        raise Unsupported(f"codebooks of a power of two only, not of {size}")
    made, unpack = quantizer(stages, bits), faiss.unpack_bitstrings
    return {
        "encode": Op(lambda x: made.compute_codes(before(x)), finish=lambda codes: unpack(codes, stages, bits).T),
        "decode": Op(lambda c: after(made.decode(c)), lambda i: faiss.pack_bitstrings(i.T.astype(np.int32), bits)),
    }


def product(down, books, **_):
    """``ProductQuantizer`` after the rotation."""

    def make(stages, bits):
        made = faiss.ProductQuantizer(len(down), stages, bits)
        faiss.copy_array_to_vector(books.ravel(), made.centroids)
        return made

    return packed(make, books, lambda x: x @ down, lambda x: x @ down.T)


def residual(books):
    """``ResidualQuantizer`` with a beam of one."""

    def make(stages, bits):
        made = faiss.ResidualQuantizer(books.shape[2], stages, bits)
        made.max_beam_size, made.is_trained = 1, True
        faiss.copy_array_to_vector(books.ravel(), made.codebooks)
        return made

    return packed(make, books)

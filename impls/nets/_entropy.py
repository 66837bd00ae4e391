"""Entropy coding of codec indices: a range coder over how often each index occurs in its codebook.

How a codec offers it as a variant::

    coder = IndexCoder(statistics(codes_of_other_audio, codec.bins))  # at set-up; codes: (codebooks, frames)
    payload = coder.encode(codes)  # bytes: what is sent; 8 len(payload) bits instead of fixed_bits(codes.shape, bins)
    codes = coder.decode(payload, frames)  # int64 (codebooks, frames), exactly what went in

The statistics belong to the codec, as its weights do: they are fitted beforehand, to audio that is not measured, and
are not counted in the payload. Indices count as independent (order zero); a predictor, such as EnCodec's transformer,
saves more and costs far more time. A call codes a whole clip, codebook after codebook, and ends in whole 32-bit words
(16 bits of loss on average), so that single frames of a stream are better left at fixed length.

The coder is constriction's (Bamler, arXiv 2201.01741), which represents probabilities by 24 bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Sizes = int | Sequence[int]


def statistics(codes: np.ndarray, sizes: Sizes) -> list[np.ndarray]:
    """Each codebook's probabilities, float64 (size,), from codes (codebooks, frames) of integers.

    Half a count is added everywhere (Krichevsky and Trofimov, 1981), so that an index that was never seen can be sent.
    Raises ValueError for codes out of range.
    """
    _valid(codes, each := _each(codes, sizes))
    counts = [np.bincount(row, minlength=size) + 0.5 for row, size in zip(codes, each, strict=True)]
    return [count / count.sum() for count in counts]


def fixed_bits(shape: tuple[int, int], sizes: Sizes) -> int:
    """Bits of (codebooks, frames) indices without entropy coding: ceil(log2 size) each."""
    each = [sizes] * shape[0] if isinstance(sizes, int) else sizes
    return shape[1] * sum(math.ceil(math.log2(size)) for size in each)


class IndexCoder:
    """A range coder with fixed probabilities, one distribution a codebook (:func:`statistics`)."""

    def __init__(self, probabilities: Sequence[np.ndarray]):
        from constriction import stream

        self.sizes = [len(p) for p in probabilities]
        self._logs = [np.log2(np.asarray(p, np.float64) / np.sum(p)) for p in probabilities]
        self._models = [stream.model.Categorical(np.asarray(p, np.float64), perfect=False) for p in probabilities]

    def bits(self, codes: np.ndarray) -> float:
        """The ideal length of ``codes`` under these probabilities; ``encode`` needs some 0.1% and a few bytes more."""
        _valid(codes, _each(codes, self.sizes))
        return -sum(float(log[row].sum()) for log, row in zip(self._logs, codes, strict=True))

    def encode(self, codes: np.ndarray) -> bytes:
        """Integers (codebooks, frames) -> the payload. Raises ValueError for another shape and for codes out of range.

        The first codebooks alone may be given, as at a lower bitrate; ``decode`` is told how many.
        """
        from constriction import stream

        _valid(codes, _each(codes, self.sizes[: len(codes)]))
        encoder = stream.queue.RangeEncoder()
        for row, model in zip(codes, self._models, strict=False):
            encoder.encode(np.ascontiguousarray(row, np.int32), model)
        return encoder.get_compressed().astype("<u4").tobytes()

    def decode(self, payload: bytes, frames: int, codebooks: int | None = None) -> np.ndarray:
        """The payload of :meth:`encode` -> int64 (codebooks, frames).

        Raises ValueError for a payload that is not of whole words, or that cannot be read to the end. Nothing else
        tells that it was damaged: the codes are then others.
        """
        from constriction import stream

        if len(payload) % 4:
            raise ValueError(f"a payload of {len(payload)} bytes was cut: range-coded indices come in words of 4 bytes")
        decoder = stream.queue.RangeDecoder(np.frombuffer(payload, "<u4").astype(np.uint32))
        try:
            rows = [decoder.decode(model, frames) for model in self._models[:codebooks]]
        except (AssertionError, ValueError) as error:
            raise ValueError(f"range-coded indices cannot be read: {error}") from None
        return np.stack(rows).astype(np.int64)


def _each(codes: np.ndarray, sizes: Sizes) -> list[int]:
    each = [sizes] * len(codes) if isinstance(sizes, int) else list(sizes)
    if codes.ndim != 2 or len(each) != len(codes):
        raise ValueError(f"codes of shape {codes.shape}, not ({len(each)} codebooks, frames)")
    return each


def _valid(codes: np.ndarray, sizes: Sequence[int]) -> None:
    if codes.dtype.kind not in "iu":
        raise ValueError(f"codes are integers, not {codes.dtype}")
    for n, (row, size) in enumerate(zip(codes, sizes, strict=True)):
        if len(row) and not 0 <= row.min() <= row.max() < size:
            raise ValueError(f"codebook {n} has codes from {row.min()} to {row.max()}, not from 0 to {size - 1}")

"""Indices into packets and back: one packet a frame, every index with exactly its bits, the last byte filled up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


class Packing:
    """``sizes``: how many values each index of a frame can have; an index takes ceil(log2 size) bits."""

    def __init__(self, sizes: Sequence[int]):
        self.sizes = tuple(sizes)
        self.bits = [math.ceil(math.log2(size)) for size in sizes]
        self.frame_bits = sum(self.bits)
        self.frame_bytes = -(-self.frame_bits // 8)

    def pack(self, codes: np.ndarray) -> list[bytes]:
        """Integers (indices, frames) -> a packet a frame. Raises ValueError for codes out of range."""
        self.valid(codes)
        planes = [(codes[n, :, None] >> np.arange(b)[::-1]) & 1 for n, b in enumerate(self.bits)]
        return [row.tobytes() for row in np.packbits(np.concatenate(planes, axis=1).astype(np.uint8), axis=1)]

    def unpack(self, packets: Sequence[bytes]) -> np.ndarray:
        """The packets of :meth:`pack` -> int64 (indices, frames). Raises ValueError for packets of another size."""
        if not packets:
            raise ValueError("there are no packets to decode")
        for length in {len(packet) for packet in packets} - {self.frame_bytes}:
            raise ValueError(f"a packet of {length} bytes; a frame of this codec takes {self.frame_bytes}")
        rows = np.frombuffer(b"".join(packets), np.uint8).reshape(len(packets), -1)
        flags = np.unpackbits(rows, axis=1).astype(np.int64)
        ends = np.cumsum(self.bits)
        codes = np.stack(
            [flags[:, e - b : e] @ (1 << np.arange(b)[::-1]) for e, b in zip(ends, self.bits, strict=True)]
        )
        self.valid(codes)
        return codes

    def payload_bits(self, packets: Sequence[bytes]) -> int:
        """What a decoder needs of them: all but the filling of the last byte."""
        return len(packets) * self.frame_bits

    def valid(self, codes: np.ndarray) -> None:
        if codes.ndim != 2 or len(codes) != len(self.sizes):
            raise ValueError(f"codes of shape {codes.shape}, not ({len(self.sizes)} indices, frames)")
        for n, (row, size) in enumerate(zip(codes, self.sizes, strict=True)):
            if len(row) and not 0 <= row.min() <= row.max() < size:
                raise ValueError(f"codebook {n} has codes from {row.min()} to {row.max()}, not from 0 to {size - 1}")

"""Codecs that work on normalised, overlapping segments, as EnCodec at 48 kHz does: one packet a segment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bench import Codec
from impls.codec import _neural
from impls.codec._neural import Network
from impls.codec._packing import Packing

SCALE_BITS = 32
"""The loudness of a segment, a float32 in front of its indices."""


def segmented(case: Any, network: Network, length: int, overlap: int, how: str = "float32") -> Codec:
    """``length``: samples of a segment, whole frames; neighbours share ``overlap`` samples, faded into each other.

    The packing, the counting and the variants are those of :func:`impls.codec._neural.codec`.
    """
    inner = _neural.codec(case, network, how)
    packing, stride = Packing(network.sizes), length - overlap
    frame_bits = packing.frame_bits

    def encode_batch(batch: np.ndarray) -> list[list[bytes]]:
        if not batch.shape[-1]:
            raise ValueError(_neural.EMPTY)  # before its loudness is sought
        found: list[list[bytes]] = [[] for _ in batch]
        for start in range(0, max(1, batch.shape[-1] - overlap), stride):
            piece = batch[..., start : start + length]
            scale = np.sqrt(np.mean(piece.mean(axis=1, keepdims=True) ** 2, axis=2, keepdims=True)) + np.float32(1e-8)
            coded = inner.encode_batch(piece / scale)  # type: ignore[misc]
            for packets, frames, loud in zip(found, coded, scale.ravel(), strict=True):
                packets.append(np.float32(loud).tobytes() + b"".join(frames))
        return found

    def decode_batch(batch: list[list[bytes]]) -> np.ndarray:
        steps = list(
            zip(*[[_opened(p, packing, length // network.hop) for p in packets] for packets in batch], strict=True)
        )
        if not steps:
            raise ValueError("there are no packets to decode")
        pieces = []
        for step in steps:
            audio = inner.decode_batch([frames for _, frames in step])  # type: ignore[misc]
            pieces.append(audio * np.array([scale for scale, _ in step], np.float32)[:, None, None])
        return faded(pieces, stride, length)

    def payload_bits(packets: Sequence[bytes]) -> int:
        return sum(SCALE_BITS + (len(p) - 4) // packing.frame_bytes * frame_bits for p in packets)

    return replace(
        inner,
        encode=lambda x: encode_batch(x[None])[0],
        decode=lambda packets: decode_batch([packets])[0],
        encode_batch=encode_batch,
        decode_batch=decode_batch,
        nominal=inner.nominal * length / stride,
        macs=inner.macs * length / stride,  # what neighbours share is coded twice
        payload_bits=payload_bits,
        frame=length,  # held until it is whole; it is not late in what is decoded
        delay=length,
        stream=None,
    )


def _opened(packet: bytes, packing: Packing, most: int) -> tuple[float, list[bytes]]:
    """A segment's loudness and the packets of its frames. Raises ValueError where it cannot be one."""
    body = len(packet) - 4
    if body <= 0 or body % packing.frame_bytes or body // packing.frame_bytes > most:
        raise ValueError(
            f"a packet of {len(packet)} bytes; a segment takes 4, and {packing.frame_bytes} for each of {most} frames"
        )
    scale = float(np.frombuffer(packet[:4], np.float32)[0])
    if not math.isfinite(scale) or scale < 0:
        raise ValueError(f"a segment cannot be {scale} loud; the packet was damaged")
    frames = [packet[at : at + packing.frame_bytes] for at in range(4, len(packet), packing.frame_bytes)]
    return scale, frames


def faded(pieces: Sequence[np.ndarray], stride: int, length: int) -> np.ndarray:
    """Overlap-add under triangles, divided by their sum: the one of facebookresearch/encodec, utils.py."""
    time = np.linspace(0, 1, length + 2, dtype=np.float32)[1:-1]
    weight = np.float32(0.5) - np.abs(time - np.float32(0.5))
    total = stride * (len(pieces) - 1) + pieces[-1].shape[-1]
    out, weights = np.zeros((*pieces[0].shape[:-1], total), np.float32), np.zeros(total, np.float32)
    for number, piece in enumerate(pieces):
        count = min(piece.shape[-1], total - number * stride)
        at = slice(number * stride, number * stride + count)
        out[..., at] += weight[:count] * piece[..., :count]
        weights[at] += weight[:count]
    return out / weights

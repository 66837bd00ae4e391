"""PyAV: FFmpeg's encoders and decoders, fed with frames and packets, without any container."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import av
import numpy as np

from bench import Codec
from bench.codec import Pipe
from impls.codec._common import padded, to_float

Array = np.ndarray


def _context(name: str, mode: str, rate: int, channels: int, options: dict[str, Any]) -> Any:
    context = av.CodecContext.create(name, mode)
    context.sample_rate, context.layout = rate, "mono" if channels == 1 else "stereo"
    context.thread_count = 1
    context.options = {key: str(value) for key, value in options.items()}
    return context


class Encoder:
    """``encoder(samples) -> [packet, ...]``; ``encoder(None)`` brings what is still inside.

    ``samples``: (channels, n) of the type that ``format`` names. FFmpeg cuts them into frames of ``frame`` samples.
    """

    def __init__(self, name: str, rate: int, channels: int, bitrate: float = 0, format: str = "s16", **options: Any):
        self.context = _context(name, "w", rate, channels, options)
        self.context.format = self.format = format
        if bitrate:
            self.context.bit_rate = round(bitrate)
        self.context.open()
        self.frame: int = self.context.frame_size
        self.extradata: bytes | None = self.context.extradata

    def __call__(self, samples: Array | None) -> list[bytes]:
        if samples is None:
            return [bytes(packet) for packet in self.context.encode(None)]
        data = samples if self.format.endswith("p") else samples.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), self.format, self.context.layout)
        frame.sample_rate = self.context.sample_rate
        return [bytes(packet) for packet in self.context.encode(frame)]

    def joined(self, samples: Array) -> bytes:
        """The packets of ``samples`` as one."""
        return b"".join(self(samples))


class Decoder:
    """``decoder(packet) -> (channels, n)``, in the type that the decoder gives."""

    def __init__(self, name: str, rate: int, channels: int, extradata: bytes | None = None, **options: Any):
        self.context = _context(name, "r", rate, channels, options)
        self.context.extradata = extradata
        self.channels = channels

    def __call__(self, packet: bytes) -> Array:
        frames = self.context.decode(av.Packet(packet))
        parts = [f.to_ndarray() if f.format.is_planar else f.to_ndarray().reshape(-1, self.channels).T for f in frames]
        return np.concatenate(parts, axis=1) if parts else np.zeros((self.channels, 0), np.float32)


def buffered(rate: int, nominal: float, encoder: Callable[[], Encoder], decoder: str, channels: int, lag: int) -> Codec:
    """A codec whose encoder holds frames back, so that packets come later than the samples they stand for."""
    made = encoder()
    frame, extradata = made.frame, made.extradata
    fresh = lambda: Decoder(decoder, rate, channels, extradata)

    def encode(x: Array) -> list[bytes]:
        one = encoder()
        return one(padded(x, frame)) + one(None)

    def decode(packets: list[bytes]) -> Array:
        one = fresh()
        return to_float(np.concatenate([one(packet) for packet in packets], axis=1))

    def stream() -> Pipe:
        into, out = encoder(), fresh()
        empty = np.zeros((channels, 0), np.float32)
        return Pipe(into, lambda packets: to_float(np.concatenate([empty, *map(out, packets)], axis=1)))

    return Codec(rate, encode, decode, nominal, delay=frame + lag, frame=frame, stream=stream, channels=2)

"""What the codecs share: samples in and out, frames, and the nearest of what a codec can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from bench import Codec
from bench.codec import Pipe

Array = np.ndarray


def nearest(choices: Iterable[float], wanted: float) -> Any:
    """The choice that differs least from ``wanted``; the smaller of two that differ as much."""
    return min(sorted(choices), key=lambda choice: abs(choice - wanted))


def rate_for(case: Any, rates: Iterable[int]) -> int:
    """The lowest rate (Hz) that keeps the whole band of the case, or the highest of all where none does."""
    return min((r for r in rates if r >= case.sample_rate), default=max(rates))


def to_int16(x: Array) -> Array:
    """float32 (channels, samples) in [-1, 1) -> int16, rounded and clipped."""
    return np.clip(np.rint(x * np.float32(2**15)), -(2**15), 2**15 - 1).astype(np.int16)


def as_it_is(x: Array) -> Array:
    """float32 (channels, samples), unchanged."""
    return x


def to_int32(x: Array) -> Array:
    """float32 (channels, samples) in [-1, 1) -> int32, rounded and clipped."""
    return np.clip(np.rint(x * np.float64(2**31)), -(2**31), 2**31 - 1).astype(np.int32)


def to_float(x: Array) -> Array:
    """Samples of any type -> float32 with full scale at 1."""
    return x.astype(np.float32) / (1 << 8 * x.itemsize - 1) if x.dtype.kind == "i" else np.asarray(x, np.float32)


def padded(x: Array, frame: int, lag: int = 0) -> Array:
    """``x`` and ``lag`` samples of silence, filled up to whole frames: what comes out ``lag`` late comes out whole."""
    return np.pad(x, ((0, 0), (0, lag + -(x.shape[1] + lag) % frame)))


def framed(
    rate: int,
    frame: int,
    lag: int,
    nominal: float,
    encoder: Callable[[], Callable[[Array], bytes]],
    decoder: Callable[[], Callable[[bytes], Array]],
    to: Callable[[Array], Array] = to_int16,
    **more: Any,
) -> Codec:
    """A codec whose every packet stands for ``frame`` samples.

    ``encoder()`` makes a fresh encoder, (channels, frame) of what ``to`` makes -> packet; ``decoder()`` a fresh
    decoder, packet -> (channels, frame) of any type. ``lag`` is by how many samples what is decoded comes later
    than what was encoded, so that the algorithmic delay is ``frame + lag``.
    """

    def encode(x: Array) -> list[bytes]:
        one, ready = encoder(), padded(to(x), frame, lag)
        return [one(ready[:, at : at + frame]) for at in range(0, ready.shape[1], frame)]

    def decode(packets: list[bytes]) -> Array:
        one = decoder()
        return to_float(np.concatenate([one(packet) for packet in packets], axis=1))

    def stream() -> Pipe:
        into, out = encoder(), decoder()
        return Pipe(lambda x: into(to(x)), lambda packet: to_float(out(packet)))

    return Codec(rate, encode, decode, nominal, delay=frame + lag, frame=frame, stream=stream, **more)


def sliced(codec: Codec, size: int, encoder: Any, decoder: Any, lag: int = 0, to: Any = to_int16) -> Codec:
    """The same codec where packets are cuts of ``size`` bytes of one stream: a file is one call, not one a frame."""

    def encode(x: Array) -> list[bytes]:
        data = encoder()(padded(to(x), codec.frame, lag))
        return [data[at : at + size] for at in range(0, len(data), size)]

    return replace(codec, encode=encode, decode=lambda packets: to_float(decoder()(b"".join(packets))))

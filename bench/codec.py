"""What an implementation of a codec hands over, and how it becomes timed operations.

A codec works at its own rate. Between that rate and the case's, soxr resamples at its quality VHQ, in ``prepare`` and
``finish``: outside the timed part. All audio is float32, shape (channels, samples).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.core import Case, Op, Unsupported

if TYPE_CHECKING:  # finding implementations stays quick
    import numpy as np

Packets = list[bytes]
FACTS = (
    "nominal_bps", "payload_bps", "container_bps", "rate", "frame", "delay", "buffer", "model_bytes", "lossless",
    "parametric", "random_weights", "parameters", "macs_per_second", "indices_differ", "latents_snr_db", "audio_snr_db",
)  # fmt: skip
"""What every answer of an operation is accompanied by, float64, in this order; NaN where it is not known.

``buffer`` is of ``stream`` only: the most samples at ``rate`` between the place of a decoded sample in the output and
the end of the frame after which it came out. The last three compare a variant of a neural codec with its float32
network: the share of indices that differ, and the signal-to-noise ratios (dB) of what the encoder gives and of what the
decoder makes of the same indices.
"""

WINDOW = 0.10
"""Codecs are compared "at a bitrate" where their payload is within this share of what was asked for."""


ORIGINAL = "original"
"""What stands in the place of an implementation's name for the untouched audio."""


def within(payload_bps: float, asked_bps: float, window: float = WINDOW) -> bool:
    """Whether a payload bitrate is near enough to the asked one to be compared with others."""
    return abs(payload_bps - asked_bps) <= window * asked_bps


def bits(packets: Sequence[bytes]) -> int:
    """All the bits of all the packets."""
    return 8 * sum(map(len, packets))


@dataclass(frozen=True)
class Pipe:
    """A fresh encoder and decoder as the one function that ``Codec.stream`` gives; its halves can be timed apart."""

    into: Callable[[Any], Any]
    out: Callable[[Any], Any]

    def __call__(self, x: Any) -> Any:
        return self.out(self.into(x))


@dataclass(frozen=True)
class Codec:
    """A codec, made for one case: what a function under ``@impl("codec")`` returns.

    ``encode`` takes float32 (channels, samples) at ``rate``, of any length from 0.1 s, and gives the payload as
    packets; it flushes its look-ahead, so that ``decode`` of them gives at least as many samples as went in (plus
    the delay, where the format allows it). Neither keeps state from one call to the next. Both may be called with
    other audio than the case's. A damaged packet raises an exception or sounds bad; it never hangs.

    - ``rate``: sample rate in Hz at which the codec works; take the nearest to ``case.sample_rate`` that it has.
    - ``nominal``: bit/s that it was set to, the nearest it can to ``1000 * case.bitrate``.
    - ``delay``: the algorithmic delay that its documentation or its library declares, in samples at ``rate``: a frame,
      where it works in frames, and by how much what is decoded lags behind what was encoded.
    - ``frame``: samples that a packet stands for, or, where more are held back than that, those; 0 where packets have
      no fixed length.
    - ``payload_bits``: bits of the packets that a decoder needs: no header bytes, no padding [all their bits].
    - ``container_bits``: bits of the same in the codec's usual file or transport format, where it has one.
    - ``stream``: gives a fresh encoder and decoder as one function: the next frame in, float32 (channels, ``frame``),
      and what can be decoded by then out, float32 (channels, any number of samples). A :class:`Pipe` of the two lets
      the stream suite tell their times apart.
    - ``tolerance``: how much what it streams may differ from ``decode`` of ``encode``, RMS over RMS [to the last bit].
    - ``differentiable``: gives the same network as a differentiable map: float32 torch tensor (1, channels, samples)
      at ``rate`` in, the decoded (1, channels, samples) out, the quantizer passed straight through. Its look-ahead is
      measured by back-propagation, over all phases of ``frame``.
    - ``model_bytes``, ``parameters``, ``macs``: of codecs that are trained: the size of the numbers that were trained,
      codebooks included, how many they are, and the multiply-accumulates of a second of audio, encoded and decoded.
    - ``differences``: of a variant of a neural codec: those of FACTS that compare it with float32.
    - ``encode_batch``, ``decode_batch``: float32 (batch, channels, samples) -> packets of each, and back to float32
      (batch, channels, samples), of sounds of one length; without them, a case with a batch is unavailable.
    - ``lossless``: audio of 16 bits (multiples of 2**-15) at ``rate`` comes back bit for bit.
    - ``random_weights``: a trained codec without its training: its speed counts, its quality is shown and never ranked.
    - ``parametric``: it does not follow the waveform, so that sample-wise measures such as SNR mean nothing.
    - ``channels``: the most channels that it takes; a case with more is reported as unavailable.
    """

    rate: int
    encode: Callable[[np.ndarray], Packets]
    decode: Callable[[Packets], np.ndarray]
    nominal: float
    delay: int | None = None
    frame: int = 0
    payload_bits: Callable[[Packets], int] = bits
    container_bits: Callable[[Packets], int] | None = None
    stream: Callable[[], Callable[[np.ndarray], np.ndarray]] | None = None
    tolerance: float = 0.0
    differentiable: Callable[[], Callable[[Any], Any]] | None = None
    model_bytes: int = 0
    parameters: int = 0
    macs: float = 0.0
    differences: Mapping[str, float] = field(default_factory=dict)
    encode_batch: Callable[[np.ndarray], list[Packets]] | None = None
    decode_batch: Callable[[list[Packets]], np.ndarray] | None = None
    lossless: bool = False
    parametric: bool = False
    random_weights: bool = False
    channels: int = 1


def on_the_grid(audio: np.ndarray) -> np.ndarray:
    """Rounded to 16 bits: float32 multiples of 2**-15 in [-1, 1). All that a codec is given lies on this grid."""
    import numpy as np

    return (np.clip(np.rint(audio * np.float32(32768)), -32768, 32767) / 32768).astype(np.float32)


def staged(mono: np.ndarray, case: Case) -> np.ndarray:
    """float32 (samples,) -> (channels, samples): for stereo, a source to the left of the middle.

    The right channel is 6 dB lower and 0.3 ms later, about what a head makes of a source at 30 degrees.
    """
    import numpy as np

    if case.channels == 1:
        return mono[None]
    late = round(3e-4 * case.sample_rate)
    return np.stack([mono, np.float32(0.5) * np.concatenate([np.zeros(late, np.float32), mono])[: len(mono)]])


def resample(audio: np.ndarray, source: int, target: int) -> np.ndarray:
    """float32 (channels, samples) at ``source`` Hz -> (channels, samples') at ``target`` Hz, by soxr VHQ."""
    import numpy as np
    import soxr

    if source == target:
        return audio
    return np.ascontiguousarray(soxr.resample(audio.T, source, target, "VHQ").T, np.float32)


def ops(codec: Codec, case: Case) -> dict[str, Op]:
    """``encode``, ``decode`` and, where the codec can, ``stream``; each takes (channels, samples) at the case's rate.

    Every answer is a pair: what came out, and its FACTS. ``encode`` gives the packets as one uint8 array; ``decode``
    and ``stream`` give float32 (channels, samples') at the case's rate. ``prepare`` of ``decode`` encodes, so that its
    "end to end" is the whole round trip. ``finish`` of ``stream`` streams the whole clip through a fresh state.

    Raises :class:`Unsupported` where the case has more channels than the codec takes; ``prepare`` raises ValueError
    for audio that holds NaN or infinity.
    """

    if case.channels > codec.channels:
        raise Unsupported("mono only" if codec.channels == 1 else f"at most {codec.channels} channels")
    if case.params.get("batch", 1) > 1:
        return _batched(codec, case)
    trip = Trip(codec, case)
    made = {
        "encode": Op(codec.encode, trip.enter, lambda packets: (_joined(packets), trip.facts(packets))),
        "decode": Op(codec.decode, trip.encoded, lambda out: (trip.leave(out), trip.facts(trip.packets))),
    }
    if codec.stream and codec.frame:
        made["stream"] = Op(_Stream.next, trip.streaming, lambda _: trip.streamed(), codec.frame / codec.rate)
    return made


def _batched(codec: Codec, case: Case) -> dict[str, Op]:
    """``encode`` and ``decode`` of several sounds of one length in a call, (batch, channels, samples)."""
    import numpy as np

    if codec.encode_batch is None or codec.decode_batch is None:
        raise Unsupported("takes one sound at a time: --case batch=1")
    trip, many = Trip(codec, case), codec.encode_batch

    def enter(audio: np.ndarray) -> Any:
        return np.stack([trip.enter(sound) for sound in audio])

    def facts(batch: list[Packets]) -> Any:
        return np.mean([trip.facts(packets) for packets in batch], axis=0)

    def encoded(audio: np.ndarray) -> list[Packets]:
        trip.batch = many(enter(audio))
        return trip.batch

    def left(out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.stack([trip.leave(sound) for sound in out]), facts(trip.batch)

    return {
        "encode": Op(many, enter, lambda batch: (_joined([p for packets in batch for p in packets]), facts(batch))),
        "decode": Op(codec.decode_batch, encoded, left),
    }


class Trip:
    """One codec in one case: from the case's rate to the codec's and back; remembers what it prepared last."""

    def __init__(self, codec: Codec, case: Case):
        self.codec, self.case_rate = codec, case.sample_rate
        self.native: np.ndarray
        self.packets: Packets = []
        self.batch: list[Packets] = []

    def enter(self, audio: np.ndarray) -> np.ndarray:
        import numpy as np

        if not np.isfinite(audio).all():
            raise ValueError("the audio holds NaN or infinity, which no codec can take")
        self.native = resample(audio, self.case_rate, self.codec.rate)
        return self.native

    def encoded(self, audio: np.ndarray) -> Packets:
        self.packets = self.codec.encode(self.enter(audio))
        return self.packets

    def leave(self, out: np.ndarray) -> np.ndarray:
        return resample(out, self.codec.rate, self.case_rate)

    def whole(self, audio: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        """The decoded audio, (channels, samples') at the case's rate, and those of its FACTS that are known."""
        out = self.leave(self.codec.decode(self.encoded(audio)))
        return out, known(self.facts(self.packets))

    def streaming(self, audio: np.ndarray) -> _Stream:
        return _Stream(self.codec, self.enter(audio))

    def streamed(self) -> tuple[np.ndarray, np.ndarray]:
        """All frames of what entered last through a fresh state, and the FACTS without bitrates."""
        import numpy as np

        stream, parts, buffer, came = _Stream(self.codec, self.native), [], 0, 0
        for number in range(len(stream.frames)):
            parts.append(stream.next())
            if parts[-1].shape[1]:
                buffer = max(buffer, (number + 1) * self.codec.frame - came)
            came += parts[-1].shape[1]
        return self.leave(np.concatenate(parts, axis=1)), self.facts(None, buffer)

    def facts(self, packets: Packets | None, buffer: float = float("nan")) -> np.ndarray:
        """FACTS of these packets, which stand for the audio that entered last."""
        import numpy as np

        c, seconds = self.codec, self.native.shape[1] / self.codec.rate
        payload = np.nan if packets is None else c.payload_bits(packets) / seconds
        container = c.container_bits(packets) / seconds if packets and c.container_bits else np.nan
        delay = np.nan if c.delay is None else c.delay
        rest = (c.rate, c.frame, delay, buffer, c.model_bytes, c.lossless, c.parametric, c.random_weights)
        size = (c.parameters or np.nan, c.macs or np.nan)
        differences = (c.differences.get(name, np.nan) for name in FACTS[-3:])
        return np.array([c.nominal, payload, container, *rest, *size, *differences], np.float64)


def known(facts: np.ndarray) -> dict[str, float]:
    """FACTS by name, without those that are not known."""
    return {name: float(value) for name, value in zip(FACTS, facts, strict=True) if value == value}


class _Stream:
    """The frames of one signal, fed in turn to one fresh state, from the beginning again after the last."""

    def __init__(self, codec: Codec, audio: np.ndarray):
        import numpy as np

        assert codec.stream
        self.feed, self.at = codec.stream(), 0
        count = max(1, -(-audio.shape[1] // codec.frame))
        padded = np.pad(audio, ((0, 0), (0, count * codec.frame - audio.shape[1])))
        self.frames = [np.ascontiguousarray(part) for part in np.split(padded, count, axis=1)]

    def next(self) -> np.ndarray:
        frame = self.frames[self.at]
        self.at = (self.at + 1) % len(self.frames)
        return self.feed(frame)


def _joined(packets: Packets) -> Any:
    import numpy as np

    return np.frombuffer(b"".join(packets), np.uint8)

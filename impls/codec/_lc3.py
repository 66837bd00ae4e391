"""liblc3 through lc3py's own binding of it, but with states that are made quickly and freed.

lc3py 1.1 runs a program to look for the C library whenever it makes an encoder or a decoder, and frees neither.
"""

from __future__ import annotations

import ctypes
from typing import Any

import lc3
import numpy as np

S16 = 0  # LC3_PCM_FORMAT_S16


class Coder:
    """What encoders and decoders of one setting share; made once."""

    def __init__(self, frame_us: int, rate: int, channels: int):
        self.encoding = lc3.Encoder(frame_us, rate, channels)
        self.decoding = lc3.Decoder(frame_us, rate, channels)
        self.frame, self.lag = self.encoding.get_frame_samples(), self.encoding.get_delay_samples()
        self.channels = channels

    def bytes_for(self, bitrate: float) -> int:
        """Size of a frame of all channels at the nearest bitrate (bit/s) that there is."""
        size: int = self.encoding.get_frame_bytes(round(bitrate))
        return size

    def _states(self, made: Any, kind: str) -> tuple[list[Any], list[Any]]:
        sizes = getattr(made.lib, f"lc3_hr_{kind}_size")(False, made.frame_duration_us, made.sample_rate_hz)
        memory = [ctypes.create_string_buffer(sizes) for _ in range(self.channels)]
        set_up = getattr(made.lib, f"lc3_hr_setup_{kind}")
        rate = made.sample_rate_hz
        return [set_up(False, made.frame_duration_us, rate, rate, block) for block in memory], memory

    def _shares(self, size: int) -> list[int]:
        """Bytes of each channel in a packet of ``size``."""
        return [size // self.channels + (channel < size % self.channels) for channel in range(self.channels)]

    def encoder(self, size: int) -> Any:
        """A fresh ``encode(samples) -> packet``: int16 (channels, frame) -> ``size`` bytes."""
        states, memory = self._states(self.encoding, "encoder")
        shares, out = self._shares(size), [np.empty(size, np.uint8) for _ in states]

        def encode(samples: np.ndarray, _alive: Any = memory) -> bytes:
            for state, share, row, data in zip(states, shares, np.ascontiguousarray(samples), out, strict=True):
                if self.encoding.lib.lc3_encode(state, S16, row.ctypes.data, 1, share, data.ctypes.data):
                    raise ValueError("liblc3 cannot encode this frame")
            return b"".join(data[:share].tobytes() for data, share in zip(out, shares, strict=True))

        return encode

    def decoder(self) -> Any:
        """A fresh ``decode(packet) -> int16 (channels, frame)``; ValueError for a packet of impossible size."""
        states, memory = self._states(self.decoding, "decoder")

        def decode(packet: bytes, _alive: Any = memory) -> np.ndarray:
            samples, at = np.empty((self.channels, self.frame), np.int16), 0
            for state, share, row in zip(states, self._shares(len(packet)), samples, strict=True):
                data = packet[at : at + share]
                # 1: concealed, as after a loss; below 0: refused
                if self.decoding.lib.lc3_decode(state, data, share, S16, row.ctypes.data, 1) < 0 or not share:
                    raise ValueError("liblc3 cannot decode this packet")
                at += share
            return samples

        return decode

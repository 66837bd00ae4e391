"""libsndfile: whole files in memory, and what is inside an Ogg page."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
import soundfile

Array = np.ndarray
MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def write(x: Array, rate: int, subtype: str, format: str, **settings: Any) -> bytes:
    """float32 or int16 (channels, samples) -> the bytes of a file."""
    file = BytesIO()
    with soundfile.SoundFile(file, "w", rate, x.shape[0], subtype, format=format, **settings) as sound:
        for at in range(0, x.shape[1], rate):  # libvorbis keeps what one call brings on the stack
            sound.write(x[:, at : at + rate].T)
    return file.getvalue()


def read(data: bytes) -> Array:
    """The bytes of a file with a header -> float32 (channels, samples)."""
    return soundfile.read(BytesIO(data), dtype="float32", always_2d=True)[0].T


def pages(data: bytes) -> list[bytes]:
    """An Ogg file cut into its pages (RFC 3533, section 6): 27 bytes, a table of segment lengths, the segments.

    Their serial number, which libsndfile draws from the clock, becomes 0, so that the same sound gives the same bytes.
    """
    found, at = [], 0
    while at < len(data):
        segments = data[at + 26]
        size = 27 + segments + sum(data[at + 27 : at + 27 + segments])
        found.append(_numbered(data[at : at + size]))
        at += size
    return found


def vorbis_nominal(rate: int, channels: int, quality: float) -> int:
    """The bitrate (bit/s) that libvorbis itself expects of a quality: bytes 20 to 23 of its first header."""
    file = write(np.zeros((channels, 0), np.float32), rate, "VORBIS", "OGG", compression_level=1 - quality)
    return int.from_bytes(file[48:52], "little")


def _numbered(page: bytes, serial: int = 0) -> bytes:
    """The page with this serial number (bytes 14 to 17) and the checksum (22 to 25) that belongs to it."""
    page = page[:14] + serial.to_bytes(4, "little") + page[18:22] + bytes(4) + page[26:]
    # zlib's CRC-32 has the same polynomial, but takes and gives bits in the other order, and begins at -1, not at 0
    mirrored = zlib.crc32(page.translate(MIRROR), 2**32 - 1) ^ (2**32 - 1)
    return page[:22] + mirrored.to_bytes(4, "big").translate(MIRROR) + page[26:]


def packet_sizes(found: list[bytes]) -> list[int]:
    """Bytes of each packet in Ogg pages: a packet ends with the first segment that is shorter than 255 bytes."""
    sizes, size = [], 0
    for page in found:
        for segment in page[27 : 27 + page[26]]:
            size += segment
            if segment < 255:
                sizes.append(size)
                size = 0
    return sizes


class Raw:
    """``raw(samples) -> bytes``: an encoder without a header, fed with int16 (1, samples) bit by bit."""

    def __init__(self, subtype: str, rate: int):
        self.file = BytesIO()
        self.sound = soundfile.SoundFile(self.file, "w", rate, 1, subtype, format="RAW")

    def __call__(self, samples: Array) -> bytes:
        before = self.file.tell()
        self.sound.write(np.ascontiguousarray(samples[0]))
        return self.file.getvalue()[before:]


def at_payload(
    make: Callable[[Array, float], list[bytes]], payload: Callable[[list[bytes]], int], bits_per_sample: float
) -> Callable[[Array], list[bytes]]:
    """``encode(x)`` by a quality from 0 to 1, the one at which the payload comes nearest to ``bits_per_sample``.

    It is searched once for a signal, by halves, and remembered: only the first call of several takes the time.
    """
    found: dict[bytes, float] = {}

    def encode(x: Array) -> list[bytes]:
        key = sha256(np.ascontiguousarray(x)).digest()
        if key not in found:
            low, high, wanted = 0.0, 1.0, bits_per_sample * x.shape[1]
            for _ in range(8):
                middle = (low + high) / 2
                low, high = (low, middle) if payload(make(x, middle)) > wanted else (middle, high)
            found[key] = min((low, high), key=lambda quality: abs(payload(make(x, quality)) - wanted))
        return make(x, found[key])

    return encode

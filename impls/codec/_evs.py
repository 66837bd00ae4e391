"""The reference programs of EVS: 3GPP offers their source, TS 26.443, to be built and not to be passed on."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from impls.codec._program import convert, program

HOW = "build EVS_cod and EVS_dec from the source of 3GPP TS 26.443 and set BENCH_EVS_ENCODER and BENCH_EVS_DECODER"
ENCODER, DECODER = program("BENCH_EVS_ENCODER", HOW), program("BENCH_EVS_DECODER", HOW)
__version__ = "sha256 " + hashlib.sha256(Path(ENCODER).read_bytes() + Path(DECODER).read_bytes()).hexdigest()[:12]

QUIET = ("-q", "-no_delay_cmp")
"""No frame counter; and the delay is left in what comes out, as in the stream of a call."""

SYNC = 0x6B21


def encode(samples: bytes, bitrate: int, rate: int) -> list[bytes]:
    """Samples of 16 bits -> frames of 20 ms as ITU-T G.192 has them: SYNC, a length n, n words of one bit each."""
    return frames(convert([ENCODER, *QUIET, str(bitrate), str(rate // 1000)], samples))


def decode(packets: list[bytes], rate: int) -> bytes:
    """Frames -> samples of 16 bits."""
    return convert([DECODER, *QUIET, str(rate // 1000)], b"".join(packets))


def bits(packets: list[bytes]) -> int:
    """Bits of speech in frames: each takes a word of 16, after two words of head."""
    return sum(len(packet) // 2 - 2 for packet in packets)


def frames(data: bytes) -> list[bytes]:
    """A bit stream of G.192 cut into its frames; RuntimeError where it is none."""
    found, at = [], 0
    while at < len(data):
        sync, length = struct.unpack_from("<HH", data, at) if len(data) - at >= 4 else (0, 0)
        size = 4 + 2 * length
        if sync != SYNC or at + size > len(data):
            raise RuntimeError(f"no whole G.192 frame at byte {at} of what EVS_cod wrote")
        found.append(data[at : at + size])
        at += size
    return found

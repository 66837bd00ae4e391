"""libspeex through its C interface (speex.h, speex_bits.h of version 1.2), where the system has it."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_int, c_void_p

import numpy as np

from impls.codec._library import library

LIBRARY = library("libspeex.so.1", "libspeex1")
for name, result, arguments in (
    ("speex_lib_ctl", c_int, [c_int, c_void_p]),
    ("speex_lib_get_mode", c_void_p, [c_int]),
    ("speex_encoder_init", c_void_p, [c_void_p]),
    ("speex_encoder_ctl", c_int, [c_void_p, c_int, c_void_p]),
    ("speex_encode_int", c_int, [c_void_p, c_void_p, c_void_p]),
    ("speex_encoder_destroy", None, [c_void_p]),
    ("speex_decoder_init", c_void_p, [c_void_p]),
    ("speex_decoder_ctl", c_int, [c_void_p, c_int, c_void_p]),
    ("speex_decode_int", c_int, [c_void_p, c_void_p, c_void_p]),
    ("speex_decoder_destroy", None, [c_void_p]),
    ("speex_bits_init", None, [c_void_p]),
    ("speex_bits_reset", None, [c_void_p]),
    ("speex_bits_write", c_int, [c_void_p, c_char_p, c_int]),
    ("speex_bits_read_from", None, [c_void_p, c_char_p, c_int]),
    ("speex_bits_destroy", None, [c_void_p]),
):
    function = getattr(LIBRARY, name)
    function.restype, function.argtypes = result, arguments

GET_FRAME_SIZE, SET_QUALITY, SET_COMPLEXITY, GET_BITRATE, SET_SAMPLING_RATE, GET_LOOKAHEAD = 3, 4, 16, 19, 24, 39
GET_VERSION_STRING = 9  # of the library, not of a state


def _version() -> str:
    text = c_char_p()
    LIBRARY.speex_lib_ctl(GET_VERSION_STRING, byref(text))
    return (text.value or b"").decode()


__version__ = _version()


class _Coder:
    """One state of libspeex and its SpeexBits, a structure of fewer than 64 bytes."""

    def __init__(self, kind: str, mode: int, rate: int):
        self.kind = kind
        self.state = getattr(LIBRARY, f"speex_{kind}_init")(LIBRARY.speex_lib_get_mode(mode))
        self.bits = ctypes.create_string_buffer(64)
        LIBRARY.speex_bits_init(self.bits)
        self.set(SET_SAMPLING_RATE, rate)
        self.frame, self.lookahead = self.get(GET_FRAME_SIZE), self.get(GET_LOOKAHEAD)

    def set(self, request: int, value: int) -> None:
        getattr(LIBRARY, f"speex_{self.kind}_ctl")(self.state, request, byref(c_int(value)))

    def get(self, request: int) -> int:
        value = c_int()
        getattr(LIBRARY, f"speex_{self.kind}_ctl")(self.state, request, byref(value))
        return value.value

    def __del__(self) -> None:
        LIBRARY.speex_bits_destroy(self.bits)
        getattr(LIBRARY, f"speex_{self.kind}_destroy")(self.state)


class Encoder(_Coder):
    """``encoder(samples) -> packet``: int16 (1, ``frame``) -> one frame, filled up to whole bytes."""

    def __init__(self, mode: int, rate: int, quality: int, complexity: int):
        super().__init__("encoder", mode, rate)
        self.set(SET_COMPLEXITY, complexity)
        self.set(SET_QUALITY, quality)
        self.bitrate = self.get(GET_BITRATE)
        self.out = ctypes.create_string_buffer(512)

    def __call__(self, samples: np.ndarray) -> bytes:
        frame = samples[0].astype(np.int16)  # a copy: the encoder writes into its input
        assert len(frame) == self.frame
        LIBRARY.speex_bits_reset(self.bits)
        LIBRARY.speex_encode_int(self.state, frame.ctypes.data, self.bits)
        size = LIBRARY.speex_bits_write(self.bits, self.out, len(self.out))
        return self.out.raw[:size]


class Decoder(_Coder):
    """``decoder(packet) -> int16 (1, frame)``; ValueError for a packet that is no frame."""

    def __init__(self, mode: int, rate: int):
        super().__init__("decoder", mode, rate)

    def __call__(self, packet: bytes) -> np.ndarray:
        samples = np.zeros((1, self.frame), np.int16)
        LIBRARY.speex_bits_read_from(self.bits, packet, len(packet))
        if LIBRARY.speex_decode_int(self.state, self.bits, samples.ctypes.data):
            raise ValueError("libspeex cannot decode this packet")
        return samples


def bitrates(mode: int, rate: int) -> dict[int, int]:
    """The constant bitrates (bit/s) of a mode, each with the quality, 0 to 10, that sets it."""
    return {Encoder(mode, rate, quality, 1).bitrate: quality for quality in range(11)}

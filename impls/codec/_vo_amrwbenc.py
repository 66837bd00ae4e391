"""VisualOn's AMR-WB encoder, which Debian packages and no wheel does: enc_if.h of vo-amrwbenc."""

from __future__ import annotations

import ctypes

import numpy as np

from impls.codec._library import library

LIBRARY = library("libvo-amrwbenc.so.0", "libvo-amrwbenc0")
LIBRARY.E_IF_init.restype = ctypes.c_void_p
LIBRARY.E_IF_encode.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
LIBRARY.E_IF_exit.argtypes = [ctypes.c_void_p]
FRAME = 320


class Encoder:
    """``encoder(samples) -> packet``: int16 (1, 320) at 16 kHz -> header byte and payload; ``mode`` from 0 to 8."""

    def __init__(self, mode: int):
        self.state, self.mode = LIBRARY.E_IF_init(), mode
        self.out = ctypes.create_string_buffer(64)
        if not self.state:
            raise MemoryError("vo-amrwbenc gave no encoder")

    def __call__(self, samples: np.ndarray) -> bytes:
        frame = np.ascontiguousarray(samples[0], np.int16)
        assert len(frame) == FRAME
        size = LIBRARY.E_IF_encode(self.state, self.mode, frame.ctypes.data, self.out, 0)
        return self.out.raw[:size]

    def __del__(self) -> None:
        if getattr(self, "state", None):
            LIBRARY.E_IF_exit(self.state)

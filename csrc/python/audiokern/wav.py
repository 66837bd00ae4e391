"""WAV files by mmap: samples as float32, and no more of a file is read than is asked for."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._lib import F32, AudiokernError, Options, address, check, contiguous, declare, lib, options, output, whole

__all__ = ["Batch", "Wav"]


class _Info(ctypes.Structure):
    _fields_ = [
        ("frames", ctypes.c_uint64),
        ("offset", ctypes.c_uint64),
        ("sample_rate", ctypes.c_uint32),
        ("channels", ctypes.c_uint32),
        ("encoding", ctypes.c_int),
    ]


_U64 = np.dtype(np.uint64)
_ptr, _size, _u64 = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64
_open = declare("ak_wav_open", ctypes.POINTER(_ptr), ctypes.c_char_p)
_about = declare("ak_wav_about", _ptr, restype=_Info)
_read = declare("ak_wav_read", _ptr, _u64, _size, _ptr)
declare("ak_wav_close", _ptr, restype=None)
_create = declare("ak_wav_batch_create", ctypes.POINTER(_ptr), ctypes.POINTER(Options))
_read_batch = declare(
    "ak_wav_batch_read", _ptr, ctypes.POINTER(ctypes.c_char_p), _ptr, _size, _size, _ptr, _size, ctypes.POINTER(_size)
)
declare("ak_wav_batch_destroy", _ptr, restype=None)


class Wav:
    """One mapped file: ``frames``, ``channels``, ``sample_rate`` (Hz).

    Raises OSError where it cannot be opened, AudiokernError where it is no WAV file of PCM or floats.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._wav = ctypes.c_void_p()
        _check(_open(self._wav, os.fsencode(path)), path)
        about = _about(self._wav)
        self.frames, self.channels, self.sample_rate = about.frames, about.channels, about.sample_rate

    def __del__(self) -> None:
        if getattr(self, "_wav", None):
            lib.ak_wav_close(self._wav)

    def read(self, start: int = 0, frames: int | None = None, out: np.ndarray | None = None) -> np.ndarray:
        """``frames`` (None: all) from ``start`` on: float32 (frames,), or (frames, channels) where there are several.

        Raises AudiokernError where the file has no such frames.
        """
        start = whole(start, "start", _u64)
        count = max(0, self.frames - start) if frames is None else frames
        shape = (count,) if self.channels == 1 else (count, self.channels)
        out = output(out, shape, F32)
        check(_read(self._wav, start, count, address(out)))
        return out


class Batch:
    """Crops out of many mono files, by several threads."""

    def __init__(self, threads: int = 1) -> None:
        self._plan = ctypes.c_void_p()
        check(_create(self._plan, options(threads)))

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            lib.ak_wav_batch_destroy(self._plan)

    def read(self, paths: Sequence[Any], starts: Any, frames: int, out: np.ndarray | None = None) -> np.ndarray:
        """float32 (count, frames): of each path the ``frames`` from its start on, zeros beyond its end.

        Raises OSError where a file cannot be opened, AudiokernError where it is no mono WAV file.
        """
        given = np.asarray(starts)
        with np.errstate(invalid="ignore"):  # what NaN becomes is refused
            first = contiguous(given, _U64)
        if not np.array_equal(first, given):
            raise ValueError("starts must be whole numbers, none below 0")
        if first.shape != (len(paths),):
            raise ValueError(f"{len(paths)} paths need as many starts, not {first.shape}")
        names = (ctypes.c_char_p * len(paths))(*map(os.fsencode, paths))
        out, failed = output(out, (len(paths), frames), F32), ctypes.c_size_t()
        status = _read_batch(self._plan, names, address(first), len(paths), frames, address(out), frames, failed)
        if status:
            _check(status, paths[failed.value])
        return out


def _check(status: int, path: Any) -> None:
    """AudiokernError, or the OSError that opening the file gives."""
    if status == 10:  # AK_ERR_FILE
        with open(path, "rb"):
            pass
    if status:
        error = AudiokernError(status)
        error.add_note(os.fspath(path))
        raise error

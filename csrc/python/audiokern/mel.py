"""Mel spectrograms, log-mel, MFCC and Kaldi's filter banks, fused: one pass from the signal to the values.

The filter bank, the window and the DCT matrix are the caller's, so that any library's convention can be met.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._lib import F32, Bound, Last, Layout, Options, bind, check, declare, execute, f32, lib, options, rows_of, whole
from .stft import Config

__all__ = ["Mel"]

_LOGS = (None, "ln", "log10", "db")


class _MelConfig(ctypes.Structure):
    """ak_mel_config."""

    _fields_ = [
        ("stft", Config),
        ("power", ctypes.c_int),
        ("mels", ctypes.c_int),
        ("filters", ctypes.c_void_p),
        ("log", ctypes.c_int),
        ("floor", ctypes.c_float),
        ("range", ctypes.c_float),
        ("shift", ctypes.c_float),
        ("scale", ctypes.c_float),
        ("dct", ctypes.c_void_p),
        ("coefficients", ctypes.c_int),
        ("remove_mean", ctypes.c_int),
        ("preemphasis", ctypes.c_float),
    ]


_size, _stride, _pointer = ctypes.c_size_t, ctypes.c_ssize_t, ctypes.c_void_p
_config = ctypes.POINTER(_MelConfig)
_create = declare("ak_mel_create", ctypes.POINTER(_pointer), _config, ctypes.POINTER(Options))
_execute = declare(
    "ak_mel_execute",
    *(_pointer, _pointer, _size, _size, _stride, _pointer, _stride, _stride, _stride, _pointer),
)
_destroy = declare("ak_mel_destroy", _pointer, restype=None)
declare("ak_mel_channels", _config)


class Mel:
    """A plan: float32 ``(..., samples)`` to float32 ``(..., channels, frames)``.

    Safe to call from several threads (calls wait for one another).
    """

    def __init__(
        self,
        config: Config,
        filters: Any,
        power: int = 2,
        log: str | None = None,
        floor: float = 0.0,
        range: float = 0.0,
        shift: float = 0.0,
        scale: float = 1.0,
        dct: Any = None,
        remove_mean: bool = False,
        preemphasis: float = 0.0,
        frames_first: bool = False,
        threads: int = 1,
        isa: str = "auto",
    ) -> None:
        """What each parameter does is written in audiokern/mel.h.

        filters: (mels, n_fft // 2 + 1). log: None, "ln", "log10" or "db" of max(value, floor).
        range > 0 raises values to at least the row's maximum minus range; then (value + shift) * scale.
        dct: (coefficients, mels) for MFCC. frames_first: the result is (..., frames, channels) instead.
        """
        if log not in _LOGS:
            raise ValueError(f"log must be one of {', '.join(map(repr, _LOGS))}, not {log!r}")
        filters = f32(filters)
        if filters.ndim != 2 or filters.shape[1] != config.bins:
            raise ValueError(f"filters must have the shape (mels, {config.bins}), not {filters.shape}")
        dct = None if dct is None else f32(dct)
        if dct is not None and (dct.ndim != 2 or dct.shape[1] != filters.shape[0]):
            raise ValueError(f"dct must have the shape (coefficients, {filters.shape[0]}), not {dct.shape}")
        c = _MelConfig(
            power=whole(power, "power"),
            mels=filters.shape[0],
            filters=filters.ctypes.data,
            log=_LOGS.index(log),
            floor=floor,
            range=range,
            shift=shift,
            scale=scale,
            dct=None if dct is None else dct.ctypes.data,
            coefficients=0 if dct is None else dct.shape[0],
            remove_mean=bool(remove_mean),
            preemphasis=preemphasis,
        )
        ctypes.pointer(c.stft)[0] = config
        self._plan = ctypes.c_void_p()
        self.config = config = config.copy()
        self.frames_first = frames_first
        check(_create(self._plan, c, options(threads, isa)))
        self.channels = channels = int(lib.ak_mel_channels(c))

        def layout(shape: tuple[int, ...]) -> Layout:
            rows, samples = rows_of(shape), shape[-1]
            frames = config.frames(samples)
            values, strides = ((frames, channels), (channels, 1)) if frames_first else ((channels, frames), (1, frames))
            return Layout((*shape[:-1], *values), (), (rows, samples, samples), (frames * channels, *strides, None))

        self._layout = Last(layout)

    def __call__(self, x: Any, out: np.ndarray | None = None) -> np.ndarray:
        """(..., channels, frames) of ``x`` (..., samples), or (..., frames, channels) if frames_first."""
        x = f32(x)
        return execute(_execute, self._plan, self._layout(x.shape), x, out, F32)

    def bind(self, x: Any, out: np.ndarray | None = None) -> Bound:
        """The call with its arrays bound, to be repeated."""
        x = f32(x)
        return bind(_execute, self, self._layout(x.shape), x, out, F32)

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            _destroy(self._plan)

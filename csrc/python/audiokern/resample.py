"""Resampling by any rational ratio, whole signals or streams."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._lib import F32, Last, Layout, Options, address, check, declare, execute, f32, lib, options, rows_of, whole

__all__ = ["QUALITIES", "Resampler", "Stream"]

QUALITIES = ("low", "fast", "hq", "vhq")  # in the order of ak_resample_quality
_CUSTOM = len(QUALITIES)
_METHODS = ("auto", "direct")  # in the order of ak_resample_method


class _Config(ctypes.Structure):
    _fields_ = [
        ("rate_in", ctypes.c_int),
        ("rate_out", ctypes.c_int),
        ("quality", ctypes.c_int),
        ("passband", ctypes.c_double),
        ("stopband", ctypes.c_double),
        ("attenuation", ctypes.c_double),
        ("method", ctypes.c_int),
    ]


_ptr, _size, _handle = ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_void_p)
_create = declare("ak_resample_create", _handle, ctypes.POINTER(_Config), ctypes.POINTER(Options))
_length = declare("ak_resample_length", _ptr, _size, restype=_size)
_reach = declare("ak_resample_reach", _ptr, restype=_size)
_execute = declare("ak_resample_execute", _ptr, _ptr, _size, _size, _ptr, _size, _ptr, _size)
declare("ak_resample_destroy", _ptr, restype=None)
_stream_create = declare("ak_resample_stream_create", _handle, _ptr, _size)
_stream_delay = declare("ak_resample_stream_delay", _ptr, restype=_size)
_stream_ready = declare("ak_resample_stream_ready", _ptr, _size, restype=_size)
_stream_rest = declare("ak_resample_stream_rest", _ptr, restype=_size)
_stream_write = declare("ak_resample_stream_write", _ptr, _size, _ptr, _size, _ptr, _size, ctypes.POINTER(_size))
_stream_flush = declare("ak_resample_stream_flush", _ptr, _ptr, _size, ctypes.POINTER(_size))
_stream_reset = declare("ak_resample_stream_reset", _ptr, restype=None)
declare("ak_resample_stream_destroy", _ptr, restype=None)


class Resampler:
    """Resamples float32 signals along the last axis.

    quality: "low" (torchaudio's default filter), "fast" (100 dB, passband to 0.90 of the lower Nyquist
    frequency), "hq" (125 dB, 0.9255), "vhq" (150 dB, 0.9255, sums in float64), or a tuple (passband, stopband,
    attenuation in dB). Output sample n lies at the time of input sample n * rate_in / rate_out; N samples
    give ceil(N * rate_out / rate_in). method: "direct" gives the bits that a stream gives; "auto" uses blocks
    by FFT where that is faster, which differ from them by less than the filter's stopband.

    >>> Resampler(48000, 16000)(np.zeros(480, np.float32)).shape
    (160,)
    """

    def __init__(
        self,
        rate_in: int,
        rate_out: int,
        quality: str | tuple[float, float, float] = "hq",
        threads: int = 1,
        isa: str = "auto",
        method: str = "auto",
    ) -> None:
        if method not in _METHODS:
            raise ValueError(f"method must be one of {', '.join(_METHODS)}, not {method!r}")
        rates = whole(rate_in, "rate_in"), whole(rate_out, "rate_out")
        if isinstance(quality, str):
            if quality not in QUALITIES:
                raise ValueError(f"quality must be one of {', '.join(QUALITIES)} or a tuple, not {quality!r}")
            config = _Config(*rates, QUALITIES.index(quality), 0, 0, 0, _METHODS.index(method))
        else:
            config = _Config(*rates, _CUSTOM, *quality, _METHODS.index(method))
        self._plan = ctypes.c_void_p()
        check(_create(self._plan, config, options(threads, isa)))
        self.rate_in, self.rate_out, self.quality = rate_in, rate_out, quality
        plan = self._plan

        def layout(shape: tuple[int, ...]) -> Layout:
            samples = shape[-1]
            length = _length(plan, samples)
            return Layout((*shape[:-1], length), (None, rows_of(shape), samples), (samples,), (length,))

        self._layout = Last(layout)

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            lib.ak_resample_destroy(self._plan)

    def length(self, samples: int) -> int:
        """Output samples for ``samples`` input samples."""
        return _length(self._plan, whole(samples, "samples", _size))

    @property
    def reach(self) -> int:
        """Input samples on each side that count in an output sample."""
        return _reach(self._plan)

    def __call__(self, signal: Any, out: np.ndarray | None = None) -> np.ndarray:
        """``signal`` (..., samples) at the new rate, (..., length(samples))."""
        x = f32(signal)
        return execute(_execute, self._plan, self._layout(x.shape), x, out, F32)

    def stream(self, channels: int = 1) -> Stream:
        """A new stream of ``channels`` signals."""
        return Stream(self, channels)


class Stream:
    """Resamples a signal that arrives in pieces; the pieces' sizes do not change a bit of the result.

    Pieces are (channels, samples), or (samples,) for one channel, and so are the outputs.
    """

    def __init__(self, resampler: Resampler, channels: int = 1) -> None:
        self._resampler = resampler  # the stream needs its plan
        self._stream = ctypes.c_void_p()
        self.channels = whole(channels, "channels", _size)
        check(_stream_create(self._stream, resampler._plan, self.channels))

    def __del__(self) -> None:
        if getattr(self, "_stream", None):
            lib.ak_resample_stream_destroy(self._stream)

    @property
    def delay(self) -> int:
        """The most output samples that the stream owes beyond its input's time."""
        return _stream_delay(self._stream)

    def write(self, piece: Any) -> np.ndarray:
        """The outputs that ``piece`` completes; there may be none."""
        x = f32(piece)
        if x.shape[:-1] not in ((self.channels,), () if self.channels == 1 else (self.channels,)):
            raise ValueError(f"piece must be ({self.channels}, samples), not {x.shape}")
        samples = x.shape[-1]
        ready = _stream_ready(self._stream, samples)
        out = np.empty((*x.shape[:-1], ready), F32)
        check(_stream_write(self._stream, samples, address(x), samples, address(out), ready, None))
        return out

    def flush(self) -> np.ndarray:
        """The outputs still owed, (channels, samples); the stream then takes another signal."""
        rest = _stream_rest(self._stream)
        out = np.empty((self.channels, rest), F32)
        check(_stream_flush(self._stream, address(out), rest, None))
        return out

    def reset(self) -> None:
        """Forgets all input."""
        _stream_reset(self._stream)

"""Short-time Fourier transform and its inverse.

Conventions are torch's and librosa's, ``center`` as given: frame m begins at ``m * hop_length - left``,
``left = n_fft // 2`` where centred, no scaling, and a window shorter than ``n_fft`` stands in its
middle. Signals are float32 ``(..., samples)``, spectra complex64 ``(..., frames, n_fft // 2 + 1)``.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from ._lib import (
    C64,
    F32,
    Bound,
    Last,
    Layout,
    Options,
    address,
    bind,
    check,
    contiguous,
    declare,
    execute,
    f32,
    lib,
    options,
    output,
    rows_of,
    whole,
)

__all__ = ["Config", "Istft", "Stft", "istft_plain", "stft_plain"]

_PADS = ("constant", "reflect", "symmetric")
_CENTERS = {False: 0, True: 1, "hop": 2, "drop_last": 3}


class Config(ctypes.Structure):
    """ak_stft_config. Made by keyword; keeps its window alive."""

    _fields_ = [
        ("n_fft", ctypes.c_int),
        ("hop", ctypes.c_int),
        ("win_length", ctypes.c_int),
        ("window", ctypes.c_void_p),
        ("window_first", ctypes.c_int),
        ("center", ctypes.c_int),
        ("pad", ctypes.c_int),
        ("pad_value", ctypes.c_float),
    ]

    def __init__(
        self,
        n_fft: int,
        hop_length: int | None = None,
        window: Any = None,
        center: bool | str = True,
        pad_mode: str = "reflect",
        pad_value: float = 0.0,
        window_first: bool = False,
    ) -> None:
        """``window``: up to n_fft values (None: all ones); ``hop_length`` defaults to a quarter of n_fft.

        ``center="hop"`` and ``window_first`` are Kaldi's ``snip_edges=False`` and its zero-padding of short
        windows, ``center="drop_last"`` centres and leaves the last frame out, as Whisper does: see ak_stft_config.
        """
        if pad_mode not in _PADS:
            raise ValueError(f"pad_mode must be one of {', '.join(_PADS)}, not {pad_mode!r}")
        if center not in _CENTERS:
            raise ValueError(f"center must be one of {', '.join(map(str, _CENTERS))}, not {center!r}")
        n_fft = whole(n_fft, "n_fft")
        self.values = None if window is None else f32(window)
        if self.values is not None and not self.values.size:
            raise ValueError("window holds no values; None means all ones")
        super().__init__(
            n_fft,
            n_fft // 4 if hop_length is None else whole(hop_length, "hop_length"),
            n_fft if self.values is None else self.values.size,
            None if self.values is None else self.values.ctypes.data,
            bool(window_first),
            _CENTERS[center],
            _PADS.index(pad_mode),
            pad_value,
        )

    def copy(self) -> Config:
        """The same again: a plan makes its arrays by the config that it was made by, whatever becomes of that one."""
        same = Config.from_buffer_copy(self)
        same.values = self.values
        return same

    @property
    def bins(self) -> int:
        """Bins of a spectrum: n_fft // 2 + 1."""
        return self.n_fft // 2 + 1

    def frames(self, samples: int) -> int:
        """Frames of a signal of ``samples`` samples."""
        return int(lib.ak_stft_frames(self, whole(samples, "samples", _size)))

    def samples(self, frames: int) -> int:
        """Samples that the inverse of ``frames`` frames has when no length is asked for."""
        return int(lib.ak_istft_samples(self, whole(frames, "frames", _size)))


_size, _stride, _pointer = ctypes.c_size_t, ctypes.c_ssize_t, ctypes.c_void_p
_config = ctypes.POINTER(Config)
declare("ak_stft_frames", _config, _size, restype=_size)
declare("ak_istft_samples", _config, _size, restype=_size)
_plain = declare("ak_stft_plain", _config, _pointer, _size, _size, _stride, _pointer)
_inverse_plain = declare("ak_istft_plain", _config, _pointer, _size, _size, _pointer, _size, _stride)


def stft_plain(x: Any, config: Config, out: np.ndarray | None = None) -> np.ndarray:
    """The transform by its definition, in plain C: slow, for reading and checking."""
    x = f32(x)
    samples = x.shape[-1]
    spectrum = output(out, (*x.shape[:-1], config.frames(samples), config.bins), C64, x)
    check(_plain(config, address(x), rows_of(x.shape), samples, samples, address(spectrum)))
    return spectrum


def istft_plain(spectrum: Any, config: Config, length: int | None = None, out: np.ndarray | None = None) -> np.ndarray:
    """The least-squares inverse by its definition, in plain C: slow, for reading and checking."""
    spectrum = contiguous(spectrum, C64)
    rows, frames, samples = _spectra(spectrum.shape, config, length)
    x = output(out, (*spectrum.shape[:-2], samples), F32, spectrum)
    check(_inverse_plain(config, address(spectrum), rows, frames, address(x), samples, samples))
    return x


def _spectra(shape: tuple[int, ...], config: Config, length: int | None) -> tuple[int, int, int]:
    """Rows of spectra, frames of each, and samples of their inverse."""
    if len(shape) < 2:
        raise ValueError(f"spectrum must be (..., frames, bins), not {shape}")
    *lead, frames, bins = shape
    if bins != config.bins:
        raise ValueError(f"spectrum has {bins} bins, not n_fft // 2 + 1 = {config.bins}")
    return math.prod(lead), frames, config.samples(frames) if length is None else length


_handle = ctypes.POINTER(ctypes.c_void_p)
_options = ctypes.POINTER(Options)
_create = declare("ak_stft_create", _handle, _config, _options)
_execute = declare("ak_stft_execute", _pointer, _pointer, _size, _size, _stride, _pointer, _stride, _stride, _pointer)
_spectrogram = declare(
    "ak_stft_spectrogram",
    *(_pointer, ctypes.c_int, _pointer, _size, _size, _stride, _pointer, _stride, _stride, _pointer),
)
_destroy = declare("ak_stft_destroy", _pointer, restype=None)
_inverse_create = declare("ak_istft_create", _handle, _config, _options)
_inverse_execute = declare(
    "ak_istft_execute", _pointer, _pointer, _size, _size, _stride, _stride, _pointer, _size, _stride, _pointer
)
_inverse_destroy = declare("ak_istft_destroy", _pointer, restype=None)


class Stft:
    """A plan of the fast transform; safe to call from several threads (calls wait for one another)."""

    def __init__(self, config: Config, threads: int = 1, isa: str = "auto") -> None:
        self._plan = ctypes.c_void_p()
        self.config = config = config.copy()
        check(_create(self._plan, config, options(threads, isa)))

        def layout(shape: tuple[int, ...]) -> Layout:
            samples, bins = shape[-1], config.bins
            frames = config.frames(samples)
            strides = frames * bins, bins, None
            return Layout((*shape[:-1], frames, bins), (), (rows_of(shape), samples, samples), strides)

        self._layout = Last(layout)

    def __call__(self, x: Any, out: np.ndarray | None = None) -> np.ndarray:
        """Complex spectrum ``(..., frames, bins)`` of ``(..., samples)``."""
        x = f32(x)
        return execute(_execute, self._plan, self._layout(x.shape), x, out, C64)

    def bind(self, x: Any, out: np.ndarray | None = None) -> Bound:
        """The call with its arrays bound, to be repeated."""
        x = f32(x)
        return bind(_execute, self, self._layout(x.shape), x, out, C64)

    def spectrogram(self, x: Any, power: int = 2, out: np.ndarray | None = None) -> np.ndarray:
        """``|X| ** power`` with power 1 or 2, float32 ``(..., frames, bins)``."""
        x = f32(x)
        layout = self._layout(x.shape)
        return execute(_spectrogram, self._plan, layout._replace(before=(whole(power, "power"),)), x, out, F32)

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            _destroy(self._plan)


class Istft:
    """A plan of the fast least-squares inverse; safe to call from several threads."""

    def __init__(self, config: Config, threads: int = 1, isa: str = "auto") -> None:
        self._plan = ctypes.c_void_p()
        self.config = config = config.copy()
        check(_inverse_create(self._plan, config, options(threads, isa)))

        def layout(shape: tuple[int, ...], length: int | None) -> Layout:
            rows, frames, samples = _spectra(shape, config, length)
            between = rows, frames, frames * config.bins, config.bins
            return Layout((*shape[:-2], samples), (), between, (samples, samples, None))

        self._layout = Last(layout)

    def __call__(self, spectrum: Any, length: int | None = None, out: np.ndarray | None = None) -> np.ndarray:
        """(..., length) of ``spectrum`` (..., frames, bins); length defaults to what the frames cover."""
        spectrum = contiguous(spectrum, C64)
        return execute(_inverse_execute, self._plan, self._layout(spectrum.shape, length), spectrum, out, F32)

    def bind(self, spectrum: Any, length: int | None = None, out: np.ndarray | None = None) -> Bound:
        """The call with its arrays bound, to be repeated."""
        spectrum = contiguous(spectrum, C64)
        return bind(_inverse_execute, self, self._layout(spectrum.shape, length), spectrum, out, F32)

    def __del__(self) -> None:
        if getattr(self, "_plan", None):
            _inverse_destroy(self._plan)

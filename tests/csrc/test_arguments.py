"""What the binding refuses before C sees it: numbers that a C type does not hold, arrays that C may not be given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiokern import limits
from audiokern.fft import Fft
from audiokern.mel import Mel
from audiokern.quantize import Int8, Quantizer
from audiokern.resample import Resampler
from audiokern.stft import Config, Istft, Stft, istft_plain, stft_plain
from audiokern.vq import VectorQuantizer
from audiokern.wav import Batch, Wav

N, HOP = 64, 16
BINS = N // 2 + 1
WINDOW = np.hanning(N)
X = np.random.default_rng(0).standard_normal(640).astype(np.float32)


def config(n_fft: int = N, hop_length: int = HOP) -> Config:
    return Config(n_fft, hop_length, WINDOW)


def filters() -> np.ndarray:
    return np.ones((4, BINS))


def wav(folder: Path) -> Path:
    """A second of nothing: 100 samples of 16 bits."""
    header = b"RIFF\xec\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x64\0\0\0\xc8\0\0\0\x02\0\x10\0data\xc8\0\0\0"
    (folder / "a.wav").write_bytes(header + bytes(200))
    return folder / "a.wav"


INTS: dict[str, Callable[[int], Any]] = {  # calls that are right for a certain number, plus what is given
    "Fft n": lambda more: Fft(8 + more),
    "Config n_fft": lambda more: config(N + more),
    "Config hop_length": lambda more: config(N, HOP + more),
    "Stft threads": lambda more: Stft(config(), threads=1 + more),
    "Stft power": lambda more: Stft(config()).spectrogram(X, 2 + more),
    "Mel power": lambda more: Mel(config(), filters(), power=2 + more),
    "Resampler rate_in": lambda more: Resampler(3 + more, 2),
    "Resampler rate_out": lambda more: Resampler(3, 2 + more),
    "limits threads": lambda more: limits.fma(1 + more, seconds=0.01),
    "Batch threads": lambda more: Batch(1 + more),
}
SIZES: dict[str, Callable[[int], Any]] = {
    "frames": lambda more: config().frames(640 + more),
    "samples": lambda more: config().samples(10 + more),
    "length": lambda more: Resampler(3, 2).length(30 + more),
    "channels": lambda more: Resampler(3, 2).stream(1 + more),
    "bytes": lambda more: limits.bandwidth((1 << 16) + more, seconds=0.01),
}


@pytest.mark.parametrize("turns", [1, -1, 1 << 32])
@pytest.mark.parametrize("name", [*INTS, *SIZES])
def test_numbers_are_not_taken_modulo_the_size_of_their_type(name: str, turns: int) -> None:
    call, bits = (INTS[name], 32) if name in INTS else (SIZES[name], 64)
    call(0)
    with pytest.raises(OverflowError, match="out of the range"):
        call(turns << bits)


@pytest.mark.parametrize("call", SIZES.values(), ids=SIZES)
def test_sizes_are_not_negative(call: Callable[[int], Any]) -> None:
    with pytest.raises(OverflowError, match="out of the range"):
        call(-(1 << 20))


def test_numbers_that_are_not_whole_are_refused() -> None:
    assert Fft(np.int64(8)).forward(X[:8]).shape == (5,)  # type: ignore[arg-type]
    for wrong in (8.0, 8.5, "8", None):
        with pytest.raises(TypeError):
            Fft(wrong)  # type: ignore[arg-type]


def test_places_in_files_are_whole_numbers_from_0_on(tmp_path: Path) -> None:
    path = wav(tmp_path)
    assert Batch().read([path], [90], 20).shape == (1, 20)
    for start in (-5, 1.7, np.nan):
        with pytest.raises(ValueError, match="whole numbers"):
            Batch().read([path], np.array([start]), 10)
    for wrong in (-1, 1 << 64, (1 << 64) + 3):
        with pytest.raises(OverflowError, match="out of the range"):
            Wav(path).read(wrong, 10)


CODES = np.zeros(640, np.uint8)
SPECTRA = np.zeros((10, BINS), np.complex64)
BOOK = np.eye(4, dtype=np.float32)
Call = Callable[[np.ndarray, np.ndarray | None], np.ndarray]
CALLS: dict[str, tuple[np.ndarray, Call]] = {
    "stft": (X, lambda x, out: Stft(config())(x, out)),
    "stft bound": (X, lambda x, out: Stft(config()).bind(x, out)()),
    "spectrogram": (X, lambda x, out: Stft(config()).spectrogram(x, 2, out)),
    "stft plain": (X, lambda x, out: stft_plain(x, config(), out)),
    "istft": (SPECTRA, lambda x, out: Istft(config())(x, None, out)),
    "istft bound": (SPECTRA, lambda x, out: Istft(config()).bind(x, None, out)()),
    "istft plain": (SPECTRA, lambda x, out: istft_plain(x, config(), None, out)),
    "mel": (X, lambda x, out: Mel(config(), filters())(x, out)),
    "fft": (X.reshape(10, 64), lambda x, out: Fft(64).forward(x, out)),
    "inverse fft": (SPECTRA, lambda x, out: Fft(64).inverse(x, out)),
    "resample": (X, lambda x, out: Resampler(2, 1)(x, out)),
    "mulaw": (X, lambda x, out: Quantizer("mulaw").encode(x, out)),
    "decoded": (CODES, lambda x, out: Quantizer("mulaw").decode(x, out)),
    "float16": (X, lambda x, out: Quantizer("float16").encode(x, out)),
    "scales": (X.reshape(8, 80), lambda x, out: Int8("row").scales(x, out)),
    "int8": (X.reshape(8, 80), lambda x, out: Int8("row").encode(x, np.ones(8), out)),
    "from int8": (X.view(np.int8).reshape(8, 320), lambda x, out: Int8("row").decode(x, np.ones(8), out)),
    "vq": (X.reshape(160, 4), lambda x, out: VectorQuantizer(BOOK).encode(x, out)),
    "from vq": (np.zeros(160, np.int32), lambda x, out: VectorQuantizer(BOOK).decode(x, out)),
}


@pytest.mark.parametrize(("x", "call"), CALLS.values(), ids=CALLS)
def test_an_output_over_the_input_is_refused(x: np.ndarray, call: Call) -> None:
    """C reads what it has not yet written: the result would be wrong, and differ from CPU to CPU."""
    expected = call(x, None)
    room = np.zeros(x.nbytes + expected.nbytes, np.uint8)
    given = room[: x.nbytes].view(x.dtype).reshape(x.shape)
    given[...] = x
    behind = room[x.nbytes :].view(expected.dtype).reshape(expected.shape)
    np.testing.assert_array_equal(call(given, behind), expected)
    for begin in (0, x.nbytes - expected.itemsize):  # the last byte of the input, at least
        out = room[begin : begin + expected.nbytes].view(expected.dtype).reshape(expected.shape)
        with pytest.raises(ValueError, match="overlap"):
            call(given, out)
    np.testing.assert_array_equal(given, x)


def off_by_a_byte(x: np.ndarray) -> np.ndarray:
    room = np.zeros(x.nbytes + 1, np.uint8)[1:]
    odd = np.frombuffer(room.data, x.dtype).reshape(x.shape)
    odd[...] = x
    return odd


@pytest.mark.parametrize(("x", "call"), CALLS.values(), ids=CALLS)
def test_arrays_that_are_not_aligned_are_copied_or_refused(x: np.ndarray, call: Call) -> None:
    """C wants floats where floats may lie: large spectra, written past the cache, would end the process."""
    expected = call(x, None)
    np.testing.assert_array_equal(call(off_by_a_byte(x), None), expected)
    if expected.itemsize > 1:
        with pytest.raises(ValueError, match="aligned"):
            call(x, off_by_a_byte(expected))


@pytest.mark.parametrize("make", [Stft, lambda c: Mel(c, filters()), Istft], ids=["stft", "mel", "istft"])
def test_a_config_that_changes_later_changes_no_plan(make: Callable[[Config], Any]) -> None:
    """The plan would write as many frames as before into an array for those of now, and beyond it."""
    changing = config()
    plan = make(changing)
    changing.hop, changing.n_fft = N, N // 2
    x = SPECTRA if isinstance(plan, Istft) else X
    np.testing.assert_array_equal(plan(x), make(config())(x), strict=True)


def test_a_spectrum_without_frames_is_named() -> None:
    for plan in (Istft(config()), lambda x: istft_plain(x, config())):
        with pytest.raises(ValueError, match=r"spectrum must be \(\.\.\., frames, bins\)"):
            plan(SPECTRA[0])

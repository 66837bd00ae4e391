"""Short-time Fourier transform and its inverse, in the conventions that torch and librosa share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from bench import Case, Check, Suite, Work
from bench.core import written_as

TOLERANCE = 1e-6  # relative error, norm-wise; single precision reaches 1e-7 to 2e-7
SILENCE = 1e-20  # amplitude (-400 dB full scale) below which only the absolute error counts: denormals may flush


def samples(case: Case) -> int:
    """Samples per row of a case's audio."""
    return round(case.seconds * case.sample_rate)


def frames(case: Case) -> int:
    """Frames per row: a frame starts every ``hop_length`` samples as long as it fits into the (padded) signal."""
    length = samples(case) + (2 * (case.n_fft // 2) if case.center else 0)
    return 1 + (length - case.n_fft) // case.hop_length


def inverse_length(case: Case) -> int:
    """Samples per row that the inverse returns: all of them when centred, else what the frames cover."""
    return samples(case) if case.center else (frames(case) - 1) * case.hop_length + case.n_fft


def reconstructed(case: Case) -> slice:
    """The samples that the inverse must restore.

    All of them when centred. Without padding, the window is (close to) zero at either end and nothing can be
    restored there: from ``n_fft - hop_length`` up to ``frames * hop_length`` every overlapping frame exists.
    """
    return slice(None) if case.center else slice(case.n_fft - case.hop_length, frames(case) * case.hop_length)


def hann(n_fft: int) -> np.ndarray:
    """The periodic Hann window, float64: ``sin(pi n / N) ** 2``."""
    return np.sin(np.pi * np.arange(n_fft) / n_fft) ** 2


def _grid(
    n_fft: int,
    hop_length: Sequence[int],
    sample_rate: Sequence[int],
    center: Sequence[bool] = (True,),
    batch: Sequence[int] = (1,),
    seconds: Sequence[float] = (4.0,),
) -> dict[str, Sequence[Any]]:
    return {
        "n_fft": [n_fft],
        "hop_length": hop_length,
        "center": center,
        "sample_rate": sample_rate,
        "batch": batch,
        "seconds": seconds,
    }


class Stft(Suite):
    """``X[b, m, k] = sum_n w[n] x[b, m * hop_length + n - offset] exp(-2 pi i k n / n_fft)``, no scaling.

    ``forward``: float32 (batch, samples) -> complex64 (batch, frames, n_fft // 2 + 1).

    - ``w`` is the periodic Hann window of ``n_fft`` samples.
    - ``center`` on: the signal is extended by ``n_fft // 2`` samples at each end by reflection that does not
      repeat the edge sample (``offset = n_fft // 2``). Off: ``offset = 0``, and a tail too short for a frame
      is left out.

    ``inverse``: complex64 (batch, frames, n_fft // 2 + 1) -> float32 (batch, samples), the least-squares
    inverse of Griffin and Lim (1984, eq. 6): overlap-add of the windowed inverse transforms over the sum of the
    squared windows. Its input is the spectrum of the audio, so that it must restore the audio; see
    :func:`reconstructed` for where.

    Either answer is wrong when ``||out - reference|| / ||reference||`` over the whole array exceeds 1e-6.
    """

    name = "stft"
    title = "STFT: batch x samples float32 -> batch x frames x (n_fft/2+1) complex64, periodic Hann, no scaling"
    ops = ("forward", "inverse")
    grids: ClassVar = {
        "quick": [
            _grid(512, [128], [16000]),
            _grid(1024, [256], [24000], center=[False], batch=[2]),
        ],
        "default": [
            _grid(400, [160], [16000], seconds=[30.0]),
            _grid(512, [128], [16000], center=[False], batch=[16], seconds=[2.0]),
            *(_grid(n_fft, [n_fft // 4], [48000], seconds=[10.0]) for n_fft in (1024, 2048, 4096)),
        ],
        "full": [
            _grid(n_fft, [n_fft // 4, 160], [16000, 24000, 44100, 48000], [True, False], [batch], [seconds])
            for n_fft in (400, 512, 1024, 2048, 4096)
            for batch, seconds in ((1, 30.0), (16, 2.0))
        ],
        "kernels": [
            _grid(n_fft, [hop], [16000], batch=[batch], seconds=[seconds])
            for batch, seconds in ((1, 60.0), (16, 10.0))
            for n_fft, hop in ((400, 160), (512, 160), (1024, 256), (2048, 512))
        ],
        "hour": [_grid(n_fft, [hop], [16000], seconds=[3600.0]) for n_fft, hop in ((400, 160), (1024, 256))],
    }

    def kind(self, impl: str) -> str:
        return written_as(impl)

    def audio(self, case: Case) -> np.ndarray:
        from bench.corpus import clip

        return clip(case.corpus, case.seconds, case.sample_rate, case.batch, case.seed)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        return {"forward": (audio,), "inverse": (forward(case, audio).astype(np.complex64),)}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray:
        return forward(case, *args) if op == "forward" else inverse(case, *args)

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        assert reference is not None
        dtype = np.complex64 if op == "forward" else np.float32
        if wrong := _differs(out, reference.shape, dtype):
            return Check(wrong=wrong)
        region = (...,) if op == "forward" else (..., reconstructed(case))
        error = relative_error(out[region], reference[region])
        return Check(
            {"error": error}, "" if error <= TOLERANCE else f"relative error {error:.1e} exceeds {TOLERANCE:g}"
        )

    def work(self, case: Case, op: str) -> Work:
        """A real FFT of N points costs 2.5 N log2 N; the window one multiplication a sample.

        The inverse adds one for the overlap. Each sample and each bin crosses memory once.
        """
        count, n = case.batch * frames(case), case.n_fft
        per_frame = 2.5 * n * math.log2(n) + (n if op == "forward" else 2 * n)
        return Work(count * per_frame, 4.0 * case.batch * samples(case) + 8.0 * count * (n // 2 + 1))

    def audio_seconds(self, case: Case) -> float:
        return float(case.batch * case.seconds)

    def valid(self, case: Case) -> bool:
        """At least two overlapping frames, and a signal longer than the reflection."""
        overlap = 1 <= case.hop_length <= case.n_fft / 2
        return bool(overlap and case.batch >= 1 and samples(case) >= case.n_fft + case.hop_length)


def forward(case: Case, audio: np.ndarray) -> np.ndarray:
    """The definition in float64: complex128 (batch, frames, n_fft // 2 + 1)."""
    signal = audio.astype(np.float64)
    if case.center:
        signal = np.pad(signal, ((0, 0), (case.n_fft // 2,) * 2), mode="reflect")
    index = case.hop_length * np.arange(frames(case))[:, None] + np.arange(case.n_fft)
    return np.fft.rfft(signal[:, index] * hann(case.n_fft))


def inverse(case: Case, spectrum: np.ndarray) -> np.ndarray:
    """The least-squares inverse in float64: float64 (batch, samples)."""
    window, n, hop = hann(case.n_fft), case.n_fft, case.hop_length
    pieces = np.fft.irfft(spectrum.astype(np.complex128), n) * window
    signal = np.zeros((spectrum.shape[0], (spectrum.shape[1] - 1) * hop + n))
    envelope = np.zeros(signal.shape[1])
    for start, piece in zip(range(0, signal.shape[1], hop), pieces.swapaxes(0, 1), strict=False):
        signal[:, start : start + n] += piece
        envelope[start : start + n] += window**2
    first = n // 2 if case.center else 0
    kept = slice(first, first + inverse_length(case))
    return signal[:, kept] / np.maximum(envelope[kept], 1e-11)


def relative_error(out: np.ndarray, reference: np.ndarray) -> float:
    """``||out - reference|| / ||reference||``, the denominator at least that of a signal at -400 dB."""
    scale = max(float(np.linalg.norm(reference)), SILENCE * math.sqrt(reference.size))
    return float(np.linalg.norm(out - reference)) / scale if reference.size else 0.0


def _differs(out: Any, shape: tuple[int, ...], dtype: Any) -> str:
    """Why ``out`` is not an array of this shape and type."""
    if not isinstance(out, np.ndarray):
        return f"returned {type(out).__name__}, not an array"
    if out.shape != shape:
        return f"shape {out.shape}, not {shape}"
    return "" if out.dtype == dtype else f"{out.dtype}, not {np.dtype(dtype)}"

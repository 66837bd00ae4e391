"""The real Fourier transform alone, on rows that stay in the cache: what is left when memory is out of the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from bench import Case, Check, Suite, Work

TOLERANCE = 1e-6  # relative error, norm-wise; single precision reaches 1e-7 to 2e-7
SILENCE = 1e-20  # amplitude (-400 dB full scale) below which only the absolute error counts: denormals may flush
SAMPLE_RATE = 16000
SAMPLES = 1 << 15  # in all rows together: 128 KiB, and as much for the spectra, half of a second-level cache of 512 KiB
LANES = 16  # floats in the widest vector: a multiple of it leaves nobody with a remainder


def rows(n: int) -> int:
    """Rows of ``n`` samples in one call: about SAMPLES in all, a multiple of 16."""
    return max(1, SAMPLES // n // LANES) * LANES


def _grid(sizes: Sequence[int]) -> list[dict[str, Sequence[Any]]]:
    return [{"n": [n], "batch": [rows(n)]} for n in sizes]


class Fft(Suite):
    """``X[b, k] = sum_j x[b, j] exp(-2 pi i j k / n)`` of each row, no scaling, and its inverse, scaled by 1 / n.

    ``forward``: float32 (batch, n) -> complex64 (batch, n // 2 + 1). ``inverse``: complex64 (batch, n // 2 + 1), the
    spectra of the audio -> float32 (batch, n).

    Input and output together fill half of a second-level cache of 512 KiB, the smallest of today's (more where 16 rows
    are more: above 2048 points), and implementations write into the same output again and again where their library
    lets them. So no memory traffic is counted as work: "% of limit" is the share of the peak rate of multiply-adds. An
    answer is wrong when ``||out - reference|| / ||reference||`` exceeds 1e-6.
    """

    name = "fft"
    title = "real FFT in cache: batch x n float32 <-> batch x (n/2+1) complex64, the inverse scaled by 1/n"
    ops = ("forward", "inverse")
    grids: ClassVar = {
        "quick": _grid([512]),
        "default": _grid([400, 512, 1024, 2048, 4096]),
        "full": _grid([256, 320, 400, 441, 480, 512, 640, 960, 1024, 1536, 1920, 2048, 4096, 8192]),
        "kernels": _grid([400, 512, 1024, 2048, 4096]),
    }

    def audio(self, case: Case) -> np.ndarray:
        from bench.corpus import clip

        samples = case.batch * case.n
        return clip(case.corpus, samples / SAMPLE_RATE, SAMPLE_RATE, 1, case.seed).reshape(case.batch, case.n)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        return {"forward": (audio,), "inverse": (forward(audio).astype(np.complex64),)}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray:
        return forward(*args) if op == "forward" else np.fft.irfft(args[0].astype(np.complex128), case.n)

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        assert reference is not None
        dtype = np.complex64 if op == "forward" else np.float32
        if not isinstance(out, np.ndarray):
            return Check(wrong=f"returned {type(out).__name__}, not an array")
        if out.shape != reference.shape or out.dtype != dtype:
            return Check(wrong=f"{out.dtype} {out.shape}, not {np.dtype(dtype)} {reference.shape}")
        scale = max(float(np.linalg.norm(reference)), SILENCE * math.sqrt(reference.size))
        error = float(np.linalg.norm(out - reference)) / scale
        wrong = "" if error <= TOLERANCE else f"relative error {error:.1e} exceeds {TOLERANCE:g}"
        return Check({"error": error}, wrong)

    def work(self, case: Case, op: str) -> Work:
        """The split-radix algorithm's operations; no bytes, since everything stays in the cache."""
        return Work(case.batch * split_radix(case.n), 0.0)

    def audio_seconds(self, case: Case) -> float:
        return case.batch * case.n / SAMPLE_RATE

    def valid(self, case: Case) -> bool:
        return case.n >= 1 and case.batch >= 1


def forward(audio: np.ndarray) -> np.ndarray:
    """The transform in float64: complex128 (batch, n // 2 + 1)."""
    return np.fft.rfft(audio.astype(np.float64))


def split_radix(n: int) -> float:
    """Additions and multiplications of a real FFT of ``n`` points by split radix: 2 n log2 n - 4 n + 6.

    Sorensen, Jones, Heideman & Burrus, "Real-valued fast Fourier transform algorithms", IEEE Trans. ASSP 35(6), 1987.
    Exact for powers of two, of which it was the least known until 2004 (Johnson & Frigo, "A modified split-radix FFT
    with fewer arithmetic operations", IEEE Trans. Signal Processing 55(1), 2007, save another 6%); an interpolation for
    other sizes. The usual nominal count, 2.5 n log2 n, is half as large again.
    """
    return 2 * n * math.log2(n) - 4 * n + 6

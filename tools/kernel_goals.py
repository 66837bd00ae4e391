"""What the C kernels are to reach: goals, each a piece of work, a rival and a factor."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.report.digits import significant

Case = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """``ours`` is to be ``least`` times as fast as ``rival``, on every case of an operation that ``of`` accepts.

    Without a rival, ``least`` is a share of the peak rate of multiply-adds, by ``flops`` (default: the suite's count).
    With ``threads``, ours has so many and the rival one. None for ``least``: shown, and nothing is asked.
    ``registers``: of several threads, what the machine itself gives, by multiply-adds in registers.
    """

    work: str
    suite: str
    op: str
    rival: str = ""
    least: float | None = None
    aim: float | None = None
    of: Callable[[Case], bool] = lambda case: True
    ours: str = "c"
    threads: int = 1
    flops: Callable[[Case], float] | None = None
    registers: bool = False

    @property
    def against(self) -> str:
        rival = "share of FMA peak" if not self.rival else "one thread" if self.rival == self.ours else self.rival
        return f"{rival}, {self.threads} threads of ours" if self.threads > 1 and self.rival != self.ours else rival

    @property
    def halved(self) -> bool:
        """Is half of the factor asked of AVX2 alone? Of those over libraries, on one thread."""
        return bool(self.rival) and self.rival != self.ours and self.threads == 1

    def number(self, value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.0f}%" if not self.rival else f"{significant(value)}×"


def short(case: Case) -> bool:
    return case["n_fft"] <= 512


def long_mono(case: Case) -> bool:
    return case["n_fft"] >= 1024 and case["batch"] == 1


def mono(case: Case) -> bool:
    return case["batch"] == 1


def batch(case: Case) -> bool:
    return case["batch"] > 1


def nominal(case: Case) -> float:
    """2.5 n log2 n for each row: by what FFTs are usually compared (fftw.org/speed), and what the goal means."""
    return case["batch"] * 2.5 * case["n"] * math.log2(case["n"])


def stages(count: int) -> Callable[[Case], bool]:
    return lambda case: case["stages"] == count


MEL = {"torch": (9, 14), "torchaudio": (12, 20), "librosa": (11, 16), "pyfftw": (8, 12), "dali": (12, 20)}
MEL |= {"ipp": (2, None), "numpy": (None, None), "scipy": (None, None)}
GOALS = [
    *(Goal("power-mel", "mel", "mel", rival, *asked) for rival, asked in MEL.items()),
    Goal("power-mel", "mel", "mel", "", 0.30, 0.50),
    Goal("STFT, n ≤ 512", "stft", "forward", "torch", 2.4, 4, short),
    Goal("STFT, n ≥ 1024, mono", "stft", "forward", "torch", 2.4, 4, long_mono),
    Goal("STFT, mono", "stft", "forward", "ipp", 1.0, None, mono),
    Goal("STFT, batch", "stft", "forward", "ipp", 1.3, None, batch),
    Goal("STFT", "stft", "forward", "mkl_fft"),
    Goal("inverse STFT", "stft", "inverse", "torch", 4, 8),
    Goal("FFT alone, forward", "fft", "forward", "", 0.70, 0.85, ours="c:lanes", flops=nominal),
    Goal("FFT alone, inverse", "fft", "inverse", "", 0.70, 0.85, ours="c:lanes", flops=nominal),
    *(Goal(f"FFT of rows, {op}", "fft", op, rival) for op in ("forward", "inverse") for rival in ("ipp", "mkl_fft")),
    Goal("resample, HQ", "resample", "resample", "soxr:HQ", 1.05, 3, ours="c:hq"),
    Goal("resample, HQ", "resample", "resample", "soxr:HQ", 1.8, None, ours="c:hq", threads=2),
    Goal("resample, VHQ", "resample", "resample", "soxr:VHQ", ours="c:vhq"),
    Goal("resample, torchaudio's default", "resample", "resample", "torchaudio", 4, 8, ours="c:low"),
    Goal("mu-law encode, exact", "quantize", "encode", "numpy", 8),
    Goal("mu-law encode, exact", "quantize", "encode", "torchaudio", 60),
    Goal("VQ, 4500 × 128 against 1024", "vq", "encode", "numpy", 2.4, None, stages(1)),
    Goal("VQ, 4500 × 128 against 1024", "vq", "encode", "torch", 2.8, None, stages(1)),
    Goal("VQ, 4500 × 128 against 1024", "vq", "encode", "", 0.88, 0.95, stages(1)),
    Goal("RVQ, 8 stages", "vq", "encode", "numpy", 2.4, None, stages(8)),
    Goal("RVQ, 8 stages", "vq", "encode", "torch:encodec", 6, 7, stages(8)),
    Goal("VQ, AVX2 and AVX-VNNI", "vq", "encode", "numpy", of=stages(1), ours="c:avxvnni"),
    Goal("RVQ, AVX2 and AVX-VNNI", "vq", "encode", "torch:encodec", of=stages(8), ours="c:avxvnni"),
    Goal("two threads: the machine itself", "mel", "mel", "c", threads=2, registers=True),
    Goal("two threads: power-mel, mono", "mel", "mel", "c", 1.85, 1.95, threads=2),
    Goal("two threads: STFT, mono", "stft", "forward", "c", 1.85, 1.95, threads=2),
    Goal("two threads: inverse STFT, mono", "stft", "inverse", "c", 1.85, 1.95, threads=2),
    Goal("two threads: resample, HQ", "resample", "resample", "c:hq", 1.85, 1.95, ours="c:hq", threads=2),
    Goal("two threads: mu-law encode", "quantize", "encode", "c", 1.85, 1.95, threads=2),
    Goal("two threads: VQ and RVQ", "vq", "encode", "c", 1.85, 1.95, threads=2),
]

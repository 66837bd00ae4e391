"""Sizes and tables of the kernels that have a frame in each lane (cuda/lanes.cuh)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from impls._cuda import smooth

FRAMES = 16  # a block
GROUPS = range(8, 22, 2)  # of FRAMES threads, a block: whole warps, and not so many that registers are short
LONGEST = 32  # points of a DFT in a thread's registers


@dataclass(frozen=True)
class Lanes:
    """n_fft as ``a`` rows of ``b`` samples."""

    n_fft: int
    hop_length: int
    a: int
    b: int

    @property
    def rows(self) -> int:
        return self.a // 2 + 1

    def shared(self, later: int = 0) -> int:
        """Bytes of shared memory: the rows, and the samples or what takes their place later."""
        rows = -(-self.rows * (self.b * FRAMES + 1) // 2) * 16
        span, pad = (FRAMES - 1) * self.hop_length + self.n_fft, 0 if self.hop_length % 4 == 2 else 2
        return rows + max(4 * (span + pad * ((span - 1) // self.hop_length) + 1), later)

    @cached_property
    def threads(self) -> int:
        """So many that few of them wait while the others have another pair of columns, or another row."""
        rounds = {groups: -(-self.b // 2 // groups) + -(-self.rows // groups) for groups in GROUPS}
        return FRAMES * min(GROUPS, key=lambda groups: (groups * rounds[groups], -groups))

    @property
    def constants(self) -> dict[str, int]:
        sizes = {"N_FFT": self.n_fft, "HOP": self.hop_length, "COLUMN": self.a, "ROW": self.b}
        return sizes | {"FRAMES": FRAMES, "THREADS": self.threads}

    def tables(self, window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Half of the window, float32 (b / 2, a, 2), and the twiddles, complex64 (b / 2, a / 2, 2)."""
        halves = (window.reshape(self.a, self.b // 2, 2) / 2).transpose(1, 0, 2)
        column, row = np.arange(self.b).reshape(-1, 1, 2), np.arange(1, self.a // 2 + 1)[:, None]
        twiddles = np.exp(-2j * np.pi * row * column / self.n_fft)
        twiddles[:, -1] *= 2  # the last row is real before it is turned, and has half of the window, too
        return np.ascontiguousarray(halves, np.float32), twiddles.astype(np.complex64)


def lanes(gpu: Any, n_fft: int, hop_length: int, later: int = 0) -> Lanes | None:
    """The least ``a`` >= ``b`` that make up n_fft; None where none do, or a block, with ``later`` bytes in the place of
    its samples, does not fit into the device."""
    for a in range(2, LONGEST + 1, 2):
        b = n_fft // a
        if a * b == n_fft and a >= b > 1 and b % 2 == hop_length % 2 == 0 and smooth(n_fft):
            made = Lanes(n_fft, hop_length, a, b)
            return made if made.shared(later) <= gpu.shared_limit else None
    return None

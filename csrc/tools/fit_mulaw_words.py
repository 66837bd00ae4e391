"""Searches the constants of src/kernels/mulaw_words.h.

    python tools/fit_mulaw_words.py [seed]

Goes from the least error of the logarithm to and fro until no cell of the 16 bits is told wrong: the code that the
kernel's integers give is the cell's own, or the cell lies in the NEAR that are looked at again and its samples have
that code or the next. A cell in which a step falls has both. Silence must not be looked at again.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from make_mulaw_tables import encode, first

NEAR = 253
START = np.array([2 ** (1 / 255), 0.0, 28541, 14509])  # 0 falls on V = 4096; least squares of 65536 times the quadratic
SPREAD = np.array([2e-4, 2e-4, 60, 300])


class Constants(NamedTuple):
    scale: float  # of w
    offset: float  # more of the 1 in w
    cubic: int
    square: int


def cells(x: np.ndarray, c: Constants) -> np.ndarray:
    """u of float32 samples, as the kernel has it before it saturates."""
    per_x, per_one = np.float32(255 * c.scale), np.float32(c.scale * (1 + c.offset))
    w = (x.astype(np.float64) * np.float64(per_x) + np.float64(per_one)).astype(np.float32)  # as good as fused
    return (w.view(np.int32) - (126 << 23)).astype(np.int64) >> 11


def values(u: np.ndarray, c: Constants) -> np.ndarray:
    """V of cells."""
    m, rest = (u << 4) & 0xFFFF, ~u & 4095
    bend = (c.cubic - (m * (rest + c.square) >> 16)) * (m * rest >> 16) >> 16
    return (u + bend) * 0xFF00 >> 16


def wrong(steps: np.ndarray, c: Constants) -> int:
    """How many cells are told wrong."""
    u_steps, u_before = cells(steps, c), cells(np.nextafter(steps, np.float32(0)), c)
    silence, loudest = cells(np.array([0, 1], np.float32), c)
    u = np.arange(silence, loudest + 1)
    last = np.searchsorted(u_steps, u, side="right")  # the code of a cell's last sample
    one = ~np.isin(u, u_steps[u_steps == u_before])  # no step falls in it
    v = values(u, c)
    code, near = (v >> 8) - 16, (v & 255) >= NEAR
    right = (code == last) & one | near & ((code == last - 1) | (code == last))
    return int((~right).sum() + (near[0] or code[0] != 0))


def main() -> None:
    steps = np.array([first(lambda x, k=k: encode(x) >= 128 + k) for k in range(1, 128)], np.float32)
    rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    at, errors, tries = START, 1 << 30, 0
    while errors:
        tries += 1
        again = tries % 400 == 0  # nothing came of it: somewhere else
        move = SPREAD * rng.standard_normal(4) * (2 if again else rng.choice([1, 0.3, 0.1, 0.03]))
        there = START + move if again else at + move * (rng.random(4) < 0.6)
        found = wrong(steps, Constants(*there[:2], *map(round, there[2:])))
        if found <= errors or again:
            at, errors = there, found
    scale, offset, cubic, square = at
    print(f"PER_X {float(np.float32(255 * scale)).hex()} PER_ONE {float(np.float32(scale * (1 + offset))).hex()}")
    print(f"CUBIC {round(cubic)} SQUARE {round(square)}; {tries} tries")


if __name__ == "__main__":
    main()

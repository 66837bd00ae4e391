"""Writes src/mulaw_tables.c: where the codes of 256-level mu-law change, and what the codes decode to.

    python tools/make_mulaw_tables.py > src/mulaw_tables.c

The definition in float64 is monotonic over float32 inputs, so each step is found by bisection over the bits.
"""

from __future__ import annotations

import numpy as np

ONE = 0x3F800000  # the bits of 1.0
OFFSET = float.fromhex("0x1.0cccccp-8")  # AK_MULAW_OFFSET


def encode(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, np.float32).astype(np.float64)
    y = np.sign(x) * np.log1p(255.0 * np.abs(x)) / np.log1p(255.0)
    return np.floor((y + 1) / 2 * 255 + 0.5)


def decode(code: np.ndarray) -> np.ndarray:
    y = 2 * np.asarray(code, np.float64) / 255 - 1
    return (np.sign(y) * np.expm1(np.abs(y) * np.log1p(255.0)) / 255).astype(np.float32)


def first(holds) -> np.float32:
    """The smallest float32 in (0, 1] for which the monotonic condition holds."""
    low, high = 0, ONE
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(np.uint32(middle).view(np.float32)) else (middle, high)
    return np.uint32(high).view(np.float32)


def cells(steps: list[float]) -> np.ndarray:
    """ak_mulaw_cells: (2, 128). Marks that stand for no step: 0 is always passed (or near), 255 never."""
    at = (np.float64(steps[1:]) + OFFSET).astype(np.float32).view(np.uint32).astype(np.int64)  # |x| + OFFSET
    table = np.zeros((2, 128), np.uint8)
    for cell in range(112, 240):
        low = (112 << 23) + (cell << 19)  # of the binade 2^-8
        inside = sorted((at[(at >= low) & (at < low + (1 << 19))] - low) >> 11)
        before = np.clip((at < low).sum() - (cell - 112) + 1, 0, 2)  # 2 at cells that no sample falls into
        marks = [0] * before + inside
        assert len(marks) <= 2 and len(set(inside)) == len(inside), "more steps than marks, or two that look the same"
        table[:, cell & 127] = marks + [255] * (2 - len(marks))
    return table


def ends(steps: list[float]) -> list[int]:
    """ak_mulaw_ends."""
    away = [int(np.float32(step).view(np.uint32)) for step in steps[1:]]
    return [0x7FFFFFFF, *away[::-1], *away, 0x7F800001]


def away() -> list[int]:
    """ak_mulaw_away."""
    return [{0: 0, 255: 128 - 255}.get(q, -1 if q < 128 else 1) for q in range(256)]


def rows(values: list[float]) -> str:
    texts = [f"{float(v).hex()}f" for v in values]
    return "\n".join("    " + ", ".join(texts[i : i + 5]) + "," for i in range(0, len(texts), 5))


def numbers(values: list[int], per_row: int) -> str:
    rows = [values[i : i + per_row] for i in range(0, len(values), per_row)]
    return "\n".join("    " + " ".join(f"{v}," for v in row) for row in rows)


def planes(table: np.ndarray) -> str:
    lines = ["\n".join("    " + ", ".join(map(str, row)) + "," for row in plane.reshape(-1, 16)) for plane in table]
    return "".join(f"  {{\n{text}\n  }},\n" for text in lines)


def main() -> None:
    steps = [first(lambda x: encode(-x) <= 127)]
    for k in range(1, 128):
        steps.append(first(lambda x, k=k: encode(x) >= 128 + k))
        assert steps[k] == first(lambda x, k=k: encode(-x) <= 127 - k), "the codes of -x do not mirror x"
    values = decode(np.arange(256))
    assert (values == -values[::-1]).all(), "the values of codes do not mirror"
    print("/* Written by tools/make_mulaw_tables.py: see mulaw_tables.h. */")
    print('#include "mulaw_tables.h"\n\n/* clang-format off */')
    print(f"const float ak_mulaw_steps[128] = {{\n{rows(steps)}\n}};\n")
    print(f"const float ak_mulaw_values[256] = {{\n{rows(list(values))}\n}};\n")
    print(f"const uint32_t ak_mulaw_ends[256] = {{\n{numbers(ends(steps), 8)}\n}};\n")
    print(f"const int8_t ak_mulaw_away[256] = {{\n{numbers(away(), 20)}\n}};\n")
    print(f"const unsigned char ak_mulaw_cells[2][128] = {{\n{planes(cells(steps))}}};\n")
    print(
        f"const unsigned char ak_mulaw_bytes[4][128] = {{\n{planes(values[128:].view(np.uint8).reshape(128, 4).T)}}};"
    )
    print("/* clang-format on */")


if __name__ == "__main__":
    main()

"""Writes src/mulaw_tables.c: where the codes of 256-level mu-law change, and what the codes decode to.

    python tools/make_mulaw_tables.py > src/mulaw_tables.c

The definition in float64 is monotonic over float32 inputs, so each step is found by bisection over the bits.
"""

from __future__ import annotations

import numpy as np

ONE = 0x3F800000  # the bits of 1.0


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


def rows(values: list[float]) -> str:
    texts = [f"{float(v).hex()}f" for v in values]
    return "\n".join("    " + ", ".join(texts[i : i + 5]) + "," for i in range(0, len(texts), 5))


def main() -> None:
    steps = [first(lambda x: encode(-x) <= 127)]
    for k in range(1, 128):
        steps.append(first(lambda x, k=k: encode(x) >= 128 + k))
        assert steps[k] == first(lambda x, k=k: encode(-x) <= 127 - k), "the codes of -x do not mirror x"
    print("/* Written by tools/make_mulaw_tables.py: see mulaw_tables.h. */")
    print('#include "mulaw_tables.h"\n\n/* clang-format off */')
    print(f"const float ak_mulaw_steps[128] = {{\n{rows(steps)}\n}};\n")
    print(f"const float ak_mulaw_values[256] = {{\n{rows(list(decode(np.arange(256))))}\n}};\n/* clang-format on */")


if __name__ == "__main__":
    main()

"""Fits quantizers without codebooks: a linear map to few components, one value of n for each, a linear map back."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Floats = np.ndarray
Rounding = Callable[[Floats], tuple[Floats, Callable[[Floats], Floats]]]  # z -> (q, gradient of q -> gradient of z)
STEPS = 300  # of Adam
BATCH, RATE = 1024, 0.01
LEVELS = 8  # of each component of FSQ
MU = 255.0
REACHES = np.arange(1.0, 8.1, 0.25)  # standard deviations that a uniform or mu-law scale may span


def principal(x: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean (dim,), principal axes (dim, dim) as columns, the widest first, and the standard deviation along each.

    Of evenly spread rows, where there are more than it takes.
    """
    x = x[:: max(1, x.size >> 21)]
    mean = x.mean(0, dtype=np.float64)
    spread = np.cov(x.astype(np.float64) - mean, rowvar=False, bias=True)
    variances, axes = np.linalg.eigh(np.atleast_2d(spread))  # of one component, NumPy makes it a number
    axes = axes * np.where(axes[np.abs(axes).argmax(0), np.arange(len(axes))] < 0, -1, 1)  # one sign on all machines
    return mean, axes[:, ::-1], np.sqrt(np.maximum(variances[::-1], 0))


def least_squares(q: Floats, x: Floats) -> tuple[Floats, Floats]:
    """The matrix and the bias that bring q nearest to x."""
    ones = np.ones((len(q), 1))
    found = np.linalg.lstsq(np.hstack([q, ones]), x.astype(np.float64), rcond=None)[0]
    return found[:-1], found[-1]


def signs(z: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """LFQ (Yu et al., arXiv 2310.05737): the sign of each component; its gradient passes straight through."""
    return np.where(z > 0, 1.0, -1.0), lambda gradient: gradient


def spherical(z: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """BSQ (Zhao et al., arXiv 2406.07548): z / |z|, then signs / sqrt(L); the gradient passes through the sign."""
    length = np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9)
    u = z / length
    back = lambda g: (g - u * (u * g).sum(1, keepdims=True)) / length  # noqa: E731
    return np.where(z > 0, 1.0, -1.0) / math.sqrt(z.shape[1]), back


def bounds(levels: int) -> tuple[float, float, float, int]:
    """FSQ's half range, offset, shift of the tanh and half width (Mentzer et al., arXiv 2309.15505, appendix A.1)."""
    half, offset = (levels - 1) * (1 + 1e-3) / 2, 0.5 * (levels % 2 == 0)
    return half, offset, math.atanh(offset / half), levels // 2


def finite(z: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """FSQ: round(half tanh(z + shift) - offset) / half width."""
    half, offset, shift, width = bounds(LEVELS)
    t = np.tanh(z + shift)
    return np.rint(half * t - offset) / width, lambda g: g * (1 - t**2) * half / width


def learn(
    x: Floats, components: int, rounding: Rounding, spread: float, random: np.random.Generator
) -> dict[str, Floats]:
    """The linear maps that training finds: Adam on the squared error, with straight-through gradients.

    From principal components: as they are, with ``spread`` standard deviations each, or rotated at random where that
    is 0. The map back is fitted by least squares in the end.
    """
    mean, axes, deviations = principal(x)
    y = ((x - mean) @ axes / deviations[0]).astype(np.float32)
    width = min(components, x.shape[1])
    start = np.zeros((x.shape[1], components), np.float32)
    if spread:
        start[range(width), range(width)] = spread / np.maximum(deviations[:width] / deviations[0], 1e-3)
    else:
        start[:width] = np.linalg.qr(random.normal(size=(components, components)))[0][:width]
    maps = [start, np.zeros(components, np.float32), 0.3 * start.T / (start**2).sum(0)[:, None], np.zeros(x.shape[1])]
    maps = [m.astype(np.float32) for m in maps]
    first, second = [np.zeros_like(m) for m in maps], [np.zeros_like(m) for m in maps]
    for step in range(STEPS):
        batch = y[random.integers(len(y), size=BATCH)]
        q, back = rounding(batch @ maps[0] + maps[1])
        error = (q @ maps[2] + maps[3] - batch) * (2 / BATCH)
        inner = back(error @ maps[2].T)
        for i, g in enumerate((batch.T @ inner, inner.sum(0), q.T @ error, error.sum(0))):
            first[i] += 0.1 * (g - first[i])
            second[i] += 0.001 * (g**2 - second[i])
            corrected = first[i] / (1 - 0.9 ** (step + 1)), second[i] / (1 - 0.999 ** (step + 1))
            maps[i] -= np.float32(RATE * (1 - step / STEPS)) * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
    down = axes @ maps[0] / deviations[0]
    down_bias = maps[1] - mean @ down
    up, up_bias = least_squares(rounding(x @ down + down_bias)[0], x)
    return {"down": down, "down_bias": down_bias, "up": up, "up_bias": up_bias}


def _binary(rounding: Rounding) -> Callable[..., dict[str, Floats]]:
    def fit(x: Floats, stages: int, size: int, random: np.random.Generator) -> dict[str, Floats]:
        bits = size.bit_length() - 1
        made = learn(x, stages * bits, rounding, 0.0, random)
        one = rounding(np.ones((1, stages * bits)))[0][0, 0]
        weights = 2 ** np.arange(bits)[::-1]
        return made | {"edges": np.zeros(1), "values": np.array([-one, one]), "weights": weights}

    return fit


def _fsq(x: Floats, stages: int, size: int, random: np.random.Generator) -> dict[str, Floats]:
    digits = round(math.log(size, LEVELS))
    half, offset, shift, width = bounds(LEVELS)
    edges = np.arctanh((np.arange(LEVELS - 1) + 0.5 - width + offset) / half) - shift
    made = learn(x, stages * digits, finite, 0.6, random)
    return made | {
        "edges": edges,
        "values": (np.arange(LEVELS) - width) / width,
        "weights": LEVELS ** np.arange(digits),
    }


def _anchor(expand: Callable[[Floats], Floats]) -> Callable[..., dict[str, Floats]]:
    """Principal components at unit variance, each on a scale of ``size`` steps over the reach that errs least."""

    def fit(x: Floats, stages: int, size: int, random: np.random.Generator) -> dict[str, Floats]:
        mean, axes, deviations = principal(x)
        down = axes[:, :stages] / deviations[:stages]
        z = (x - mean) @ down
        scale = expand(np.linspace(-1, 1, 2 * size + 1))
        edges, values = scale[2:-1:2], scale[1::2]

        def error(reach: float) -> float:
            return float((((z - reach * values[np.searchsorted(reach * edges, z)]) * deviations[:stages]) ** 2).sum())

        reach = min(REACHES, key=error)
        up = (axes[:, :stages] * deviations[:stages]).T
        made = {"down": down, "down_bias": -mean @ down, "up": up, "up_bias": mean}
        return made | {"edges": reach * edges, "values": reach * values, "weights": np.ones(1)}

    return fit


FITS = {
    "lfq": _binary(signs),
    "bsq": _binary(spherical),
    "fsq": _fsq,
    "scalar": _anchor(lambda y: y),
    "mulaw": _anchor(lambda y: np.sign(y) * np.expm1(np.abs(y) * math.log1p(MU)) / MU),
}

"""How far a system looks ahead, measured: the furthest future input sample that an output sample depends on.

The look-ahead is the largest ``i - n`` over all pairs where input sample ``i`` has an influence on output sample ``n``.
0 is a causal system that works sample by sample; one that works in frames of F and no further has F - 1, for the first
sample of a frame depends on its last. The least delay of anybody who streams it is one sample more: input ``i`` must
have come in whole. The look-ahead is negative where the output lags by more than the system needs.

Systems are periodic: shifted by ``period`` samples (their frame, the product of their strides), they do the same. Both
ways search one period exactly, without trying every sample of it, for what is asked of them only ever rises.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

STEEP = 1e10  # the gradient of the output; products of many small weights stay above the least float32, 1e-45
TRIES = 3  # lengths of input: multiples of the period, and others


def by_gradient(network: Callable[[Any], Any], period: int, channels: int = 1, most: int = 200_000) -> float:
    """The look-ahead in samples of a differentiable map of torch tensors (1, channels, samples), by back-propagation.

    ``network`` gives float32 (1, channels', samples') at the rate of its input. ``most``: the longest input that is
    tried; infinite where even that does not reach past what is used (an average over everything, for one). Raises
    ValueError where the gradient is not a number, or where nothing of the output depends on the input.
    """
    import torch

    def search(length: int, first: int) -> float:
        noise = np.random.default_rng(length).normal(0, 0.1, (1, channels, length)).astype(np.float32)
        given = torch.from_numpy(noise).requires_grad_()
        out = network(given)
        # signs, so that no symmetry of the network cancels what two outputs owe to one input
        signs = np.where(np.random.default_rng(1).random(tuple(out.shape)) < 0.5, -STEEP, STEEP).astype(np.float32)

        def furthest(n: int) -> float:
            """The last input sample that any output up to ``n`` depends on."""
            seed = torch.from_numpy(signs).clone()
            seed[..., n + 1 :] = 0
            (gradient,) = torch.autograd.grad(out, given, seed.to(out.dtype), retain_graph=True)
            if torch.isnan(gradient).any():
                raise ValueError("the gradient is not a number")
            used = gradient[0].abs().amax(0).nonzero()
            return float(used[-1]) if len(used) else -inf

        return greatest(furthest, first, first + period - 1)

    return _over_lengths(search, period, most)


def by_perturbation(
    system: Callable[[np.ndarray], np.ndarray], period: int, channels: int = 1, most: int = 200_000,
    tolerance: float = 0.0, step: float = 1.0, place: float = 0.0, quiet: float = 0.1, loud: float = 0.3,
    spread: int = 0, places: int = 1_000_000,
) -> float:  # fmt: skip
    """The look-ahead in samples of any map of float32 (channels, samples): other input from ``i`` on, what changes?

    ``system`` gives (channels, n, ...), where output n stands for input sample ``n step + place``; all is relative to
    that. ``tolerance``: what counts as the same, for systems that round otherwise at another place; ``most`` as in
    :func:`by_gradient`. Raises ValueError where nothing of the output depends on the input.

    What quantizes may not mind a small change, so that for it the figure is a lower bound: ``quiet`` is the RMS of the
    sound and ``loud`` the largest sample of the other, ``spread`` the number of places tried besides the search, which
    may be led astray, and ends after ``places``.
    """

    def search(length: int, first: int) -> float:
        random = np.random.default_rng(length)
        sound = random.normal(0, quiet, (channels, length)).astype(np.float32)
        other = random.uniform(-loud, loud, (channels, length)).astype(np.float32)
        plain = system(sound)

        def earliest(i: int) -> float:
            """The place of the first output that changes with the input from ``i`` on."""
            changed = sound.copy()
            changed[:, i:] = other[:, i:]
            out = system(changed)
            same = min(out.shape[1], plain.shape[1])
            if not same:
                return inf
            differs = np.moveaxis(np.abs(out[:, :same] - plain[:, :same]) > tolerance, 1, 0).reshape(same, -1).any(1)
            return float(differs.argmax()) * step + place if differs.any() else inf

        # the first change comes the later, the later the input changes: in mirrored time it is a search for the last
        found = greatest(lambda m: -earliest(-m), -(first + period - 1), -first, places)
        return max([found, *(i - earliest(i) for i in first + np.arange(spread) * period // max(1, spread))])

    return _over_lengths(search, period, most)


def greatest(last: Callable[[int], float], low: int, high: int, most: int = 1_000_000) -> float:
    """The greatest ``last(n) - n`` for n from ``low`` to ``high``, of a ``last`` that never falls.

    Between two places where ``last`` is the same, the first is the greatest: with few steps, few places are looked at.
    After ``most`` of them, the greatest that was found.
    """
    known = {low: last(low), high: last(high)}
    best, open_ = max(at - n for n, at in known.items()), [(low, high)]
    while open_ and len(known) < most:
        a, b = open_.pop(0)
        if b - a < 2 or known[b] - (a + 1) <= best or known[a] == known[b]:
            continue
        middle = (a + b) // 2
        known[middle] = last(middle)
        best = max(best, known[middle] - middle)
        open_ += [(a, middle), (middle, b)]
    return best


def _over_lengths(search: Callable[[int, int], float], period: int, most: int) -> float:
    """The greatest over several lengths of input, each long enough that its end is out of sight."""
    found, length = -inf, 8 * period + 256
    for odd in np.linspace(0, period - 1, TRIES).astype(int) if period > 1 else [0]:
        while True:
            first = (length // 2 // period) * period
            ahead = search(length + int(odd), first)
            if ahead > -inf and first + period + ahead < 0.9 * length:
                break
            length *= 2
            if length > most and ahead == -inf:
                raise ValueError("no output depends on the input")
            if length > most:
                return inf
        found = max(found, ahead)
    return found

"""Change points of a series of medians: where it moved to another level and stayed there.

Two steps, since each alone cries wolf. Candidates: the segmentation of the logarithms that minimises squared error
plus 3 log(n) for each change, in units of the noise's variance (PELT: Killick, Fearnhead & Eckley, JASA 107, 2012;
the penalty: three parameters a change, Zhang & Siegmund, Biometrics 63, 2007). The noise is estimated from the
differences of neighbours, which a step hardly touches, and single outliers are first drawn in to three of its
deviations from the running median (Hampel, JASA 69, 1974). Confirmation: the segments on both sides of a change differ
by ``threshold``, and a rank test (Mann & Whitney 1947, exact), which supposes no shape of the noise, puts less than
``LEVEL`` on chance, shared among the candidates (Bonferroni). So a change is seen with 5 runs on both sides of it, 4
and 6, or 3 and 9, and never with fewer.

On simulated series without a change (500 each of 10, 20, 50 and 150 runs, 1.5% of noise, normal or Student's t with
three degrees) 0 to 0.6% show one, and 1.2% of the longest with heavy tails; docs/history.md has the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LEAST = 3  # runs of a segment
FLOOR = 0.005  # what even quiet machines vary by from process to process
LEVEL = 0.01
OUTLIER = 3.0


@dataclass(frozen=True)
class Change:
    """``at`` is the index of the first value after it; ``ratio`` the level after over the level before."""

    at: int
    ratio: float
    p: float


def changes(values: Sequence[float] | Floats, threshold: float = 0.03) -> list[Change]:
    """The changes in positive ``values``, in order. ``threshold``: the least relative change that matters.

    >>> changes([1.00, 1.01, 0.99, 1.00, 1.01] + [1.20, 1.21, 1.19, 1.20, 1.21])[0].at
    5
    """
    logs = np.log(np.asarray(values, np.float64))
    cuts = _candidates(logs)
    level = LEVEL / max(1, len(cuts))
    while cuts:
        found = [_judged(logs, cuts, n) for n in range(len(cuts))]
        weak = [n for n, c in enumerate(found) if c.p > level or abs(np.log(c.ratio)) < np.log1p(threshold)]
        if not weak:
            return found
        cuts.pop(max(weak, key=lambda n: found[n].p))  # its segments are one from here on, and judged again
    return []


def _candidates(logs: Floats) -> list[int]:
    if len(logs) < 2 * LEAST:
        return []
    import ruptures

    noise = max(FLOOR, 1.4826 * float(np.median(np.abs(np.diff(logs)))) / np.sqrt(2))
    middle = _running_median(logs)
    scaled = np.clip(logs, middle - OUTLIER * noise, middle + OUTLIER * noise) / noise
    search = ruptures.KernelCPD(kernel="linear", min_size=LEAST).fit(scaled[:, None])
    return [int(cut) for cut in search.predict(pen=3 * np.log(len(logs)))[:-1]]


def _judged(logs: Floats, cuts: Sequence[int], n: int) -> Change:
    """The change at a cut, by the segments that lie on its two sides."""
    from scipy.stats import mannwhitneyu

    before, after = np.split(logs, cuts)[n : n + 2]
    test: Any = mannwhitneyu(before, after, method="exact")
    return Change(cuts[n], float(np.exp(np.median(after) - np.median(before))), float(test.pvalue))


def _running_median(logs: Floats, width: int = 5) -> Floats:
    """The median of each value and its two neighbours on both sides; the ends are repeated."""
    padded = np.pad(logs, width // 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1))

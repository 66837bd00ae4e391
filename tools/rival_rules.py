"""The rules by which other harnesses call two sets of samples different, as their sources state them.

Each takes the samples of base and new (any unit, in any order) and says whether it would call them different, in
either direction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats


def pytest_benchmark(base: np.ndarray, new: np.ndarray) -> bool:
    """``--benchmark-compare-fail=mean:5%``: the means differ by more than 5%."""
    return bool(abs(np.log(new.mean() / base.mean())) > np.log(1.05))


def asv(base: np.ndarray, new: np.ndarray) -> bool:
    """``asv continuous`` as it comes: factor 1.1 of the medians, and Mann-Whitney's U below 0.002."""
    beyond = abs(np.log(np.median(new) / np.median(base))) > np.log(1.1)
    return bool(beyond and stats.mannwhitneyu(base, new).pvalue < 0.002)


def mann_whitney(base: np.ndarray, new: np.ndarray) -> bool:
    """asv's test without its factor."""
    return bool(stats.mannwhitneyu(base, new).pvalue < 0.002)


def pyperf(base: np.ndarray, new: np.ndarray) -> bool:
    """``pyperf compare_to``: Student's two-sample t-test, two-sided, 95%."""
    return bool(stats.ttest_ind(base, new).pvalue < 0.05)


def criterion(base: np.ndarray, new: np.ndarray, resamples: int = 1000) -> bool:
    """Criterion.rs: a bootstrapped t-test below 0.05, and the 95% interval of the change of the mean beyond 1%.

    Its resamples are 100,000; a thousand give the same verdict but for pairs within a hair of it.
    """
    rng = np.random.default_rng(0)
    draws = [s[rng.integers(0, len(s), (resamples, len(s)))] for s in (base, new)]
    low, high = np.percentile(draws[1].mean(1) / draws[0].mean(1) - 1, [2.5, 97.5])
    both = np.concatenate([base, new])
    pooled = [both[rng.integers(0, len(both), (resamples, len(s)))] for s in (base, new)]
    seen = abs(stats.ttest_ind(base, new, equal_var=False).statistic)
    chance = np.mean(np.abs(stats.ttest_ind(*pooled, axis=1, equal_var=False).statistic) >= seen)
    return bool(chance < 0.05 and (low > 0.01 or high < -0.01))


RULES: dict[str, Callable[[np.ndarray, np.ndarray], bool]] = {
    "pytest-benchmark, mean 5%": pytest_benchmark,
    "asv, Mann-Whitney 0.002 and 10%": asv,
    "Mann-Whitney 0.002 alone": mann_whitney,
    "pyperf, t-test 0.05": pyperf,
    "criterion, bootstrap 0.05 and 1%": criterion,
}

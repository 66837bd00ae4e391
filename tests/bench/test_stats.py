"""Intervals that cover what they claim, on samples whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import stats
from bench.compare import effect


def process(rng: np.random.Generator, rounds: int = 10, spread: float = 0.004, noise: float = 0.01) -> np.ndarray:
    """Round medians of one process around 1: a level of its own, and noise."""
    return (1 + spread * rng.standard_normal()) * (1 + noise * rng.standard_normal(rounds))


def test_round_medians_follow_the_rounds():
    assert stats.round_medians([1, 2, 9, 4, 6], [3, 2]).tolist() == [2, 5]


@given(st.lists(st.lists(st.floats(1, 1e9), min_size=1, max_size=12), min_size=1, max_size=4))
def test_an_interval_holds_its_value_and_stays_within_the_data(lists):
    found = stats.median_interval([np.array(v) for v in lists])
    low, high = min(map(min, lists)), max(map(max, lists))
    assert low <= found.low <= found.value <= found.high <= high


def test_scaling_the_samples_scales_the_interval():
    rng = np.random.default_rng(1)
    replicates = [process(rng) for _ in range(3)]
    one, ten = stats.median_interval(replicates), stats.median_interval([10 * r for r in replicates])
    assert (ten.low, ten.value, ten.high) == pytest.approx((10 * one.low, 10 * one.value, 10 * one.high))


def test_a_drift_of_the_machine_cancels_in_the_ratio():
    """Both rivals slow down by half in the middle of the run: the ratio of two interleaved runs does not move."""
    rng = np.random.default_rng(2)
    drift = np.repeat([1.0, 1.5], 5)
    base = [drift * (1 + 0.001 * rng.standard_normal(10)) for _ in range(3)]
    new = [1.2 * drift * (1 + 0.001 * rng.standard_normal(10)) for _ in range(3)]
    found = stats.ratio_interval(base, new)
    assert found.value == pytest.approx(1.2, rel=0.002) and found.high - found.low < 0.005


def test_who_settled_earlier_is_paired_with_the_rounds_of_that_time():
    """The machine slows down by half after the fifth round, when one of two equals had enough."""
    drift = np.repeat([1.0, 1.5], 5)
    for base, new in (([drift[:5]], [drift]), ([drift], [drift[:5]])):
        assert stats.ratio_interval(base, new).value == pytest.approx(1)
        assert effect.paired(base, new).value == pytest.approx(0)


def test_identical_pairs_are_seldom_called_different_and_planted_ones_are_found():
    rng = np.random.default_rng(3)
    alarms = found = 0
    for _ in range(200):
        a, b = ([process(rng) for _ in range(3)] for _ in range(2))
        alarms += stats.different(stats.ratio_interval(a, b))
        found += stats.different(stats.ratio_interval(a, [1.03 * r for r in b]))
    assert alarms <= 6 and found >= 190


def test_the_interval_of_one_process_covers_its_median():
    """Order statistics: at least 93% of the intervals of 15 rounds hold the true median."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(2000):
        rounds = np.sort(rng.exponential(size=15))
        reach = int(np.ceil(0.98 * np.sqrt(15)))
        held += rounds[7 - reach] <= np.log(2) <= rounds[7 + reach]
    assert held / 2000 >= 0.93


@pytest.mark.parametrize(("processes", "apart", "told"), [(3, 1, 98), (3, 2, 90), (3, 3.57, 82), (5, 3.57, 93)])
def test_of_few_processes_the_interval_covers_what_is_told(processes, apart, told):
    """ARCHITECTURE.md has these figures. ``apart``: how processes differ, over how uncertain the median of one is."""
    rng = np.random.default_rng(5)
    spread = apart * 0.01 * np.sqrt(np.pi / 2 / 20)
    found = [stats.median_interval([process(rng, 20, spread) for _ in range(processes)]) for _ in range(200)]
    assert 100 * np.mean([i.low <= 1 <= i.high for i in found]) == pytest.approx(told, abs=5)


def test_it_settles_when_rounds_agree_and_not_before():
    assert not stats.settled(np.ones(4), 0.01)
    assert stats.settled(np.ones(5), 0.01)
    assert not stats.settled(np.array([1, 1.2, 0.8, 1.1, 0.9]), 0.01)
    assert stats.settled(1 + 0.001 * np.arange(9), 0.01)


def test_different_needs_the_whole_interval_beyond_the_threshold():
    assert stats.different(stats.Interval(1.011, 1.02, 1.03)) and stats.different(stats.Interval(0.9, 0.95, 0.98))
    assert not stats.different(stats.Interval(1.005, 1.02, 1.03)) and not stats.different(stats.Interval(0.98, 1, 1.02))
    assert not stats.different(stats.Interval(0.97, 0.98, 0.995)), "faster by less than the threshold, perhaps"

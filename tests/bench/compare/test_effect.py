"""Effects against brute force: the drawn bootstrap, the t distribution, and noise of known size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as distributions
from scipy.stats import binomtest

from bench.compare import effect


def test_the_closed_form_is_the_bootstrap_over_processes():
    """Drawn 100,000 times, processes with their rounds, and corrected for drawing from n: the same standard error."""
    rng = np.random.default_rng(0)
    units = rng.standard_normal(5)
    drawn = units[rng.integers(0, 5, (100_000, 5))].mean(axis=1).std() * math.sqrt(5 / 4)
    assert effect.of_units(units.tolist()).error == pytest.approx(drawn, rel=0.01)


def test_two_runs_are_tested_as_welch_tests_them():
    rng = np.random.default_rng(1)
    base, new = np.exp(rng.normal(0, 0.1, 4)), np.exp(rng.normal(0.2, 0.3, 6))
    found = effect.apart(base.tolist(), new.tolist())
    other = distributions.ttest_ind(np.log(new), np.log(base), equal_var=False, alternative="greater")
    assert found.more() == pytest.approx(other.pvalue) and found.freedom == pytest.approx(other.df)
    assert found.less() == pytest.approx(1 - other.pvalue)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12))
def test_the_pseudo_median_is_the_median_of_all_means_of_two(values):
    means = [(a + b) / 2 for n, a in enumerate(values) for b in values[n:]]
    assert effect.pseudo_median(np.array(values)) == pytest.approx(np.median(means), abs=1e-12)


def test_the_pseudo_median_is_sharper_than_a_median_and_deaf_to_outliers():
    rng = np.random.default_rng(3)
    draws = rng.standard_normal((500, 40))
    sharp = np.std([effect.pseudo_median(d) for d in draws])
    assert sharp < 0.9 * np.std(np.median(draws, axis=1))
    draws[:, :5] = 100.0
    assert max(abs(effect.pseudo_median(d)) for d in draws) < 1.2


def test_a_drift_that_both_see_cancels():
    drift = np.repeat([1.0, 1.7], 5)
    found = effect.paired([drift, drift * 3], [1.1 * drift, 1.1 * drift * 3])
    assert found.value == pytest.approx(math.log(1.1)) and found.error == pytest.approx(0, abs=1e-12)


def test_one_spoilt_pair_of_ten_moves_little():
    units = [0.02 + 0.001 * math.sin(i) for i in range(9)]
    clean, spoilt = effect.of_units(units), effect.of_units([*units, 0.8])
    assert abs(spoilt.value - clean.value) < 0.001 and spoilt.more() < 1e-6


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=14))
def test_swapping_the_sides_mirrors_the_effect(units):
    one, other = effect.of_units(units), effect.of_units([-u for u in units])
    assert one.value == pytest.approx(-other.value, abs=1e-12) and one.error == pytest.approx(other.error, abs=1e-12)
    assert one.more() == pytest.approx(other.less(), abs=1e-9) and min(units) - 1e-12 <= one.value <= max(units) + 1e-12


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6), st.lists(st.floats(0.1, 10), min_size=1, max_size=6))
def test_scaling_one_side_shifts_the_log_ratio_and_nothing_else(base, new):
    one, other = effect.apart(base, new), effect.apart(base, [2 * v for v in new])
    assert other.value - one.value == pytest.approx(math.log(2)) and other.units == one.units
    assert other.error == pytest.approx(one.error, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("n", [3, 5, 9, 14])
def test_intervals_hold_the_truth_as_often_as_they_say(n):
    """95% intervals of normal noise, also where outliers are drawn in: within what 2000 trials can tell."""
    rng = np.random.default_rng(n)
    held = 0
    for _ in range(2000):
        found = effect.of_units(rng.normal(0.5, 1, n).tolist())
        held += abs(found.value - 0.5) <= found.half_width()
    assert binomtest(held, 2000, 0.95).pvalue > 1e-3 or held > 1900


def test_one_process_knows_nothing_of_the_noise():
    found = effect.apart([1.0], [2.0])
    assert found.more() == found.less() == 1 and math.isinf(found.half_width())


def test_an_exact_figure_needs_no_second():
    assert effect.exact(0.1).more() == 0 and effect.exact(0.1).less() == 1 and effect.exact(0.1).half_width() == 0
    assert effect.exact(0.0).more() == effect.exact(0.0).less() == 1

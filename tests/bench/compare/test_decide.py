"""Verdicts on noise whose truth is known: false alarms, false discoveries, power, and what "more" would take."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, t

from bench.compare.decide import LEVEL, RATE, Evidence, decide, evidence, missing
from bench.compare.effect import Effect, exact, of_units
from bench.compare.sequence import LOOKS

THRESHOLD = 0.01


def once(rng: np.random.Generator, truth: float, noise: float, n: int = 9) -> Evidence:
    return evidence([(of_units(rng.normal(truth, noise, n).tolist()), 1.0)], THRESHOLD)


def looked(rng: np.random.Generator, truth: float, noise: float) -> str:
    """One row, looked at as an interleaved run does, until it is decided."""
    units, seen = rng.normal(truth, noise, max(LOOKS)).tolist(), []
    for n, weight in LOOKS.items():
        seen.append((of_units(units[:n]), weight))
        verdict = decide([evidence(seen, THRESHOLD)])[0]
        if verdict != "open":
            return verdict
    return "open"


def at_most(count: int, trials: int, rate: float) -> bool:
    """No more than chance allows at that rate."""
    return binomtest(count, trials, rate, alternative="greater").pvalue > 1e-3


def test_looks_do_not_spend_more_than_there_is():
    assert sum(LOOKS.values()) == pytest.approx(1)


def test_a_run_without_changes_calls_nothing_in_99_of_100():
    """Ten rows, nothing changed, the noise so large that every threshold is passed by chance."""
    rng = np.random.default_rng(0)
    runs = 300
    alarms = sum(
        any(v in ("more", "less") for v in decide([once(rng, 0, 0.2) for _ in range(10)])) for _ in range(runs)
    )
    assert at_most(alarms, runs, RATE)


def test_looking_several_times_costs_no_more_false_alarms():
    rng = np.random.default_rng(1)
    alarms = sum(looked(rng, 0, 0.2) in ("more", "less") for _ in range(1000))
    assert at_most(alarms, 1000, RATE)


def test_few_of_many_calls_are_false():
    """60 rows, 20 of them changed: the false share of the calls, on average over runs, is within the rate."""
    rng = np.random.default_rng(2)
    shares, found = [], 0
    for _ in range(40):
        verdicts = decide([once(rng, 0.0 if i < 40 else 0.25, 0.1) for i in range(60)])
        called = [i for i, v in enumerate(verdicts) if v in ("more", "less")]
        shares.append(sum(i < 40 for i in called) / max(1, len(called)))
        found += sum(i >= 40 for i in called)
    assert np.mean(shares) <= RATE + 3 * np.std(shares) / np.sqrt(40) + 1e-9
    assert found > 0.9 * 40 * 20, "and the changed ones are found"


def test_slowdowns_are_found():
    rng = np.random.default_rng(3)
    assert sum(looked(rng, 0.02, 0.004) == "more" for _ in range(200)) >= 198
    assert sum(looked(rng, -0.03, 0.006) == "less" for _ in range(200)) >= 198


def test_the_same_is_called_the_same_and_a_half_known_row_is_open():
    rng = np.random.default_rng(4)
    assert sum(looked(rng, 0, 0.002) == "same" for _ in range(200)) >= 195
    assert sum(looked(rng, 0, 0.05) == "open" for _ in range(200)) >= 190


def test_a_change_within_the_threshold_is_never_called_however_certain():
    for tiny in (Effect(0.005, 0.0001, 10, 11), Effect(-0.005, 0.0001, 10, 11)):
        assert decide([evidence([(tiny, 1.0)], THRESHOLD)]) == ["same"]


def test_an_early_look_has_the_wider_interval():
    effect = Effect(0.0, 0.01, 8, 9)
    early, late = (evidence([(effect, w)], THRESHOLD) for w in (0.1, 1.0))
    assert early.high > late.high == pytest.approx(effect.half_width(LEVEL))


def test_a_look_that_may_spend_a_tenth_of_the_error_counts_ten_times_its_chance():
    """Too little for the simulated runs above to tell: three looks spend not much more than one."""
    early, late = Effect(0.03, 0.01, 5, 6), Effect(0.02, 0.01, 11, 12)
    chances = [float(t.sf(3, 5)), float(t.sf(2, 11))]
    found = evidence([(early, 0.1), (late, 0.9)], THRESHOLD)
    assert found.more == pytest.approx(min(chances[0] / 0.1, chances[1] / 0.9))
    assert found.less == 1


def test_exact_figures_are_decided_at_once():
    values = (0.2, -0.2, 0.0)
    assert decide([evidence([(exact(v), 1.0)], THRESHOLD) for v in values]) == ["more", "less", "same"]


def test_nothing_is_decided_of_nothing():
    assert decide([]) == []


@pytest.mark.parametrize("truth", [0.0, 0.03])
def test_as_many_more_as_it_says_do_decide(truth):
    """The estimate and the noise kept, with the processes that it asks for: now it is decided; with 3 fewer not."""
    spread, units = 0.02, 5
    start = evidence([(Effect(truth, spread / units**0.5, units - 1, units), 1.0)], THRESHOLD)
    assert decide([start]) == ["open"]
    more = missing(start)
    assert more

    def verdict(n: int) -> str:
        return decide([evidence([(Effect(truth, spread / n**0.5, n - 1, n), 1.0)], THRESHOLD)])[0]

    assert verdict(units + more) == ("same" if truth == 0 else "more")
    assert verdict(units + more - 3) == "open"


def test_among_many_rows_it_takes_more_processes():
    """As many as it says make a change certain among twenty rows, of which the others did not change."""
    spread, units, others = 0.02, 5, [evidence([(exact(0.0), 1.0)], THRESHOLD)] * 19

    def row(n: int) -> Evidence:
        return evidence([(Effect(0.03, spread / n**0.5, n - 1, n), 1.0)], THRESHOLD)

    needed = units + (missing(row(units), 20) or 0)
    assert decide([row(needed), *others])[0] == "more" and decide([row(needed - 2), *others])[0] == "open"


def test_on_the_threshold_no_number_helps():
    assert missing(evidence([(Effect(THRESHOLD, 0.01, 4, 5), 1.0)], THRESHOLD)) is None


def test_one_process_needs_at_least_two_more():
    assert missing(evidence([(Effect(0.5, float("inf"), 0, 1), 1.0)], THRESHOLD)) == 2

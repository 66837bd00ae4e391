"""What the command line's texts mean, and which cases a plan has."""

from __future__ import annotations

import pytest

from bench import plan
from bench.core import Suite


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ns", 2.5e-7), ("250us", 2.5e-4), ("500ms", 0.5), ("30s", 30), ("3", 3), ("2m", 120), ("2 min", 120),
     ("1.5h", 5400)],
)  # fmt: skip
def test_times_have_units(text, seconds):
    assert plan.parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512), ("3k", 3000), ("500M", 500_000_000), ("2G", 2_000_000_000), ("1.5gb", 1_500_000_000)],
)
def test_sizes_are_decimal(text, size):
    assert plan.parse_size(text) == size


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.01", 0.01), ("2.5 %", 0.025), ("0", 0), ("30%", 0.3)])
def test_a_share_is_percent_or_a_fraction(text, share):
    assert plan.parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["1", "3", "100%", "-1%", "nan", "inf"])
def test_what_is_no_share_of_a_whole_is_refused(text):
    with pytest.raises(plan.Usage, match="is not a share"):
        plan.parse_share(text)


def test_values_of_a_parameter_may_be_given_in_several_places():
    assert plan.parse_case(["n=1,2", "hop=3", "n=4"]) == {"n": ["1", "2", "4"], "hop": ["3"]}


def test_a_budget_is_for_all_processes_together():
    """1.5 s over three processes in turns of 25 ms: 20 turns each; five at least."""
    assert plan.Plan([], budget_s=1.5, replicates=3, turn_s=0.025).turns == 20
    assert plan.Plan([], budget_s=0.01, replicates=3, turn_s=0.025).turns == 5


class Pairs(Suite):
    """Two parameters of which the second may not be larger."""

    name, grids = "pairs", {"quick": [{"n": [4, 8], "hop": [2, 8]}, {"n": [8], "hop": [2]}]}

    def valid(self, case):
        return case.hop <= case.n


def test_cases_are_the_products_once_each_without_what_makes_no_sense():
    assert plan.cases(Pairs(), "quick", {}) == [{"n": 4, "hop": 2}, {"n": 8, "hop": 2}, {"n": 8, "hop": 8}]
    assert plan.cases(Pairs(), "quick", {"hop": ["1"]}) == [{"n": 4, "hop": 1}, {"n": 8, "hop": 1}]
    with pytest.raises(plan.Usage, match="do not go together"):
        plan.cases(Pairs(), "quick", {"hop": ["9"]})

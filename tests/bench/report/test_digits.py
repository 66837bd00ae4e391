"""Numbers as people read them, where the examples in the docstrings leave a choice."""

from __future__ import annotations

from bench.report.digits import spread_percent, time_unit


def test_a_spread_is_that_of_the_larger_side():
    assert spread_percent(10, 9, 10.5) == spread_percent(10, 9.5, 11) == "±10%"
    assert spread_percent(10, 9.95, 10.01) == "±0.5%"


def test_the_unit_is_that_of_the_middle_value_in_whatever_order():
    assert time_unit([3.0, 0.0005, 0.2]).name == "µs" and time_unit([0.2, 3000.0, 30.0, None]).name == "ms"

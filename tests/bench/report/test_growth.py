"""Series along a size, and the exponent fitted to them."""

from __future__ import annotations

import pytest

from bench.report import contents, growth
from bench.report.lines import Line


def line(case, time, impl="a"):
    values = {"median_ms": time, "low_ms": time, "high_ms": time}
    return Line("r", "c", "toy", "", "op", impl, "cpu", 1, "ok", case, "", 1.0, values, {})


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_planted_power_law_is_found(power):
    found = growth.find([line({"n": n}, 3e-4 * n**power) for n in (100, 300, 1000, 7000)])
    (series,) = found[0].series
    assert series.exponent == pytest.approx(power, abs=1e-9)
    assert series.sizes == [100, 300, 1000, 7000]


def test_noise_moves_the_exponent_little(full, made):
    found = growth.find(contents.gather(full).sections[0].lines)
    exponents = {s.contestant.impl: s.exponent for s in found[0].series}
    assert exponents["numpy"] == pytest.approx(made.EXPONENT, abs=0.05)
    assert "liar" not in exponents


def test_a_partner_that_grows_in_proportion_is_said_and_not_drawn_twice(full):
    found = growth.find(contents.gather(full).sections[0].lines)
    assert [(g.parameter, g.fixed) for g in found] == [("n_fft", "center=on, hop_length in proportion")]


def test_two_sizes_are_no_series():
    assert growth.find([line({"n": n, "on": True}, n) for n in (100, 200)]) == []


def test_other_parameters_stay_fixed_within_a_series():
    """Time ~ n * m: a series that mixed the values of m would not find the exponent 1 for n."""
    lines = [line({"n": n, "m": m}, n * m) for m in (1, 10, 100) for n in (10, 20, 40, 80)]
    found = growth.find(lines)
    assert [(g.parameter, len(g.series[0].sizes)) for g in found] == [("n", 4), ("m", 3)]
    assert [g.series[0].exponent for g in found] == [pytest.approx(1)] * 2
    assert [g.fixed for g in found] == ["m=1", "n=10"]


def test_an_implementation_with_gaps_keeps_its_own_sizes():
    lines = [line({"n": n}, n) for n in (1, 2, 4, 8)] + [line({"n": n}, n, "b") for n in (1, 4, 8)]
    lines += [line({"n": n}, n, "c") for n in (1, 8)]
    series = growth.find(lines)[0].series
    assert {s.contestant.impl: s.sizes for s in series} == {"a": [1, 2, 4, 8], "b": [1, 4, 8]}

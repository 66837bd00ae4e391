"""BD-rate and BD-quality: against curves whose answer is known, and the refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.report.bdrate import bd_quality, bd_rate, points

pytest.importorskip("bjontegaard")
RATES = (6.0, 12.0, 24.0, 48.0, 96.0)


def curve(quality, rates=RATES):
    return [(rate, quality(rate)) for rate in rates]


def test_a_line_over_log_rate_has_the_closed_forms():
    # q = log2(r): half the rate at any quality is q + 1 at any rate
    anchor, test = curve(math.log2), curve(lambda rate: math.log2(2 * rate))
    assert bd_rate(anchor, test).value == pytest.approx(-50)
    assert bd_quality(anchor, test).value == pytest.approx(1)
    assert bd_rate(test, anchor).value == pytest.approx(100)
    assert bd_rate(anchor, anchor).value == pytest.approx(0, abs=1e-9)


def test_lines_that_cross_average_over_the_shared_stretch_only():
    # over log2 rate x: anchor x, test 2 x - 4 on the same rates; the mean of x - 4 over [log2 6, log2 96]
    low, high = math.log2(6), math.log2(96)
    test = curve(lambda rate: 2 * math.log2(rate) - 4)
    assert bd_quality(curve(math.log2), test).value == pytest.approx((low + high) / 2 - 4)
    found = bd_rate(curve(math.log2), test)  # the inverse: log2 rate is q against q / 2 + 2
    shared = (max(low, 2 * low - 4), min(high, 2 * high - 4))
    mean = np.mean([q / 2 + 2 - q for q in np.linspace(*shared, 10001)])
    assert found.value == pytest.approx(100 * (2**mean - 1))
    assert (found.low, found.high) == pytest.approx(shared)
    assert found.share == pytest.approx((shared[1] - shared[0]) / (2 * high - 4 - min(low, 2 * low - 4)))


def test_a_metric_of_which_less_is_better_is_told_in_its_own_numbers():
    falling = [(rate, -10 / rate) for rate in RATES]
    cheaper = [(rate / 2, quality) for rate, quality in falling]
    found = bd_rate(falling, cheaper, sign=-1)
    assert found.value == pytest.approx(-50)
    assert (found.low, found.high) == pytest.approx((10 / 96, 10 / 6))


def test_the_example_of_the_package_by_another_integral():
    # the rate-distortion points of bjontegaard's own documentation; integrated here by trapezia over PCHIP curves
    from scipy.interpolate import PchipInterpolator

    anchor = [(1358.24, 34.851), (2486.44, 36.845), (4593.60, 38.615), (9487.76, 40.037)]
    test = [(1356.24, 34.987), (2451.52, 36.970), (4469.00, 38.651), (9787.80, 40.121)]
    curves = [PchipInterpolator([q for _, q in c], np.log([r for r, _ in c])) for c in (anchor, test)]
    grid = np.linspace(34.987, 40.037, 20001)
    expected = 100 * math.expm1(np.mean(curves[1](grid) - curves[0](grid)))
    assert bd_rate(anchor, test).value == pytest.approx(expected, abs=0.15)  # Akima and PCHIP differ that little


def test_nothing_is_extrapolated():
    poor, rich = curve(lambda rate: 1 + rate / 100), curve(lambda rate: 3 + rate / 100)
    refused = bd_rate(poor, rich)
    assert refused.value is None
    assert (
        refused.reason
        == "the qualities do not overlap (3.06 to 3.96 against 1.06 to 1.96), and nothing is extrapolated"
    )
    far = bd_quality(curve(math.log2), curve(math.log2, [rate * 100 for rate in RATES]))
    assert far.value is None and "the bitrates do not overlap (600 to 9.6e+03 against 6 to 96)" in far.reason


def test_little_overlap_is_marked():
    shifted = curve(math.log2, [rate * 8 for rate in RATES])
    found = bd_quality(curve(math.log2), shifted)
    assert found.value == pytest.approx(0, abs=1e-9) and found.little
    assert found.share == pytest.approx(1 / 7) and (found.low, found.high) == pytest.approx((48, 96))


def test_too_few_points_and_quality_that_falls_are_refused_with_reasons():
    short = curve(math.log2, RATES[:3])
    assert bd_rate(short, curve(math.log2)).reason == "the anchor has 3 different bitrates, and a curve needs 4"
    assert bd_quality(curve(math.log2), short).reason == "it has 3 different bitrates, and a curve needs 4"
    fixed = [(64.0, 4.2)] * 5
    assert bd_rate(curve(math.log2), fixed).reason == "it has 1 different bitrate, and a curve needs 4"
    humped = [*curve(math.log2)[:-1], (96.0, 1.0)]
    assert bd_rate(curve(math.log2), humped).reason == "its quality does not rise from 48 to 96 kbit/s"
    assert bd_quality(curve(math.log2), humped).value is not None  # over the rate it is a function all the same


def test_settings_that_give_one_rate_are_one_point():
    assert points([(12.0, 3.0), (6.0, 2.0), (12.05, 3.1)]) == [(6.0, 2.0), (12.0, 3.0)]

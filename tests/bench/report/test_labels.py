"""Labels of plots: apart from each other, inside the frame, beside what they name."""

from __future__ import annotations

from itertools import pairwise

import pytest
from matplotlib.figure import Figure

from bench.report import drawing, labels


def boxes_of(points, width=6.0, height=5.0):
    """The texts' own extents in points, as they are drawn."""
    figure = Figure(figsize=(width, height), dpi=72)
    axes = figure.add_subplot()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    labels.label_points(axes, points)
    figure.draw_without_rendering()
    return {t.get_text(): t.get_window_extent() for t in axes.texts}, axes.get_window_extent()


@pytest.mark.parametrize("place", [(0.1, 0.5), (0.9, 0.5), (0.5, 0.02)])
def test_a_crowd_of_names_never_covers_one_another(place):
    points = {f"implementation {n}": (place[0], place[1] + 0.001 * n) for n in range(18)}
    found, frame = boxes_of(points)
    assert len(found) == 18
    ordered = sorted(found.values(), key=lambda b: b.y0)
    assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(ordered))
    assert all(frame.x0 - 1 <= b.x0 and b.x1 <= frame.x1 + 1 for b in found.values())
    assert all(frame.y0 - 3 <= b.y0 and b.y1 <= frame.y1 + 3 for b in found.values())


def test_two_crowds_one_above_the_other_keep_their_names_apart():
    points = {f"upper {n}": (0.1, 0.60 + 0.003 * n) for n in range(8)}
    points |= {f"lower {n}": (0.1, 0.50 + 0.003 * n) for n in range(8)}
    ordered = list(boxes_of(points)[0].values())
    pairs = [(a, b) for i, a in enumerate(ordered) for b in ordered[:i]]
    assert not [1 for a, b in pairs if a.x0 < b.x1 and b.x0 < a.x1 and a.y0 + 1 < b.y1 and b.y0 + 1 < a.y1]


def test_a_name_alone_stands_right_of_its_point():
    found, frame = boxes_of({"alone": (0.5, 0.5)})
    middle = (frame.x0 + frame.x1) / 2
    assert 3 < found["alone"].x0 - middle < 12


def test_neighbours_give_way():
    found, _ = boxes_of({"first": (0.5, 0.5), "second": (0.51, 0.5)})
    one, other = found["first"], found["second"]
    assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0


@pytest.mark.parametrize(
    ("wanted", "gap", "limits", "expected"),
    [
        ([5, 0, 20], 2, (), [5, 0, 20]),
        ([5, 5, 5], 2, (), [3, 5, 7]),
        ([0, 0, 1], 2, (0, 100), [0, 2, 4]),
        ([10, 9, 10], 2, (0, 10), [8, 6, 10]),
        ([1, 2, 3], 50, (0, 10), [0, 5, 10]),
    ],
)
def test_spread(wanted, gap, limits, expected):
    assert drawing.spread(wanted, gap, *limits) == pytest.approx(expected)


def test_ticks_are_few_and_inside():
    for low, high in ((90, 800), (1e-8, 1e-2), (0.9, 1.2), (230, 5000), (1e-7, 1.1e-7)):
        ticks = drawing.nice_ticks(low, high)
        assert 2 <= len(ticks) <= 8 and all(low <= t <= high for t in ticks), (low, high, ticks)


def test_looks_are_stable_and_distinct():
    names = [f"n{i}" for i in range(56)]
    assert len(set(drawing.looks(names).values())) == 56
    assert drawing.looks(names) == drawing.looks(reversed(names))

"""Names beside points: next to a point that stands alone, in a column with thin leaders beside a crowd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from matplotlib.axes import Axes

from bench.report.drawing import GRID, Look, laid_out, short, spread, to_display

SIZE = 8  # of the letters, points
GAP = 10.5  # between two lines of a column
CROWD = 45  # points of about the same height that are nearer than this from left to right stand in one crowd
Box = tuple[float, float, float, float]  # left, bottom, right, top
At = Mapping[str, tuple[float, float]]


def label_points(axes: Axes, points: At) -> None:
    """Write each name where it covers neither another name nor another point, if there is such a place."""
    frame = laid_out(axes).extents
    at = {name: to_display(axes, xy) for name, xy in points.items()}
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in at.values()]
    for crowd in sorted(_crowds(at), key=len, reverse=True):
        boxes = _column(crowd, at, taken, frame) if len(crowd) > 3 else _beside(crowd, at, taken, frame)
        taken += boxes.values()
        for name, box in boxes.items():
            _write(axes, name, points[name], at[name], box)


def label_ends(axes: Axes, ends: Sequence[tuple[str, tuple[float, float], Look]]) -> None:
    """(text, end of a line, its look): texts in a column right of the frame, moved apart, with thin leaders."""
    frame = laid_out(axes)
    at = [to_display(axes, end) for _, end, _ in ends]
    heights = spread([y for _, y in at], 11, frame.y0, frame.y1)
    for (text, _, look), end, height in zip(ends, at, heights, strict=True):
        y = (height - frame.y0) / frame.height
        x_end, y_end = (end[0] - frame.x0) / frame.width, (end[1] - frame.y0) / frame.height
        axes.plot([x_end, 1.06], [y_end, y], color=GRID, lw=0.7, zorder=0, transform=axes.transAxes, clip_on=False)
        axes.plot([1.06], [y], look.marker, color=look.colour, ms=4, transform=axes.transAxes, clip_on=False)
        axes.annotate(
            text, (1.06, y), xycoords="axes fraction", xytext=(6, 0), textcoords="offset points",
            va="center_baseline", fontsize=8, annotation_clip=False,
        )  # fmt: skip


def _crowds(at: At) -> list[list[str]]:
    """Names whose points are linked by being too near each other for two names side by side."""
    crowds: list[list[str]] = []
    for name in at:
        near = [c for c in crowds if any(_near(at[name], at[other]) for other in c)]
        crowds = [c for c in crowds if c not in near] + [[name, *(n for c in near for n in c)]]
    return crowds


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < CROWD and abs(one[1] - other[1]) < 2 * GAP


def _column(crowd: Sequence[str], at: At, taken: Sequence[Box], frame: Box) -> dict[str, Box]:
    """One line a name, right or left of the crowd, in the order of the points' heights."""
    width = max(_width(name) for name in crowd)
    left, right = min(at[n][0] for n in crowd), max(at[n][0] for n in crowd)
    heights = spread([at[n][1] for n in crowd], GAP, frame[1] + GAP / 2, frame[3] - GAP / 2)

    def boxes(x: float) -> dict[str, Box]:
        return {n: _box(x, y, n) for n, y in zip(crowd, heights, strict=True)}

    choices = [boxes(x) for n in range(3) for x in (right + 22 + n * width, left - 22 - (n + 1) * width)]
    return min(choices, key=lambda c: sum(_covered(b, taken) + 10 * _outside(b, frame) for b in c.values()))


def _beside(crowd: Sequence[str], at: At, taken: Sequence[Box], frame: Box) -> dict[str, Box]:
    """The nearest free place of each."""
    found: dict[str, Box] = {}
    for name in sorted(crowd, key=lambda n: -at[n][1]):
        others = [*taken, *found.values()]
        cost = {spot: _covered(spot, others) + 10 * _outside(spot, frame) for spot in _spots(at[name], name)}
        found[name] = min(cost, key=lambda spot: cost[spot])  # the first, and so the nearest, of the cheapest
    return found


def _spots(at: tuple[float, float], name: str) -> Iterator[Box]:
    """Places right, left, below and above of a point, near ones first."""
    x, y = at
    width = _width(name)
    for reach in (7, 14, 24, 36):
        yield _box(x + reach, y, name)
        yield _box(x - reach - width, y, name)
        for side in (-1, 1):
            yield _box(x - width / 2, y + side * (reach + SIZE / 2), name)
            yield _box(x + reach, y + side * reach, name)
            yield _box(x - reach - width, y + side * reach, name)


def _write(axes: Axes, name: str, point: tuple[float, float], at: tuple[float, float], box: Box) -> None:
    x, y = box[0] - at[0], (box[1] + box[3]) / 2 - at[1]
    axes.annotate(
        short(name), point, xytext=(x, y), textcoords="offset points", fontsize=SIZE, va="center_baseline",
        annotation_clip=False,
    )  # fmt: skip
    if _distance(box, at) > 12:
        end = box[0] - 2 if x > 0 else box[2] + 2
        ends = axes.transData.inverted().transform([at, (end, at[1] + y)])
        axes.plot(*ends.T, color=GRID, lw=0.7, zorder=1, scalex=False, scaley=False)


def _width(name: str) -> float:
    return 0.6 * SIZE * len(short(name))


def _box(left: float, middle: float, name: str) -> Box:
    return left, middle - 0.55 * SIZE, left + _width(name), middle + 0.55 * SIZE


def _covered(box: Box, taken: Sequence[Box]) -> float:
    """Area of ``box`` that is taken already."""
    shared = ((min(box[2], t[2]) - max(box[0], t[0]), min(box[3], t[3]) - max(box[1], t[1])) for t in taken)
    return sum(w * h for w, h in shared if w > 0 and h > 0)


def _outside(box: Box, frame: Box) -> float:
    """How far ``box`` sticks out of the frame."""
    return max(0.0, frame[0] - box[0]) + max(0.0, box[2] - frame[2]) + max(0.0, frame[1] - box[1], box[3] - frame[3])


def _distance(box: Box, at: tuple[float, float]) -> float:
    dx = max(box[0] - at[0], 0.0, at[0] - box[2])
    dy = max(box[1] - at[1], 0.0, at[1] - box[3])
    return float((dx * dx + dy * dy) ** 0.5)

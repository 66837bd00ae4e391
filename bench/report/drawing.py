"""How plots look and become SVG: one colour an implementation, labels that do not collide, text that adapts to a theme.

Sizes are in points (1/72 inch); figures are drawn at 72 dots an inch, so a pixel is a point.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, cast

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe & Ito's colours for any kind of colour vision, without the yellow that vanishes on white, and two of Tol's
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8f6bb8", "#8a8d0f")
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
INK, GRID, PAPER = "#1f2429", "#d3d8de", "#fffffe"  # replaced by the page's own colours where a plot is inlined
STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9,
    "text.parse_math": False,  # a name with two dollars is not a formula
    "svg.fonttype": "none",
    "svg.hashsalt": "audio-bench",
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.linewidth": 0.8,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "figure.dpi": 72,
}
WIDTH = 5.4  # inches: still readable when a phone shrinks it


@dataclass(frozen=True)
class Look:
    colour: str
    marker: str


@dataclass(frozen=True)
class Plot:
    """``name`` is safe in a file name; ``alt`` says in words what the picture shows."""

    name: str
    title: str
    alt: str
    svg: str

    def file(self) -> str:
        """A whole SVG document, which reads its description aloud."""
        head, rest = self.svg.split("<svg", 1)
        attributes, body = rest.split(">", 1)
        return f'{head}<svg role="img"{attributes}>\n <title>{escape(self.alt)}</title>{body}'

    def inline(self, prefix: str) -> str:
        """The ``<svg>`` element alone, with ids of its own, the page's colours and the page's width."""
        attributes, body = self.svg.split("<svg", 1)[1].split(">", 1)
        attributes = re.sub(r'\s(width|height)="[^"]*"', "", attributes)
        body = re.sub(
            r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
        )
        for colour, replacement in ((INK, "currentColor"), (GRID, "var(--grid)"), (PAPER, "none")):
            body = body.replace(colour, replacement)
        return f'<svg role="img" aria-label="{escape(self.alt)}"{attributes}>{body}'


def looks(names: Iterable[str]) -> dict[str, Look]:
    """A colour and a marker for each name, the same in every plot of a report: by the alphabet, colours first."""
    ordered = sorted(set(names))
    return {
        n: Look(PALETTE[i % len(PALETTE)], MARKERS[i // len(PALETTE) % len(MARKERS)]) for i, n in enumerate(ordered)
    }


def short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def shorts(names: Sequence[str], most: int = 26) -> list[str]:
    """Short forms that tell the names of one picture apart: without the end, else without the middle, else whole."""

    def middle(name: str) -> str:
        return name if len(name) <= most else f"{name[: most - 1 - most // 2]}…{name[-(most // 2) :]}"

    forms = [[cut(name) for name in names] for cut in (lambda name: short(name, most), middle)]
    return [next((form[n] for form in forms if form.count(form[n]) == 1), name) for n, name in enumerate(names)]


def new(height: float, title: str) -> tuple[Figure, Axes]:
    """A figure of ``WIDTH`` by ``height`` inches with one pair of axes; the title starts at the left edge."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(short(title, 76), x=0.008, ha="left", fontsize=8.5)
    axes = figure.add_subplot()
    axes.tick_params(length=0)
    return figure, axes


def to_svg(figure: Figure) -> str:
    out = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the reader's fonts may have it
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return out.getvalue()


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Ticks of a logarithmic axis: 1-2-5 steps, decades alone where there are many, even steps in a short range."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
        if len(ticks) <= most:
            break
    if len(ticks) > most:
        ticks = ticks[:: -(-len(ticks) // most)]
    return ticks if len(ticks) >= 2 else even_ticks(low, high)


def even_ticks(low: float, high: float) -> list[float]:
    locator = ticker.MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])
    return [float(t) for t in locator.tick_values(low, high) if low <= t <= high]


def set_log(axes: Axes, which: str, ticks: Sequence[float], labels: Sequence[str]) -> None:
    """A logarithmic axis with exactly these ticks."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_major_locator(ticker.FixedLocator(list(ticks)))
    axis.set_major_formatter(ticker.FixedFormatter(list(labels)))
    axis.set_minor_locator(ticker.NullLocator())


def spread(wanted: Sequence[float], gap: float, low: float = -np.inf, high: float = np.inf) -> list[float]:
    """Positions at least ``gap`` apart and within the limits, as near as possible to those wanted.

    Raises nothing when they cannot fit: the gap shrinks to what there is.
    """
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    order = np.argsort(wanted, kind="stable")
    clusters: list[tuple[float, list[int]]] = []  # centre, members from below

    def centred(members: list[int]) -> tuple[float, list[int]]:
        half = (len(members) - 1) / 2 * gap
        centre = float(np.mean([wanted[m] for m in members]))
        return max(low + half, min(high - half, centre)), members

    for index in order:
        clusters.append(centred([int(index)]))
        while len(clusters) > 1 and _touch(clusters[-2], clusters[-1], gap):
            (_, below), (_, above) = clusters.pop(-2), clusters.pop()
            clusters.append(centred(below + above))
    out = [0.0] * len(wanted)
    for centre, members in clusters:
        for n, member in enumerate(members):
            out[member] = centre + (n - (len(members) - 1) / 2) * gap
    return out


def _touch(below: tuple[float, list[int]], above: tuple[float, list[int]], gap: float) -> bool:
    top = below[0] + (len(below[1]) - 1) / 2 * gap
    bottom = above[0] - (len(above[1]) - 1) / 2 * gap
    return bottom - top < gap * (1 - 1e-9)


def laid_out(axes: Axes) -> Any:
    """Settle the layout; the frame of the axes in display units."""
    cast(Figure, axes.figure).draw_without_rendering()
    return axes.get_window_extent()


def to_display(axes: Axes, at: tuple[float, float]) -> tuple[float, float]:
    x, y = axes.transData.transform(at)
    return float(x), float(y)

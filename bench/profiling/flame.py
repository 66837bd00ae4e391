"""A flame graph as one SVG file: the wider a frame, the more of the time; its callees stand above it.

After Gregg, "The Flame Graph", CACM 59(6), 2016. Frames narrower than a pixel are left out; a frame's title says its
name and share.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from html import escape

from bench.profiling.stacks import Node, Stacks, tree

WIDTH, ROW, LETTER, MARGIN = 1200, 18, 6.6, 30


def draw(stacks: Stacks, title: str) -> str:
    """The SVG's text."""
    root = tree(stacks)
    boxes = list(_boxes(root, 0.0, 0, root.count))
    height = MARGIN + ROW * (1 + max(depth for _, _, _, depth in boxes)) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="DejaVu Sans Mono, monospace" font-size="11">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="6" y="19" font-size="13" fill="#222222">{escape(title)}</text>',
    ]
    for node, left, width, depth in boxes:
        top = height - 8 - ROW * (depth + 1)
        parts.append(_frame(node, left, top, width, root.count))
    return "\n".join([*parts, "</svg>\n"])


def _boxes(node: Node, left: float, depth: int, total: int) -> Iterator[tuple[Node, float, float, int]]:
    width = WIDTH * node.count / total
    if width < 1:
        return
    yield node, left, width, depth
    for callee in sorted(node.callees.values(), key=lambda n: n.name):
        yield from _boxes(callee, left, depth + 1, total)
        left += WIDTH * callee.count / total


def _frame(node: Node, left: float, top: float, width: float, total: int) -> str:
    letters = int((width - 6) / LETTER)
    shown = node.name if len(node.name) <= letters else f"{node.name[: letters - 1]}…" if letters > 3 else ""
    word = f'<text x="{left + 3:.1f}" y="{top + 13}" fill="#222222">{escape(shown)}</text>' if shown else ""
    return (
        f"<g><title>{escape(node.name)}: {100 * node.count / total:.1f}%</title>"
        f'<rect x="{left:.1f}" y="{top}" width="{max(0.5, width - 0.5):.1f}" height="{ROW - 1}" rx="2" '
        f'fill="{_colour(node.name)}"/>{word}</g>'
    )


def _colour(name: str) -> str:
    """Always the same warm colour for the same name."""
    mix = zlib.crc32(name.encode())
    return f"hsl({20 + mix % 35} {70 + (mix >> 8) % 20}% {66 + (mix >> 16) % 14}%)"

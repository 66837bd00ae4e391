"""The small parts of Markdown: any text as itself, commands, tables, pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bench.report.drawing import Plot

SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}  # the last so that nobody is notified


def text(value: object) -> str:
    """Any text as itself: no markup, no HTML, one line.

    >>> text("a|b <i> *c*")
    'a\\\\|b &lt;i&gt; \\\\*c\\\\*'
    """
    plain = SPECIAL.sub(r"\\\1", " ".join(str(value).split()))
    return "".join(ENTITIES.get(c, c) for c in plain)


def code(command: str) -> str:
    """A command to paste; one that holds a back-tick or a bar cannot stand in a table's code span."""
    return text(command) if set(command) & set("`|") else f"`{' '.join(command.split())}`"


def grid(headings: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """A table whose first ``left`` columns are aligned to the left."""
    rule = [":--" if n < left else "--:" for n in range(len(headings))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))


def images(plots: Sequence[Plot], link: str) -> list[str]:
    """Pictures by relative links into the folder ``link``; nothing where there are none."""
    return ["\n".join(f"![{text(p.alt)}]({link}/{p.name}.svg)" for p in plots)]

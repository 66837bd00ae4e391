"""The report as one HTML file that needs nothing else: pictures, styles and script are inside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bench.report import budget, codec_cells, curves, words
from bench.report.contents import Contents, headline
from bench.report.digits import counted, significant
from bench.report.drawing import Look, Plot
from bench.report.lines import Line
from bench.report.plots import Looks
from bench.report.tables import Cell, caption, figures, like_for_like, rank_text, remark
from bench.report.troubles import split_commands

WHO = ("run", "corpus", "suite", "label", "op", "impl", "device", "threads", "status", "version", "case", "quality")
TEMPLATES = Path(__file__).parent / "templates"


def render(
    contents: Contents,
    pictures: Mapping[str, Sequence[Plot]],
    colours: Looks,
    listen: bool = False,
    start: Path = Path(),
) -> str:
    """Everything is escaped by the template; only the pictures made here go in as they are.

    ``listen``: a page to listen to lies beside this one. ``start``: the folder where this one will lie.
    """
    loader = FileSystemLoader(TEMPLATES)
    house = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    numbers = iter(range(1_000_000))
    house.globals |= {
        "budget": budget,
        "caption": caption, "cells": codec_cells, "counted": counted, "figures": figures, "headline": headline,
        "like_for_like": like_for_like, "rank_text": rank_text,
        "remark": remark, "significant": significant, "split_commands": split_commands, "sort_value": _sort_value,
        "speed_share": _speed_share,
        "look": lambda impl: colours.get(impl, Look("transparent", "o")),
        "drawn": lambda key: [(p, Markup(p.inline(f"p{next(numbers)}"))) for p in pictures.get(key, ())],
    }  # fmt: skip
    return house.get_template("report.html").render(
        contents=contents,
        words=words,
        curves_note=curves.NOTE,
        listen=listen,
        start=start,
        data=[_record(x) for x in contents.lines],
    )


def _record(line: Line) -> dict[str, Any]:
    """A line for programs: the names of ``Results.summary()``."""
    names = (
        "run",
        "corpus",
        "suite",
        "label",
        "op",
        "impl",
        "device",
        "threads",
        "status",
        "version",
        "case",
        "quality",
    )
    return {n: getattr(line, n) for n in names} | line.values


def _sort_value(cell: Cell) -> str:
    """What the script sorts by; empty goes last."""
    return "" if cell.sort is None else f"{cell.sort:.9g}" if isinstance(cell.sort, float) else str(cell.sort)


def _speed_share(table: Any, line: Line) -> str:
    """This line's speed in percent of the fastest, for the bar behind it."""
    best = min((p.line.cost for p in table.places if p.rank), default=1.0)
    return f"{100 * best / line.cost:.1f}"

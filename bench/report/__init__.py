"""Rows into tables, plots, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.report.contents import Contents
    from bench.report.plots import Looks, Pictures
    from bench.results import Results

FORMATS = ("md", "html", "csv", "parquet", "latex")


def write(results: Results | Sequence[Results], formats: Sequence[str], folder: Path, anchor: str = "") -> list[Path]:
    """Write into ``folder`` what ``formats`` names; the documents' paths, in that order.

    ``md``: ``report.md`` with ``plots/``. ``html``: ``report.html`` and, where a run kept audio, ``listen.html``.
    ``csv``, ``parquet``: ``timings``, and of a codec run ``quality`` and ``clips``. ``latex``: ``report.tex``.
    ``anchor`` names the codec that others are compared with by BD-rate.

    Several runs stand side by side, one line each, with a column ``run`` in every table where they meet; their
    samples are never pooled. In CI the report is also appended to the job's page (``$GITHUB_STEP_SUMMARY``).
    Raises ValueError on an unknown format or anchor, OSError where the folder cannot be written.
    """
    from bench.report import apart, contents, markdown, plots, rate_distortion

    if unknown := [f for f in formats if f not in _WRITERS]:
        raise ValueError(f"a report cannot be written as {', '.join(unknown)}; there are: {', '.join(FORMATS)}")
    several = apart.apart([results] if not isinstance(results, Sequence) else results)
    gathered = contents.gather(several, anchor)
    colours = plots.palette(gathered)
    drawn = any(f in ("md", "html") for f in formats)
    pictures = plots.draw(gathered, colours) if drawn else {}
    for condition in gathered.codecs if drawn else ():
        pictures |= rate_distortion.draw(condition, colours)
    folder.mkdir(parents=True, exist_ok=True)
    whole = Whole(several, gathered, pictures, colours, folder)
    written = [path for f in dict.fromkeys(formats) for path in _WRITERS[f](whole)]
    markdown.step_summary(gathered)
    return written


@dataclass(frozen=True)
class Whole:
    """What every writer is given."""

    results: Sequence[Results]
    contents: Contents
    pictures: Pictures
    colours: Looks
    folder: Path


def _markdown(whole: Whole) -> list[Path]:
    from bench.report import markdown

    plots = [plot for found in whole.pictures.values() for plot in found]
    (whole.folder / "plots").mkdir(exist_ok=True)
    for plot in plots:
        (whole.folder / "plots" / f"{plot.name}.svg").write_text(plot.file(), encoding="utf-8")
    path = whole.folder / "report.md"
    path.write_text(markdown.render(whole.contents, whole.pictures, start=whole.folder), encoding="utf-8")
    return [path]


def _html(whole: Whole) -> list[Path]:
    from bench.report import html, listen

    pages = listen.write(whole.results, whole.folder) if whole.contents.codecs else []
    path = whole.folder / "report.html"
    page = html.render(whole.contents, whole.pictures, whole.colours, bool(pages), whole.folder)
    path.write_text(page, encoding="utf-8")
    return [path, *pages]


def _csv(whole: Whole) -> list[Path]:
    from bench.report import exports

    return exports.write(whole.contents, whole.folder, "csv")


def _parquet(whole: Whole) -> list[Path]:
    from bench.report import exports

    return exports.write(whole.contents, whole.folder, "parquet")


def _latex(whole: Whole) -> list[Path]:
    from bench.report import latex

    path = whole.folder / "report.tex"
    path.write_text(latex.render(whole.contents), encoding="utf-8")
    return [path]


_WRITERS: dict[str, Callable[[Whole], list[Path]]] = {
    "md": _markdown,
    "html": _html,
    "csv": _csv,
    "parquet": _parquet,
    "latex": _latex,
}

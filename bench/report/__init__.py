"""Rows into tables, plots, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.report.contents import Contents
    from bench.report.plots import Looks, Pictures
    from bench.results import Results

FORMATS = ("md", "html")


def write(results: Results | Sequence[Results], formats: Sequence[str], folder: Path) -> list[Path]:
    """Write ``report.md`` (with ``plots/``) and ``report.html`` into ``folder``; the documents' paths, in that order.

    Several runs stand side by side, one line each, with a column ``run`` in every table where they meet; their
    samples are never pooled. In CI the report is also appended to the job's page (``$GITHUB_STEP_SUMMARY``).
    Raises ValueError on an unknown format, OSError where the folder cannot be written.
    """
    from bench.report import contents, markdown, plots

    if unknown := [f for f in formats if f not in _WRITERS]:
        raise ValueError(f"a report cannot be written as {', '.join(unknown)}; there are: {', '.join(FORMATS)}")
    gathered = contents.gather(results)
    colours = plots.palette(gathered)
    pictures = plots.draw(gathered, colours)
    folder.mkdir(parents=True, exist_ok=True)
    written = [_WRITERS[f](gathered, pictures, colours, folder) for f in dict.fromkeys(formats)]
    markdown.step_summary(gathered)
    return written


def _markdown(contents: Contents, pictures: Pictures, colours: Looks, folder: Path) -> Path:
    from bench.report import markdown

    plots = [plot for found in pictures.values() for plot in found]
    (folder / "plots").mkdir(exist_ok=True)
    for plot in plots:
        (folder / "plots" / f"{plot.name}.svg").write_text(plot.file(), encoding="utf-8")
    path = folder / "report.md"
    path.write_text(markdown.render(contents, pictures), encoding="utf-8")
    return path


def _html(contents: Contents, pictures: Pictures, colours: Looks, folder: Path) -> Path:
    from bench.report import html

    path = folder / "report.html"
    path.write_text(html.render(contents, pictures, colours), encoding="utf-8")
    return path


_WRITERS: dict[str, Callable[[Contents, Pictures, Looks, Path], Path]] = {"md": _markdown, "html": _html}

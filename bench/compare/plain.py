"""A comparison for a terminal and for logs, in lines of 100 columns."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap

from bench.compare.render import figures, headline
from bench.compare.verdicts import VERDICTS, Comparison, Verdict
from bench.report.lines import clean

WIDTH = 100
HEADINGS = ("", "implementation", "metric", "base", "new", "change [95%]", "more")
NAME, RIGHT = HEADINGS.index("implementation"), HEADINGS.index("base")


def plain(found: Comparison) -> str:
    """What needs eyes first; rows of one case below its name. ``more`` is how many more processes of each side would
    tell, "-" where no number of them would."""
    ordered = sorted(found.verdicts, key=lambda v: (list(VERDICTS).index(v.verdict), _place(v)))
    cells = [_cells(v) for v in ordered]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *cells, strict=True)]
    widths[NAME] = max(len(HEADINGS[NAME]), min(widths[NAME], WIDTH - 2 * len(widths) - sum(widths) + widths[NAME]))
    lines = [_line(HEADINGS, widths)] if cells else []
    for place, group in groupby(zip(ordered, cells, strict=True), key=lambda pair: _place(pair[0])):
        lines += wrap(place, WIDTH)
        for v, row in group:
            lines += _lines(row, widths)
            if v.reason and v.verdict != "inconclusive":
                lines += wrap(clean(v.reason), WIDTH, initial_indent="    ", subsequent_indent="    ")
    notes = [line for note in found.notes for line in wrap(note, WIDTH)]
    return "\n".join([*lines, "", *notes, f"{found.base} -> {found.new}: {headline(found)}"])


def _place(v: Verdict) -> str:
    """``stft forward, n_fft=512 hop_length=128``."""
    threads = f"{v.threads} threads" if v.threads != 1 else ""
    device = v.device if v.device != "cpu" else ""
    return ", ".join(filter(None, (f"{v.suite} {v.op}".strip(), v.label, device, threads)))


def _cells(v: Verdict) -> tuple[str, ...]:
    more = str(v.more_processes or "-") if v.verdict == "inconclusive" else ""
    return (v.verdict, clean(v.impl), v.metric, *figures(v)[:3], more)


def _lines(cells: tuple[str, ...], widths: list[int]) -> list[str]:
    """A row; a name too long for its column goes on below."""
    name, width = cells[NAME], widths[NAME]
    rest = [" " * (4 + widths[0]) + name[at : at + width] for at in range(width, len(name), width)]
    return [_line((*cells[:NAME], name[:width], *cells[NAME + 1 :]), widths), *rest]


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    aligned = [c.rjust(w) if i >= RIGHT else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return ("  " + "  ".join(aligned)).rstrip()

r"""Tables for papers: ``tabular`` environments in the style of the package booktabs, one float each.

The file holds nothing but tables: put ``\usepackage{booktabs}`` into the preamble and ``\input`` it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bench.report.codec_cells import baselines
from bench.report.codec_tables import At, Condition, Place, Ranking
from bench.report.contents import Contents
from bench.report.digits import NOTHING, significant
from bench.report.tables import Table, rank_text

ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$", "±": r"$\pm$", "–": "--", "µ": r"$\mu$",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''", "≥": r"$\ge$",
    "→": r"$\to$", "“": "``", "”": "''", "·": r"$\cdot$", "…": r"\ldots{}",
    "−": "$-$",
}  # fmt: skip
PLAIN = re.compile(r"[ -~]")
MINUS = re.compile(r"(?<![\w\-])-(?=[\d.])|(?<=\de)-(?=\d)")  # of a number or its exponent; elsewhere it is a hyphen


def render(contents: Contents) -> str:
    """Every table of the report: a codec run's at each bitrate, and the timings of each case."""
    parts = ["% Needs \\usepackage{booktabs}. Written by bench report.", f"% Runs: {_comment(contents)}"]
    for condition in contents.codecs:
        parts += [_at(condition, at) for at in condition.bitrates]
    parts += [_timings(section.name, table) for section in contents.sections for table in section.tables]
    return "\n\n".join(parts) + "\n"


def text(value: object) -> str:
    r"""Any text as itself; what the fonts of LaTeX may lack becomes a question mark.

    >>> text("a_b & 50% {x}")
    'a\\_b \\& 50\\% \\{x\\}'
    """
    plain = MINUS.sub("−", " ".join(str(value).split()))
    return "".join(ESCAPES.get(c) or (c if PLAIN.match(c) else "?") for c in plain)


def tabular(caption: str, label: str, headings: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A float with one table; cells are LaTeX already, the first ``left`` columns are aligned to the left."""
    columns = "l" * left + "r" * (len(headings) - left)
    body = [" & ".join(row) + r" \\" for row in rows]
    return "\n".join(
        [
            r"\begin{table}", r"\centering", rf"\caption{{{caption}}}", rf"\label{{tab:{label}}}",
            rf"\begin{{tabular}}{{{columns}}}", r"\toprule", " & ".join(headings) + r" \\", r"\midrule", *body,
            r"\bottomrule", r"\end{tabular}", r"\end{table}",
        ]
    )  # fmt: skip


def _at(condition: Condition, at: At) -> str:
    """Codecs within the window as ranked by the headline metric, then the rest, every metric beside."""
    shown = [r for m in condition.shown if (r := at.ranking(m.name))]
    headings = ["codec", "kbit/s", "delay, ms", r"encode, $\times$", r"decode, $\times$"]
    headings += [text(r.metric.heading) for r in shown]
    rows = []
    for entry in at.ordered(condition.headline):
        places = [next((p for p in r.places if p.entry is entry), None) for r in shown]
        facts = (entry.payload, entry.delay, entry.speed("encode", "x_realtime"), entry.speed("decode", "x_realtime"))
        name = text(entry.impl) + (f" ({text(entry.aside)})" if entry.aside else "")
        cells = [_mean(p, r) for p, r in zip(places, shown, strict=True)]
        rows.append([name, *(text(significant(f)) for f in facts), *cells])
    caption = (
        f"{condition.name} at {at.title}: mean with 95% interval; the best, and what cannot be told from it, bold."
    )
    caption += f" {baselines(at)}"
    return tabular(text(caption.strip()), at.key, headings, rows)


def _mean(place: Place | None, ranking: Ranking) -> str:
    if place is None or place.mean.value is None:
        return text(NOTHING)
    shown = ranking.metric.interval_text(place.mean)
    missing = rf"\,({place.mean.failed} failed)" if place.mean.failed else ""
    return (rf"\textbf{{{text(shown)}}}" if place.rank == 1 else text(shown)) + missing


def _timings(name: str, table: Table) -> str:
    headings = ["\\#", "implementation", *(text(c.heading) for c in table.columns)]
    rows = []
    for place in table.places:
        cells = [rf"\textbf{{{text(c.text)}}}" if c.best else text(c.text) for c in table.cells(place)]
        rows.append([text(rank_text(place)), text(place.line.impl), *cells])
    return tabular(text(f"{name}, {table.label}, audio: {table.corpus}"), table.key, headings, rows, 2)


def _comment(contents: Contents) -> str:
    return ", ".join(" ".join(run.name.split()) for run in contents.runs)

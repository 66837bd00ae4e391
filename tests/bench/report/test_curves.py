"""Quality over rate in reports: which points there are, what they say, and that nobody is named but by the rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import report
from bench.core import Curve
from bench.report import contents, curves, plots
from bench.report import lines as reading
from bench.report.tables import tables
from bench.results import Results

DECLARED = Curve("forward", ("bits", "coded"), "snr_db", ("kind", "dim"), ("used",))


@pytest.fixture
def rows(made):
    """Two kinds at three rates each, answered by two implementations; one point of another dim, one wrong answer."""
    found = []
    for kind, gain in (("one", 1.0), ("two", 2.0)):
        for bits in (36, 9, 18):
            found += point(made, kind, bits, gain)
    found += point(made, "two", 10, 3.0, dim=64)
    return found + [replace(r, status="wrong") for r in point(made, "one", 72, 9.0)]


def point(made, kind: str, bits: int, gain: float, dim: int = 8):
    quality = {"error": 0.0, "bits": float(bits), "coded": bits * 0.75, "snr_db": gain * bits / 9, "used": 0.5}
    case = {"kind": kind, "bits": bits, "dim": dim}
    return [
        replace(made.measured(impl, 512, replicate=n), case=case, quality=quality)
        for impl in ("fast", "numpy")
        for n in range(2)
    ]


def found(rows) -> curves.Curves:
    known = curves.gather(DECLARED, tables(reading.read([Results(rows)])))
    assert known
    return known


def test_points_stand_by_line_and_rate_and_name_the_fastest(rows) -> None:
    known = found(rows)
    assert [(p.name, p.figures["bits"]) for p in known.points] == [
        *(("one dim=8", r) for r in (9, 18, 36)),
        *(("two dim=8", r) for r in (9, 18, 36)),
        ("two dim=64", 10),
    ]
    assert {p.fastest.impl for p in known.points} == {"fast"}  # and the wrong answer is no point
    assert known.headings[:4] == ["bits", "coded", "snr_db", "used"]
    assert known.cells(known.points[0])[:5] == ["9.00", "6.75", "1.00", "0.500", "fast"]


def test_a_parameter_that_all_share_is_not_named(rows) -> None:
    assert found([r for r in rows if r.case["dim"] == 8]).names == ["one", "two"]


def test_nothing_without_two_points_or_without_a_declaration(rows) -> None:
    made = tables(reading.read([Results(rows)]))
    assert curves.gather(None, made) is None
    assert curves.gather(replace(DECLARED, op="inverse"), made) is None
    assert curves.gather(replace(DECLARED, quality="mos"), made) is None
    assert curves.gather(DECLARED, made[:1]) is None


def test_each_rate_has_its_picture_and_reports_show_them(rows, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(contents, "_curve", lambda suite: DECLARED)
    monkeypatch.setattr(plots, "MOST", 0)  # pictures of single cases are not what this is about
    gathered = contents.gather(Results(rows))
    (section,) = gathered.sections
    drawn = plots.of_section(section, plots.palette(gathered))
    assert [p.title for p in drawn[:2]] == ["snr_db over bits", "snr_db over coded"]
    assert "two dim=8 2.00 at 9.00, 4.00 at 18.0, 8.00 at 36.0" in drawn[0].alt
    markdown, page = report.write(Results(rows), ["md", "html"], tmp_path)
    assert "### snr\\_db over bits" in markdown.read_text() and drawn[0].name in markdown.read_text()
    assert " | ".join(["| two dim=64", *section.curves.cells(section.curves.points[-1])[:5]]) in markdown.read_text()
    assert "snr_db over coded" in page.read_text() and "two dim=64" in page.read_text()

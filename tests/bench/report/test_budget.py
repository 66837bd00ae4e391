"""The latency budget of made-up rows: what is added up, in what order, and what a reader sees of it."""

from __future__ import annotations

import re

import pytest

from bench.report import budget, contents, html, markdown, plots
from bench.results import Results, Row

SPENT = {
    "mel:c+codec:opus": {
        "latency_ms": 48.0, "budget.0..capture_ms": 20.0, "budget.1.mel:c.algorithmic_ms": 7.5,
        "budget.1.mel:c.compute_ms": 0.5, "budget.2.codec:opus.decode_ms": 1.0,
        "budget.2.codec:opus.compute_ms": 3.0, "budget.2.codec:opus.algorithmic_ms": 16.0,
    },
    "codec:slow": {"budget.0..capture_ms": 80.0, "budget.1..algorithmic_ms": 170.0},
    "codec:quick": {"budget.0..capture_ms": 20.0, "budget.1..algorithmic_ms": 5.0, "budget.1..compute_ms": 2.0},
    "codec:wrong": {"budget.0..capture_ms": 1.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def gathered() -> contents.Contents:
    rows = [
        Row("run", "stream", impl, {"frame_ms": 20.0}, "paced", audio_seconds=0.02, frame_seconds=0.02, quality=spent,
            status="wrong" if impl == "codec:wrong" else "ok", samples_ns=[1e6] * 30, rounds=[10] * 3,
            late_ns=[1e5] * 30, cpu_ns=[5e5] * 30, replicate=n)
        for impl, spent in SPENT.items() for n in range(3)
    ]  # fmt: skip
    return contents.gather(Results(rows))


def table(gathered: contents.Contents, op: str):
    return next(t for section in gathered.sections for t in section.tables if t.op == op)


def test_only_what_does_the_same_is_ranked_together(gathered):
    assert [section.op for section in gathered.sections] == ["paced, chain", "paced, codec"]
    assert {p.line.impl for p in table(gathered, "paced, codec").places} == {"codec:slow", "codec:quick", "codec:wrong"}


def test_parts_come_in_the_order_in_which_the_sound_meets_them(gathered):
    line = table(gathered, "paced, chain").places[0].line
    assert [(p.number, p.link, p.kind, p.ms) for p in budget.parts(line)] == [
        (0, "", "capture", 20.0), (1, "mel:c", "algorithmic", 7.5), (1, "mel:c", "compute", 0.5),
        (2, "codec:opus", "algorithmic", 16.0), (2, "codec:opus", "compute", 3.0), (2, "codec:opus", "decode", 1.0),
    ]  # fmt: skip


def test_a_chain_has_a_row_and_one_for_each_link(gathered):
    assert budget.rows(table(gathered, "paced, chain")) == [
        ["mel:c+codec:opus", "", "20.0", "23.5", "3.50", "1.00", "48.0"],
        ["", "mel:c", "", "7.50", "0.500", "", "8.00"],
        ["", "codec:opus", "", "16.0", "3.00", "1.00", "20.0"],
    ]


def test_the_quickest_comes_first_and_what_is_wrong_not_at_all(gathered):
    assert [row[0] for row in budget.rows(table(gathered, "paced, codec"))] == ["codec:quick", "codec:slow"]


def test_the_picture_shows_all_lines_and_tells_what_it_shows(gathered):
    (plot,) = budget.draw(table(gathered, "paced, codec"))
    for text in ("80 ms", "160 ms", "200 ms", "27.0 ms", "250 ms", "capture", "algorithmic", "compute", "decode"):
        assert re.search(rf">\s*{text}\s*<", plot.svg), text
    assert "codec:quick 27.0 ms (capture 20.0, algorithmic 5.00, compute 2.00)" in plot.alt


def test_both_documents_have_the_table_and_the_picture_and_no_raw_figures(gathered):
    colours = plots.palette(gathered)
    pictures = plots.draw(gathered, colours)
    assert [p.name for p in pictures[table(gathered, "paced, chain").key]][-1].startswith("budget-stream-paced-chain")
    for page in (markdown.render(gathered, pictures), html.render(gathered, pictures, colours)):
        assert "From a sound to its answer" in page and "23.5" in page
        assert not re.search(r"<th[^>]*>budget\.|\| budget\.", page)

"""Runs with next to nothing in them, and the page of a CI job."""

from __future__ import annotations

import doctest
import importlib
import math
from dataclasses import replace

import pytest

from bench import report
from bench.report import contents, markdown, plots, tables, terminal
from bench.report import lines as reading
from bench.results import Results


def everywhere(results, folder):
    """The three renderings as one text each."""
    paths = report.write(results, ["md", "html"], folder)
    return [p.read_text() for p in paths] + [terminal.plain(results)]


def said_by_all(texts, words):
    return all(" ".join(words.split()) in " ".join(t.split()) for t in texts)


def test_a_run_without_rows_says_so(tmp_path):
    texts = everywhere(Results([]), tmp_path)
    assert said_by_all(texts, "This run has no rows: nothing was measured.")


def test_no_runs_at_all_is_not_an_error(tmp_path):
    assert said_by_all(everywhere([], tmp_path), "This run has no rows: nothing was measured.")


def test_a_run_where_nothing_is_available_says_why(made, tmp_path):
    texts = everywhere(Results([made.absent("gpu-a"), made.absent("gpu-b")]), tmp_path)
    assert said_by_all(texts, "Nothing could run here: every implementation is unavailable.")
    assert said_by_all(texts, "toy/gpu-a, toy/gpu-b")


def test_a_run_where_all_failed_ranks_nothing(made, tmp_path):
    texts = everywhere(Results([made.dead("crash"), made.measured("liar", 512)]), tmp_path)
    assert said_by_all(texts, "Nothing can be ranked: no implementation gave a right answer in time.")
    assert not list(tmp_path.glob("plots/*"))


def test_failures_before_any_case_have_no_table(made, tmp_path):
    rows = [made.dead("error", impl="broken", op="", case={}, reason="SyntaxError in line 3")]
    results = Results([*rows, *(made.measured("fast", 512, replicate=r) for r in range(3))])
    assert said_by_all(everywhere(results, tmp_path), "SyntaxError in line 3")
    said = contents.gather(results)
    assert [s.name for s in said.sections] == ["toy forward"]
    assert said.troubles[0].where == {"everywhere": ["SyntaxError in line 3"]}


def test_one_implementation_on_one_case(made, tmp_path):
    texts = everywhere(Results([made.measured("fast", 512)], made.environment()), tmp_path)
    assert said_by_all(texts, "(nothing to compare it with)")
    assert len(list(tmp_path.glob("plots/*"))) == 0


def test_a_missing_environment_is_said(made, tmp_path):
    texts = everywhere(Results([made.measured("fast", 512, replicate=r) for r in range(3)]), tmp_path)
    assert said_by_all(texts, "No record of the environment was kept")


def test_missing_limits_are_said(made, tmp_path):
    rows = [made.measured("fast", 512)]
    assert said_by_all(everywhere(Results(rows, {"cpu": {"model": "x"}}), tmp_path), "limits were not measured")
    told = contents.gather(Results(rows, made.environment())).notes
    assert told == []


def test_an_environment_of_any_shape_does_not_cost_the_report(made, tmp_path):
    texts = everywhere(Results([made.measured("fast", 512)], {"cpu": 3, "note": ["<b>", None]}), tmp_path)
    assert all("fast" in t for t in texts)


@pytest.mark.parametrize("axis", ["", "snr_db"])
def test_figures_without_end_have_a_place_in_the_table_and_none_in_a_plot(made, tmp_path, axis):
    figures = {"fast": math.inf, "scipy": 1e-6, "numpy": 1e-5, "slow": math.nan}
    rows = [
        made.measured(impl, 512, replicate=r, error=v, quality={"error": v, "snr_db": v})
        for impl, v in figures.items()
        for r in range(3)
    ]
    texts = everywhere(Results(rows, made.environment()), tmp_path)
    assert all("inf" in text for text in texts[:2])
    (plot,) = tmp_path.glob("plots/speed-*.svg")
    assert all((f">{impl}<" in plot.read_text()) == (impl in ("scipy", "numpy")) for impl in figures)
    (found,) = tables.tables(reading.read([Results(rows)]), lambda suite: axis)
    lines = [p.line for p in found.places]
    (drawn,) = plots.tradeoff(found, lines, plots.palette(contents.gather(Results(rows))))
    assert "scipy" in drawn.alt and "fast" not in drawn.alt


def test_figures_that_are_not_known_are_dashes(made, tmp_path):
    bare = {"error": None, "quality": {"nan": float("nan")}, "first_ns": None, "memory_bytes": None}
    row = replace(made.measured("fast", 512), end_to_end_ns=[], **bare)
    texts = everywhere(Results([row], made.environment()), tmp_path)
    assert all("nan" not in t.lower().replace("nanoseconds", "") for t in (texts[0], texts[2]))


def test_work_on_no_audio_has_no_real_time(made, tmp_path):
    """As of what was imported: no column of zeros, of which one is the best, and no plot over them."""
    rows = [replace(made.measured(i, 512, replicate=r), audio_seconds=0.0) for i in ("fast", "numpy") for r in range(2)]
    texts = everywhere(Results(rows, made.environment()), tmp_path)
    heads = [line for line in texts[0].splitlines() if line.startswith("| # | implementation |")]
    assert heads and "median" in heads[0] and "real time" not in heads[0]
    assert not list(tmp_path.glob("plots/speed-*"))
    assert Results(rows).summary().x_realtime.isna().all(), "nor has the summary"


def test_the_jobs_page_gets_the_report_without_pictures(made, tmp_path, monkeypatch):
    page = tmp_path / "summary.md"
    page.write_text("# before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    rows = [made.measured(impl, 512, replicate=r) for impl in ("scipy", "numpy") for r in range(3)]
    report.write(Results(rows), ["md"], tmp_path / "out")
    text = page.read_text()
    assert text.startswith("# before\n# Benchmark report")
    assert "| **scipy** |" in text and "![" not in text
    assert "![" in (tmp_path / "out" / "report.md").read_text()
    markdown.step_summary(contents.gather(Results(rows)))
    assert page.read_text().count("# Benchmark report") == 2


def test_the_jobs_page_stays_within_its_limit(full, tmp_path, monkeypatch):
    said = contents.gather(full)
    whole, brief = (len(t.encode()) for t in (markdown.render(said), markdown.brief(said)))
    page = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    for room, words in (
        (whole, "### n"),
        (whole - 1, "were too long"),
        (brief - 1, "too long for this page"),
        (10, ""),
    ):
        page.write_bytes(b"x" * (markdown.CAP - room))
        markdown.step_summary(said)
        added = page.read_bytes()[markdown.CAP - room :].decode()
        assert words in added and len(added.encode()) <= room
    assert added == ""


def test_a_page_that_cannot_be_written_does_not_cost_the_report(made, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such" / "folder.md"))
    assert [p.name for p in report.write(Results([made.measured("fast", 512)]), ["html"], tmp_path)] == ["report.html"]


def test_a_name_cannot_turn_what_is_written_behind_it():
    assert reading.clean("a\u202ecba\u2066b") == "a\ufffdcba\ufffdb"
    assert reading.clean("שלום, γειά, é\n") == "שלום, γειά, é\n"


@pytest.mark.parametrize("name", ["digits", "troubles", "marks", "plots", "metrics", "bdrate", "latex"])
def test_examples_in_docstrings(name):
    found = doctest.testmod(importlib.import_module(f"bench.report.{name}"))
    assert found.attempted > 0 and found.failed == 0

"""A codec run in every format: what all must say, that names stay text, that files can be read by what they are for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import codec_runs
import pandas as pd
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from bench import report
from bench.cli import main
from bench.report import contents, drawing, latex, plots, rate_distortion, terminal
from bench.results import Results


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return codec_runs.write(tmp_path_factory.mktemp("codec") / "run")


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    written = report.write(run, report.FORMATS, folder, anchor="wave:plain")
    names = ["report.md", "report.html", "listen.html"]
    names += [f"{table}.{kind}" for kind in ("csv", "parquet") for table in ("timings", "quality", "clips")]
    assert [p.name for p in written] == [*names, "report.tex"]
    return folder


class Page(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "report.html").read_text())


def test_all_say_who_is_best_what_failed_what_is_outside_and_against_whom(run, folder, page):
    shown = {
        "html": page.text,
        "md": " ".join(re.sub(r"\\(.)", r"\1", (folder / "report.md").read_text()).split()),
        "terminal": " ".join(terminal.plain(run, anchor="wave:plain").split()),
    }
    for name, text in shown.items():
        for words in (
            "At 12 kbit/s, wave:", "are best, and cannot be told apart, of 4 by pesq_wb.", codec_runs.SILENT,
            "crash: segmentation fault (signal 11)", "random", "64.0*", "ceiling",
            "Against the anchor wave:plain",
            "it has 1 different bitrate, and a curve needs 4", "Untouched audio, by the same recogniser: wer 1.67%.",
            "Do not rank generative or parametric codecs by ViSQOL alone",
        ):  # fmt: skip
            assert words in text, (name, words)


def test_the_terminal_fits_100_columns(run):
    for text in (terminal.plain(run), terminal.codecs(run, "wave:good")):
        assert max(cell_len(line) for line in text.splitlines()) <= 100
        assert "\x1b" not in text


def test_reports_of_other_suites_have_nothing_of_codecs(full, tmp_path):
    assert terminal.codecs(full) == ""
    assert [p.name for p in report.write(full, ["html", "csv"], tmp_path)] == ["report.html", "timings.csv"]
    assert "BD-rate" not in (tmp_path / "report.html").read_text()


def test_no_name_becomes_markup(folder, page):
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "rows"}, {}]
    assert codec_runs.HOSTILE in page.text and codec_runs.PIPES in page.text
    assert "<" not in (folder / "report.md").read_text()


def test_links_stay_inside_but_for_the_page_to_listen_to(page):
    fetched = {v for _, a in page.tags for k, v in a.items() if k in ("src", "href", "xlink:href")}
    assert {v for v in fetched if not v.startswith("#")} == {"listen.html"}
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_markdown_tables_keep_their_shape_and_their_pictures_exist(folder):
    text = (folder / "report.md").read_text()
    for block in (b.splitlines() for b in text.split("\n\n") if b.startswith("|")):
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in block}) == 1
    links = re.findall(r"\]\((plots/[^)]+)\)", text)
    assert any("rd-" in link for link in links) and all((folder / link).exists() for link in links)


def test_csv_and_parquet_hold_the_same(folder):
    for name in ("timings", "quality", "clips"):
        csv, parquet = (
            pd.read_csv(folder / f"{name}.csv", keep_default_na=True),
            pd.read_parquet(folder / f"{name}.parquet"),
        )
        assert list(csv) == list(parquet) and len(csv) == len(parquet) > 0
        for column in csv.select_dtypes("number"):
            pd.testing.assert_series_equal(csv[column], parquet[column], check_dtype=False)


def test_the_tables_for_programs_are_those_for_people(folder, run):
    quality = pd.read_parquet(folder / "quality.parquet").set_index(["impl", "asked_kbps", "metric"])
    line = quality.loc[("wave:plain", 6.0, "pesq_wb")]
    (condition,) = contents.gather(run).codecs
    ranking = next(b for b in condition.bitrates if b.asked == 6.0).ranking("pesq_wb")
    place = next(p for p in ranking.places if p.entry.impl == "wave:plain")
    assert (line["mean"], line.low, line.high, line.n, line.failed) == (
        place.mean.value, place.mean.low, place.mean.high, 10, 2,
    )  # fmt: skip
    assert json.loads(line.failures) == {codec_runs.SILENT: ["clip-03", "clip-04"]}
    assert quality.loc[("wave:good", 6.0, "wer")].baseline == pytest.approx(100 / 60)
    clips = pd.read_parquet(folder / "clips.parquet")
    some = clips[(clips.impl == "wave:plain") & (clips.asked_kbps == 6) & (clips.metric == "pesq_wb")]
    assert some["value"].mean() == pytest.approx(line["mean"]) and some["value"].isna().sum() == 2


def test_latex_tables_are_whole_and_every_special_character_is_escaped(folder):
    text = (folder / "report.tex").read_text()
    blocks = re.findall(r"\\begin\{table\}.*?\\end\{table\}", text, re.S)
    assert len(blocks) > 10
    for block in blocks:
        body = block.split(r"\toprule")[1].split(r"\bottomrule")[0]
        columns = len(re.search(r"\\begin\{tabular\}\{([lr]+)\}", block)[1])
        rows = [row for row in body.replace(r"\midrule", "").split(r"\\" + "\n") if row.strip()]
        assert len(rows) > 1 and all(len(re.findall(r"(?<!\\)&", row)) == columns - 1 for row in rows), block
        assert block.count(r"\begin{") == block.count(r"\end{")
    plain = re.sub(r"\\[\\{}$&#%_]", "", "\n".join(line for line in text.splitlines() if not line.startswith("%")))
    assert plain.count("{") == plain.count("}") and not re.search(
        r"[#%_^~<>|\"]", re.sub(r"\\label\{[^}]*\}", "", plain)
    )
    assert latex.text(codec_runs.PIPES).count(r"\$") == 1 and plain.isascii()
    assert latex.text('7" of tape') == "7'' of tape"  # \textquotedbl needs fontenc with T1


@pytest.mark.parametrize(
    ("said", "set_as"),
    [
        ("-0.671 [-1.47, 0.126]", "$-$0.671 [$-$1.47, 0.126]"),
        ("1.1e-07", "1.1e$-$07"),
        ("gain=-3, 2026-12-01, 3-5", "gain=$-$3, 2026-12-01, 3-5"),
        ("vector-quantize-2 e-3", "vector-quantize-2 e-3"),
    ],
)
def test_latex_sets_a_minus_as_a_minus_and_a_hyphen_as_a_hyphen(said, set_as):
    assert latex.text(said) == set_as


def test_an_unknown_anchor_or_format_leaves_nothing_behind(run, tmp_path):
    with pytest.raises(ValueError, match="cannot be the anchor"):
        report.write(run, ["md"], tmp_path, anchor="nobody")
    with pytest.raises(ValueError, match="there are: md, html, csv, parquet, latex"):
        report.write(run, ["docx"], tmp_path)
    assert not list(tmp_path.iterdir())


def names_at(svg):
    """Every text of a picture and its height, in points."""
    found = re.findall(r'<text [^>]*\by="([\d.]+)"[^>]*>([^<]*)</text>', svg)
    return {unescape(text): float(y) for y, text in found}


def test_plots_name_every_codec_once_and_apart(run):
    (condition,) = contents.gather(run).codecs
    colours = plots.palette(contents.gather(run))
    drawn = rate_distortion.draw(condition, colours)
    (plot,) = drawn[condition.key_of(condition.headline)]
    for impl in condition.codecs:
        assert impl in plot.alt
    heights = names_at(plot.svg)
    assert set(condition.codecs) <= set(heights)
    assert min(b - a for a, b in pairwise(sorted(heights[impl] for impl in condition.codecs))) > 8
    assert "dreamer" not in plot.alt and "passthrough:8k" in plot.svg
    assert [p.title for p in drawn[condition.bitrates[1].key]] == [
        "pesq_wb against encoding speed", "pesq_wb against delay",
    ]  # fmt: skip
    assert drawing.looks(["a"])  # the palette is that of all other plots


def test_many_codecs_keep_their_names_apart(tmp_path):
    scores = [
        codec_runs.score(f"codec-{n:02d}", b, clip, values={"stoi": 0.9 + 0.0001 * n + b / 1000}, failures={}, wer={})
        for n in range(36)
        for b in codec_runs.BITRATES
        for clip in range(2)
    ]
    run = codec_runs.write(tmp_path, scores, [], heard=0)
    (condition,) = contents.gather(run).codecs
    looks = drawing.looks(condition.codecs)
    drawn = rate_distortion.draw(condition, looks)
    for plot in (*drawn[condition.key_of(condition.headline)], *drawn[condition.bitrates[1].key]):
        heights = sorted(y for name, y in names_at(plot.svg).items() if name.startswith("codec-"))
        assert len(heights) == 36 and min(b - a for a, b in pairwise(heights)) > 8


def test_a_run_whose_rows_are_gone_still_shows_its_scores(tmp_path):
    run = codec_runs.write(tmp_path, codec_runs.scores()[:200], [], heard=0)
    text = terminal.plain(Results([], path=run.path))
    assert "codec quality" in text


def test_two_runs_stand_side_by_side_with_pictures_of_their_own(tmp_path):
    scores = [codec_runs.score(i, b, c) for i in ("wave:good", "wave:plain") for b in (6.0, 12.0) for c in range(3)]
    runs = [codec_runs.write(tmp_path / name, [replace(s, run=name) for s in scores], [], 0) for name in ("one", "two")]
    report.write(runs, ["md", "html", "latex"], tmp_path / "report")
    pictures = re.findall(r"\]\((plots/[^)]+)\)", (tmp_path / "report" / "report.md").read_text())
    assert len(pictures) == len(set(pictures)) > 0 and all((tmp_path / "report" / p).exists() for p in pictures)
    labels = re.findall(r"\\label\{([^}]*)\}", (tmp_path / "report" / "report.tex").read_text())
    assert len(labels) == len(set(labels)) == 4
    ids = [a["id"] for _, a in Page((tmp_path / "report" / "report.html").read_text()).tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_command_line_prints_the_table_and_refuses_an_unknown_anchor(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["report", str(run.path), "--format", "csv", "--anchor", "wave:good", "-o", "out"])
    assert done.exit_code == 0 and "At 12 kbit/s, wave:" in done.output and "out/quality.csv" in done.output
    wrong = CliRunner().invoke(main, ["report", str(run.path), "--anchor", "wave:god"])
    assert wrong.exit_code == 2 and "did you mean wave:good" in wrong.output

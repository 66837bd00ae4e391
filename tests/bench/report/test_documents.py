"""What the three renderings must all say, and what must never get out of a name."""

from __future__ import annotations

import html as entities
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from bench import report
from bench.core import STATUSES
from bench.report import columns, contents, markdown, plots, terminal
from bench.report.troubles import split_commands
from bench.results import Results


@pytest.fixture(scope="module")
def written(full, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert report.write(full, ["md", "html"], folder) == [folder / "report.md", folder / "report.html"]
    return folder


class Page(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.data = [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        self.data.setdefault(attributes.get("id") if tag == "script" else "", []).append(data)
        self.text.append(data)


@pytest.fixture(scope="module")
def page(written):
    return Page((written / "report.html").read_text())


def documents(written, full):
    """Each rendering as the text that a reader sees, on one line."""
    shown = {
        "html": " ".join(Page((written / "report.html").read_text()).text),
        "md": re.sub(r"\\(.)", r"\1", entities.unescape((written / "report.md").read_text())),
        "terminal": terminal.plain(full),
    }
    return {name: " ".join(text.split()) for name, text in shown.items()}


def test_every_status_is_shown_with_its_reason(written, full, made):
    reasons = {
        "crash": "segmentation fault (signal 11)", "timeout": "no answer within 30 s", "wrong": "error 0.3 > 1e-5",
        "oom": "killed for memory: asked 9 GB of 4 GB", "unstable": "interval ±9% after 3 s, asked ±1%",
        "error": "ValueError: [red]odd[/red] \ufffd[31m & <b>length</b>", "unavailable": "needs gpu_lib",
    }  # fmt: skip
    assert set(reasons) == set(STATUSES) - {"ok"}
    for name, text in documents(written, full).items():
        for status, reason in reasons.items():
            assert reason in text, (name, status)
            assert status in text.lower(), (name, status)


def test_unavailable_is_grouped_by_reason_with_its_command(full, page, written):
    said = contents.gather(full)
    assert [a.impls for a in said.absent] == [["toy/gpu-a", "toy/gpu-b"], ["toy/other"]]
    assert ("pip install 'audio-bench[gpu]'", True) in split_commands(said.absent[0].reason)
    assert "`pip install 'audio-bench[gpu]'`" in (written / "report.md").read_text()
    assert "<code>pip install &#39;audio-bench[gpu]&#39;</code>" in (written / "report.html").read_text()


def test_reasons_that_differ_in_numbers_are_one_entry_that_keeps_them_all(full, page):
    shaky = [t for t in contents.gather(full).troubles if t.impl == "shaky"]
    assert len(shaky) == 1 and len(shaky[0].where) == 8
    assert all(len(reasons) == 3 for reasons in shaky[0].where.values())
    assert "interval ±11% after 3 s" in " ".join(page.text)


def test_no_name_becomes_markup_in_the_page(page, written, made):
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "rows"}, {}]
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on")]
    text = (written / "report.html").read_text()
    assert "<b>length" not in text and "<script>alert" not in text
    assert made.HOSTILE in "".join(page.text) and made.PIPES in "".join(page.text)


def test_the_page_needs_nothing_from_outside(written, page):
    fetched = [v for _, attributes in page.tags for k, v in attributes.items() if k in ("src", "href", "xlink:href")]
    assert fetched and all(v.startswith("#") for v in fetched)
    text = (written / "report.html").read_text()
    assert not re.findall(r"url\((?!#)", text) and "@import" not in text


def test_ids_are_unique_so_that_no_picture_borrows_anothers_parts(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) > 50
    used = {v[1:] for _, attributes in page.tags for k, v in attributes.items() if k in ("href", "xlink:href")}
    assert used <= set(ids)


def test_every_picture_has_words(page):
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(pictures) == 20
    assert all(p["role"] == "img" and "fast" in p["aria-label"] for p in pictures)


def test_the_rows_inside_the_page_are_the_summary(page, full, made):
    rows = json.loads("".join(page.data["rows"]))
    summary = full.summary()
    assert len(rows) == len(summary)
    best = {(r["impl"], r["label"], r["op"]): r["median_ms"] for r in rows}
    for line in summary.to_dict("records"):
        median = best[line["impl"], line["label"], line["op"]]
        assert (
            median == pytest.approx(line["median_ms"]) if median is not None else line["status"] not in ("ok", "wrong")
        )


def test_markdown_tables_keep_their_shape_and_hold_no_html(written):
    text = (written / "report.md").read_text()
    assert "<" not in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) > 10
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table}) == 1


def test_markdown_links_exist_and_are_pictures_without_scripts(written):
    links = re.findall(r"\]\((plots/[^)]+)\)", (written / "report.md").read_text())
    assert len(links) == 20
    for link in links:
        root = ElementTree.fromstring((written / link).read_text())
        kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert "script" not in kinds and "title" in kinds and root.get("role") == "img"


def test_names_cannot_leave_the_folder(made, tmp_path):
    rows = [made.measured(i, 512, replicate=r, corpus="../../up") for i in ("fast", "numpy") for r in range(2)]
    hostile = [replace(r, suite="../../etc/x", op="/root") for r in rows]
    report.write(Results(hostile), ["md", "html"], tmp_path / "a" / "b")
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert len(files) == 5
    assert all(f.startswith("a/b/") for f in files)


def test_the_terminal_fits_100_columns_and_holds_no_escape_codes(full, made):
    several = [
        *full.rows,
        *(made.measured(i, 512, replicate=r, threads=16, device="cuda:0") for i in ("fast", "shaky") for r in range(3)),
    ]
    other = [
        r.__class__(**{**vars(r), "run": "20260101-120000-stft-1a2b"}) for r in made.rows() if r.case["n_fft"] == 512
    ]
    for results in (full, [Results(several, made.environment()), Results(other)]):
        text = terminal.plain(results)
        assert max(cell_len(line) for line in text.splitlines()) <= 100
        assert "\x1b" not in text and "[31m & <b>length</b>" in text
        assert all(f" {c}" in text for c in ("101,000", "50,400", "1.0e-06"))


def test_colour_for_a_terminal_only(full, capsys):
    terminal.show(full)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "toy forward" in shown


def test_plots_colour_an_implementation_alike_everywhere(full):
    said = contents.gather(full)
    colours = plots.palette(said)
    assert len(set(colours.values())) == len(colours) == 7
    drawn = [*plots.of_section(said.sections[0], colours), *plots.of_table(said.sections[1].tables[-1], colours)]
    assert [p.title for p in drawn] == ["Cost as n_fft grows", "Memory", "Latency", "Speed against error"]
    assert all(colours["scipy"].colour in p.svg for p in drawn)


def test_an_unknown_format_is_refused(full, tmp_path):
    with pytest.raises(ValueError, match=r"cannot be written as pdf; there are: md, html"):
        report.write(full, ["md", "pdf"], tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_documented_columns_are_those_of_the_code(request):
    path = request.config.rootpath / "docs" / "columns.md"
    assert path.read_text() == columns.page(), "run: python -m bench.report.columns > docs/columns.md"


def test_text_of_markdown_survives_as_itself(made):
    assert markdown.text(made.PIPES) == r"a\|b\*c\_\[x\](y)\`\$\\z"
    assert markdown.text("@someone\n# x <b>") == r"&#64;someone \# x &lt;b&gt;"
    assert markdown.code("pip  install\n x") == "`pip install x`"

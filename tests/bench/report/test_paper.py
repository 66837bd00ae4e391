"""The pages on paper and at a link: nothing is cut off, pale on white, or behind the bar of links."""

from __future__ import annotations

from pathlib import Path

import codec_runs
import pytest

from bench import report

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")
playwright = pytest.importorskip("playwright.sync_api")

PAPER = 966  # pixels of CSS between the margins of the narrower of A4 and letter, which lies on its side


@pytest.fixture(scope="module")
def paths(full, tmp_path_factory):
    codecs = codec_runs.write(tmp_path_factory.mktemp("codec") / "run")
    made = [report.write(run, ["html"], tmp_path_factory.mktemp("report")) for run in (full, codecs)]
    return [path for several in made for path in several]


@pytest.fixture
def opened(paths):
    """A function that opens each page in a window of this width, in the dark."""
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])

        def pages(width):
            for path in paths:
                page = chromium.new_page(viewport={"width": width, "height": 700}, color_scheme="dark")
                page.goto(path.as_uri())
                yield page

        yield pages
        chromium.close()


def test_on_paper_tables_are_whole_and_everything_is_dark_on_white(opened):
    for page in opened(PAPER):
        page.click("#theme")
        page.click("#theme")  # chosen by hand, and dark
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        right = "[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right)"
        assert max(page.evaluate(right)) <= PAPER
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        ink = "[...document.querySelectorAll('h1, td, th, p')].map(e => getComputedStyle(e).color)"
        for colour in set(page.evaluate(ink)):
            red, green, blue = (int(c) for c in colour.removeprefix("rgb(").removesuffix(")").split(","))
            assert 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128, colour


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_what_is_linked_to_is_not_behind_the_bar_of_links(opened, width):
    for page in opened(width):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for link in page.locator("nav a").all():
            name = link.get_attribute("href")
            page.evaluate("name => { location.hash = name; }", name)
            top, bar = page.evaluate("""() => [document.querySelector(`${location.hash} h2`),
                document.querySelector("nav")].map((e, n) => e.getBoundingClientRect()[n ? "bottom" : "top"])""")
            assert top >= bar, name

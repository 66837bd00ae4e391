"""The page in a real browser: it loads without a complaint, sorts on a click, and fits a phone."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from bench import report
from bench.report import history

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")
QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", *QUIET, "--enable-logging=stderr")

PROBE = """<script>
const errors = [];
addEventListener("error", event => errors.push(String(event.message)));
addEventListener("load", async () => {
  const table = document.querySelector("details.case table.sortable");
  const heading = [...table.tHead.rows[0].cells].find(c => c.textContent.startsWith("memory"));
  const order = () => [...table.tBodies[0].rows].map(r => r.cells[heading.cellIndex].textContent);
  const told = {before: order(), errors};
  heading.click(); told.up = order(); told.sorted = heading.getAttribute("aria-sort");
  heading.click(); told.down = order();
  const kinds = ["–", "-5", "-inf", "nan", "inf", "3"], rows = [...table.tBodies[0].rows];
  rows.map(row => row.cells[heading.cellIndex]).forEach((cell, n) => {
    cell.textContent = kinds[n] ?? "";
    cell.removeAttribute("data-v");
  });
  heading.click(); heading.click(); told.odd = order().slice(0, 6);
  const all = document.getElementById("open");
  told.labels = [all.textContent];
  all.click(); told.labels.push(all.textContent);
  told.open = document.querySelectorAll("details.case:not([open])").length;
  document.getElementById("theme").click();
  told.theme = document.documentElement.dataset.theme;
  const stays = cell => getComputedStyle(cell).position;
  told.stuck = [...document.querySelectorAll(".case .sortable")].map(t => [t.tHead, t.tBodies[0]])
    .map(parts => parts.map(part => [...part.rows[0].cells].map(stays).join()));
  told.width = [innerWidth, document.documentElement.scrollWidth];
  told.bar = innerWidth - document.documentElement.clientWidth;
  document.querySelector("details.case").open = false;
  await new Promise(done => setTimeout(done, 50)); told.labels.push(all.textContent);
  const note = document.createElement("output");
  note.id = "told"; note.textContent = JSON.stringify(told);
  parent === window ? document.body.append(note) : parent.postMessage(note.textContent, "*");
});
</script>"""

# a window of Chromium is never narrower than 500 pixels; a frame is
FRAME = """<!doctype html><iframe src="report.html" width="375" height="900" style="border: 0"></iframe>
<iframe src="history.html"></iframe>
<script>addEventListener("message", event => {
  const note = document.createElement("output");
  note.id = "told"; note.textContent = event.data;
  document.body.append(note);
});</script>"""


@pytest.fixture(scope="module")
def browse(full, tmp_path_factory):
    """What the probe tells of a page, and what the browser complained of, in a window 1400 pixels wide."""
    folder = tmp_path_factory.mktemp("page")
    (path,) = report.write(full, ["html"], folder)
    path.write_text(path.read_text().replace("</head>", PROBE + "</head>"))
    (folder / "phone.html").write_text(FRAME)
    (folder / "history.html").write_text(history.page([], {}))

    def run(name):
        place = [f"--user-data-dir={folder / f'profile-{name}'}", "--window-size=1400,900"]
        command = [CHROMIUM, *FLAGS, *place, "--virtual-time-budget=3000", "--dump-dom", (folder / name).as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        told = re.search(r'<output id="told">(.*?)</output>', done.stdout, re.S)
        assert told, done.stderr[-2000:]
        return json.loads(told[1]), [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return run


def test_it_loads_sorts_opens_and_changes_its_theme(browse):
    told, complaints = browse("report.html")
    assert complaints == [] and told["errors"] == []
    known = [t for t in told["up"] if t != "–"]
    assert known == sorted(known, key=lambda t: float(t.replace(",", ""))) and len(known) == 7
    assert told["up"][7:] == told["down"][7:] == ["–"] * 5  # what is unknown stays last
    assert told["down"][:7] == known[::-1] != known
    assert (told["sorted"], told["open"], told["theme"]) == ("ascending", 0, "dark")
    assert told["width"] == [1400, 1400 - told["bar"]]
    assert told["labels"] == ["Open all", "Close all", "Open all"]
    assert told["odd"][:4] == ["inf", "3", "-5", "-inf"]  # then all that is no number


def test_nothing_sticks_out_of_a_phone(browse):
    told, complaints = browse("phone.html")
    assert told["width"] == [375, 375 - told["bar"]]
    assert any("sticky" in head for head, _ in told["stuck"])
    assert all(head == row for head, row in told["stuck"])  # the heading that stays is that of the names
    assert complaints == []  # of the page of the history neither, which has the same script and fewer buttons

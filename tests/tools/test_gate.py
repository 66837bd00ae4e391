"""The tool that measures the gate: the rivals' rules on samples of known truth, and the arithmetic of its page."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.compare.decide import decide, evidence
from bench.compare.effect import of_units
from bench.compare.sequence import LOOKS

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def tools():
    sys.path.insert(0, str(TOOLS))
    yield lambda name: importlib.import_module(name)
    sys.path.remove(str(TOOLS))


def test_the_rivals_call_what_their_rules_say(tools):
    rules = tools("rival_rules")
    rng = np.random.default_rng(0)
    base = 5 + 0.05 * rng.standard_normal(100)
    verdicts = {
        factor: {name for name, rule in rules.RULES.items() if rule(base, factor * rng.permutation(base))}
        for factor in (1.0, 1.007, 1.03, 1.07, 1.2)
    }
    assert verdicts[1.0] == set()
    assert verdicts[1.007] == {"Mann-Whitney 0.002 alone", "pyperf, t-test 0.05"}
    assert verdicts[1.03] == verdicts[1.007] | {"criterion, bootstrap 0.05 and 1%"}
    assert verdicts[1.07] == verdicts[1.03] | {"pytest-benchmark, mean 5%"}
    assert verdicts[1.2] == set(rules.RULES)


def test_the_page_counts_and_bounds(tools, monkeypatch):
    page = tools("gate_page")
    monkeypatch.setattr(page, "collect", dict)  # this machine's record has tests of its own
    usual = {
        "method": page.METHOD,
        "load": "none",
        "kernel": "computing",
        "n_fft": 400,
        "loadavg": 1.0,
        "call_ms": 5.0,
        "pairs": 5,
    }
    usual |= {"ahead": True, "seconds": 4.0, "ratio": 1.0, "logs": [0.001, -0.001], "rivals": []}
    lines = [{**usual, "planted": 0.0, "verdict": "more" if i == 0 else "same"} for i in range(100)]
    lines += [{**usual, "planted": 0.02, "verdict": "more", "rivals": ["pyperf, t-test 0.05"]} for _ in range(20)]
    text = page.page([*lines, *({**line, "method": page.METHOD - 1} for line in lines[:7])])
    # Clopper & Pearson 1934: 1 of 100 is [0.0253%, 5.446%], 20 of 20 at least 83.16%
    assert "| this gate | 1 of 100: 1.0% [0.0%, 5.4%] | 20 of 20: 100.0% [83.2%, 100.0%] |" in text
    assert "99 of 100 identical pairs were called the same" in text and text.count("Not measured yet.") == 1
    assert "## Before" in text and "1 of 7" in text
    assert "Against the goals: false alarms: met as far as 100 pairs can tell; 2% found: met as far as 20" in text
    kept = json.loads(page._compact(lines))
    assert len(kept["pairs"]) == 120 and kept["pairs"][0][kept["columns"].index("verdict")] == "more"


def test_a_drawn_row_is_called_as_the_gate_calls_it(tools):
    page, rng, all_said = tools("gate_page"), np.random.default_rng(3), set()
    for mean in np.linspace(-0.04, 0.04, 41):
        logs = mean + rng.normal(0, 0.015, 30)
        looks = [(of_units(logs[:n]), weight) for n, weight in LOOKS.items()]
        verdicts = [decide([evidence(looks[: n + 1], page.THRESHOLD)])[0] for n in range(len(looks))]
        said = next((v for v in verdicts if v != "open"), "open")
        assert page._slower(logs) == (said == "more")
        all_said.add(said)
    assert all_said == {"more", "less", "same", "open"}


def test_rows_are_drawn_from_what_identical_ones_had(tools, monkeypatch):
    """Normal noise of 0.8% a pair hides no 2%; one of 4% does, of which a row knows its mean to 0.8%."""
    page, rng = tools("gate_page"), np.random.default_rng(2)
    monkeypatch.setattr(page, "DRAWS", 500)
    usual = {"load": "none", "kernel": "computing", "n_fft": 400, "pairs": 25, "seconds": 10.0}
    said = page._drawn([{**usual, "logs": rng.normal(0, 0.008, 25).tolist()} for _ in range(80)])
    two, three, ten = (float(cell.split("%")[0]) for cell in said)
    assert two > 95 and three == ten == 100
    noisy = page._drawn([{**usual, "logs": rng.normal(0, 0.04, 25).tolist()} for _ in range(80)])
    assert float(noisy[0].split("%")[0]) < 60


def test_processes_that_share_a_template_and_a_bias_are_told(tools):
    page, rng = tools("gate_page"), np.random.default_rng(0)
    apart = rng.normal(0, 0.01, (60, 3 * page.COPIES))
    biased = apart + np.repeat(rng.normal(0, 0.01, (60, 3)), page.COPIES, axis=1)
    for logs, least, most in ((apart, -0.1, 0.05), (biased, 0.4, 0.6)):
        said = page._alike([{"logs": row.tolist()} for row in logs])
        assert least < float(said.split("ones is ")[1].split()[0]) < most
    assert page._alike([{"logs": apart[0].tolist()}]) == "", "too few to say"


def test_sides_that_are_not_treated_alike_are_told(tools):
    page, rng = tools("gate_page"), np.random.default_rng(1)
    fair = rng.normal(0, 0.01, (200, 12))
    for logs, mean, spread in ((fair, 0.0, 1.1), (fair + 0.01, 1.0, 4.1)):
        said = page._fair([{"logs": row.tolist()} for row in logs])
        assert abs(float(said.split(" is ")[1].split("%")[0]) - mean) < 0.06
        assert float(said.split("spread ")[1].split()[0]) == pytest.approx(spread, rel=0.15)

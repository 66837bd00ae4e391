"""The self-test: its verdicts on a short run, and its arithmetic on made-up verdicts."""

from __future__ import annotations

import json
from functools import partial
from types import SimpleNamespace

import pytest

from bench import plan
from bench.plan import Usage
from bench.selftest import _sum_up, print_verdict, selftest


def test_a_short_self_test_finds_a_large_slowdown(toys, tmp_path, monkeypatch):
    short = SimpleNamespace(**{**vars(plan), "Plan": partial(plan.Plan, budget_s=0.5)})
    monkeypatch.setattr("bench.selftest.plan", short)
    found = selftest("toy", "good", 2, 1.0, tmp_path / "out")
    assert found["pairs"] == 2 and found["planted"] == 1.0
    assert len(found["same_ratios"]) == len(found["planted_ratios"]) == 2
    assert found["planted_ratio_median"] > 1.3, "twice the time was planted"
    assert len(list((tmp_path / "out").glob("pair-*/rows.jsonl"))) == 2
    json.dumps(found)


def test_nothing_to_test_is_one_line(toys):
    with pytest.raises(Usage, match="nothing in toy runs here"):
        selftest("toy", "absent", 2, 0.03, None)


def test_shares_are_counted(capsys):
    verdicts = [
        {"alarm": i == 0, "found": i != 1, "same": 1.0 + 0.01 * i, "planted": 1.03, "medians": [1.0, 1.1]}
        for i in range(4)
    ]
    facts = {"suite": "toy", "impl": "good", "case": {}, "call_ms": 5.0, "planted": 0.03}
    found = _sum_up(verdicts, facts)
    assert found["false_alarms"] == 1 and found["found"] == 3 and found["pairs"] == 4
    assert found["same_ratio_sd"] == pytest.approx(0.0129099, rel=1e-4)
    assert 0 < found["clock_overhead_ns"]["looped"] < found["clock_overhead_ns"]["one_call"]
    print_verdict(found)
    shown = capsys.readouterr().out
    assert "1 of 4 identical pairs called different (25.0%)" in shown and "3 of 4 planted slowdowns of 3.0%" in shown

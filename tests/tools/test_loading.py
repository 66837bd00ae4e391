"""reports/reference/loading.md: ratios of what stands side by side, and reasons where there is none."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.results import Row

TOOL = Path(__file__).parents[2] / "tools" / "loading.py"
CASE = {"format": "wav", "seconds": 10.0, "chunk": 1.0, "sample_rate": 16000, "files": 256, "batch": 16, "workers": 2}
CASE |= {"features": "waveform", "cache": "warm"}


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("loading", TOOL)
    module = sys.modules["loading"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(impl: str, ms: float, **more) -> Row:
    samples = [] if more.get("status", "ok") not in ("ok", "unstable") else [1e6 * ms] * 12
    figures = {"samples_ns": samples, "rounds": [2] * (len(samples) // 2), "audio_seconds": 256.0}
    return Row("r", "load", impl, CASE, "epoch", **figures | more)


def test_the_page_holds_ratios_figures_and_reasons(tool, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tool, "NOTES", tmp_path / "none.md")
    rows = [
        row("dali", 40.0, quality={"stall_2ms": 0.25, "files_per_second": 1.0}, peak_rss_bytes=10**9),
        row("dataloader", 100.0),
        row("dataloader:librosa", 0.0, status="wrong", reason="an epoch brings 3 items"),
        row("c", 10.0),
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(asdict(r)) + "\n" for r in rows))
    tool.main([str(tmp_path)])
    page = capsys.readouterr().out
    said = "| DALI gives 10-100x for data loading | dali : {} | format wav, workers 2, cache warm | {} |"
    assert said.format("dataloader", "2.50 [2.50, 2.50]") in page
    assert said.format("c", "0.25 [0.25, 0.25]") in page
    assert said.format("dataloader:librosa", "dataloader:librosa: an epoch brings 3 items") in page
    assert "ffcv: not measured" in page
    cells = next(line for line in page.splitlines() if line.startswith("| dali |")).split(" | ")
    assert cells[1:3] == ["6,400", "6,400"] and cells[6] == "1,000" and cells[9] == "25.0"
    assert "- dataloader:librosa: *wrong*, an epoch brings 3 items" in page

"""The page of the neural codecs: figures of the summary where they belong, and what is missing said."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bench.results import Row

FILE = Path(__file__).parents[2] / "tools" / "neural_codecs.py"


def tool():
    spec = importlib.util.spec_from_file_location("neural_codecs", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["neural_codecs"] = module
    spec.loader.exec_module(module)
    return module


def test_measured_and_missing():
    page, quality = tool(), {"parameters": 19.04e6, "declared_delay_ms": 13.333, "payload_bps": 6000.0}
    line = {"impl": "encodec", "status": "ok", "quality": quality}
    summary = [line | {"op": "encode", "x_realtime": 9.79}, line | {"op": "decode", "x_realtime": 9.67}]
    summary.append(line | {"impl": "mimi", "op": "encode", "x_realtime": 3.0, "status": "wrong"})
    claims = list(page.compared(summary))
    assert "| EnCodec 24 kHz, 6 kbit/s: encode | 9.8 | 9.79 | × real time |" in claims[1]
    assert any("EnCodec 24 kHz: numbers trained | 14.85 M + 4.19 M | 19.0 | M" in text for text in claims)
    assert any("SoundStream: encode | 2.4 | not measured" in text for text in claims)
    table = "\n".join(page.everything(summary))
    assert "| `encodec` | 9.79 | 9.67 |" in table and "mimi" not in table, "a wrong answer has no speed"
    rows = [Row("r", "codec", "dac44:int8", {}, "", status="unavailable", reason="convolutions only")] * 2
    assert list(page.failed(rows)) == ["- `dac44:int8` : unavailable: convolutions only"]


def test_what_the_conformer_costs():
    page = tool()
    line = {"impl": "bsq_vit", "op": "decode", "status": "ok", "median_ms": 100.0, "low_ms": 90.0, "high_ms": 110.0}
    summary = [line | {"quality": {"parameters": 100.0}}]
    summary.append(line | {"impl": "bsq_vit:conformer", "median_ms": 120.0, "low_ms": 110.0, "high_ms": 126.0})
    summary[1]["quality"] = {"parameters": 115.0}
    numbers, time = page.conformers(summary)
    assert "| 15.0 | % more |" in numbers and "time to decode" in time and "| 20.0, 0 to 40.0 | % more" in time
    assert not list(page.conformers(summary[1:]))

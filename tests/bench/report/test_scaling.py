"""Speed over a parameter that may be zero."""

from __future__ import annotations

from bench.report import drawing, scaling
from bench.report.lines import Line


def line(impl, workers, speed, form="wav"):
    case = {"format": form, "workers": workers}
    return Line("r", "c", "load", "", "epoch", impl, "cpu", 1, "ok", case, "", 1.0, {"x_realtime": speed}, {})


LINES = [line("a", w, 100 * (1 + w)) for w in (0, 1, 4)] + [line("b", 0, 50), line("b", 2, 90), line("a", 2, 7, "flac")]


def test_series_hold_what_differs_in_the_parameter_alone():
    ((fixed, series),) = scaling.find(LINES, "workers")
    assert fixed == "format=wav"
    at = {who.impl: {w: x["x_realtime"] for w, x in found.items()} for who, found in series.items()}
    assert at == {"a": {0: 100, 1: 200, 4: 500}, "b": {0: 50, 2: 90}}
    assert scaling.find(LINES, "threads") == [] and scaling.find(LINES[:1], "workers") == []


def test_the_picture_says_every_value():
    (plot,) = scaling.draw("load epoch", "load-epoch", LINES, "workers", drawing.looks(["a", "b"]))
    assert "a 100 at 0, 200 at 1, 500 at 4; b 50.0 at 0, 90.0 at 2." in plot.alt
    assert plot.name.startswith("scaling-load-epoch") and "<svg" in plot.svg

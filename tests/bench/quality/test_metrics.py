"""Rules that hold for every metric of the registry: a new one is tested without writing a test."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from quality.voices import noisy, speech

from bench.quality import MetricFailure, Unavailable, available, metrics, score
from bench.quality.core import is_clipped
from bench.quality.scoring import UnknownMetric

NAMES = list(metrics())
VOICE = {rate: speech(2.0, rate) for rate in (8000, 16000, 48000)}


def rate_of(name: str) -> int:
    """The cheapest rate at which a metric can be computed."""
    return 48000 if name == "visqol_audio" else 16000


@pytest.fixture(params=NAMES)
def metric(request):
    found = metrics()[request.param]
    if why := found.missing():
        pytest.skip(why)
    return found


def test_it_says_what_a_reader_must_know(metric):
    assert metric.title and metric.source and metric.better in ("higher", "lower") and metric.aggregation == "mean"
    assert metric.range[0] < metric.range[1] and metric.range[0] <= metric.identity <= metric.range[1]
    assert metric.identity == pytest.approx(metric.range[metric.better == "higher"], abs=0.5)
    assert all(word in metric.version for word in (metric.name, *(m.split(".")[0] for m in metric.requires)))
    assert "absent" not in metric.version


def test_a_signal_against_itself(metric):
    x = VOICE[rate_of(metric.name)]
    if math.isinf(metric.identity):
        with pytest.raises(MetricFailure, match="identical to the reference"):
            metric(x, x, rate_of(metric.name))
    else:
        tolerance = {"pesq_wb": 1e-4, "pesq_nb": 1e-4, "visqol_speech": 0.3, "visqol_audio": 0.01}
        found = metric(x, x, rate_of(metric.name))
        assert found == pytest.approx(metric.identity, abs=tolerance.get(metric.name, 1e-6))


def test_more_noise_is_worse_and_within_the_range(metric):
    rate = rate_of(metric.name)
    x = VOICE[rate]
    found = [metric(x, noisy(x, snr), rate) for snr in (30, 15, 0)]
    if not metric.name.startswith("visqol"):  # whose models know no such voice: see the real one in test_published
        assert found == sorted(found, reverse=metric.better == "higher") and found[0] != found[-1]
    assert all(metric.range[0] <= value <= metric.range[1] for value in found)


def test_it_is_deterministic_and_leaves_its_input_alone(metric):
    rate = rate_of(metric.name)
    x, y = VOICE[rate][: 2 * rate].astype(np.float32), noisy(VOICE[rate][: 2 * rate], 10).astype(np.float32)
    before = x.copy(), y.copy()
    first = metric(x, y, rate)
    np.random.random(7)
    assert metric(x, y, rate) == pytest.approx(first, rel=1e-9)  # libraries may add in another order
    assert (x == before[0]).all() and (y == before[1]).all()


BAD = {
    "silent reference": (lambda x: (0 * x, x), "the reference signal is silent"),
    "silent degraded": (lambda x: (x, 1e-6 * x), "the degraded signal is silent"),
    "NaN": (lambda x: (x, np.where(np.arange(len(x)) == 99, np.nan, x)), "the degraded signal holds NaN or Inf"),
    "infinity": (lambda x: (np.where(np.arange(len(x)) == 99, np.inf, x), x), "the reference signal holds NaN or Inf"),
    "no samples": (lambda x: (x[:0], x[:0]), "shorter than"),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_signals_are_failures_with_their_reason(metric, bad):
    make, reason = BAD[bad]
    with pytest.raises(MetricFailure, match=reason):
        metric(*make(VOICE[rate_of(metric.name)]), rate_of(metric.name))


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.1, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0])
def test_a_short_signal_gives_a_figure_or_a_reason_never_a_stand_in(metric, seconds):
    rate = rate_of(metric.name)
    x = VOICE[rate][rate // 10 :][: round(seconds * rate)]
    found = score(x, noisy(x, 10), rate, [metric.name])
    if found.failures:
        assert "Error" not in found.failures[metric.name], "a library's exception is no reason"
    else:
        assert seconds >= metric.shortest
        if metric.name not in ("voicing_error", "visqol_speech"):  # 0 and 1 are on their scales
            assert found.values[metric.name] not in (0.0, 1.0, 1e-5)
    if seconds < metric.shortest:
        assert found.failures[metric.name] == f"shorter than {metric.shortest:g} s"


def test_noise_scored_against_other_noise_is_no_crash(metric):
    """No utterances, no voiced frame, no common frame: a reason, or a figure within the range."""
    rng = np.random.default_rng(5)
    rate = rate_of(metric.name)
    found = score(rng.standard_normal(2 * rate) / 8, rng.standard_normal(2 * rate) / 8, rate, [metric.name])
    assert not any("Error" in why for why in found.failures.values())
    assert all(metric.range[0] <= value <= metric.range[1] for value in found.values.values())


def test_a_rate_below_the_lowest_is_refused_and_the_lowest_is_taken(metric):
    with pytest.raises(MetricFailure, match=f"at least {metric.lowest_rate} Hz"):
        metric(VOICE[8000], VOICE[8000], metric.lowest_rate - 1)
    x = speech(2.0, metric.lowest_rate)
    assert math.isfinite(metric(x, noisy(x, 20), metric.lowest_rate))


def test_other_rates_are_resampled_to_one_that_the_metric_has(metric):
    if metric.rates:
        assert metric.working_rate(44100) == (48000 if metric.name == "visqol_audio" else max(metric.rates))
        assert all(metric.working_rate(rate) == rate for rate in metric.rates)
    else:
        assert metric.working_rate(44100) == 44100


def test_arrays_that_are_no_pair_are_the_callers_mistake(metric):
    x = VOICE[16000]
    with pytest.raises(ValueError, match="mono signals of floats"):
        metric(np.stack([x, x]), np.stack([x, x]), 16000)
    with pytest.raises(ValueError, match="mono signals of floats"):
        metric((100 * x).astype(np.int16), (100 * x).astype(np.int16), 16000)
    with pytest.raises(ValueError, match="32000 and 31999 samples"):
        metric(x, x[:-1], 16000)


def test_scores_are_figures_or_reasons_and_raw_ones_stand_beside():
    x = VOICE[16000]
    late = np.roll(x, 40)
    found = score(x, noisy(x, 20), 16000, ["si_sdr", "snr", "visqol_audio"], raw=late)
    assert set(found.values) == {"si_sdr", "si_sdr_raw", "snr"}
    assert found.values["si_sdr"] == pytest.approx(20) and found.values["si_sdr_raw"] < 0
    assert found.failures == {"visqol_audio": "needs a sample rate of at least 24000 Hz"}


def test_clipping_is_a_flag_and_the_figures_stand():
    x = VOICE[16000]
    found = score(x, np.clip(8 * x, -1, 1), 16000, ["snr", "lsd"])
    assert found.flags == ("degraded clipped",) and set(found.values) == {"snr", "lsd"}
    steps = np.round(np.clip(8 * x, -1, 32767 / 32768) * 32768) / 32768
    assert score(steps, x, 16000, []).flags == ("reference clipped",)
    assert score(x, x / np.abs(x).max(), 16000, []).flags == ()


@pytest.mark.parametrize(
    ("peak", "clipped"),
    [([1.0, 1.0], False), ([1.0, 0.5, 1.0, 1.0], False), ([1.0, -1.0, 1.0], True), ([32767 / 32768] * 3, True),
     ([32766 / 32768] * 9, False)],
)  # fmt: skip
def test_three_neighbours_at_full_scale_are_clipped(peak, clipped):
    x = np.concatenate([np.zeros(100), peak, np.zeros(100)])
    assert is_clipped(x) == clipped


def test_a_library_that_breaks_takes_no_other_figure_with_it(monkeypatch):
    from dataclasses import replace

    def broken(*_):
        raise RuntimeError("boom")

    monkeypatch.setitem(metrics(), "lsd", replace(metrics()["lsd"], compute=broken))
    monkeypatch.setitem(metrics(), "mcd", replace(metrics()["mcd"], compute=lambda *_: float("nan")))
    found = score(VOICE[16000], noisy(VOICE[16000], 20), 16000, ["lsd", "mcd", "snr"])
    assert found.failures == {"lsd": "RuntimeError: boom", "mcd": "its value is nan"} and set(found.values) == {"snr"}


@pytest.mark.parametrize("name", [n for n in NAMES if metrics()[n].requires])
def test_a_missing_library_names_the_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, metrics()[name].requires[0], None)
    assert available()[name].endswith(": pip install 'audio-bench[quality]'")
    with pytest.raises(Unavailable, match="pip install"):
        metrics()[name](VOICE[16000], VOICE[16000], 16000)
    assert "pip install" in score(VOICE[16000], VOICE[16000], 16000, [name]).failures[name]


def test_a_typo_gets_a_suggestion():
    with pytest.raises(UnknownMetric, match="did you mean pesq_wb"):
        score(VOICE[16000], VOICE[16000], 16000, ["pesq-wb"])


def test_finding_the_metrics_imports_none_of_their_libraries():
    program = """
import sys
from bench.quality import metrics
assert len(metrics()) >= 14
heavy = {"pesq", "pystoi", "visqol", "pyworld", "librosa", "numba", "scipy", "jiwer", "torch", "soxr"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_documented_metrics_are_those_of_the_code(request):
    from bench.quality.page import page

    path = request.config.rootpath / "docs" / "quality.md"
    assert path.read_text() == page(), "run: python -m bench.quality.page > docs/quality.md"
    assert all(f"| `{name}` |" in path.read_text() for name in NAMES)


@pytest.mark.parametrize("name", ["", ".core", ".align", ".summary"])
def test_the_examples_in_the_docstrings_run(name):
    import doctest
    import importlib

    found = doctest.testmod(importlib.import_module(f"bench.quality{name}"))
    assert found.attempted and not found.failed

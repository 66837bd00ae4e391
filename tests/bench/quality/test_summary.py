"""Means over what could be computed, reasons for the rest, and intervals that cover what they claim."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.quality import Scores
from bench.quality.summary import flags, interval, over_files, summarise


def test_a_failure_is_counted_and_takes_no_part_in_the_mean():
    found = summarise([4.0, None, 2.0, None], ["a", "a", "b", "c"], ["", "too short", "", "too short"])
    assert (found.mean, found.n, found.failed, found.speakers) == (3.0, 2, 2, 2)
    assert found.failures == {"too short": 2} and found.low <= 3 <= found.high


def test_nothing_computed_gives_no_mean_and_one_file_no_interval():
    nothing = summarise([None, None], reasons=["silent", "silent"])
    assert (nothing.mean, nothing.low, nothing.high, nothing.n) == (None, None, None, 0)
    one = summarise([2.5])
    assert (one.mean, one.low, one.high, one.n) == (2.5, None, None, 1)


def test_scores_of_files_become_a_summary_each():
    scores = [
        Scores({"stoi": 0.9, "snr": 10.0}, {}, ("degraded clipped",)),
        Scores({"snr": 20.0}, {"stoi": "the degraded signal is silent"}, ("degraded clipped", "reference clipped")),
        Scores({"stoi": 0.7}),
    ]
    found = over_files(scores, ["a", "a", "b"])
    assert (found["stoi"].mean, found["stoi"].n) == (pytest.approx(0.8), 2)
    assert found["stoi"].failures == {"the degraded signal is silent": 1}
    assert (found["snr"].mean, found["snr"].n, found["snr"].failed) == (15.0, 2, 0), "not asked for is not failed"
    assert flags(scores) == {"degraded clipped": 2, "reference clipped": 1}


@given(st.lists(st.tuples(st.floats(-50, 50), st.sampled_from(["", "a", "b", "c"])), min_size=2, max_size=12))
def test_an_interval_holds_its_mean_and_stays_within_the_data(files):
    values, speakers = zip(*files, strict=True)
    found = summarise(values, speakers)
    assert min(values) - 1e-9 <= found.low <= found.mean <= found.high <= max(values) + 1e-9
    assert summarise(values, speakers) == found, "the same seed gives the same interval"


def voices(rng: np.random.Generator, speakers: int, files: int, between: float = 1.0, within: float = 0.5):
    return [between * rng.standard_normal() + within * rng.standard_normal(files) for _ in range(speakers)]


def test_intervals_over_speakers_cover_the_truth_where_those_over_files_do_not():
    """12 speakers with 8 files each around 0: at least 90% of 100 intervals hold it; over files alone, not half as
    wide, they miss it in one of four."""
    rng = np.random.default_rng(7)
    clustered = naive = 0
    for _ in range(100):
        clusters = voices(rng, 12, 8)
        low, high = interval(clusters)
        clustered += low <= 0 <= high
        low, high = interval([np.array([v]) for v in np.concatenate(clusters)])
        naive += low <= 0 <= high
    assert clustered >= 90 and naive < 75


def test_files_of_one_speaker_are_drawn_together_and_others_alone():
    values = [1.0, 1.1, 1.2, 3.0, 3.1, 5.0, 7.0]
    found = summarise(values, ["a", "a", "a", "b", "b", "", ""])
    clusters = [np.array(c) for c in ([1.0, 1.1, 1.2], [3.0, 3.1], [5.0], [7.0])]
    assert (found.low, found.high) == interval(clusters) and found.speakers == 4
    assert over_files([Scores({"snr": v}) for v in values], ["a"] * 7)["snr"].speakers == 1


def test_without_differences_between_speakers_the_interval_is_that_of_the_files():
    """The standard error of a mean of 400 values: 1.96 / 20 either way; drawing twice makes it somewhat wider."""
    clusters = voices(np.random.default_rng(3), 50, 8, between=0, within=1)
    low, high = interval(clusters)
    assert 0.9 < (high - low) / (2 * 1.96 / 20) < 1.6


def test_a_speaker_with_many_files_counts_for_as_many():
    assert summarise([1.0] * 9 + [2.0], ["a"] * 9 + ["b"]).mean == pytest.approx(1.1)

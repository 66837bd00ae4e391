"""What becomes a line of the scores, from an entry of the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.corpus import Clip
from bench.scoring.agenda import Job, Target
from bench.scoring.entry import Wish, score
from bench.scoring.task import MOST_SECONDS, scored


@pytest.mark.parametrize(("seconds", "counted"), [(MOST_SECONDS, True), (MOST_SECONDS + 1, False)])
def test_a_clip_that_was_cut_has_no_word_errors(seconds, counted):
    """The whole transcript against the text of a beginning would count words as deleted that were never played."""
    pytest.importorskip("jiwer")
    clip = Clip("a", Path("a.wav"), "a.wav", "speech", 16000, seconds, "", "green birds sing here")
    target = Target("codec", "toy", {"bitrate": 6.0, "sample_rate": 16000, "channels": 1})
    entry = {
        "seconds": min(seconds, MOST_SECONDS),
        "flags": [],
        "metrics": {},
        "facts": {},
        "heard": {"1": "green birds"},
    }
    line = score(Job(target, clip, "key", 0.0), entry, Wish((), "ear", "1"), {}, run="run")
    assert (line.wer.get("deletions") == 2) == counted and ("wer" not in line.failures) == counted
    assert counted or "cut the clip" in line.failures["wer"]


def test_of_two_channels_the_mean_counts_and_a_failure_of_either():
    """20 dB on the left and 10 on the right; then silence comes back on the right alone."""
    rng = np.random.default_rng(0)
    sound = rng.standard_normal((2, 16000)) / 8
    noise = rng.standard_normal((2, 16000)) / 8
    noise *= np.linalg.norm(sound, axis=1, keepdims=True) / np.linalg.norm(noise, axis=1, keepdims=True)
    coded = sound + noise * np.array([[0.1], [10**-0.5]])
    assert scored(sound, coded, coded, 16000, ["snr"])["values"] == {"snr": pytest.approx(15)}
    coded[1] = 0
    found = scored(sound, coded, coded, 16000, ["snr"])
    assert found["values"] == {} and "silent" in found["failures"]["snr"]

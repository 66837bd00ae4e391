"""What becomes a line of the scores, from an entry of the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpus import Clip
from bench.scoring.agenda import Job, Target
from bench.scoring.entry import Wish, score
from bench.scoring.task import MOST_SECONDS


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

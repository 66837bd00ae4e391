"""Nothing is computed twice: not by a second run, not after a kill, not where only a metric is new."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from desks import CLIPS, corpus, scored, timed

from bench.scores import ORIGINAL, read_scores
from bench.scoring import cache, local
from bench.scoring.hand import Hand

TOYS = Path(__file__).parents[2] / "toys"


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list:
    """Every task that a scoring process is asked to do; the cache is empty."""
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "cache"))
    done: list = []
    really = Hand.do

    def do(self, task):
        done.append(task)
        return really(self, task)

    monkeypatch.setattr(Hand, "do", do)
    return done


def same(one, other) -> bool:
    """But for the run, and for where it came from."""
    return all(
        replace(a, run="", cached=False) == replace(b, run="", cached=False) for a, b in zip(one, other, strict=True)
    )


def test_a_second_run_computes_nothing_and_says_so(toys, tmp_path, computed):
    audio = corpus(tmp_path / "audio")
    first = scored(toys, timed(tmp_path / "one", ["toy"], audio, asr="toy_ear"))
    assert len(computed) == len(first) == 2 * len(CLIPS) and not any(s.cached for s in first)
    computed.clear()
    second = scored(toys, timed(tmp_path / "two", ["toy"], audio, asr="toy_ear"))
    assert computed == [] and all(s.cached for s in second)
    assert same(sorted(first, key=lambda s: s.key), sorted(second, key=lambda s: s.key))
    for line in second:
        assert soundfile.info(tmp_path / "two" / line.audio).frames > 0


def test_a_resumed_run_scores_nothing_again(toys, tmp_path, computed):
    store = timed(tmp_path / "run", ["toy"], corpus(tmp_path / "audio"))
    before = scored(toys, store)
    computed.clear()
    assert scored(toys, type(store)(store.folder, None)) == before and computed == []


def test_a_new_metric_is_computed_alone(toys, tmp_path, computed):
    audio = corpus(tmp_path / "audio")
    scored(toys, timed(tmp_path / "one", ["toy"], audio, metrics=("snr",)))
    computed.clear()
    found = scored(toys, timed(tmp_path / "two", ["toy"], audio, metrics=("snr", "lsd")))
    assert [t.metrics for t in computed] == [("lsd",)] * len(CLIPS) and {t.impl for t in computed} == {"toy"}
    assert all(set(s.values) == {"snr", "lsd"} for s in found if s.impl == "toy")


def test_other_audio_another_delay_and_another_codec_are_computed_anew(toys, tmp_path, computed):
    audio = corpus(tmp_path / "audio")
    scored(toys, timed(tmp_path / "one", ["toy"], audio))
    for number, (impls, lag) in enumerate(((["toy"], 39.0), (["toy:raises"], 40.0))):
        computed.clear()
        scored(toys, timed(tmp_path / f"other{number}", impls, audio, lag=lag))
        assert [t.clip["id"] for t in computed if t.impl != ORIGINAL] == list(CLIPS)
    sound, rate = soundfile.read(audio / "a.wav")
    soundfile.write(audio / "a.wav", sound / 2, rate, subtype="PCM_16")
    computed.clear()
    scored(toys, timed(tmp_path / "changed", ["toy"], audio))
    assert {t.clip["id"] for t in computed} == {"a"}


def test_what_failed_is_not_kept_and_a_damaged_cache_is_no_cache(toys, tmp_path, computed):
    audio = corpus(tmp_path / "audio")
    scored(toys, timed(tmp_path / "one", ["toy:raises"], audio))
    for entry in (tmp_path / "cache").rglob("*.json"):
        entry.write_text('{"facts": ')
    computed.clear()
    found = scored(toys, timed(tmp_path / "two", ["toy:raises"], audio))
    assert len(computed) == 2 * len(CLIPS)
    assert [s.clip for s in found if s.status == "error"] == ["b"]


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(toys, tmp_path, computed, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "file" / "cache"))
    cache.put("00", {"facts": {}})
    assert cache.get("00") == {}


def test_tasks_are_drawn_as_they_are_needed(toys, tmp_path, computed):
    """Memory does not grow with the corpus: no more tasks are in hand than there are processors."""
    store = timed(tmp_path / "run", ["toy"], corpus(tmp_path / "audio"))
    drawn = 0
    most = 0

    from bench.scoring import run as desk

    really = desk.Desk.pending

    def pending(self):
        nonlocal drawn
        for pair in really(self):
            drawn += 1
            yield pair

    def answers(tasks, conditions):
        nonlocal most
        for number, pair in enumerate(local.answers(tasks, conditions)):
            most = max(most, drawn - number)
            yield pair

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.Desk, "pending", pending)
        patch.setattr(desk, "engine", lambda _: answers)
        scored(toys, store)
    assert drawn == 2 * len(CLIPS) and most <= len(os.sched_getaffinity(0)) + 1


def test_kill_9_in_the_middle_of_scoring_loses_and_doubles_nothing(tmp_path):
    """The whole command line, killed as soon as the first lines are there, and once more after the resume."""
    audio = corpus(tmp_path / "audio")
    env = {**os.environ, "BENCH_PATH": str(TOYS), "BENCH_CACHE_DIR": str(tmp_path / "cache")}
    args = [
        "codec",
        "--impl",
        "toy_held,passthrough:16k",
        "--bitrate",
        "100,128",
        "--metrics",
        "stoi",
        "--corpus",
        str(audio),
    ]
    args += ["--case", "seconds=1", "--budget", "0.05s", "--precision", "0", "--replicates", "1", "--asr", "none"]
    args += ["--op", "decode", "--out", "run"]
    before: list = []
    for kill_at in (1, 4, 0):
        command = [sys.executable, "-m", "bench", "run", *args, "--quiet"]
        running = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
        path, end = tmp_path / "run" / "scores.jsonl", time.monotonic() + 60
        while kill_at and time.monotonic() < end and not (path.exists() and path.read_text().count("\n") >= kill_at):
            time.sleep(0.02)
        if kill_at:
            running.send_signal(signal.SIGKILL)
        _, err = running.communicate(timeout=120)
        assert "Traceback" not in err
        found = list(read_scores(tmp_path / "run"))
        assert found[: len(before)] == before, "a line that was on disk is gone or changed"
        before, args = found, ["--resume", "run"]
    assert running.returncode == 0, err
    assert len({s.key for s in before}) == len(before) == (1 + 2 * 2) * len(CLIPS)
    assert all(s.status == "ok" for s in before)
    assert all(json.loads(line) for line in (tmp_path / "run" / "scores.jsonl").read_text().splitlines())

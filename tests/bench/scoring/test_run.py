"""The whole way, by the command line: timed, scored, shown; and options that make no sense."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from desks import CLIPS, corpus

from bench.cli import main
from bench.results import Results
from bench.scores import ORIGINAL, read_scores


def test_one_command_times_and_scores(bench, tmp_path):
    """A damaged packet costs its rows; what does not decode is not scored; frames of a stream are single calls."""
    audio = corpus(tmp_path / "audio")
    args = ["--impl", "toy_wrong:corrupt,toy_wrong:changes,toy_held", "--bitrate", "512", "--corpus", str(audio)]
    args += ["--budget", "0.05s", "--precision", "0", "--replicates", "1", "--metrics", "snr", "--case", "seconds=1"]
    done = bench("run", "codec", *args, "--asr", "none", "--kind", "speech", "--clips", "1", "--out", "run")
    assert done.returncode == 4 and "Traceback" not in done.stderr, done.stderr
    rows = {(r.impl, r.op): r for r in Results.load(tmp_path / "run").rows}
    assert rows["toy_wrong:corrupt", "encode"].samples_ns and rows["toy_wrong:corrupt", "decode"].status == "error"
    assert "packet 0 is damaged" in rows["toy_wrong:corrupt", "decode"].reason
    assert rows["toy_wrong:changes", "decode"].status == "wrong"
    stream = rows["toy_held", "stream"]
    assert stream.loops == 1 and stream.frame_seconds == stream.audio_seconds == 0.01 and stream.first_ns > 0
    assert stream.quality["algorithmic_delay_ms"] == 40.0
    encode = rows["toy_held", "encode"]
    assert encode.audio_seconds == 1.0 and encode.quality["payload_bps"] == 512000 and encode.quality["in_window"]
    scores = list(read_scores(tmp_path / "run"))  # as they were ready
    assert sorted((s.impl, s.clip, s.status) for s in scores) == sorted(
        [(ORIGINAL, "a", "ok"), ("toy_held", "a", "ok")]
    )
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["metrics"] == ["snr"]


def test_metrics_none_and_asr_none_score_nothing(bench, tmp_path):
    args = ["--impl", "toy_held", "--bitrate", "512", "--case", "seconds=0.5", "--op", "decode", "--replicates", "1"]
    done = bench("run", "codec", *args, "--budget", "0.05s", "--metrics", "none", "--asr", "none", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "run" / "scores.jsonl").exists() and len(CLIPS) == 3


WRONG = {
    "the cases of toy have no 'bitrate'": ["toy", "--bitrate", "6"],
    "'six' is not a number": ["codec", "--bitrate", "six"],
    "did you mean snr": ["codec", "--metrics", "snr,snrr"],
    "did you mean toy_ear": ["codec", "--asr", "toy_eer"],
    "write local, or the address": ["codec", "--engine", "slurm"],
    "it has: music, noise, speech": ["codec", "--kind", "speach"],
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_wrong_option_is_one_line_and_exit_code_2(toys, tmp_path, reason):
    done = CliRunner().invoke(main, ["run", *WRONG[reason], "--out", "run"])
    assert done.exit_code == 2 and reason in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert not (tmp_path / "run").exists()

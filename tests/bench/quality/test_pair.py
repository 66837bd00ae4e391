"""`bench score`: two files, one line of what is amiss, and the house's exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from quality.voices import RATE, noisy, speech

from bench.cli import main
from bench.quality import metrics
from bench.quality.align import shift

CHEAP = "--metric=snr,si_sdr,lsd"
VOICE = speech(1.5)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    late = shift(noisy(VOICE, 20), -160, len(VOICE) + 400)
    files = {
        "clean": VOICE,
        "noisy": noisy(VOICE, 20),
        "late": late,
        "loud": np.clip(8 * VOICE, -1, 1),
        "silent": 0 * VOICE,
        "other": np.random.default_rng(0).standard_normal(len(VOICE)) / 8,
        "long": np.tile(VOICE, 3),
        "stereo": np.stack([VOICE, VOICE], 1),
    }
    for name, samples in files.items():
        soundfile.write(f"{name}.wav", samples, RATE, subtype="PCM_16" if name == "loud" else "FLOAT")
    soundfile.write("fast.wav", VOICE, 48000)
    Path("text.wav").write_text("no audio at all")
    return tmp_path


def call(line: str):
    return CliRunner().invoke(main, ["score", *line.split()])


def test_a_delay_is_found_taken_out_and_told(folder):
    done = call(f"clean.wav late.wav {CHEAP}")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "note: the degraded file is 160 samples (10.0 ms) late; aligned"
    assert lines[1] == "note: the degraded file is 400 samples longer, cut"
    shown = {line.split()[0]: float(line.split()[1]) for line in lines[3:]}
    assert set(shown) == {"snr", "si_sdr", "si_sdr_raw", "lsd"}
    assert shown["si_sdr"] == pytest.approx(20, abs=1e-3) and shown["si_sdr_raw"] < 0
    assert "snr            20.0000  dB      higher is better" in lines


def test_json_holds_the_same(folder):
    found = json.loads(call(f"clean.wav late.wav {CHEAP} --json").stdout)
    assert found["delay"]["samples"] == found["delay_taken_out"] == 160 and found["longer_by"] == 400
    assert found["values"]["snr"] == pytest.approx(20, abs=1e-3) and found["failures"] == {}
    unaligned = json.loads(call(f"clean.wav noisy.wav {CHEAP} --json --no-align").stdout)
    assert unaligned["delay"] is None and set(unaligned["values"]) == {"snr", "si_sdr", "lsd"}


def test_what_does_not_correlate_is_not_shifted(folder):
    done = call(f"clean.wav other.wav {CHEAP}")
    assert done.exit_code == 0 and "not aligned: the waveforms hardly correlate" in done.stdout


def test_a_clipped_file_is_flagged(folder):
    assert "note: degraded clipped" in call(f"clean.wav loud.wav {CHEAP}").stdout


def test_a_metric_asked_for_by_name_that_fails_is_exit_code_4(folder):
    done = call(f"clean.wav silent.wav {CHEAP}")
    assert done.exit_code == 4 and "the degraded signal is silent" in done.stdout
    done = call("clean.wav clean.wav --metric snr --metric lsd")
    assert done.exit_code == 4 and "identical to the reference" in done.stdout


def test_without_names_all_metrics_are_there_and_failures_say_why(folder, monkeypatch):
    for name in ("pesq", "pystoi", "visqol", "pyworld"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    done = call("clean.wav noisy.wav --json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0 and {*found["values"], *found["failures"]} >= set(metrics())
    assert found["failures"]["stoi"] == "needs pystoi: pip install 'audio-bench[quality]'"


MISTAKES = {
    "clean.wav missing.wav": "missing.wav does not exist",
    "clean.wav text.wav": "text.wav: is not audio that libsndfile reads",
    "clean.wav fast.wav": "clean.wav has 16000 Hz and fast.wav 48000 Hz; resample one of them",
    "clean.wav stereo.wav": "stereo.wav has 2 channels",
    "clean.wav late.wav --no-align": "clean.wav has 24000 samples and late.wav 24400; cut them alike",
    "clean.wav long.wav": "clean.wav and long.wav differ by 3.0 s",
    "clean.wav noisy.wav --metric sisdr": "did you mean si_sdr",
    "clean.wav . ": "is not a regular file",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line_with_the_way_out(folder, line):
    done = call(line)
    assert done.exit_code == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert MISTAKES[line] in done.stderr

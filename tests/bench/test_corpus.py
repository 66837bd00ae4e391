"""Corpora as audio: clips of a stated length and rate, reading and streaming, and what is told about them."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from audio_files import RATE, refusal, tone, write

from bench import corpus, signals
from bench.corpus import Corpus, CorpusWarning


def test_clip_of_the_builtin_corpus_is_rows_of_one_stream():
    x = corpus.clip("builtin", 0.5, RATE, batch=3, seed=2)
    assert x.shape == (3, 8000) and x.dtype == np.float32
    assert np.array_equal(x.ravel(), signals.stream(24000, RATE, 2))


NOTHING = [(0, RATE, 1), (-1, RATE, 1), (1, 0, 1), (1, RATE, 0), (1e-9, RATE, 1), (1, -RATE, 1)]


@pytest.mark.parametrize("seconds, rate, batch", [*NOTHING, (float("nan"), RATE, 1), (float("inf"), RATE, 1)])
def test_clip_refuses_to_make_nothing(seconds, rate, batch):
    assert "ask for at least one sample" in refusal(corpus.clip, "builtin", seconds, rate, batch)


def test_clip_of_a_folder_keeps_the_samples_and_loops(folder):
    a, b = tone(0.4, hz=300), tone(0.6, hz=500)
    write(folder / "a.wav", a)
    write(folder / "b.wav", b)
    x = corpus.clip(str(folder), 2.5, RATE, seed=1)[0]
    assert x.shape == (40000,) and x.dtype == np.float32
    assert np.array_equal(x[:RATE], x[RATE : 2 * RATE]), "one second of audio, so a loop of one second"
    assert np.array_equal(np.sort(x[:RATE]), np.sort(np.concatenate([a, b])))


def test_the_seed_chooses_the_place_and_nothing_else_does(folder):
    write(folder / "long.wav", np.linspace(-0.9, 0.9, 10 * RATE, dtype=np.float32))
    first, again, other = (corpus.clip(str(folder), 0.1, RATE, seed=s)[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rows_of_a_batch_follow_each_other(folder):
    write(folder / "long.wav", np.linspace(-0.9, 0.9, 10 * RATE, dtype=np.float32))
    rows = corpus.clip(str(folder), 0.1, RATE, batch=3, seed=1)
    assert np.array_equal(rows.ravel(), corpus.clip(str(folder), 0.3, RATE, seed=1)[0])


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_another_rate_is_resampled(folder, rate):
    write(folder / "tone.wav", tone(8, rate, 1000), rate)
    x = corpus.clip(str(folder), 2, RATE, seed=3)[0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    assert hz[spectrum.argmax()] == pytest.approx(1000, abs=1)
    assert spectrum[np.abs(hz - 1000) > 20].sum() < 1e-4 * spectrum.sum()


def test_downsampling_removes_what_the_new_rate_cannot_carry(folder):
    write(folder / "tone.wav", tone(8, 48000, 12000), 48000)
    x = corpus.clip(str(folder), 2, RATE, seed=3)[0]
    assert np.percentile(np.abs(x), 95) < 1e-6, "silence but where the file ends and begins anew"


def test_a_stereo_file_is_mixed_down_and_said_so(folder):
    write(folder / "wide.wav", np.stack([tone(), np.zeros(RATE, np.float32)], axis=1))
    with pytest.warns(CorpusWarning, match="1 files with more than one channel were mixed down"):
        x = corpus.clip(str(folder), 1, RATE)[0]
    assert np.abs(x).max() == pytest.approx(0.25, rel=1e-3)
    assert "2 channels" in str(corpus.check(str(folder))[0]) and corpus.check(str(folder))[0].used


def test_subnormals_become_zeros(folder):
    write(folder / "faint.wav", np.full(RATE, 1e-40, np.float32))
    assert not corpus.clip(str(folder), 0.5, RATE).any()


def test_a_single_file_is_a_corpus(folder):
    path = write(folder / "one.flac", subtype="PCM_16")
    assert corpus.clip(str(path), 0.5, RATE).shape == (1, 8000)
    assert corpus.info(str(path))["clips"] == 1


def test_info_counts(folder):
    write(folder / "speech" / "a.wav")
    write(folder / "speech" / "b.wav", rate=8000)
    write(folder / "c.wav", tone(2))
    (folder / "d.wav").write_bytes(b"")
    info = corpus.info(str(folder))
    assert (info["clips"], info["seconds"], info["speakers"]) == (3, 4.0, 0)
    assert info["sample_rates"] == {8000: 1, 16000: 2} and info["kinds"] == {"speech": 2, "unnamed": 1}
    assert info["problems"] == ["d.wav: is empty (0 bytes); fetch it again or take it out"]


def test_the_fingerprint_follows_the_files(folder):
    write(folder / "a.wav")
    before = corpus.info(str(folder))["fingerprint"]
    assert before == corpus.info(str(folder))["fingerprint"]
    write(folder / "a.wav", tone(2))
    assert before != corpus.info(str(folder))["fingerprint"]


def test_the_builtin_corpus_has_speakers_and_kinds():
    info = corpus.info("builtin")
    assert info["kinds"] == {"music": 2, "noise": 2, "speech": 4} and info["speakers"] == 4
    assert info["problems"] == [] and corpus.check("builtin") == []


def test_read_and_blocks_agree(folder):
    write(folder / "a.wav", tone(3))
    for opened in (Corpus.open(str(folder)), Corpus.open("builtin")):
        clip = opened.clips[0]
        whole = opened.read(clip)
        assert whole.dtype == np.float32 and len(whole) == round(clip.seconds * clip.sample_rate)
        assert np.array_equal(opened.read(clip, 100, 50), whole[100:150])
        parts = list(opened.blocks(clip, 0.25))
        assert np.array_equal(np.concatenate(parts), whole)
        assert {len(p) for p in parts} == {clip.sample_rate // 4}
        resampled = np.concatenate(list(opened.blocks(clip, 0.25, sample_rate=8000)))
        assert len(resampled) == round(clip.seconds * 8000)


@pytest.mark.parametrize("start, frames", [(-1, 5), (0, 10**9), (10**9, None), (10, -5)])
def test_reading_beyond_the_ends_is_refused(folder, start, frames):
    write(folder / "a.wav")
    for opened in (Corpus.open(str(folder)), Corpus.open("builtin")):
        assert "ask for fewer" in refusal(opened.read, opened.clips[0], start, frames)


MEASURE = """
import resource, sys
from bench.corpus import Corpus, clip
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
minute, hour = sys.argv[1:]
def stream(path):
    opened = Corpus.open(path)
    return sum(len(b) for b in opened.blocks(opened.clips[0], 1.0, sample_rate=8000)) + clip(path, 1, 8000).size
stream(minute)
before = peak()
samples = stream(hour)
print(samples, peak() - before)
"""


def test_an_hour_streams_in_the_memory_of_a_minute(tmp_path):
    """The peak of the process (MiB) after a minute, then how much an hour adds. The hour decoded is 220 MiB."""
    for name, seconds in (("minute", 60), ("hour", 3600)):
        path = write(tmp_path / name / "long.wav", tone(0.1), subtype="PCM_16")
        size = 2 * seconds * RATE
        with open(path, "r+b") as file:
            file.seek(4)
            file.write((size + 36).to_bytes(4, "little"))
            file.seek(40)
            file.write(size.to_bytes(4, "little"))
            file.truncate(size + 44)  # a hole: silence that takes no disk
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "minute"), str(tmp_path / "hour")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    samples, grown = (float(figure) for figure in done.stdout.split())
    assert samples == 3601 * 8000
    assert grown < 16


# A real corpus, where one is at hand


@pytest.fixture
def real():
    if not (path := os.environ.get("BENCH_TEST_CORPUS")):
        pytest.skip("BENCH_TEST_CORPUS names no folder of real audio")
    return path


def test_a_real_corpus_is_sound(real):
    info = corpus.info(real)
    assert info["clips"] > 0 and info["problems"] == []
    assert [str(p) for p in corpus.check(real) if not p.used] == []


@pytest.mark.parametrize("rate", [16000, 24000, 44100])
def test_a_real_corpus_fills_a_batch(real, rate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)  # stereo files are part of it
        x = corpus.clip(real, 7.5, rate, batch=4, seed=11)
    assert x.shape == (4, round(7.5 * rate)) and np.isfinite(x).all()
    assert (x.std(axis=1) > 1e-4).all()


def test_the_examples_of_the_documentation_run():
    """Every Python block of docs/corpora.md that needs no folder of the reader's."""
    page = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8")
    examples = [part.split("```")[0] for part in page.split("```python\n")[1:]]
    for example in examples:
        names: dict[str, object] = {}
        exec(example.replace('"speech")', '"builtin")'), names)
        if "audio" in names:
            assert names["audio"].shape == (4, 32000) and names["samples"].shape == (48000,)
    assert len(examples) == 2

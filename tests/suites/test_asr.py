"""The suite asr: which clips it takes, what it calls wrong, and rates against counts made by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import soundfile

from bench.core import Case, Unsupported
from bench.corpus import Corpus, CorpusError
from bench.registry import load

pytest.importorskip("jiwer")
pytest.importorskip("whisper_normalizer")

SUITE = load().suite("asr")
TEXTS = ("ten old chairs", "she will not go", "yes", "")


@pytest.fixture
def folder(tmp_path):
    """Three spoken clips of 1, 2 and 3 s at 8 kHz, one without words, and one of 31 s."""
    lines = ["id\tpath\ttranscript"]
    for number, (seconds, text) in enumerate(zip((1, 2, 3, 1), TEXTS, strict=True)):
        soundfile.write(tmp_path / f"{number}.wav", np.full(8000 * seconds, 0.1 * (number + 1), np.float32), 8000)
        lines.append(f"{number}\t{number}.wav\t{text}")
    soundfile.write(tmp_path / "long.wav", np.zeros(8000 * 31, np.float32), 8000)
    (tmp_path / "manifest.tsv").write_text("\n".join([*lines, "long\tlong.wav\ttoo long"]) + "\n")
    return str(tmp_path)


def check(case, texts):
    return SUITE.check(case, "transcribe", (), np.array(texts), None)


def test_clips_with_words_of_at_most_30_s_are_taken_at_16_khz(folder):
    case = Case("asr", {"batch": 3}, corpus=folder)
    audio, lengths = SUITE.inputs(case, SUITE.audio(case))["transcribe"]
    assert audio.shape == (3, 48000) and audio.dtype == np.float32 and lengths.dtype == np.int64
    order = np.argsort(lengths)
    assert lengths[order].tolist() == [16000, 32000, 48000] and SUITE.audio_seconds(case) == 6
    assert SUITE.reference(case, "transcribe", ())[order].tolist() == list(TEXTS[:3])
    for k, row in enumerate(order):
        assert (
            audio[row, 8000] == pytest.approx(0.1 * (k + 1), abs=1e-3) and not audio[row, lengths[row] + 2000 :].any()
        )


def test_an_implementation_hears_each_clip_without_the_silence_after_it(folder):
    case = Case("asr", {"batch": 3}, corpus=folder)
    args = SUITE.inputs(case, SUITE.audio(case))["transcribe"]
    made = SUITE.adopt(lambda samples: f"{samples.shape[0]} {samples.dtype}", case)["transcribe"]
    assert sorted(made.call(args)) == ["16000 float32", "32000 float32", "48000 float32"]


def test_the_seed_chooses_the_clips(folder):
    chosen = {tuple(SUITE.reference(Case("asr", {"batch": 2}, corpus=folder, seed=s), "", ())) for s in range(20)}
    assert len(chosen) > 1 and all(len(set(pair)) == 2 for pair in chosen)


@pytest.mark.parametrize(
    ("batch", "corpus", "way"), [(4, "", "--case batch=3"), (1, "wordless", "name one with words, such as matrix")]
)
def test_too_few_clips_are_refused_with_a_way_out(folder, tmp_path_factory, batch, corpus, way):
    if corpus:
        folder = str(tmp_path_factory.mktemp(corpus))
        soundfile.write(f"{folder}/a.wav", np.zeros(800, np.float32), 8000)
    with pytest.raises(CorpusError, match=way):
        SUITE.audio(Case("asr", {"batch": batch}, corpus=folder))


def test_rates_are_over_all_clips_together(folder):
    case = Case("asr", {"batch": 3}, corpus=folder)
    heard = {"ten old chairs": "10 old bears", "she will not go": "she won't", "yes": ""}
    found = check(case, [heard[text] for text in SUITE.reference(case, "", ())])
    assert not found.wrong
    assert [found.metrics[name] for name in ("substitutions", "deletions", "insertions", "words")] == [1, 2, 0, 8]
    assert found.metrics["wer"] == 3 / 8 and found.metrics["word_accuracy"] == 5 / 8
    assert 0 < found.metrics["cer"] < 1


@pytest.mark.parametrize("mark", ["<sil>", "[NOISE]", "yes<|endoftext|>", "a\x00b", "two|words"])
def test_marks_of_a_recogniser_are_no_transcript(folder, mark):
    assert "is no transcript" in check(Case("asr", {"batch": 1}, corpus=folder), [mark]).wrong


@pytest.mark.parametrize("out", [["a", "b"], [[1.0]], [None], "a"])
def test_one_text_a_clip_or_wrong(folder, out):
    assert "not texts(1,)" in check(Case("asr", {"batch": 1}, corpus=folder), out).wrong


def test_little_understood_is_not_wrong(folder):
    found = check(Case("asr", {"batch": 3}, corpus=folder), ["", "", ""])
    assert found.metrics["wer"] == 1 and not found.wrong


def test_builtin_has_no_words_so_the_sentences_stand_in():
    pytest.importorskip("espeakng_loader")
    case = Case("asr", {"batch": 5})
    spoken = {clip.transcript for clip in Corpus.open("matrix").clips}
    assert set(SUITE.reference(case, "transcribe", ())) <= spoken


def test_without_a_synthesiser_the_row_is_unavailable(monkeypatch, tmp_path):
    memory = type(SUITE).audio.__globals__  # not sys.modules: another registry may have read the file again
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))  # nothing was spoken before
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    memory["opened"].cache_clear()
    memory["selected"].cache_clear()
    with pytest.raises(Unsupported, match=r"pip install 'audio-bench\[quality\]'"):
        SUITE.audio(Case("asr", {"batch": 1}))

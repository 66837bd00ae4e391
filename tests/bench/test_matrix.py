"""Matrix sentences: their grammar, that a seed always sounds the same, and what is said where they cannot be made."""

import hashlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_files import refusal

from bench import corpus, espeak, matrix
from bench.corpus import Corpus, CorpusUnavailable

WORDS = [words.split() for words in matrix.SLOTS.values()]


@pytest.fixture
def spoken() -> Corpus:
    pytest.importorskip("espeakng_loader")
    return Corpus.open("matrix")


def test_a_list_has_each_of_the_fifty_words_once():
    assert [len(set(words)) for words in WORDS] == [10] * 5
    made = matrix.sentences(3, seed=6)
    assert len(made) == 30 and len(set(made)) == 30
    for k in range(3):
        slots = zip(*(sentence.split() for sentence in made[10 * k : 10 * k + 10]), strict=True)
        assert [sorted(slot) for slot in slots] == [sorted(words) for words in WORDS]


def test_a_seed_chooses_the_sentences_and_more_lists_begin_with_the_same():
    assert matrix.sentences(3, seed=4)[:10] == matrix.sentences(1, seed=4) != matrix.sentences(1, seed=5)


def test_the_grammar_holds_every_sentence_and_no_other():
    """Read as JSGF by a few lines of our own: the rules are alternatives of words, the public one is their order."""
    rules = dict(re.findall(r"<(\w+)> = ([^;<]+);", matrix.grammar()))
    order = re.findall(r"<(\w+)>", re.search(r"public <sentence> = ([^;]+);", matrix.grammar())[1])
    pattern = re.compile(" ".join(f"({rules[name]})".replace(" ", "") for name in order))
    assert all(pattern.fullmatch(sentence.lower()) for sentence in matrix.sentences(5, seed=1))
    assert not pattern.fullmatch("peter likes green nine houses") and not pattern.fullmatch("peter likes nine green")


def test_the_corpus_is_read_like_any_other(spoken):
    info = corpus.info("matrix")
    assert info["clips"] == info["transcripts"] == 10 * matrix.LISTS * len(matrix.VOICES)
    assert info["speakers"] == len(matrix.VOICES) and info["kinds"] == {"speech": info["clips"]}
    assert info["layout"] == "made" and info["grammar"] == "grammar.jsgf" and info["problems"] == []
    assert spoken.grammar == matrix.grammar() and corpus.check("matrix") == []
    assert corpus.clip("matrix", 1.0, 16000, batch=2, seed=3).shape == (2, 16000)


def test_every_voice_says_each_word_equally_often(spoken):
    said = Counter((clip.speaker, word) for clip in spoken.clips for word in clip.transcript.split())
    assert set(said.values()) == {matrix.LISTS} and len(said) == 50 * len(matrix.VOICES)


def test_a_sentence_sounds_before_its_silence_and_is_not_clipped(spoken):
    for clip in spoken.clips[::11]:
        samples = spoken.read(clip)
        end = len(samples) - round(matrix.SILENCE * clip.sample_rate)
        assert 0.1 < np.abs(samples[:end]).max() < 1
        assert samples[end:].std() == pytest.approx(matrix.NOISE, rel=0.1)


def test_it_is_made_once_and_again_the_same(spoken, tmp_path, monkeypatch):
    def digest(folder: Path) -> str:
        return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()

    before = (spoken.folder / "manifest.tsv").stat().st_mtime_ns
    assert (Corpus.open("matrix").folder / "manifest.tsv").stat().st_mtime_ns == before
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path))
    again = matrix.folder()
    assert again.parent == tmp_path and [p.name for p in tmp_path.iterdir()] == [again.name], (
        "nothing unfinished is left"
    )
    assert digest(again) == digest(spoken.folder)


def test_other_settings_are_another_folder(spoken, monkeypatch):
    monkeypatch.setattr(matrix, "VOICES", ("en-us+f3",))
    monkeypatch.setattr(matrix, "LISTS", 1)
    assert matrix.folder() != spoken.folder


def test_speech_does_not_depend_on_what_was_said_before():
    pytest.importorskip("espeakng_loader")
    [alone], rate = espeak.speak([("en-us+f3", "Peter bought eight white ships.")], 140)
    assert rate == 22050 and alone.dtype == np.int16
    espeak.speak([("en+m3", "Something else.")], 140)
    assert np.array_equal(espeak.speak([("en-us+f3", "Peter bought eight white ships.")], 140)[0][0], alone)
    [faster], _ = espeak.speak([("en-us+f3", "Peter bought eight white ships.")], 220)
    assert len(faster) < 0.8 * len(alone)


def test_an_unknown_voice_says_its_name():
    pytest.importorskip("espeakng_loader")
    with pytest.raises(espeak.EspeakError, match=r"^espeak-ng has no voice 'xx\+f3'$"):
        espeak.speak([("xx+f3", "hello")], 140)


def test_without_espeak_the_corpus_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    text = refusal(corpus.info, "matrix")
    assert "needs espeak-ng" in text and "pip install 'audio-bench[quality]'" in text
    with pytest.raises(CorpusUnavailable):
        Corpus.open("matrix")


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    pytest.importorskip("espeakng_loader")
    (tmp_path / "file").write_text("a file stands where the folder should be")
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "file"))
    assert "set BENCH_CACHE_DIR to a folder of yours" in refusal(corpus.info, "matrix")


def test_two_that_make_it_at_once_end_with_one(tmp_path, monkeypatch):
    pytest.importorskip("espeakng_loader")
    make = [sys.executable, "-c", "from bench import matrix; print(matrix.folder())"]
    env = {"BENCH_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(Path(matrix.__file__).parents[1])}
    both = [subprocess.Popen(make, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate(timeout=60)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert said == {str(path) for path in tmp_path.iterdir()} and len(said) == 1


def test_a_grammar_beside_any_manifest_is_the_corpus_own(folder):
    soundfile.write(folder / "yes.wav", np.zeros(1600, np.float32), 16000)
    (folder / "manifest.tsv").write_text("id\tpath\ttranscript\nyes\tyes.wav\tyes\n")
    assert Corpus.open(str(folder)).grammar == ""
    (folder / "grammar.jsgf").write_text("#JSGF V1.0;\ngrammar answers;\npublic <answer> = yes | no;\n")
    assert "yes | no" in Corpus.open(str(folder)).grammar and corpus.info(str(folder))["grammar"] == "grammar.jsgf"
    assert Corpus.open(str(folder / "yes.wav")).grammar == ""
    (folder / "grammar.jsgf").write_bytes(b"\xff")
    assert "grammar.jsgf: line 1 is not UTF-8" in refusal(corpus.info, str(folder))

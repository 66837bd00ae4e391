"""Recognisers by name: the baseline on matrix sentences, and that a text depends on its own clip alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.asr import Recogniser, recogniser
from bench.corpus import Clip, Corpus
from bench.quality import wer
from bench.registry import UnknownName

RATE = 16000


@pytest.fixture
def sentences() -> Corpus:
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("pocketsphinx")
    return Corpus.open("matrix")


def samples_of(corpus: Corpus, clip: Clip) -> np.ndarray:
    return np.concatenate(list(corpus.blocks(clip, 10.0, RATE)))


def test_the_default_understands_matrix_sentences(sentences):
    """At most 5% of the words wrong, over four voices; docs/corpora.md has the figure over all sentences."""
    listen = recogniser()
    counts = [wer.edits(c.transcript, listen(samples_of(sentences, c), "matrix")) for c in sentences.clips[::6]]
    assert len(counts) >= 12 and {c.speaker for c in sentences.clips[::6]} == {c.speaker for c in sentences.clips}
    assert wer.rate(counts) <= 0.05


def test_noise_makes_it_worse(sentences):
    listen, rng = recogniser(), np.random.default_rng(0)
    counts = []
    for clip in sentences.clips[::11]:
        clean = samples_of(sentences, clip)
        noisy = clean + 0.3 * rng.standard_normal(len(clean)).astype(np.float32)
        counts.append(wer.edits(clip.transcript, listen(noisy, "matrix")))
    assert wer.rate(counts) > 0.2


def test_a_text_does_not_depend_on_what_was_heard_before(sentences):
    """In noise that leaves a recogniser in doubt, so that the least trace of another clip would show."""
    listen, rng = recogniser(), np.random.default_rng(0)
    clips = [samples_of(sentences, clip) for clip in sentences.clips[::5][:14]]
    noisy = [clip + (0.1 * rng.standard_normal(len(clip))).astype(np.float32) for clip in clips]
    forwards = [listen(clip, "matrix") for clip in noisy]
    assert [listen(clip, "matrix") for clip in reversed(noisy)] == forwards[::-1]


def test_the_grammar_is_kept_to_where_the_corpus_declares_one(sentences):
    words = {word for clip in sentences.clips for word in clip.transcript.lower().split()}
    listen = recogniser()
    babble = np.concatenate([samples_of(sentences, clip)[::-1] for clip in sentences.clips[:2]])
    assert set(listen(babble, "matrix").split()) <= words
    assert not set(listen(babble, "").split()) <= words


@pytest.mark.parametrize("sound", ["silence", "noise", "short", "one sample"])
def test_where_nothing_is_said_the_answer_is_text_all_the_same(sentences, sound):
    rng = np.random.default_rng(0)
    made = {
        "silence": np.zeros(RATE),
        "noise": 1e-3 * rng.standard_normal(RATE),
        "short": np.zeros(100),
        "one sample": np.ones(1),
    }
    assert isinstance(recogniser()(made[sound].astype(np.float32), "matrix"), str)


def test_it_is_made_once_for_a_corpus(sentences):
    assert recogniser() is recogniser() and recogniser("pocketsphinx").identity.startswith("pocketsphinx 5")


def test_its_code_is_part_of_what_it_is(sentences, tmp_path):
    """So that a text which other code made is not taken from a cache."""
    listen = recogniser()
    source = Path(listen.implementation.source)
    other = tmp_path / source.name
    other.write_bytes(source.read_bytes() + b"# changed\n")
    changed = Recogniser(replace(listen.implementation, source=str(other)))
    assert changed.identity.split()[:2] == listen.identity.split()[:2] and changed.identity != listen.identity


def test_a_typo_gets_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean pocketsphinx"):
        recogniser("poketsphinx")


@pytest.mark.parametrize("samples", [np.zeros((1, 5), np.float32), np.zeros(5), np.zeros(0, np.float32)])
def test_samples_of_another_kind_are_refused(sentences, samples):
    with pytest.raises(ValueError, match="takes float32"):
        recogniser()(samples)


def test_real_speech_is_recognised_as_well_as_this_recogniser_can(sentences):
    """LJSpeech: between 25 and 30% over more clips (docs/recognition.md); two lie within twice that, and above 2%."""
    if not (path := os.environ.get("BENCH_TEST_CORPUS")):
        pytest.skip("BENCH_TEST_CORPUS names no folder of real audio")
    real = Corpus.open(path)
    spoken = [clip for clip in real.clips if clip.id.startswith("lj-") and clip.transcript][:2]
    if not spoken:
        pytest.skip("BENCH_TEST_CORPUS holds no LJSpeech")
    counts = [wer.edits(clip.transcript, recogniser()(samples_of(real, clip))) for clip in spoken]
    assert 0.02 < wer.rate(counts) < 0.6


def test_the_example_of_the_documentation_runs(sentences):
    pytest.importorskip("jiwer")
    page = (Path(__file__).parents[2] / "docs" / "recognition.md").read_text(encoding="utf-8")
    [example] = [part.split("```")[0] for part in page.split("```python\n")[1:]]
    names: dict[str, object] = {}
    exec(example, names)
    assert wer.total(names["untouched"]).words == wer.total(names["coded"]).words == 15

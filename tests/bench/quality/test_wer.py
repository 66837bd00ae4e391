"""Word error rates: counts against ones made by hand, texts that mean the same, and nothing that hides a failure."""

from __future__ import annotations

import sys

import pytest

from bench.quality import MetricFailure, Unavailable, text, wer
from bench.quality.text import normalise
from bench.quality.wer import Edits, character_edits, compared, edits, rate, total

pytest.importorskip("jiwer")
pytest.importorskip("whisper_normalizer")


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counted"),
    [
        ("the cat sat down", "the cat sat down", (0, 0, 0, 4)),
        ("the cat sat down", "the hat sat down", (1, 0, 0, 4)),
        ("the cat sat down", "the sat down", (0, 1, 0, 4)),
        ("the cat sat down", "the black cat sat down", (0, 0, 1, 4)),
        ("the cat sat down by the door", "a cat down by the door again", (1, 1, 1, 7)),
        ("the cat", "", (0, 2, 0, 2)),  # an empty hypothesis deletes every word
        ("the cat", "  . ", (0, 2, 0, 2)),
        ("", "the cat", (0, 0, 2, 0)),  # words out of silence
        ("", "", (0, 0, 0, 0)),
    ],
)
def test_edits_are_those_of_hand(reference, hypothesis, counted):
    assert edits(reference, hypothesis) == counted


SAME = [
    ("Ten old chairs.", "10 old chairs"),
    ("twenty-one pounds", "21 pounds"),
    ("In nineteen eighty four", "in 1984"),
    ("THE FIRST OF MAY", "the 1st of may"),
    (
        "It's what they've done; he won't, can't and didn't.",
        "it is what they have done he will not can not and did not",
    ),
    ("Mr. Hale said: 'Why?'", "mister hale said why"),
    ("the colour of my favourite theatre", "the color of my favorite theater"),
    ("Caf\u00e9 na\u00efve", "cafe naive"),
    ("so, um, this", "so this"),
    ("so [noise] this <unk>", "so this"),
    ("printed (at Mainz) in", "printed at mainz in"),
    ("It\u2019s what they\u2019ve done; he won\u02bct", "it is what they have done he will not"),
    ("Well... I think, 3.5...", "well i think 3.5"),
    ("Well\u2026 I think\u2026", "well i think"),
    ("...", ""),
    ("  a\tb\n", "a b"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_texts_that_say_the_same_are_the_same(one, other):
    assert normalise(one) == normalise(other) and edits(one, other).errors == edits(other, one).errors == 0


@pytest.mark.parametrize(
    ("one", "other"), [("ten", "twenty"), ("15", "fifty"), ("he will", "he won't"), ("one", "two")]
)
def test_texts_that_differ_differ(one, other):
    assert edits(one, other).errors > 0


@pytest.mark.parametrize("one", [pair for both in SAME for pair in both])
def test_normalising_again_changes_nothing(one):
    assert normalise(normalise(one)) == normalise(one)


def test_a_rate_is_all_edits_over_all_words_not_a_mean_of_rates():
    counts = [Edits(0, 0, 0, 9), Edits(1, 0, 0, 1)]
    assert rate(counts) == 0.1 and total(counts) == (1, 0, 0, 10)


def test_rates_above_one_are_not_cut_off():
    assert rate([edits("yes", "no no no")]) == 3.0


@pytest.mark.parametrize("counts", [[], [Edits(0, 0, 0, 0)], [Edits(0, 0, 2, 0)]])
def test_no_words_is_a_failure_and_no_rate(counts):
    with pytest.raises(wer.NoWords, match="where the references have none"):
        rate(counts)
    assert issubclass(wer.NoWords, MetricFailure)


def test_characters_count_the_spaces_between_words():
    assert character_edits("a cat", "a hat") == (1, 0, 0, 5)
    assert character_edits("a cat", "acat") == (0, 1, 0, 5)


def test_coded_audio_stands_beside_the_untouched():
    untouched, coded = [edits("a b c d", "a b c x"), edits("e f", "e f")], [edits("a b c d", "a b"), edits("e f", "")]
    found = compared(coded, untouched)
    assert found == {"wer": 4 / 6, "wer_untouched": 1 / 6, "wer_increase": pytest.approx(3 / 6)}


def test_only_the_same_clips_are_compared():
    with pytest.raises(ValueError, match="on the same clips"):
        compared([edits("a b", "a b")], [edits("a b", "a b"), edits("c", "c")])
    with pytest.raises(ValueError, match="on the same clips"):
        compared([edits("a b", "a b")], [edits("a b c", "a b")])


@pytest.mark.parametrize(
    ("module", "cached"), [("jiwer", wer._jiwer), ("whisper_normalizer.english", text._normaliser)]
)
def test_without_its_libraries_it_says_what_to_install(module, cached, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    cached.cache_clear()
    with pytest.raises(Unavailable, match=r"pip install 'audio-bench\[quality\]'"):
        edits("a", "b")
    cached.cache_clear()

"""Word and character error rates.

A rate over several clips is the sum of their edits over the sum of their words: a long clip counts for more than a
short one, as is usual. The counts of each clip are kept, so that intervals can be found by resampling clips or
speakers. Edits are those of the shortest way from reference to hypothesis (Levenshtein), counted by jiwer on texts
normalised by :func:`bench.quality.text.normalise`.

Silence that was heard as silence has no edits; an empty hypothesis deletes every word; words heard where none were
said are insertions, and no rate can be made of them alone: :class:`NoWords` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from types import ModuleType
from typing import NamedTuple

from bench.quality.core import MetricFailure, Unavailable
from bench.quality.text import normalise


class NoWords(MetricFailure):
    """There is nothing to divide by: the references hold no words. To be counted as a failure, never as a rate."""


class Edits(NamedTuple):
    """What separates a hypothesis from its reference. ``words`` is the reference's number of words (or characters)."""

    substitutions: int
    deletions: int
    insertions: int
    words: int

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions


def edits(reference: str, hypothesis: str) -> Edits:
    """Word edits of one clip, both sides normalised. Raises :class:`Unavailable` where jiwer is not installed.

    >>> edits("Peter bought eight white ships", "peter bought 8 wide ships uh")
    Edits(substitutions=1, deletions=0, insertions=0, words=5)
    """
    found = _jiwer().process_words(normalise(reference), normalise(hypothesis))
    return Edits(found.substitutions, found.deletions, found.insertions, len(found.references[0]))


def character_edits(reference: str, hypothesis: str) -> Edits:
    """Character edits of one clip, both sides normalised; the single spaces between words count as characters."""
    found = _jiwer().process_characters(normalise(reference), normalise(hypothesis))
    return Edits(found.substitutions, found.deletions, found.insertions, len(found.references[0]))


def total(counts: Iterable[Edits]) -> Edits:
    """The sum over clips."""
    columns = list(zip(*counts, strict=True)) or [(0,)] * 4
    return Edits(*(sum(column) for column in columns))


def rate(counts: Iterable[Edits]) -> float:
    """Errors over words, 0 to 1 and, with many insertions, above. Raises :class:`NoWords`."""
    whole = total(counts)
    if not whole.words:
        raise NoWords(f"{whole.insertions} words heard where the references have none; give the clips transcripts")
    return whole.errors / whole.words


def compared(coded: Sequence[Edits], untouched: Sequence[Edits]) -> dict[str, float]:
    """WER of coded audio beside that of the same recogniser on the same clips untouched, and the difference."""
    if len(coded) != len(untouched) or total(coded).words != total(untouched).words:
        raise ValueError("word error rates are compared on the same clips; give the counts of both, clip by clip")
    after, before = rate(coded), rate(untouched)
    return {"wer": after, "wer_untouched": before, "wer_increase": after - before}


@cache
def _jiwer() -> ModuleType:
    try:
        import jiwer
    except ImportError:
        raise Unavailable("needs jiwer: pip install 'audio-bench[quality]'") from None
    return jiwer

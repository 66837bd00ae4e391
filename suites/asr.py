"""Speech recognition: clips of a corpus in, text out; judged by the word error rate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from bench import Case, Check, Op, Suite, Unsupported, Work
from bench.corpus import BUILTIN, MATRIX, Clip, Corpus, CorpusError, CorpusUnavailable
from bench.quality import Unavailable, wer

RATE = 16000
NOT_WORDS = re.compile(r"[<>\[\]{}|_\x00-\x1f]")
"""What a recogniser's own marks are made of, such as <sil>, [NOISE] or <|endoftext|>; it must take them out."""


class Asr(Suite):
    """Conventions.

    An implementation returns a function from one clip, float32 (samples,) at 16 kHz, to its text, "" where nothing was
    heard. It keeps no state: a clip's text does not depend on what came before. It may keep to the grammar that the
    corpus declares (:func:`grammar`). The function's attribute ``model``, where it has one, names the weights.

    A case is a ``batch`` of clips with transcripts, drawn by the seed from the corpus, of at most 30 s (what Whisper
    takes in one piece), resampled by soxr VHQ. ``builtin`` holds no words: the sentences of ``matrix`` stand in for it.
    ``transcribe`` takes them as float32 (batch, samples), silence after the shorter ones, with their lengths in
    samples, int64 (batch,), and gives an array of texts (batch,). One call handles them all, one after the other.

    ``error`` is the word error rate, all edits over all words (see :mod:`bench.quality.wer`), beside the ``cer``.
    **wrong** is only an answer that is no transcript: not one text a clip, or marks such as <sil> in it. A recogniser
    that understands little is right: its word error rate is shown beside its speed.
    """

    name = "asr"
    title = "speech recognition: clips at 16 kHz, float32 -> text"
    ops = ("transcribe",)
    error = "wer"
    quality_axis = "word_accuracy"
    default = "pocketsphinx"  # needs nothing but its wheel
    grids = {"quick": [{"batch": [6]}], "default": [{"batch": [20]}], "full": [{"batch": [80]}]}

    starter = """\
def transcribe(samples):  # one clip at 16 kHz, float32 -> its words; replace it
    return "words"

return transcribe
"""

    def valid(self, case: Case) -> bool:
        return bool(case.batch > 0)

    def adopt(self, made: Any, case: Case) -> Mapping[str, Any]:
        return {"transcribe": Op(lambda clips: [made(clip) for clip in clips], separated, np.array)}

    def audio(self, case: Case) -> np.ndarray:
        corpus, chosen = selected(case.corpus, case.batch, case.seed)
        read = [np.concatenate(list(corpus.blocks(clip, 10.0, RATE))) for clip in chosen]
        longest = max(map(len, read))
        return np.stack([np.pad(samples, (0, longest - len(samples))) for samples in read]).astype(np.float32)

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        _, chosen = selected(case.corpus, case.batch, case.seed)
        lengths = np.minimum([round(clip.seconds * RATE) for clip in chosen], audio.shape[1])
        return {"transcribe": (audio, lengths.astype(np.int64))}

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray:
        return np.array([clip.transcript for clip in selected(case.corpus, case.batch, case.seed)[1]])

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        reference = self.reference(case, op, args) if reference is None else reference
        out = np.asarray(out)
        if out.dtype.kind != "U" or out.shape != reference.shape:
            return Check({"wer": 1.0}, f"gives {out.dtype}{out.shape}, not texts{reference.shape}")
        marked = next((text for text in out if NOT_WORDS.search(text)), "")
        try:
            return Check(rates(reference, out), f"is no transcript: {str(marked)[:60]!r}" if marked else "")
        except Unavailable as reason:
            raise Unsupported(f"the word error rate {reason}") from None

    def work(self, case: Case, op: str) -> Work:
        """Each sample is read once. What else recognising must cost at least, nobody knows."""
        return Work(0.0, 4.0 * RATE * self.audio_seconds(case))

    def audio_seconds(self, case: Case) -> float:
        return sum(clip.seconds for clip in selected(case.corpus, case.batch, case.seed)[1])


def separated(audio: np.ndarray, lengths: np.ndarray) -> tuple[list[np.ndarray]]:
    """The clips of a batch, without the silence that fills it."""
    return ([row[:length] for row, length in zip(audio, lengths, strict=True)],)


def rates(references: np.ndarray, texts: np.ndarray) -> dict[str, float]:
    """Corpus-level rates of all clips, and the counts behind them."""
    pairs = [(str(said), str(heard)) for said, heard in zip(references, texts, strict=True)]
    words = wer.total(wer.edits(*pair) for pair in pairs)
    return {
        "wer": wer.rate([words]),
        "word_accuracy": 1 - wer.rate([words]),
        "cer": wer.rate(wer.character_edits(*pair) for pair in pairs),
        "words": words.words,
        "substitutions": words.substitutions,
        "deletions": words.deletions,
        "insertions": words.insertions,
    }


def grammar(case: Case) -> str:
    """The closed grammar (JSGF) that the case's corpus declares; "" where it declares none."""
    return opened(case.corpus).grammar if case.corpus else ""


@lru_cache(maxsize=8)
def selected(corpus: str, batch: int, seed: int) -> tuple[Corpus, tuple[Clip, ...]]:
    """``batch`` clips with a transcript, of at most 30 s, drawn without putting back. Raises :class:`CorpusError`."""
    found = opened(corpus)
    usable = [clip for clip in found.clips if clip.transcript and clip.seconds <= 30]
    if len(usable) < batch:
        raise CorpusError(
            f"{found.name} has {len(usable)} clips of at most 30 s with a transcript, not {batch}; "
            + (f"ask for fewer with --case batch={len(usable)}" if usable else "name one with words, such as matrix")
        )
    order = np.random.Generator(np.random.PCG64([seed % 2**64, 5])).permutation(len(usable))
    return found, tuple(usable[place] for place in order[:batch])


@lru_cache(maxsize=8)
def opened(corpus: str) -> Corpus:
    """The corpus, ``matrix`` in place of ``builtin``. Raises :class:`Unsupported` where that cannot be made."""
    try:
        return Corpus.open(MATRIX if corpus == BUILTIN else corpus)
    except CorpusUnavailable as reason:
        raise Unsupported(str(reason)) from None

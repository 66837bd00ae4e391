"""The corpus ``matrix``: sentences of a closed grammar, spoken by espeak-ng, so that word error rates mean something
where nothing can be downloaded.

Five slots (name, verb, number, adjective, noun) of ten words each, as in audiology's matrix tests: Kollmeier et al.,
"The multilingual matrix test: Principles, applications, and comparison across languages: A review", International
Journal of Audiology 54 (sup2), 2015, whose example is "Peter bought eight white ships". The words are no published
test's: they are chosen, like the voices, so that a small recogniser tells them apart when nothing is in the way. A list
is ten sentences in which each of the fifty words comes up once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import soundfile

from bench import espeak
from bench.audiofile import CorpusError
from bench.userdata import cache_dir

MATRIX = "matrix"
SLOTS = {
    "name": "Alan Emily Kathy Lucy Nina Peter Rachel Steven Thomas Victor",
    "verb": "borrowed bought finds gives likes needs ordered sees sold wants",
    "number": "three four five six seven nine eleven fifteen twenty forty",
    "adjective": "brown cheap dark green heavy large old pretty small white",
    "noun": "bicycles bottles candles flowers houses pictures shoes spoons tables windows",
}
VOICES = ("en-us+f3", "en+m3", "en-us+f5", "en-us+m6")
"""espeak-ng's names: American (en-us) and British (en) English, two female (f) and two male (m) voices."""
LISTS = 2
"""For each voice: 80 sentences in all."""
SEED = 0
WORDS_PER_MINUTE = 140
SILENCE = 0.5
"""Seconds after the last word; without it a recogniser may lose that word."""
NOISE = 5e-4
"""RMS of white noise, -66 dB of full scale: a quiet room. Digital silence is no sound that recognisers have learnt."""


class CorpusUnavailable(CorpusError):
    """A built-in corpus that cannot be made here; the text says what to install or to set."""


def sentences(lists: int, seed: int) -> list[str]:
    """``10 * lists`` sentences, the same for the same ``seed``; each word comes up once in each list."""
    rng = np.random.Generator(np.random.PCG64(seed))
    made = []
    for _ in range(lists):
        columns = [rng.permutation(words.split()) for words in SLOTS.values()]
        made += [" ".join(words) for words in zip(*columns, strict=True)]
    return made


def grammar() -> str:
    """Every sentence there can be, in JSGF (JSpeech Grammar Format, W3C Note, 5 June 2000), in lower case."""
    slots = "\n".join(f"<{slot}> = {' | '.join(words.lower().split())};" for slot, words in SLOTS.items())
    return f"#JSGF V1.0;\ngrammar {MATRIX};\npublic <sentence> = <{'> <'.join(SLOTS)}>;\n{slots}\n"


def folder() -> Path:
    """Where the sentences are: FLAC files, ``manifest.tsv`` and ``grammar.jsgf``, made when they are first asked for.

    The name of the folder, in the user's cache, is a hash of all that the sound depends on. Raises
    :class:`CorpusUnavailable` where espeak-ng is not installed or the cache cannot be written.
    """
    spoken = [(v, text) for n, v in enumerate(VOICES) for text in sentences(LISTS, SEED + n)]
    try:
        recipe = json.dumps([spoken, WORDS_PER_MINUTE, SILENCE, NOISE, SEED, espeak.SEED, grammar(), espeak.version()])
        path = cache_dir() / f"{MATRIX}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
        if not path.is_dir():
            _make(path, spoken)
    except (ImportError, espeak.EspeakError) as error:
        raise CorpusUnavailable(
            f"the corpus {MATRIX} needs espeak-ng ({error}); pip install 'audio-bench[quality]'"
        ) from None
    except OSError as error:
        raise CorpusUnavailable(
            f"{cache_dir()} cannot be written ({error.strerror}); set BENCH_CACHE_DIR to a folder of yours"
        ) from None
    return path


def _make(path: Path, spoken: list[tuple[str, str]]) -> None:
    """Write the corpus beside its place and move it there, so that nobody ever finds half of it."""
    speech, sample_rate = espeak.speak([(voice, f"{text}.") for voice, text in spoken], WORDS_PER_MINUTE)
    room = np.random.Generator(np.random.PCG64(SEED))
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.mkdir(parents=True)
    lines = ["id\tpath\tkind\tsample_rate\tseconds\tspeaker\ttranscript"]
    for number, ((voice, text), samples) in enumerate(zip(spoken, speech, strict=True)):
        name = f"{voice}-{number % (10 * LISTS) + 1:02}"
        whole = np.pad(samples / 2**15, (0, round(SILENCE * sample_rate)))
        whole += NOISE * room.standard_normal(len(whole))
        soundfile.write(fresh / f"{name}.flac", whole, sample_rate, subtype="PCM_16")
        seconds = len(whole) / sample_rate
        lines.append(f"{name}\t{name}.flac\tspeech\t{sample_rate}\t{seconds:.6f}\t{voice}\t{text}")
    (fresh / "manifest.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (fresh / "grammar.jsgf").write_text(grammar(), encoding="utf-8")
    try:
        fresh.rename(path)
    except OSError:  # somebody else was faster
        shutil.rmtree(fresh)
        if not path.is_dir():
            raise

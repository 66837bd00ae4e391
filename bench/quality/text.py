"""Words as they are counted: case, punctuation, contractions, spelling and numbers are the same on both sides.

The rules are Whisper's for English (Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022,
appendix C), in OpenAI's own code, which the package whisper-normalizer carries: "ten" becomes 10, "it's" becomes "it
is", "Mr." "mister", "colour" "color"; hesitations such as "um" and marks such as [noise] or <unk> are taken out. Its
oddities are kept, since published rates have them too: numbers in a row become one ("two one" is 21), and so does "ten
o'clock". All but three: words in round brackets stay, for readers say them (LJSpeech has whole clauses so); a printed
(curly) apostrophe is one, where "it's" with it would be "it s" and not "it is"; and dots in a row are no word, where
an ellipsis at the end of a text would be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from bench.quality.core import Unavailable

PRINTED = str.maketrans("()\u2019\u02bc", "  ''")
ELLIPSIS = re.compile(r"\u2026|\.\.+")


def normalise(text: str) -> str:
    """Words with single spaces between them. Raises :class:`Unavailable` without whisper-normalizer.

    >>> normalise("Mr. Neil's got 10 grey desks; he won't sell TEN.")
    'mister neil has got 10 gray desks he will not sell 10'
    """
    return " ".join(_normaliser()(ELLIPSIS.sub(" ", text.translate(PRINTED))).split())


@cache
def _normaliser() -> Callable[[str], str]:
    try:
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError:
        raise Unavailable("needs whisper-normalizer: pip install 'audio-bench[quality]'") from None
    normaliser: Callable[[str], str] = EnglishTextNormalizer()
    return normaliser

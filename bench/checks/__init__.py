"""What the doctor looks at: one small function a subject, yielding findings in sentences with remedies."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "bad"]


@dataclass(frozen=True)
class Finding:
    """``subject`` in a word or two, ``level`` ok | warn | bad, a ``sentence``, and the ``remedy`` ("" when ok)."""

    subject: str
    level: Level
    sentence: str
    remedy: str = ""

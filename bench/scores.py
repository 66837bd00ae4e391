"""Scores: their columns (documented here and nowhere else), their file, and the table made from them.

``scores.jsonl`` in the run directory holds one line for each clip of the corpus through each codec in each case,
appended and flushed as it is made. The audio of a few clips is kept beside it, in ``audio/``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import lines
from bench.codec import ORIGINAL as ORIGINAL
from bench.codec import WINDOW, within
from bench.core import label_of
from bench.results import column

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Score:
    """One clip through one codec in one case, scored (or not)."""

    run: str = column("id of the run")
    suite: str = column("suite, e.g. codec")
    impl: str = column(f"implementation, with its variant after a colon; {ORIGINAL} is the untouched audio")
    case: dict[str, Any] = column(
        "the suite's parameters, without `seconds`; of the untouched audio, without `bitrate`"
    )
    clip: str = column("id of the clip in the corpus")
    corpus: str = column("where the audio comes from", default="builtin")
    kind: str = column("speech, music, noise, ...: what the corpus says of the clip", default="")
    speaker: str = column("who speaks: intervals are clustered by speaker", default="")
    version: str = column("version of the library that the implementation stands on", default="")
    status: str = column("ok, unavailable, error, crash, timeout or oom", default="ok")
    reason: str = column("why the status is not ok", default="")
    seconds: float = column("seconds of audio that were scored", default=0.0)
    nominal_bps: float | None = column("bit/s that the codec was set to", default=None)
    payload_bps: float | None = column("bit/s of this clip that a decoder needs", default=None)
    container_bps: float | None = column("bit/s of this clip in the codec's file or transport format", default=None)
    rate: int | None = column("the codec's own sample rate, Hz", default=None)
    lossless: bool = column("the codec claims to change nothing at its own rate", default=False)
    parametric: bool = column("the codec does not follow the waveform", default=False)
    random_weights: bool = column("the weights were never trained: the quality says nothing", default=False)
    model_bytes: int = column("size of the parameters and codebooks of a trained codec", default=0)
    parameters: int = column("how many numbers of it were trained, codebooks included", default=0)
    macs_per_second: float = column("multiply-accumulates that it needs for a second of audio, both ways", default=0.0)
    weights: str = column("SHA-256 of the file of weights that the user gave; empty: none", default="")
    delay_samples: int = column(
        "lag of the decoded audio that was taken out before `values`, samples at the case's sample rate", default=0
    )
    delay_seconds: float = column("the same in seconds", default=0.0)
    delay_from: str = column(
        "where that lag is from: measured (calibrated over several clips), declared (by the codec) or none",
        default="none",
    )
    algorithmic_delay_ms: float | None = column("measured: that lag, and what the codec holds back", default=None)
    declared_delay_ms: float | None = column("the algorithmic delay that the codec declares", default=None)
    values: dict[str, float] = column(
        "each metric on the aligned audio; with `_raw`, without alignment", default_factory=dict
    )
    flags: list[str] = column("facts that leave the values standing, e.g. degraded clipped", default_factory=list)
    failures: dict[str, str] = column("each metric that could not be computed, and why", default_factory=dict)
    transcript: str = column("what the corpus says is spoken", default="")
    asr: str = column("the recogniser", default="")
    heard: str = column("what the recogniser heard", default="")
    wer: dict[str, int] = column(
        "counts of the comparison of `heard` with `transcript`, to be summed over clips", default_factory=dict
    )
    audio: str = column("file in the run directory with the aligned audio, where it was kept", default="")
    content: str = column("key of the cache: audio, codec, its settings and version, and the delay", default="")
    cached: bool = column("taken from the cache: nothing was computed in this run", default=False)

    @property
    def key(self) -> str:
        """What makes this score the same work as another: resuming skips keys that are on disk."""
        return json.dumps([self.suite, self.impl, json.dumps(self.case, sort_keys=True), self.clip])

    @property
    def digest(self) -> bytes:
        """The key in 12 bytes: a run may have millions."""
        return hashlib.blake2b(self.key.encode(), digest_size=12).digest()


SCORE_COLUMNS = {f.name: str(f.metadata["doc"]) for f in fields(Score)}

FRAME_COLUMNS = {
    "label": "the case's parameters as one text",
    "bitrate": "kbit/s that was asked for",
    "in_window": "whether payload_bps is within the window (default 10%) of what was asked for",
    "a metric's name": "its value; missing where it failed",
    "wer.a count's name": "one of the counts of `wer`",
}
"""What :func:`frame` adds to ``SCORE_COLUMNS``; ``values`` and ``wer`` become columns of their own."""


def read_scores(folder: str | Path) -> Iterator[Score]:
    """The scores of a run directory, one at a time; none where nothing was scored.

    A last line that a kill cut short is left out. Raises ValueError when a whole line is not a score.
    """
    path = Path(folder) / "scores.jsonl"
    if path.exists():
        yield from lines.read(path, Score, "score")


def failed(folder: str | Path) -> Iterator[Score]:
    """Scores of clips that a codec could not do although it ran."""
    return (score for score in read_scores(folder) if score.status not in ("ok", "unavailable"))


def tally(folder: str | Path) -> str:
    """``120 clips scored, 3 failed``; "" where nothing was scored."""
    count = lost = 0
    for score in read_scores(folder):
        if score.impl != ORIGINAL:
            count, lost = count + 1, lost + (score.status != "ok")
    return f"{count} clips scored" + (f", {lost} failed" if lost else "") if count else ""


def frame(folder: str | Path, window: float = WINDOW) -> pd.DataFrame:
    """One line a score: ``SCORE_COLUMNS`` and ``FRAME_COLUMNS``. ``window``: share of the asked bitrate."""
    import pandas as pd

    table = []
    for score in read_scores(folder):
        line = asdict(score)
        values, wer = line.pop("values"), line.pop("wer")
        asked = score.case.get("bitrate")
        line |= {"label": label_of(score.case), "bitrate": asked}
        line["in_window"] = within(score.payload_bps, 1000 * asked, window) if asked and score.payload_bps else None
        table.append(line | values | {f"wer.{name}": count for name, count in wer.items()})
    return pd.DataFrame(table, columns=None if table else [*SCORE_COLUMNS, "label", "bitrate", "in_window"])

"""The listening page: originals and outputs side by side, for ears; one file that works without a network.

The audio is inside the page as FLAC of 16 bits, which every browser of today decodes and which adds no artefact of
its own. A page stays under ``LIMIT`` bytes: clips are taken as long as they fit, each speaker's first before any
speaker's second, and what stays outside is said.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.codec import within
from bench.core import label_of
from bench.report import apart, metrics
from bench.report.digits import counted, significant
from bench.report.html import TEMPLATES
from bench.report.lines import clean
from bench.report.metrics import Metric
from bench.results import Results
from bench.scores import ORIGINAL, Score

LIMIT = 20_000_000  # bytes of the whole page
BESIDES = 400_000  # bytes set aside for all that is not audio
EXCERPT = 12.0  # seconds: of a longer clip, only the beginning is in the page; halved until one clip fits
SHORTEST = 1.0
ENCODING = "FLAC, 16 bits"


@dataclass(frozen=True)
class Page:
    """What the template shows; ``sounds`` are the recordings in base64, to which ``data`` refers by number."""

    runs: list[str]
    clips: list[dict[str, Any]]
    metrics: list[Metric]
    sounds: list[str]
    left_out: list[str]
    encoding: str = ENCODING
    alignment: str = (
        "Each codec's delay was taken out before (as the run calibrated it), so that a switch stays in step."
    )

    @property
    def data(self) -> dict[str, Any]:
        """What the script reads."""
        facts = [{"name": m.name, "title": m.heading, "doc": f"{m.doc}; {m.direction}"} for m in self.metrics]
        return {"runs": self.runs, "clips": self.clips, "metrics": facts}


@dataclass
class _Shelf:
    """The recordings of a page; the same audio is kept once."""

    room: int
    sounds: dict[bytes, int] = field(default_factory=dict)

    def weight(self, files: Iterable[bytes]) -> int:
        """Bytes that these would add, in base64."""
        return sum(4 * (len(f) // 3 + 1) + 60 for f in set(files) if f not in self.sounds)

    def put(self, file: bytes) -> int:
        """The number of this recording."""
        self.room -= self.weight([file])
        return self.sounds.setdefault(file, len(self.sounds))


def write(results: Sequence[Results], folder: Path, limit: int = LIMIT) -> list[Path]:
    """``listen.html`` in ``folder``; nothing where no run kept audio."""
    page = build(results, limit)
    if page is None:
        return []
    path = folder / "listen.html"
    path.write_text(render(page), encoding="utf-8")
    return [path]


def render(page: Page) -> str:
    """Everything is escaped by the template, and put in as text by the script."""
    loader = FileSystemLoader(TEMPLATES)
    house = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    house.globals |= {"counted": counted}
    return house.get_template("listen.html").render(page=page)


def build(results: Sequence[Results], limit: int = LIMIT, excerpt: float = EXCERPT) -> Page | None:
    """Choose the clips and read their audio, ``excerpt`` seconds of each; None where there is nothing to hear."""
    shelf, clips, left_out = _Shelf(limit - BESIDES), [], []
    runs: dict[str, list[dict[str, Any]]] = {}
    for group in _in_turn(_groups(results)):
        clip = _clip(group, shelf, excerpt)
        if isinstance(clip, str):
            left_out.append(clip)
        else:
            clips.append(clip)
            runs.setdefault(clean(group.original.run), []).append(clip)
            if clip.pop("cut"):
                left_out.append(f"{clip['id']} is cut after {excerpt:g} s.")
    if not clips:
        return build(results, limit, excerpt / 2) if left_out and excerpt / 2 >= SHORTEST else None
    for run, own in runs.items() if len(runs) > 1 else ():
        for clip in own:
            clip |= {name: f"{run} · {clip[name]}" for name in ("title", "about")}
    known = {
        name for c in clips for b in c["bitrates"] for o in b["outputs"] for name in (*o["scores"], *o["failures"])
    }
    sounds = [base64.b64encode(file).decode() for file in shelf.sounds]
    return Page(list(runs), clips, metrics.facts(known), sounds, left_out)


@dataclass(frozen=True)
class _Group:
    """The kept audio of one clip in one condition. ``missing``: codecs that have a score and no audio."""

    folder: Path
    original: Score
    outputs: list[Score]
    missing: dict[float, list[str]]


def _groups(results: Sequence[Results]) -> list[_Group]:
    found: dict[tuple[str, ...], tuple[Path, list[Score]]] = {}
    for result in results:
        for score in apart.scores(result):
            case = {k: v for k, v in score.case.items() if k not in ("bitrate", "seconds")}
            key = (score.run, score.corpus, label_of(case), score.clip)
            assert result.path
            found.setdefault(key, (result.path, []))[1].append(score)
    groups = []
    for folder, scores in found.values():
        originals = [s for s in scores if s.impl == ORIGINAL and s.audio]
        outputs = [s for s in scores if s.impl != ORIGINAL and s.audio]
        if originals and outputs:
            groups.append(_Group(folder, originals[0], outputs, _missing(scores)))
    return groups


def _missing(scores: Sequence[Score]) -> dict[float, list[str]]:
    found: dict[float, list[str]] = {}
    for s in scores:
        if s.impl != ORIGINAL and not s.audio:
            why = s.reason if s.status != "ok" else "no audio was kept"
            found.setdefault(float(s.case["bitrate"]), []).append(clean(f"{s.impl} ({why})"))
    return found


def _in_turn(groups: Sequence[_Group]) -> list[_Group]:
    """Every speaker's first clip, then every speaker's second, and so on."""
    turns: dict[str, int] = {}
    order = []
    for n, group in enumerate(groups):
        who = group.original.speaker or group.original.clip
        turns[who] = turns.get(who, -1) + 1
        order.append((turns[who], n))
    return [groups[n] for _, n in sorted(order)]


def _clip(group: _Group, shelf: _Shelf, excerpt: float) -> dict[str, Any] | str:
    """One clip for the page, or a sentence that says why it is not in it."""
    name = clean(group.original.clip)
    try:
        original, rate, seconds = _flac(group.folder / group.original.audio, excerpt)
        files = {s.digest: _flac(group.folder / s.audio, excerpt)[0] for s in group.outputs}
    except (OSError, soundfile.SoundFileError) as error:
        return f"{name}: its audio cannot be read ({clean(error)})."
    weight = shelf.weight([original, *files.values()])
    if weight > shelf.room:
        said = f"{counted(len(files) + 1, 'recording')} of {seconds:.1f} s, {weight / 1e6:.1f} MB"
        return f"{name} is left out: {said} more would pass the page's limit."
    bitrates: dict[float, list[dict[str, Any]]] = {}
    for s in group.outputs:
        bitrates.setdefault(float(s.case["bitrate"]), []).append(_output(s, shelf.put(files[s.digest])))
    label = label_of({k: v for k, v in group.original.case.items() if k != "seconds"})
    return {
        "id": name,
        "title": " · ".join(p for p in (name, clean(group.original.speaker), f"{seconds:.1f} s", label) if p),
        "about": " · ".join(p for p in (clean(group.original.kind), label) if p),
        "text": clean(group.original.transcript),
        "rate": rate,
        "cut": seconds > excerpt,
        "original": {"name": "original", "payload": "", "scores": {}, "failures": {}, "sound": shelf.put(original)},
        "bitrates": [
            {"title": f"{asked:g} kbit/s", "outputs": outputs, "missing": _said_missing(group.missing.get(asked, []))}
            for asked, outputs in sorted(bitrates.items())
        ],
    }


def _said_missing(missing: Sequence[str]) -> str:
    return f"Not to be heard here: {'; '.join(missing)}." if missing else ""


def _output(score: Score, sound: int) -> dict[str, Any]:
    payload = None if score.payload_bps is None else score.payload_bps / 1000
    asked = float(score.case["bitrate"])
    off = payload is not None and not within(payload, asked)
    return {
        "name": clean(score.impl),
        "payload": "" if payload is None else significant(payload),
        "outside": f"outside the window of what was asked: {significant(payload)} kbit/s" if off else "",
        "scores": _scores(score),
        "failures": {clean(name): clean(why) for name, why in score.failures.items()},
        "sound": sound,
    }


def _scores(score: Score) -> dict[str, str]:
    """Every figure of this clip as people read it."""
    found = {clean(name): significant(round(value, 3)) for name, value in score.values.items()}
    if words := score.wer.get("words"):
        errors = sum(score.wer.get(kind, 0) for kind in ("substitutions", "deletions", "insertions"))
        found["wer"] = f"{100 * errors / words:.0f}"
    return found


def _flac(path: Path, excerpt: float) -> tuple[bytes, int, float]:
    """The beginning of a file as FLAC, its sample rate, and how long the whole file lasts (s)."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    pcm = np.clip(np.rint(audio[: round(excerpt * rate)] * 32768), -32768, 32767).astype(np.int16)
    out = io.BytesIO()
    soundfile.write(out, pcm, rate, format="FLAC", subtype="PCM_16")
    return out.getvalue(), rate, len(audio) / rate

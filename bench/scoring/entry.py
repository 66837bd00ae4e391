"""From what the cache holds and what was computed to the line that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.codec import ORIGINAL
from bench.quality import metrics
from bench.quality import wer as words
from bench.scores import Score
from bench.scoring.agenda import Job
from bench.scoring.cache import Entry
from bench.scoring.task import MOST_SECONDS, Answer


@dataclass(frozen=True)
class Wish:
    """What is asked of every clip: metrics by name, and the recogniser with all that its texts depend on."""

    metrics: tuple[str, ...]
    asr: str = ""
    asr_version: str = ""

    def of(self, job: Job) -> Wish:
        """The untouched audio has no metrics; without a transcript there is nothing to recognise."""
        heard = bool(self.asr and job.clip.transcript)
        return Wish(
            () if job.target.impl == ORIGINAL else self.metrics,
            self.asr if heard else "",
            self.asr_version if heard else "",
        )

    def nothing(self, job: Job) -> bool:
        return not self.metrics and not self.asr and not job.keep_seconds


@cache
def version_of(metric: str) -> str:
    """Asked once: finding the versions of libraries takes long."""
    return metrics()[metric].version


def missing(entry: Entry, wish: Wish, job: Job) -> tuple[list[str], str, bool] | None:
    """Metrics, recogniser and whether audio that the entry lacks; None when it lacks nothing."""
    names = [name for name in wish.metrics if version_of(name) not in entry.get("metrics", {})]
    asr = wish.asr if wish.asr and wish.asr_version not in entry.get("heard", {}) else ""
    audio = bool(job.keep_seconds) and str(job.keep_seconds) not in entry.get("audio", {})
    return (names, asr, audio) if names or asr or audio or "facts" not in entry else None


def merged(entry: Entry, answer: Answer, asked: Sequence[str], wish: Wish, job: Job) -> Entry:
    """The entry with what was computed in it."""
    computed = {
        version_of(name): {
            part: {n: answer[part][n] for n in (name, f"{name}_raw") if n in answer[part]}
            for part in ("values", "failures")
        }
        for name in asked
    }
    heard = {wish.asr_version: answer["heard"]} if "heard" in answer else {}
    audio = {str(job.keep_seconds): answer["audio"]} if "audio" in answer else {}
    return {
        "facts": answer["facts"],
        "seconds": answer["seconds"],
        "flags": answer["flags"] if asked else entry.get("flags", []),
        "metrics": entry.get("metrics", {}) | computed,
        "heard": entry.get("heard", {}) | heard,
        "audio": entry.get("audio", {}) | audio,
    }


def score(job: Job, entry: Entry, wish: Wish, failures: Mapping[str, str], **more: Any) -> Score:
    """The line of a clip; ``failures`` are those that are not kept in the cache."""
    found = [entry["metrics"][version_of(name)] for name in wish.metrics]
    values = {name: value for part in found for name, value in part["values"].items()}
    failed = {name: why for part in found for name, why in part["failures"].items()} | dict(failures)
    heard = entry["heard"].get(wish.asr_version, "") if wish.asr else ""
    counts: dict[str, int] = {}
    if wish.asr and job.clip.seconds > MOST_SECONDS:
        failed["wer"] = (
            f"its transcript goes beyond the {MOST_SECONDS:g} s that are scored; cut the clip into sentences"
        )
    if wish.asr and "wer" not in failed:
        try:
            counts = edits(job.clip.transcript, heard)
        except Exception as error:  # the normaliser or the counter is not installed: words cannot be compared
            failed["wer"] = f"{error}".split("\n")[0]
    return blank(
        job, seconds=entry["seconds"], flags=entry["flags"], values=values, failures=failed,
        asr=wish.asr, heard=heard, wer=counts, **facts(entry["facts"]), **more,
    )  # fmt: skip


def blank(job: Job, **more: Any) -> Score:
    """What is known of a clip and a codec before anything is computed."""
    t, clip = job.target, job.clip
    lag = {"delay_samples": t.lag, "delay_seconds": t.lag / t.params["sample_rate"], "delay_from": t.lag_from}
    delays = {"algorithmic_delay_ms": t.algorithmic_delay_ms, "declared_delay_ms": t.declared_delay_ms}
    spoken = {"kind": clip.kind, "speaker": clip.speaker, "transcript": clip.transcript}
    about = {"suite": t.suite, "impl": t.impl, "case": t.params, "clip": clip.id, "content": job.key}
    return Score(**{**about, **spoken, **lag, **delays, "version": t.version, "weights": t.weights, **more})


def facts(known: Mapping[str, float]) -> dict[str, Any]:
    """A codec's facts as columns."""
    names = ("nominal_bps", "payload_bps", "container_bps")
    return {name: known[name] for name in names if name in known} | {
        name: kind(known[name])
        for name, kind in (
            ("rate", int),
            ("lossless", bool),
            ("parametric", bool),
            ("random_weights", bool),
            ("model_bytes", int),
            ("parameters", int),
            ("macs_per_second", float),
        )
        if name in known
    }


def edits(said: str, heard: str) -> dict[str, int]:
    """Counts of words and characters, to be summed over clips before they are divided."""
    by_word, by_character = words.edits(said, heard), words.character_edits(said, heard)
    return {**by_word._asdict(), "characters": by_character.words, "character_errors": by_character.errors}

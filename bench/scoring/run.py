"""From a run that was timed to its scores: what goes out to be computed, and what is kept of what comes in."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bench.process import Conditions, Failed, Worker
from bench.registry import Registry
from bench.runner import Observer
from bench.scores import Score
from bench.scoring import cache, cluster, entry, local
from bench.scoring.agenda import Agenda, Job
from bench.scoring.entry import Wish
from bench.scoring.task import Answer, Task
from bench.store import Store

if TYPE_CHECKING:
    Asked = tuple[Job, cache.Entry, list[str]]
    Engine = Callable[[Iterator[tuple[Asked, Task]], Conditions], Iterator[tuple[Asked, Answer]]]


def run(store: Store, registry: Registry, observer: Observer) -> None:
    """Score what is not on disk yet; from the cache where it is there. KeyboardInterrupt passes; lines are kept."""
    agenda = Agenda(store, registry)
    if not len(agenda):
        return
    conditions = Conditions(1, store.plan.memory_limit, store.plan.deadline_s, pinned=False)
    observer.begin(len(agenda))
    try:
        desk = Desk(store, agenda, observer, wish(store, agenda, conditions))
        for asked, answer in engine(store.plan.engine)(desk.pending(), conditions):
            desk.take(*asked, answer)
    finally:
        observer.end()


def engine(name: str) -> Engine:
    """What does the tasks: this machine, or the cluster at an address."""
    return local.answers if name == "local" else partial(cluster.answers, address=name)


def wish(store: Store, agenda: Agenda, conditions: Conditions) -> Wish:
    """What is computed for each clip. The recogniser is asked for its identity in a process of its own."""
    names = store.plan.metrics
    if store.plan.asr == "none" or not any(clip.transcript for clip in agenda.clips):
        return Wish(names)
    child = Worker([], conditions, "bench.scoring.child")
    try:
        found = child.ask("identity", "making the recogniser", name=store.plan.asr)
    except Failed as failure:  # every clip with a transcript says why it has no word error rate
        return Wish(names, store.plan.asr, failure.reason)
    finally:
        child.kill()
    return Wish(names, found["name"], cache.fingerprint(found["identity"], agenda.corpus.grammar))


class Desk:
    """What goes out and what comes in: the cache, the lines, the audio files."""

    def __init__(self, store: Store, agenda: Agenda, observer: Observer, wish: Wish):
        self.store, self.agenda, self.observer, self.wish = store, agenda, observer, wish

    def pending(self) -> Iterator[tuple[Asked, Task]]:
        """Tasks of which something must be computed; what the cache holds whole is written at once."""
        for job in self.agenda.jobs():
            wish = self.wish.of(job)
            if wish.nothing(job) or self._score_of(job).digest in self.store.scored:
                self.observer.step()
                continue
            found = cache.get(job.key)
            lacking = entry.missing(found, wish, job)
            if lacking is None:
                self._keep(job, found, {}, cached=True)
            else:
                names, asr, audio = lacking
                yield (job, found, names), job.task(self.agenda, names, asr, audio)

    def take(self, job: Job, found: cache.Entry, names: list[str], answer: Answer) -> None:
        """One answer: into the cache, and as a line on disk."""
        if "status" in answer:
            self._append(replace(self._score_of(job), status=answer["status"], reason=answer["reason"]))
            return
        whole = entry.merged(found, answer, names, self.wish.of(job), job)
        if answer["version"] == job.target.version:  # a cluster may have another: its figures stand, uncached
            cache.put(job.key, whole)
        failures = {"wer": answer["deaf"]} if "deaf" in answer else {}
        self._keep(job, whole, failures, version=answer["version"])

    def _keep(self, job: Job, whole: cache.Entry, failures: dict[str, str], **more: object) -> None:
        file = ""
        if job.keep_seconds:
            file = audio_name(job)
            path = self.store.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(whole["audio"][str(job.keep_seconds)]))
        self._append(entry.score(job, whole, self.wish.of(job), failures, audio=file, **self._about, **more))

    def _append(self, score: Score) -> None:
        self.store.append_score(score)
        self.observer.score(score)
        self.observer.doing(f"scored {score.impl}: {score.clip}")
        self.observer.step()

    def _score_of(self, job: Job) -> Score:
        return entry.blank(job, **self._about)

    @property
    def _about(self) -> dict[str, str]:
        return {"run": self.store.folder.name, "corpus": self.store.plan.corpus}


def audio_name(job: Job) -> str:
    """``audio/CLIP/CODEC-BITRATE-....flac``; a few digits of the key tell apart what looks alike."""
    values = (job.target.impl, *(str(v) for v in job.target.params.values()))
    clip, codec = (re.sub(r"[^A-Za-z0-9.]+", "-", text)[:80] for text in (job.clip.id, "-".join(values)))
    return f"audio/{clip}/{codec}-{job.key[:8]}.flac"

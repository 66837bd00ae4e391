"""What is to be scored: every codec that decoded rightly when it was timed, in every case, on every clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from bench import signals
from bench.codec import ORIGINAL
from bench.corpus import Clip, Corpus
from bench.registry import Registry, source_hash
from bench.results import Row
from bench.scoring.cache import file_hash, fingerprint
from bench.scoring.task import MOST_SECONDS, VERSION, Task
from bench.store import Store
from bench.weights import of

AUDIO_BYTES = 11_000_000  # of decoded audio that a run keeps, so that a page with all of it stays under 20 MB
FLAC_SHARE = 0.55  # of 16-bit PCM that FLAC of speech takes, about
MOST_KEPT = 6  # clips
SHORTEST_KEPT, LONGEST_KEPT = 4.0, 10.0  # s of each


@dataclass(frozen=True)
class Target:
    """One codec in one case, as the timing found it.

    ``code`` is a hash of its name, variant, source, version and weights.
    """

    suite: str
    impl: str
    params: dict[str, Any]
    version: str = ""
    code: str = ""
    lag: int = 0
    lag_from: str = "none"
    algorithmic_delay_ms: float | None = None
    declared_delay_ms: float | None = None
    weights: str = ""


@dataclass(frozen=True)
class Job:
    """One clip of one target. ``key`` is that of the cache; ``keep_seconds`` of its audio are kept (0: none)."""

    target: Target
    clip: Clip
    key: str
    keep_seconds: float

    def task(self, agenda: Agenda, metrics: Sequence[str], asr: str, keep: bool) -> Task:
        """What of it has to be computed."""
        corpus, t = agenda.corpus, self.target
        clip = asdict(self.clip) | {"path": str(self.clip.path.resolve()) if corpus.folder else "", "transcript": ""}
        return Task(
            t.suite, t.impl, t.params, agenda.store.plan.seed, str(corpus.folder.resolve()) if corpus.folder else "",
            clip, tuple(metrics), asr, agenda.grammar_folder, t.lag, self.keep_seconds if keep else 0.0,
            of(agenda.store.plan.weights, t.impl).get("path", ""),
        )  # fmt: skip


class Agenda:
    """The work of one run, in the order of the implementations; a job is made when it is asked for."""

    def __init__(self, store: Store, registry: Registry):
        self.store, self.registry = store, registry
        self.targets = list(self._targets())
        self.corpus = Corpus.open(store.plan.corpus) if self.targets else Corpus("", None, ())
        self.clips = chosen(self.corpus.clips, store.plan.kind, store.plan.clips)
        self.kept = kept(self.clips, self.targets)
        self.hashes: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.targets) * len(self.clips)

    @cached_property
    def grammar_folder(self) -> str:
        """What a recogniser is told of the corpus: where its grammar is; "" where it has none."""
        return str(self.corpus.folder.resolve()) if self.corpus.folder and self.corpus.grammar else ""

    def jobs(self) -> Iterator[Job]:
        """All jobs, the untouched audio first."""
        for target in self.targets:
            for clip in self.clips:
                yield Job(target, clip, self._key(target, clip), self.kept.get(clip.id, 0.0))

    def _key(self, target: Target, clip: Clip) -> str:
        if clip.id not in self.hashes:
            self.hashes[clip.id] = file_hash(clip.path) if self.corpus.folder else f"{signals.VERSION} {clip.id}"
        how = (VERSION, MOST_SECONDS, self.store.plan.seed, target.suite, target.params, target.code, target.lag)
        return fingerprint(self.hashes[clip.id], *how)

    def _targets(self) -> Iterator[Target]:
        """The untouched audio of each rate and number of channels, then codecs by name."""
        scored = {i.suite for i in self.store.plan.items if self.registry.suite(i.suite).scored}
        found: dict[str, Target] = {}
        for row in self.store.rows:
            timed = row.op == "decode" and row.replicate == 0 and row.status in ("ok", "unstable")
            if row.suite in scored and timed and row.case.get("batch", 1) == 1:
                target = self._target(row)
                found.setdefault(fingerprint(target.suite, target.impl, target.params), target)
        originals: dict[str, Target] = {}
        for t in found.values():
            params = {name: value for name, value in t.params.items() if name != "bitrate"}
            originals.setdefault(fingerprint(t.suite, params), Target(t.suite, ORIGINAL, params))
        yield from originals.values()
        yield from sorted(found.values(), key=lambda t: (t.suite, t.impl))

    def _target(self, row: Row) -> Target:
        params = {name: value for name, value in row.case.items() if name != "seconds"}
        implementation = self.registry.find(row.suite, row.impl)
        parts = [row.impl, dict(implementation.variant), source_hash(implementation), row.version]
        code = fingerprint(*parts, *filter(None, [row.weights]))
        streams = [
            r for r in self.store.rows
            if (r.suite, r.impl, r.case, r.op) == (row.suite, row.impl, row.case, "stream")
        ]  # fmt: skip
        measured = {
            **row.quality,
            **{k: v for r in streams[:1] for k, v in r.quality.items() if k.endswith("delay_ms")},
        }
        lag, source = _lag(row)
        return Target(
            row.suite, row.impl, params, row.version, code, lag, source,
            measured.get("algorithmic_delay_ms"), measured.get("declared_delay_ms"), row.weights,
        )  # fmt: skip


def _lag(row: Row) -> tuple[int, str]:
    """What to take out, in samples at the case's rate: measured, else declared (less the frame), else nothing."""
    if "lag_samples" in row.quality:
        return round(row.quality["lag_samples"]), "measured"
    if "declared_lag_ms" in row.quality:
        return round(row.quality["declared_lag_ms"] / 1000 * row.case["sample_rate"]), "declared"
    return 0, "none"


def chosen(clips: Sequence[Clip], kind: str, most: int) -> Sequence[Clip]:
    """Those of a kind ("": all), and of them at most ``most`` (0: all), evenly over their order."""
    found = [clip for clip in clips if not kind or clip.kind == kind]
    if not most or most >= len(found):
        return found
    return [found[number * len(found) // most] for number in range(most)]


def kept(clips: Sequence[Clip], targets: Sequence[Target]) -> dict[str, float]:
    """{clip's id: seconds of it} whose audio is kept: as many as fit, of different speakers and kinds where it can be.

    Of equal right, the clips are chosen whose length is nearest to what is kept of each.
    """
    each = 2 * FLAC_SHARE * sum(t.params["sample_rate"] * t.params["channels"] for t in targets)  # bytes a second
    if not each:
        return {}
    seconds = AUDIO_BYTES / each
    count = max(1, min(MOST_KEPT, int(seconds / SHORTEST_KEPT)))
    long = min(LONGEST_KEPT, seconds / count)
    near = sorted(clips, key=lambda c: abs(c.seconds - long))
    seen: set[str] = set()
    fresh = [c for c in near if (who := c.speaker or c.kind or c.id) not in seen and not seen.add(who)]  # type: ignore[func-returns-value]
    order = [*fresh, *(c for c in near if c not in fresh)]
    return {c.id: long for c in order[:count]}

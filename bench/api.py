"""A run from Python: what `bench run` does, without the command line."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import environment, hardware, plan, yardstick
from bench.asr import SUITE as RECOGNISERS
from bench.corpus import Corpus
from bench.measure import gpu_limits
from bench.measure.limits import limits
from bench.quality.scoring import choose
from bench.registry import load
from bench.results import Results, environment_of
from bench.runner import Observer, Referee, Runner
from bench.scoring.run import run as score
from bench.store import Store
from bench.weights import named, unchanged

Names = str | Sequence[str]


def run(suite: Names = (), *, quiet: bool = False, observer: Observer | None = None, **options: Any) -> Results:
    """Measure suites and return the results; the rows are in ``results/<run-id>/`` (or ``out``).

    Takes the options of :func:`begin`. Raises :class:`bench.plan.Usage`, :class:`bench.registry.UnknownName`,
    :class:`bench.corpus.CorpusError` for wrong wishes, :class:`bench.store.CannotWrite` when rows cannot be kept.
    """
    store = begin(suite, **options)
    execute(store, observer or (None if quiet else _observer()))
    return store.results()


def begin(
    suite: Names = (),
    *,
    impl: Names = "all",
    exclude: Names = (),
    chain: Names = (),
    grid: str = "default",
    case: Names = (),
    bitrate: str | float | Sequence[str | float] = (),
    op: Names = (),
    device: str = "cpu",
    threads: int | Sequence[int] = 1,
    precision: str | float = "2%",
    budget: str | float = "1.25s",
    replicates: int = 3,
    peak: bool = False,
    seed: int = 0,
    corpus: str = "builtin",
    deadline: str | float = "120s",
    memory_limit: str | int | None = None,
    metrics: Names = "all",
    asr: str = "default",
    clips: int = 0,
    kind: str = "",
    engine: str = "local",
    weights: Names = (),
    resume: str | Path | None = None,
    out: str | Path | None = None,
) -> Store:
    """Plan a run and open its directory; ``resume`` names one to go on with, and nothing else is then read.

    ``budget`` is the sampling time of one operation of one implementation in one case, over all replicates;
    sampling stops earlier at ``precision`` (relative half width of the median's interval). ``bitrate`` (kbit/s) is
    short for ``case="bitrate=..."``. ``chain`` ("mel:c,codec:opus", or several of those) asks for steps one after the
    other, and for nothing else unless ``impl`` names it. ``metrics`` (names, "all" or "none"), ``asr`` (a recogniser,
    "default" or "none") and ``engine`` ("local" or "dask://HOST:PORT") are of the scoring of codecs on the clips of the
    corpus: on all of them, or on those of one ``kind``, or on at most ``clips``, evenly over the corpus. ``weights``:
    texts "NAME=PATH" or "NAME=HUB-ID" for implementations that are trained (:mod:`bench.weights`). ``peak``: the
    processor's peak is measured ahead of every turn (:mod:`bench.yardstick`).
    """
    if resume is not None:
        _same_machine(Path(resume))
        store = Store(Path(resume), None)
        unchanged(store.plan.weights)
        return store
    opened = Corpus.open(corpus)  # a wrong name is better told now than by every worker
    if kind and not any(clip.kind == kind for clip in opened.clips):
        there = ", ".join(sorted({clip.kind or "unnamed" for clip in opened.clips}))
        raise plan.Usage(f"the corpus {corpus} has no clips of the kind {kind!r}; it has: {there}")
    if peak:
        yardstick.possible(device)
    settings = [case] if isinstance(case, str) and case else list(case)
    if bitrate:
        wanted = [bitrate] if isinstance(bitrate, str | float | int) else bitrate
        settings.append(f"bitrate={','.join(map(str, wanted))}")
    wish = plan.make(
        load(),
        names(suite),
        chained(chain, names(impl)),
        names(exclude),
        grid,
        plan.parse_case(settings),
        names(op),
        device=device,
        threads=(threads,) if isinstance(threads, int) else tuple(threads),
        seed=seed,
        corpus=corpus,
        replicates=replicates,
        peak=peak,
        precision=plan.parse_share(precision) if isinstance(precision, str) else precision,
        budget_s=plan.parse_seconds(budget) if isinstance(budget, str) else budget,
        deadline_s=plan.parse_seconds(deadline) if isinstance(deadline, str) else deadline,
        memory_limit=plan.parse_size(memory_limit) if isinstance(memory_limit, str) else memory_limit,
        clips=clips,
        kind=kind,
        **_scoring(names(suite), names(metrics), asr, engine),
    )
    given = [weights] if isinstance(weights, str) and weights else weights
    wish = replace(wish, weights=named(given, [i for item in wish.items for i in item.impls]))
    return start(wish, Path(out) if out else None)


def start(wish: plan.Plan, out: Path | None = None) -> Store:
    """A new run directory for a plan, with the record of this machine in it."""
    cores = len(os.sched_getaffinity(0))
    if too_many := [t for t in wish.threads if t > cores]:
        raise plan.Usage(
            f"{too_many[0]} threads are more than the {cores} processors here; --threads takes at most {cores}"
        )
    record = environment.collect()
    threads = tuple(sorted({1, cores, *wish.threads}))
    record["limits"] = limits(environment.machine_id(record), threads) | gpu_limits.limits(wish.device, wish.threads)
    return Store(out or Path("results") / _run_id(wish), wish, record)


def execute(store: Store, observer: Observer | None = None, referee: Referee | None = None) -> None:
    """Measure what is missing, then score it; closes the store whatever happens."""
    observer = observer or Observer()
    try:
        Runner(store, load(), observer, referee).run()
        if store.plan.metrics or store.plan.asr != "none":
            score(store, load(), observer)
    finally:
        with _undisturbed():
            store.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Whoever interrupts a second time waits for the end of it: libraries in C that are loaded there break else."""
    later: list[int] = []
    ours = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is signal.default_int_handler]
    if threading.current_thread() is not threading.main_thread():
        ours = []  # no other thread is interrupted, or may choose
    for number in ours:
        signal.signal(number, lambda n, _: later.append(n))
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.default_int_handler)
    if later:
        raise KeyboardInterrupt


def _same_machine(run: Path) -> None:
    """Raises :class:`bench.plan.Usage` where a run was begun elsewhere: the replicates of a row are of one machine,
    and of one kind of GPU."""
    record = environment_of(run)
    was = record.get("machine")
    here = environment.machine_id({"cpu": hardware.cpu(), "memory": hardware.memory()})
    if was not in (None, here):
        raise plan.Usage(f"{run} was begun on another machine, {was}, and this is {here}; start another run")
    for device, gpu in gpu_limits.kinds(record.get("limits") or {}).items():
        found = gpu_limits.limits(device)
        now = gpu_limits.kinds(found).get(device) or found[device]["unmeasured"]
        if now != gpu:
            way = "CUDA_VISIBLE_DEVICES may hide the right one; else start another run"
            raise plan.Usage(f"{run} was begun on {gpu}, and {device} is another GPU now, or none ({now}); {way}")


def _scoring(suites: Sequence[str], metrics: Sequence[str], asr: str, engine: str) -> dict[str, Any]:
    """The plan's settings of the scoring, by exact names; nothing where no suite is scored."""
    if not any(load().suite(name).scored for name in suites):
        return {}
    wanted: Sequence[str] | None = {"all": None, "none": []}.get(",".join(metrics), metrics)
    if asr == "default":
        asr = load().suite(RECOGNISERS).default  # type: ignore[attr-defined]
    elif asr != "none":
        load().find(RECOGNISERS, asr)
    chosen = tuple(metric.name for metric in choose(wanted))
    return {"metrics": chosen, "asr": asr, "engine": plan.parse_engine(engine)}


def names(texts: Names) -> list[str]:
    """``"a,b"``, ``["a", "b"]`` or ``["a,b"]`` -> ["a", "b"]."""
    listed = [texts] if isinstance(texts, str) else list(texts)
    return [part for text in listed for part in text.split(",") if part]


def chained(chains: Names, impl: list[str]) -> list[str]:
    """Chains as names of implementations, ``a+b``, beside those that were asked for."""
    made = ["+".join(names(text)) for text in ([chains] if isinstance(chains, str) else chains) if text]
    return [*made, *(name for name in impl if not made or name != "all")]


def _run_id(wish: plan.Plan) -> str:
    suites = "-".join(i.suite for i in wish.items)
    return f"{datetime.now():%Y%m%d-%H%M%S}-{suites}-{secrets.token_hex(2)}"


def _observer() -> Observer:
    from bench.progress import observer

    return observer()

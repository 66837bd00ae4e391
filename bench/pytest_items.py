"""Suites, cases and rivals as pytest's collectors and items; each item times one operation with ``benchmark``.

Everything runs in pytest's own process, which is what pytest-benchmark measures; ``bench run`` gives each rival a
process. Threads and the allocator's thresholds are set as there, as far as a process can set them for itself.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bench import plan
from bench.core import Case, Unsupported
from bench.corpus import Corpus
from bench.process import ALLOCATOR, THREAD_VARIABLES
from bench.registry import load
from bench.worker import Session

MALLOPT = {"MALLOC_TRIM_THRESHOLD_": -1, "MALLOC_TOP_PAD_": -2, "MALLOC_MMAP_THRESHOLD_": -3}  # malloc.h of glibc
ROUNDS = 20  # of calls that something untimed comes before
UNUSED = pytest.mark.filterwarnings("ignore:Benchmark fixture was not used")  # by what was skipped, or is wrong


@dataclass
class Wish:
    """What the options ask for, and the sessions that were opened for it, one a rival."""

    plan: plan.Plan
    allocator: str
    scratch: tempfile.TemporaryDirectory[str] = field(default_factory=tempfile.TemporaryDirectory)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)

    @classmethod
    def of(cls, config: pytest.Config) -> Wish:
        """Raises ValueError, with a suggestion, for what there is not."""
        option = {n: config.getoption(f"bench_{n}") for n in ("impl", "exclude", "grid", "op", "corpus")}
        threads, seed, suites = (config.getoption(f"bench_{n}") for n in ("threads", "seed", "suite"))
        cores = len(os.sched_getaffinity(0))
        if not 1 <= threads <= cores:
            raise plan.Usage(f"--bench-threads takes 1 to {cores}, the processors here; this is {threads}")
        Corpus.open(option["corpus"])
        wished = plan.make(
            load(),
            _names(*suites),
            _names(option["impl"]),
            _names(option["exclude"]),
            option["grid"],
            plan.parse_case(config.getoption("bench_case")),
            _names(option["op"]),
            threads=(threads,),
            seed=seed,
            corpus=option["corpus"],
        )
        return cls(wished, _settle(threads))

    def collectors(self, session: pytest.Session) -> Iterator[pytest.Collector]:
        for item in self.plan.items:
            path = session.config.rootpath / f"bench-{item.suite}"
            made = Contest.from_parent(session, name=f"bench-{item.suite}", path=path, nodeid=f"bench-{item.suite}")
            made.wish, made.item = self, item
            yield made

    def session(self, suite: str, impl: str) -> Session:
        key = suite, impl
        if key not in self.sessions:
            made = Session(suite, impl, self.scratch.name)
            made.version = made.hello()["version"]  # type: ignore[attr-defined]
            self.sessions[key] = made
        return self.sessions[key]

    def close(self) -> None:
        self.sessions.clear()
        self.scratch.cleanup()


class Contest(pytest.Collector):
    """One suite: a collector for each case and operation, so that rivals follow each other."""

    wish: Wish
    item: plan.Item

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        wish, item = self.wish, self.item
        for params in item.cases:
            case = Case(item.suite, params, "cpu", wish.plan.threads[0], wish.plan.seed, wish.plan.corpus)
            for op in item.ops:
                made = Heat.from_parent(self, name=f"{op} {case.label}")
                made.wish, made.impls, made.case, made.op = wish, item.impls, case, op
                yield made
        for broken in load().damaged(item.suite, wish.plan.exclude):
            yield Ruin.from_parent(self, name=f"broken {broken.name or broken.suite}", reason=broken.reason)


class Heat(pytest.Collector):
    """One operation of one case: an item for each rival."""

    wish: Wish
    impls: list[str]
    case: Case
    op: str

    def collect(self) -> Iterator[pytest.Item]:
        for impl in self.impls:
            rival = Rival.from_parent(self, name=impl, callobj=self._timed(impl))
            rival.add_marker(UNUSED)
            yield rival

    def _timed(self, impl: str) -> Any:
        def timed(benchmark: Any) -> None:
            _measure(self.wish, self.case, self.op, impl, benchmark)

        return timed


class Rival(pytest.Function):
    """One implementation."""

    def reportinfo(self) -> tuple[Any, int, str]:
        return self.path, 0, f"{self.parent.name} {self.name}" if self.parent else self.name


class Ruin(pytest.Item):
    """A file that cannot be read: a failure, so that nobody misses it silently."""

    def __init__(self, *, reason: str, **settings: Any):
        super().__init__(**settings)
        self.reason = reason
        self.fixturenames = ["benchmark"]  # or --benchmark-only would leave it out

    def runtest(self) -> None:
        pytest.fail(self.reason, pytrace=False)

    def reportinfo(self) -> tuple[Any, int, str]:
        return self.path, 0, f"{self.parent.name} {self.name}" if self.parent else self.name


def _measure(wish: Wish, case: Case, op: str, impl: str, benchmark: Any) -> None:
    """Check the answer, warm up, and hand the timed call to pytest-benchmark."""
    try:
        session = wish.session(case.suite, impl)
        if getattr(session, "case", None) != case or not session.ops:
            session.open({**vars(case), "params": dict(case.params)})
        if op not in session.ops or op not in session.inputs:
            pytest.skip(f"{impl} offers no {op} for this case")
        if session.ops[op].paced:
            pytest.skip(f"it keeps the pace of a live source, which pytest-benchmark cannot; bench run {case.suite}")
        facts = session.ready(op, 0.0, False)
    except Unsupported as error:
        pytest.skip(str(error) or "not supported")
    if facts["wrong"]:
        pytest.fail(f"wrong answer: {facts['wrong']}", pytrace=False)
    run, native, _, _ = session.measured.pop(op)
    benchmark.group = f"{case.suite} {op} {case.label}"
    told = ("error", "quality", "first_ns", "audio_seconds", "flops", "bytes")
    benchmark.extra_info["bench"] = {
        **{"suite": case.suite, "impl": impl, "case": dict(case.params), "op": op, "threads": case.threads},
        **{"seed": case.seed, "corpus": case.corpus, "allocator": wish.allocator},
        **{"version": session.version},  # type: ignore[attr-defined]
        **{name: facts[name] for name in told},
    }
    if before := session.ops[op].before:

        def set_up() -> tuple[tuple[Any, ...], dict[str, Any]]:
            before()
            return native, {}

        benchmark.pedantic(run, setup=set_up, rounds=ROUNDS)
    else:
        benchmark(run, *native)


def _names(*texts: str) -> list[str]:
    return [part for text in texts for part in text.split(",") if part]


def _settle(threads: int) -> str:
    """Threads of libraries that are not loaded yet, and of those that are; glibc's thresholds; what was set."""
    from threadpoolctl import threadpool_limits

    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    threadpool_limits(threads)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc only
    most = 2**31 - 1
    values = {name: min(most, int(value)) for name, value in ALLOCATOR.items()}
    set_now = {n: v for n, v in values.items() if mallopt and mallopt(MALLOPT[n], v)}
    shown = (f"{n.removeprefix('MALLOC_').rstrip('_').lower()}={v}" for n, v in set_now.items())
    return " ".join(["pytest-benchmark", *shown])

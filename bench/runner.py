"""The parent: one worker per implementation and replicate, rivals interleaved round by round, rows appended.

Exactly one worker measures at any time. The order within a round is shuffled by the run's seed. Whatever one
worker does (crash, hang, flood, exhaust memory) costs its own row and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from math import ceil
from typing import Any, TypeVar

from bench import stats
from bench.core import UNWRITTEN, Case
from bench.nursery import COPIES, Nursery
from bench.plan import Item
from bench.process import Conditions, Failed, Home, Worker, ahead, allocator_text
from bench.registry import Registry
from bench.results import Row
from bench.scores import Score
from bench.store import Store
from bench.weights import of
from bench.yardstick import Peak, Yardstick

T = TypeVar("T")

LEAST_ROUNDS = 5
LEAST_SLOW_ROUNDS = 3  # of calls so slow that five of them would break the budget


class Observer:
    """Told what happens; the command line draws it. Every method may be left as it is."""

    def begin(self, steps: int) -> None: ...
    def doing(self, text: str) -> None: ...
    def step(self, count: float = 1) -> None: ...
    def row(self, row: Row) -> None: ...
    def score(self, score: Score) -> None: ...
    def end(self) -> None: ...


class Referee:
    """Asked whether a row needs more processes; a comparison that looks at its rows between them has one."""

    def decided(self, row: Row) -> bool:
        return False

    def look(self, rows: Sequence[Row]) -> None:
        """After every replicate, with all rows so far."""


@dataclass
class Turn:
    """What one implementation has gathered for one operation of one case."""

    facts: Mapping[str, Any]
    started: str
    samples: list[float] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peaks: list[Peak] = field(default_factory=list)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def spent(self, budget_ns: float) -> bool:
        """Slow calls: the budget is used up before every round had its turn."""
        return len(self.rounds) >= LEAST_SLOW_ROUNDS and sum(self.samples) * self.facts["loops"] >= budget_ns

    def settled(self, precision: float) -> bool:
        if self.facts["paced"]:  # its figures are the worst frames, not a median
            return len(self.rounds) >= LEAST_SLOW_ROUNDS
        if not precision or len(self.rounds) < LEAST_ROUNDS:
            return False
        return stats.settled(stats.round_medians(self.samples, self.rounds), precision)


class Runner:
    def __init__(self, store: Store, registry: Registry, observer: Observer, referee: Referee | None = None):
        self.store, self.plan, self.registry, self.observer = store, store.plan, registry, observer
        self.referee = referee or Referee()
        self.order = random.Random(self.plan.seed)
        self.nursery = Nursery(self.plan.copies and self.plan.device == "cpu")  # a driver's state is not copied
        # what failed once is not tried again in later replicates, nor after a resume
        self.failed: set[tuple[Any, ...]] = set()
        for row in store.rows:
            self._note(row)

    def run(self) -> None:
        """Measure everything that is not on disk yet. KeyboardInterrupt passes; what is complete is kept."""
        plan = self.plan
        for item in plan.items:
            self._broken(item)
        self.observer.begin(plan.replicates * len(plan.threads) * sum(len(i.cases) * len(i.ops) for i in plan.items))
        try:
            with ahead() if plan.ahead else nullcontext():
                for replicate in range(plan.replicates):
                    for item in plan.items:
                        with self._crews(item, replicate) as crews:
                            for params in item.cases:
                                self._case(crews, params)
                    self.referee.look(self.store.rows)
        finally:
            self.nursery.close()
            self.observer.end()

    def _broken(self, item: Item) -> None:
        """A plug-in that cannot be read is a row, so that nobody misses it silently; unless it was left out by name."""
        for broken in self.registry.damaged(item.suite, self.plan.exclude):
            row = Row(
                self.store.folder.name,
                item.suite,
                broken.name,
                {},
                "",
                status="error",
                reason=f"{broken.source}: {broken.reason}",
            )
            if row.key not in self.store.done:
                self.add(row)

    @contextmanager
    def _crews(self, item: Item, replicate: int) -> Iterator[list[Crew]]:
        """A crew for each number of threads; they take turns like any rivals."""
        crews = []
        try:
            for threads in in_turn(self.plan.threads, replicate):
                # what a GPU does is none of the processors' affair: its libraries, the largest, load on all of them
                late = self.plan.ahead or self.plan.device != "cpu"
                conditions = Conditions(threads, self.plan.memory_limit, self.plan.deadline_s, late=late)
                crews.append(Crew(self, item, conditions, replicate))
                crews[-1].muster()
            yield crews
        finally:
            for crew in crews:
                crew.dismiss()

    def _case(self, crews: Sequence[Crew], params: dict[str, Any]) -> None:
        offered: dict[Rival, list[str]] = {}
        for crew in crews:
            for impl in crew.present(params):
                self.observer.doing(f"{crew.case(params).suite} {crew.case(params).label}: {impl} opens")
                offered[crew, impl] = crew.open(impl, params)
        for op in crews[0].item.ops:
            self._op(params, op, [rival for rival, ops in offered.items() if op in ops])
        for crew, impl in offered:
            crew.ask(impl, params, "", "close", "closing")

    def _op(self, params: dict[str, Any], op: str, rivals: Sequence[Rival]) -> None:
        """All rivals of one operation: ready, rounds in turn, finish, rows."""
        turns: dict[Rival, Turn] = {}
        for crew, impl in rivals:
            if crew.wanted(impl, params, op):
                self.observer.doing(f"{crew.item.suite} {crew.case(params).label}: {impl} {op}")
                if turn := crew.ready(impl, params, op):
                    turns[crew, impl] = turn
        try:
            self._rounds(params, op, turns)
            for crew, impl in list(turns) if self.plan.extras else ():
                self.observer.doing(f"{crew.item.suite} {crew.case(params).label}: {op}, end to end and memory")
                found = crew.ask(impl, params, op, "finish", "the end-to-end and memory pass", turn_ns=self._turn_ns)
                if found is None:
                    del turns[crew, impl]
                else:
                    turns[crew, impl].extra = found
        finally:  # an interrupt in the middle keeps what has enough rounds
            for (crew, impl), turn in turns.items():
                if len(turn.rounds) >= LEAST_SLOW_ROUNDS or turn.extra.get("discarded"):
                    self.add(crew.row(impl, params, op, **self._figures(turn)))

    def _rounds(self, params: dict[str, Any], op: str, turns: dict[Rival, Turn]) -> None:
        share = len(self.plan.threads) / self.plan.turns
        active, left = list(turns), float(len(self.plan.threads))
        before: dict[str, list[Rival]] = {}
        for number in range(self.plan.turns):
            for rival in self._shuffled(active, before):
                crew, impl = rival
                turn = turns[rival]
                if len(self.plan.threads) > 1:
                    crew.move(impl, number)
                least = max(1, ceil(turn.facts["least"] / self.plan.replicates / LEAST_SLOW_ROUNDS))
                peak = crew.yardstick.peak() if crew.yardstick else None
                found = crew.ask(impl, params, op, "sample", "sampling", turn_ns=self._turn_ns, least=least)
                if found is None:
                    active.remove(rival)
                    del turns[rival]
                    continue
                turn.samples += found["samples"]
                turn.late += found.get("late", [])
                turn.cpu += found.get("cpu", [])
                if found["samples"]:  # none: a GPU was throttled, and they were discarded
                    turn.rounds.append(len(found["samples"]))
                    peak = crew.yardstick.after(peak) if crew.yardstick else None
                    turn.peaks += [peak] if peak else []
                if turn.settled(self.plan.precision) or turn.spent(1.2e9 * self.plan.budget_s / self.plan.replicates):
                    active.remove(rival)
            self.observer.step(share)
            left -= share
            if not active:
                break
        self.observer.step(left)

    def _shuffled(self, rivals: Sequence[Rival], before: dict[str, list[Rival]]) -> list[Rival]:
        """In random order, but an implementation's sides and threads in succession, so that they share the moment.

        Of two rounds the second has them the other way round: who comes first follows somebody else, whose data fill
        the caches, and so each side does that as often. ``before``: the orders that are still to be turned round.
        """
        alike: dict[str, list[Rival]] = {}
        for crew, impl in rivals:
            alike.setdefault(impl.partition("@")[0], []).append((crew, impl))
        names = list(alike)
        self.order.shuffle(names)
        for name in names:
            last = before.pop(name, None)
            if last:
                alike[name].sort(key=last.index, reverse=True)
            else:
                self.order.shuffle(alike[name])
                before[name] = list(alike[name])
        return [rival for name in names for rival in alike[name]]

    @property
    def _turn_ns(self) -> int:
        return int(self.plan.turn_s * 1e9)

    def _figures(self, turn: Turn) -> dict[str, Any]:
        facts = {
            k: turn.facts[k]
            for k in (
                "first_ns",
                "loops",
                "overhead_ns",
                "quality",
                "error",
                "flops",
                "bytes",
                "audio_seconds",
                "frame_seconds",
                "setup_ns",
                "version",
            )
        }
        medians = stats.round_medians(turn.samples, turn.rounds)
        peaks = turn.peaks if len(turn.peaks) == len(turn.rounds) else []
        status, reason = "ok", ""
        if turn.facts["wrong"]:
            status, reason = "wrong", turn.facts["wrong"]
        elif turn.extra.get("discarded") and len(turn.rounds) < LEAST_SLOW_ROUNDS:
            status, reason = "unstable", _throttled(turn)
        elif self.plan.precision and not turn.settled(self.plan.precision):
            status, reason = "unstable", _unsettled(medians, self.plan.precision)
        return {
            **facts,
            **turn.extra,
            "status": status,
            "reason": reason,
            "started": turn.started,
            "samples_ns": turn.samples,
            "late_ns": turn.late,
            "cpu_ns": turn.cpu,
            "rounds": turn.rounds,
            "peak_gflops": [peak.gflops for peak in peaks],
            "peak_gadds": [peak.gadds for peak in peaks],
        }

    def add(self, row: Row) -> None:
        self.store.append(row)
        self._note(row)
        self.observer.row(row)

    def _note(self, row: Row) -> None:
        # a file that cannot be read was never started, and another of that name may run
        if row.status not in ("ok", "unstable") and row.started:
            self.failed.add(self._place(row.suite, row.impl, row.threads, row.case, row.op))

    @staticmethod
    def _place(suite: str, impl: str, threads: int, params: Mapping[str, Any], op: str) -> tuple[Any, ...]:
        return suite, impl, threads, tuple(sorted(params.items())), op

    def has_failed(self, suite: str, impl: str, threads: int, params: Mapping[str, Any], op: str) -> bool:
        return self._place(suite, impl, threads, params, op) in self.failed


def in_turn(them: Sequence[T], replicate: int) -> list[T]:
    """Who is started and opened first: as given, or last first, so that of any two each has been first as often.

    It matters: of two identical implementations bound by memory the one that was opened later was 0.3 to 1% faster, for
    the kernel hands the pages that a process gave back to the next that asks. Templates live for ``COPIES`` replicates
    and take turns, too.
    """
    return list(them) if (replicate + replicate // COPIES) % 2 == 0 else list(reversed(them))


def _throttled(turn: Turn) -> str:
    """Why a GPU's row has next to no samples, and what helps."""
    taken = turn.extra["discarded"] + len(turn.samples)
    return (
        f"{turn.extra['discarded']} of {taken} samples were discarded: {turn.extra['held_by']} held the GPU's clocks "
        "down; let it cool, or lock lower clocks: sudo nvidia-smi --lock-gpu-clocks=MHZ"
    )


def _unsettled(medians: stats.Floats, precision: float) -> str:
    """Why a row is unstable, and what helps."""
    if len(medians) < LEAST_ROUNDS:
        return f"only {len(medians)} rounds fitted into the budget; a longer --budget helps"
    known = stats.half_width(medians)
    digits = next((n for n in range(1, 6) if f"{known:.{n}%}" != f"{precision:.{n}%}"), 6)
    return (
        f"the median is known to {known:.{digits}%}, not to {precision:.{digits}%}, within the budget; "
        "a quieter machine, a longer --budget or a wider --precision helps"
    )


class Crew:
    """The workers of one replicate and number of threads: one an implementation, each on its own, started together."""

    def __init__(self, runner: Runner, item: Item, conditions: Conditions, replicate: int):
        self.runner, self.item, self.conditions, self.replicate = runner, item, conditions, replicate
        self.threads = conditions.threads
        self.impls = in_turn(item.impls, replicate)
        self.workers: dict[str, Worker] = {}
        self.version: dict[str, str] = {}
        self.setup_ns: dict[str, float] = {}
        self.yardstick: Yardstick | None = None

    def muster(self) -> None:
        """Start every worker that has work left; they import side by side, before anything is measured."""
        impls = [i for i in self.impls if not self._failed(i, {}) and not self._all_done(i)]
        self.runner.nursery.prepare(self.replicate, {self._label(i): partial(self._fresh, i) for i in impls})
        for impl in impls:
            self.runner.observer.doing(f"{self.item.suite}: {impl} starts")
            self._start(impl)
            self.workers[impl].send("hello")
        for impl in list(self.workers):
            self._greet(impl, {})
        if self.runner.plan.peak and self.workers:
            self.yardstick = Yardstick(self.conditions)

    def dismiss(self) -> None:
        for worker in self.workers.values():
            worker.kill()
        if self.yardstick:
            self.yardstick.close()

    def present(self, params: dict[str, Any]) -> list[str]:
        """Implementations to open for a case; those that died since are started again."""
        wanted = [i for i in self.impls if any(self.wanted(i, params, op) for op in self.item.ops)]
        for impl in wanted:
            if impl not in self.workers and not self._failed(impl, {}):
                self._start(impl)
                self.workers[impl].send("hello")
                self._greet(impl, {})
        return [i for i in wanted if i in self.workers and not self._failed(i, params)]

    def wanted(self, impl: str, params: dict[str, Any], op: str) -> bool:
        row = self.row(impl, params, op)
        done = row.key in self.runner.store.done or self.runner.referee.decided(row)
        return not done and not any(self._failed(impl, p, o) for p, o in ((params, op), (params, ""), ({}, "")))

    def case(self, params: dict[str, Any]) -> Case:
        plan = self.runner.plan
        return Case(self.item.suite, params, plan.device, self.threads, plan.seed, plan.corpus)

    def open(self, impl: str, params: dict[str, Any]) -> list[str]:
        """The operations that an implementation offers for a case; none when it failed."""
        weights = of(self.runner.plan.weights, impl).get("path", "")
        request = {**vars(self.case(params)), "params": params, "weights": weights}
        # a comparison may have a worker of an older harness, which knows of no choice
        ops = {} if self.runner.plan.homes else {"ops": self.item.ops}
        found = self.ask(impl, params, "", "open", "setting up", case=request, **ops)
        self.setup_ns[impl] = found["setup_ns"] if found else 0
        return list(found["ops"]) if found else []

    def ready(self, impl: str, params: dict[str, Any], op: str) -> Turn | None:
        if impl not in self.workers:  # it died in an earlier operation of this case
            self._start(impl)
            self.workers[impl].send("hello")
            if not self._greet(impl, {}) or op not in self.open(impl, params):
                return None
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        slowdown = (self.runner.plan.slowdowns or {}).get(impl, 0.0)
        found = self.ask(
            impl, params, op, "ready", "the first call and its check", slowdown=slowdown, probe=self.replicate == 0
        )
        if found is None:
            return None
        facts = {**found, "version": self.version[impl], "setup_ns": self.setup_ns[impl]}
        return Turn(facts, started)

    def ask(
        self, impl: str, params: dict[str, Any], op: str, do: str, doing: str, **request: Any
    ) -> Mapping[str, Any] | None:
        """The worker's answer; None, and a row with the reason, when there is none."""
        if impl not in self.workers:
            return None
        if op:
            request["op"] = op
        return self._guard(impl, params, op, lambda: self.workers[impl].ask(do, doing, **request))

    def move(self, impl: str, number: int) -> None:
        """To the processors whose turn it is in that round. Where more threads are measured, too, one thread must not
        stay on one processor: a virtual machine's are often unlike each other, by who else computes beside them, and
        what the second has less or more would be taken for what two threads are worth."""
        if impl in self.workers:
            self.workers[impl].pin(number)
        if self.yardstick:
            self.yardstick.pin(number)

    def row(self, impl: str, params: dict[str, Any], op: str, **figures: Any) -> Row:
        plan = self.runner.plan
        return Row(
            run=self.runner.store.folder.name,
            suite=self.item.suite,
            impl=impl,
            case=params,
            op=op,
            device=plan.device,
            threads=self.threads,
            seed=plan.seed,
            corpus=plan.corpus,
            replicate=self.replicate,
            allocator=allocator_text(),
            weights=of(plan.weights, impl).get("sha256", ""),
            **figures,
        )

    def _start(self, impl: str) -> None:
        self.workers[impl] = self.runner.nursery.worker(self._label(impl), partial(self._fresh, impl))

    def _label(self, impl: str) -> str:
        return f"{self.item.suite} {impl} {self.threads}"

    def _fresh(self, impl: str) -> Worker:
        name, _, side = impl.partition("@")  # one implementation under two labels, or in two homes
        home = Home(**(self.runner.plan.homes or {}).get(side, {}))
        scratch = str(self.runner.store.scratch.resolve())  # a home may be another folder
        return Worker([self.item.suite, name, scratch], self.conditions, home=home)

    def _greet(self, impl: str, params: dict[str, Any]) -> bool:
        found = self._guard(impl, params, "", lambda: self.workers[impl].receive("starting"))
        if found is not None:
            self.version[impl] = found["version"]
            self.workers[impl].pin()
        elif impl in self.workers:
            self.workers.pop(impl).kill()
        return found is not None

    def _guard(
        self, impl: str, params: dict[str, Any], op: str, call: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        try:
            return call()
        except Failed as failure:
            if failure.status == UNWRITTEN:
                raise self.runner.store.unwritten(failure.reason) from None
            if failure.dead:
                self.workers.pop(impl)
            started = datetime.now(UTC).isoformat(timespec="milliseconds")
            figures = {"status": failure.status, "reason": failure.reason, "started": started}
            self.runner.add(self.row(impl, params, op, version=self.version.get(impl, ""), **figures))
            return None

    def _failed(self, impl: str, params: Mapping[str, Any], op: str = "") -> bool:
        return self.runner.has_failed(self.item.suite, impl, self.threads, params, op)

    def _all_done(self, impl: str) -> bool:
        return not any(self.wanted(impl, params, op) for params in self.item.cases for op in self.item.ops)


Rival = tuple[Crew, str]  # and the label of an implementation

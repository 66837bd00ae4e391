"""The child process: makes one implementation, checks it, samples it, weighs it. Spoken to over a socket.

Requests and answers are JSON lines: ``{"do": "open" | "ready" | "sample" | "finish" | "close", ...}``. The
parent (:mod:`bench.process`) enforces deadlines and survives whatever happens here.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import hashlib
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from bench import layout
from bench.core import UNWRITTEN, Case, Check, Implementation, Op, Suite, Unsupported
from bench.measure import memory, ranges
from bench.measure.clock import HostClock
from bench.measure.event_clock import EventClock
from bench.measure.gpu import Gpu, NoGpu, ordinal
from bench.measure.pace import Pace
from bench.registry import load

Answer = dict[str, Any]
Arrays = dict[str, np.ndarray]


class Session:
    """One implementation and, at a time, one case of it."""

    def __init__(self, suite: str, impl: str, scratch: str):
        self.suite: Suite = load().suite(suite)
        self.implementation: Implementation = load().find(suite, impl)
        self.scratch = Path(scratch)
        self.clock = HostClock()
        self.gpu: Gpu | None = None
        self.clocks: dict[str, HostClock] = {}
        self.case: Case
        self.inputs: dict[str, tuple[Any, ...]] = {}
        self.ops: dict[str, Op] = {}
        self.measured: dict[str, tuple[Callable[..., Any], tuple[Any, ...], int, float]] = {}

    def answer(self, request: Answer) -> Answer:
        """What is asked. Rivals hold memory of the same device: what is taken while this one is asked is its own."""
        with suppress(RuntimeError):  # of a context that is broken: whoever needs it next says so
            if self.gpu:
                self.gpu.wake()
        answer: Answer = getattr(self, request.pop("do"))(**request)
        with suppress(RuntimeError):
            if self.gpu:
                self.gpu.rest()
        return answer

    def hello(self) -> Answer:
        """Import what the implementation requires: availability is proven, not guessed.

        ``copies``: see :func:`copyable`.
        """
        prove(self.implementation)
        gc.freeze()  # a copy (see :func:`serve`) shares what is here by now, until someone writes on it
        return {"version": version_of(self.implementation), "copies": copyable()}

    def open(self, case: Answer, ops: Sequence[str] = ()) -> Answer:
        """Make it for a case; it holds the inputs of ``ops`` (of all, where none are named)."""
        self.close()
        self.case = Case(**case)
        self._take_device()
        layout.draw()
        started = perf_counter_ns()
        with self._phase("set-up"):
            self.ops = self.implementation.ops(self.case, self.suite)
        setup_ns = perf_counter_ns() - started
        layout.draw()
        self.inputs = self._inputs(*(ops or self.suite.ops))
        return {"setup_ns": setup_ns, "ops": [op for op in self.ops if op in self.inputs]}

    def ready(self, op: str, slowdown: float, probe: bool) -> Answer:
        """Prepare, make the first call, check its answer, warm up and choose how many calls make a sample."""
        made, args = self.ops[op], self.inputs[op]
        native = made.native(args)
        if made.before:
            made.before()
        clock = self.clocks[op] = EventClock(self.gpu, made.stream) if self.gpu else self.clock
        layout.draw()
        with self._phase("check", op):
            started = perf_counter_ns()
            out = made.run(*native)
            clock.wait()
            first_ns = perf_counter_ns() - started
            check = self._check(op, args, made.finish(out))
        del out
        quality = dict(check.metrics)
        if probe and not check.wrong:
            quality |= self.suite.quality(self.case, op, lambda *a: made.call(a))
            quality |= made.probe() if made.probe else {}
        run = made.run
        gc.collect()
        with self._phase("warm-up", op):
            call_ns = clock.warm_up(run, native, before=made.before)
        if slowdown:
            run = _slowed(run, slowdown)
        loops = 1 if made.frame_seconds or made.before else clock.loops_for(call_ns)
        overhead = clock.overhead_ns(loops, native)
        self.measured[op] = (run, native, loops, overhead)
        work = self.suite.work(self.case, op)
        return {
            "first_ns": first_ns,
            "wrong": check.wrong,
            "loops": loops,
            "overhead_ns": overhead,
            "call_ns": call_ns,
            "quality": {k: _finite(v) for k, v in quality.items()},
            "error": _finite(check.metrics.get(self.suite.error)),
            "flops": work.flops,
            "bytes": work.bytes,
            "audio_seconds": made.frame_seconds or self.suite.audio_seconds(self.case),
            "frame_seconds": made.frame_seconds,
            "paced": made.paced,
            "least": made.least,
        }

    def sample(self, op: str, turn_ns: int, least: int = 1) -> Answer:
        made, (run, native, loops, overhead) = self.ops[op], self.measured[op]
        with self._phase("sample", op):
            if made.paced:
                return vars(Pace(1e9 * made.frame_seconds).turn(run, native, least, overhead))
            return {"samples": self.clocks[op].turn(run, native, loops, overhead, turn_ns, made.before, least)}

    def finish(self, op: str, turn_ns: int) -> Answer:
        """What must stay out of the timed loop: end-to-end time, and memory."""
        made, args = self.ops[op], self.inputs[op]
        loops = self.measured[op][2]
        with self._phase("end to end", op):  # ends with arrays of the host: its clock knows
            answer: Answer = {"end_to_end_ns": self.clock.turn(made.call, (args,), loops, 0.0, turn_ns, made.before)}
        run, native, _, _ = self.measured.pop(op)
        if made.before:
            made.before()
        answer |= self.clocks.pop(op).figures(run, native, turn_ns)
        with self._phase("memory", op):
            if made.allocated:
                made.allocated()
            found = memory.peak(lambda: run(*native))
            answer |= {"allocated_bytes": made.allocated()} if made.allocated else {}
        return answer | ({"peak_rss_bytes": found.peak_bytes, "memory_bytes": found.extra_bytes} if found else {})

    def _take_device(self) -> None:
        """Before anything is made, so that what the driver hands out from now on is the implementation's."""
        if self.case.device == "cpu" or self.gpu:
            return
        try:
            self.gpu = Gpu(ordinal(self.case.device))
        except NoGpu as error:
            raise Unsupported(str(error)) from None

    def count(self, op: str, tool: str, out: str) -> Answer:
        """Instructions and allocations of one call; the process may run under Valgrind, so nothing is timed."""
        from bench.measure import counts

        made, args = self.ops[op], self.inputs[op]
        native = made.native(args)
        if made.before:
            raise Unsupported("what must be done ahead of each call would be counted too")
        try:
            counter = counts.PerfEvents() if tool == "perf" else counts.Callgrind(Path(out))
        except counts.NotCounted as error:
            raise Unsupported(str(error)) from None
        return vars(counts.per_call(counter, lambda: made.run(*native)))

    def close(self) -> Answer:
        self.inputs, self.ops, self.measured = {}, {}, {}
        return {}

    def _phase(self, phase: str, op: str = "") -> ranges.Range:
        """What a profiler sees of what we do now."""
        return ranges.Range(self.suite.name, self.implementation.name, self.case.label, op, phase)

    def _inputs(self, *ops: str) -> dict[str, tuple[Any, ...]]:
        """Of these operations, as far as the suite has some for the case."""

        def compute() -> Arrays:
            made = self.suite.inputs(self.case, self.suite.audio(self.case))
            return {f"{op}.{n:02}": array for op, args in made.items() for n, array in enumerate(args)}

        inputs: dict[str, tuple[Any, ...]] = {}
        for name, array in self._cached("inputs", compute, *(f"{op}." for op in ops)).items():
            op = name.partition(".")[0]
            inputs[op] = (*inputs.get(op, ()), array)
        return inputs

    def _check(self, op: str, args: tuple[Any, ...], out: Any) -> Check:
        kept = self._inputs(op)[op]  # what every rival is given: the call may have written into its own

        def compute() -> Arrays:
            reference = self.suite.reference(self.case, op, kept)
            return {} if reference is None else {"reference": reference}

        found = self._cached(f"reference-{op}", compute, "reference")
        check = self.suite.judge(self.ops[op], self.case, op, kept, out, found.get("reference"))
        if not check.wrong and not all(map(_alike, args, kept)):
            return Check(check.metrics, "writes into its input, so that the next call is given another")
        return check

    def _cached(self, what: str, compute: Callable[[], Arrays], *starts: str) -> Arrays:
        """Arrays that every worker of a case needs, computed by the first and read by the others.

        Only those whose names begin with one of ``starts`` are read.
        """
        c = self.case
        key = json.dumps([c.suite, dict(c.params), c.seed, c.corpus, what], sort_keys=True)
        folder = self.scratch / hashlib.sha256(key.encode()).hexdigest()[:24]
        if not folder.is_dir():
            arrays = compute()
            try:
                _keep(folder, arrays)
            except OSError as error:
                full = error.errno in (None, errno.ENOSPC, errno.EDQUOT)  # NumPy tells only how much it wrote
                raise CannotKeep("the disk is full" if full else error.strerror) from None
        files = [p for p in sorted(folder.iterdir()) if p.name.startswith(starts)]
        return {p.stem: np.load(p, allow_pickle=False) for p in files}


class CannotKeep(Exception):
    """The run's folder takes no inputs or references any more."""


def _keep(folder: Path, arrays: Arrays) -> None:
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    unfinished.mkdir(parents=True, exist_ok=True)  # of one that was killed: in containers process ids come again
    for name, array in arrays.items():
        np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
    unfinished.rename(folder)


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """To the last bit: NaN is like itself, and nothing is copied."""
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return False
    return np.array_equal(a.ravel("K").view(np.uint8), b.ravel("K").view(np.uint8))


def copyable() -> bool:
    """May this process be forked? Yes where importing left no thread behind, which a fork would lose."""
    return len(os.listdir("/proc/self/task")) == 1


def prove(implementation: Implementation) -> None:
    """Import what an implementation requires; raises :class:`Unsupported` with what to install."""
    for module in implementation.requires:
        try:
            importlib.import_module(module)
        except (ImportError, OSError) as error:
            remedy = "" if _says_itself(module, error) else _remedy(implementation, error)
            raise Unsupported("; ".join(filter(None, (_one_line(error), remedy)))) from error


def _says_itself(module: str, error: Exception) -> bool:
    """A helper tells what the user must do, unless it could not be read for want of another package."""
    lacking = error.name if isinstance(error, ModuleNotFoundError) else None
    return module.startswith("impls.") and (not lacking or lacking.startswith("impls."))


def _remedy(implementation: Implementation, error: Exception) -> str:
    if implementation.extra:
        return f"pip install 'audio-bench[{implementation.extra}]'"
    return f"pip install {error.name}" if isinstance(error, ModuleNotFoundError) and error.name else ""


def version_of(implementation: Implementation) -> str:
    """Version of the first required module that has one; of numpy where nothing is required."""
    for module in (*implementation.requires, "numpy"):
        package = module.split(".")[0]
        found = (getattr(sys.modules.get(name), "__version__", None) for name in (module, package))
        version = next((v for v in found if v), None)
        if version is None:
            owners = metadata.packages_distributions().get(package, ())
            version = next((metadata.version(o) for o in owners if o), None)
        if version is not None:
            return str(version)
    return ""


def _slowed(run: Callable[..., Any], share: float) -> Callable[..., Any]:
    """``run`` and then a busy wait for that share of the time it took: the planted slowdown of the self-test."""

    def slowed(*args: Any) -> Any:
        start = perf_counter_ns()
        out = run(*args)
        now = perf_counter_ns()
        end = now + share * (now - start)
        while perf_counter_ns() < end:
            pass
        return out

    return slowed


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _one_line(error: BaseException) -> str:
    """Its type and the first line that says something."""
    return f"{type(error).__name__}: {str(error).strip()}".split("\n")[0][:300]


def _failure(error: BaseException) -> Answer:
    if isinstance(error, Unsupported):
        return {"status": "unavailable", "reason": str(error) or "not supported"}
    if isinstance(error, CannotKeep):
        return {"status": UNWRITTEN, "reason": str(error)}
    if isinstance(error, MemoryError):
        return {"status": "oom", "reason": _one_line(error)}
    return {"status": "error", "reason": _one_line(error)}


def _die_with_parent(parent: int) -> None:
    """A worker never outlives the run, not even one that was killed with SIGKILL."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def serve(descriptor: int, parent: int, handle: Callable[[Answer], Answer]) -> None:
    """Answer requests from the socket, one JSON line each, until the parent closes it or dies.

    Two requests are not for ``handle``. ``fork`` comes with two descriptors, a socket and a pipe: a copy of this
    process answers there from then on, at first that it is there, and writes its output into the pipe. ``reap``
    waits for the end of such a copy and answers with its exit code.
    """
    _die_with_parent(parent)
    channel, pending = socket.socket(fileno=descriptor), b""
    while True:
        data, passed, _, _ = socket.recv_fds(channel, 1 << 16, 2)
        if not data:
            return
        pending += data
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            request = json.loads(line)
            if request["do"] == "fork":
                us = os.getpid()
                pid = os.fork()
                if pid == 0:
                    channel, pending = _copied(us, channel, *passed), b""
                else:
                    for one in passed:
                        os.close(one)
                answer = {"pid": pid}
            else:
                answer = _answer(request, handle)
            channel.sendall(json.dumps(answer).encode() + b"\n")


def _answer(request: Answer, handle: Callable[[Answer], Answer]) -> Answer:
    if request["do"] == "reap":
        return {"code": os.waitstatus_to_exitcode(os.waitpid(request["pid"], 0)[1])}
    try:
        return handle(request)
    except (Exception, SystemExit) as error:
        return _failure(error)


def _copied(template: int, its: socket.socket, ours: int, output: int) -> socket.socket:
    """A copy makes itself a process of its own: session, output, socket, and addresses."""
    os.setsid()
    _die_with_parent(template)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    its.close()
    layout.draw()
    return socket.socket(fileno=ours)


def main(descriptor: int, parent: int, suite: str, impl: str, scratch: str) -> None:
    session: list[Session] = []

    def handle(request: Answer) -> Answer:
        if not session:
            session.append(Session(suite, impl, scratch))
        return session[0].answer(request)

    serve(descriptor, parent, handle)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])

"""The parent's hold on one worker: start it under stated conditions, ask with a deadline, tell how it died."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import psutil

from bench.measure import tree

OUTPUT_LIMIT = 8 << 20
POLL_SECONDS = 0.25
TREE_EVERY = 4  # looks at a worker's memory, of which one counts the processes that it started, too
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
ALLOCATOR = {  # glibc's thresholds move by themselves and change a NumPy STFT sixfold; 32 MiB is the largest allowed
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "MALLOC_TOP_PAD_": str(1 << 20),
}

QUIET = {  # no hidden waiting on the network, no busy-waiting threads in a rival's turn
    "HF_HUB_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_THREAD_TIMEOUT": "20",  # 2^20 counts of the time-stamp counter, 0.4 ms; its 2^26 were seen to last 130 ms
}


class Failed(Exception):
    """A request that brought no answer: ``status`` and ``reason`` are the row's; ``dead`` if the worker is gone."""

    def __init__(self, status: str, reason: str, dead: bool = False):
        reason = reason.encode(errors="backslashreplace").decode()  # the name of a file in it may hold any byte
        super().__init__(reason)
        self.status, self.reason, self.dead = status, reason, dead


@dataclass(frozen=True)
class Home:
    """Where a worker lives: an interpreter, the folder it runs in, and folders that come first on its path."""

    python: str = sys.executable
    folder: str | None = None  # None: ours
    path: tuple[str, ...] = (str(Path(__file__).resolve().parent.parent),)  # the same bench as we have


@dataclass(frozen=True)
class Conditions:
    """What every worker of a run is started under."""

    threads: int = 1
    memory_limit: int | None = None  # bytes of resident memory; None: what leaves the machine 5% free
    deadline_s: float = 120.0
    pinned: bool = True  # to as many processors as threads; what is not timed may run on any
    late: bool = False  # pinned only when it has imported, so that workers start side by side

    def environment(self) -> dict[str, str]:
        threads = dict.fromkeys(THREAD_VARIABLES, str(self.threads))
        return {**os.environ, **_tunables(), **threads, **ALLOCATOR, **QUIET}

    def cpus(self, turn: int = 0) -> set[int]:
        """The last ``threads`` processors that we may use: the first ones serve most interrupts. Unpinned: all.

        In turn 1 those before them, and so on, round and round.
        """
        ours = sorted(os.sched_getaffinity(0))
        if not self.pinned or self.threads >= len(ours):
            return set(ours)
        first = -self.threads * (turn + 1)
        return {ours[n % len(ours)] for n in range(first, first + self.threads)}


def allocator_text() -> str:
    return " ".join(f"{_plain(k)}={v}" for k, v in ALLOCATOR.items())


def _plain(variable: str) -> str:
    return variable.removeprefix("MALLOC_").rstrip("_").lower()


def _tunables() -> dict[str, str]:
    """The user's GLIBC_TUNABLES less what ALLOCATOR sets: glibc would follow them, not it."""
    ours = {f"glibc.malloc.{_plain(k)}" for k in ALLOCATOR}
    parts = os.environ.get("GLIBC_TUNABLES", "").split(":")
    kept = ":".join(part for part in parts if part.partition("=")[0] not in ours)
    return {"GLIBC_TUNABLES": kept} if "GLIBC_TUNABLES" in os.environ else {}


@contextmanager
def ahead() -> Iterator[bool]:
    """We, and the workers that we start meanwhile, come before ordinary programs (SCHED_FIFO), so that a busy
    neighbour does not cut samples up. Yields whether that is permitted: as root, or with ``ulimit -r 1``."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, *before)


class Worker:
    """A process that runs ``python -m MODULE`` with a socket, our process id and ``arguments``.

    ``prefix``: a program and its options that run it in turn, in the same process, such as Valgrind.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        conditions: Conditions,
        module: str = "bench.worker",
        home: Home = Home(),
        prefix: Sequence[str] = (),
    ):
        mine, theirs = socket.socketpair()
        with theirs:
            # -P: the current folder must not shadow a library; the registry adds it by itself
            python = [*prefix, home.python, "-P", "-m", module]
            command = [*python, str(theirs.fileno()), str(os.getpid()), *arguments]
            process = subprocess.Popen(
                command,
                env=_environment(conditions, home),
                cwd=home.folder,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        self._hold(process, mine, conditions)

    def copy(self) -> Worker:
        """A fork of this worker, which must be idle: what it has imported is there at once, what it will allocate is
        not. Raises :class:`Failed` as :meth:`receive` does."""
        mine, theirs = socket.socketpair()
        reading, writing = os.pipe()
        try:
            socket.send_fds(self.channel, [b'{"do": "fork"}\n'], [theirs.fileno(), writing])
            pid = self.receive("copying itself")["pid"]
        except (OSError, Failed) as error:
            mine.close()
            os.close(reading)
            gone = Failed("crash", "copying itself: the process is gone", dead=True)
            raise error if isinstance(error, Failed) else gone from None
        finally:
            theirs.close()
            os.close(writing)
        made = object.__new__(Worker)
        made._hold(Copy(self, pid, reading), mine, self.conditions)
        made.receive("copying itself")  # from here on it is a process group of its own, which kill() ends
        return made

    def _hold(self, process: subprocess.Popen[bytes] | Copy, channel: socket.socket, conditions: Conditions) -> None:
        self.process, self.channel, self.conditions = process, channel, conditions
        self._shape()
        self.pending = b""
        self.words = b""
        self.said = 0
        self.looks = 0
        self.oom_kills = _oom_kills()
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()

    def _shape(self) -> None:
        """Pin the worker, and make it the first that the kernel kills when memory runs out."""
        try:
            if not self.conditions.late:
                os.sched_setaffinity(self.process.pid, self.conditions.cpus())
            Path(f"/proc/{self.process.pid}/oom_score_adj").write_text("1000")
        except OSError:
            pass  # not allowed everywhere; the environment record says what the affinity was

    def pin(self, turn: int = 0) -> None:
        """Every thread to the processors of its conditions."""
        try:
            for thread in os.listdir(f"/proc/{self.process.pid}/task"):
                os.sched_setaffinity(int(thread), self.conditions.cpus(turn))
        except OSError:
            pass

    def send(self, do: str, **request: Any) -> None:
        """Ask without waiting; ``receive`` brings the answer."""
        try:
            self.channel.sendall(json.dumps({"do": do, **request}).encode() + b"\n")
        except OSError:
            pass  # it died; receive() tells how

    def receive(self, doing: str, deadline_s: float | None = None) -> Mapping[str, Any]:
        """The answer. Raises :class:`Failed` for an exception, a death, a deadline, too much memory or output."""
        allowed = deadline_s or self.conditions.deadline_s
        end = monotonic() + allowed
        while b"\n" not in self.pending:
            readable, _, _ = select.select([self.channel], [], [], min(POLL_SECONDS, max(0.0, end - monotonic())))
            if readable:
                data = self._read()
                if not data:
                    raise self._death(doing)
                self.pending += data
            elif monotonic() >= end:
                self.kill()
                raise Failed("timeout", f"{doing} took longer than {allowed:g} s; --deadline allows more", dead=True)
            elif self.said > OUTPUT_LIMIT:
                self.kill()
                raise Failed("error", f"{doing} printed more than {OUTPUT_LIMIT >> 20} MiB; stopped", dead=True)
            elif too_much := self._memory_trouble():
                self.kill()
                raise Failed("oom", f"{doing} {too_much}; stopped", dead=True)
        line, _, self.pending = self.pending.partition(b"\n")
        answer = _object(line)
        if answer is None:  # it wrote into what is not its own
            self.kill()
            raise Failed("error", f"{doing} wrote into the harness's own socket; stopped", dead=True)
        if "status" in answer:
            raise Failed(answer["status"], answer["reason"])
        return answer

    def ask(self, do: str, doing: str, deadline_s: float | None = None, **request: Any) -> Mapping[str, Any]:
        self.send(do, **request)
        return self.receive(doing, deadline_s)

    def kill(self) -> None:
        """End the worker and everything that it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.channel.close()

    def _read(self) -> bytes:
        try:
            return self.channel.recv(1 << 20)
        except ConnectionResetError:
            return b""

    def _drain(self) -> None:
        assert self.process.stdout
        while data := os.read(self.process.stdout.fileno(), 1 << 16):
            self.said += len(data)
            self.words = (self.words + data)[-2000:]

    def _memory_trouble(self) -> str:
        limit = self.conditions.memory_limit
        self.looks += 1
        # finding what it started means a look at every process here: milliseconds, so not each time
        others = tree.descendants(self.process.pid) if self.looks % TREE_EVERY == 0 else []
        used = sum(tree.rss(pid) for pid in (self.process.pid, *others))
        if limit and used > limit:
            return f"held {used / 1e9:.1f} GB, more than the {limit / 1e9:.1f} GB of --memory-limit"
        memory = psutil.virtual_memory()
        if memory.available < 0.05 * memory.total and used > 0.25 * memory.total:
            return f"held {used / 1e9:.1f} GB and left this machine under 5% of its memory"
        return ""

    def _death(self, doing: str) -> Failed:
        code = self.process.wait()
        os.killpg(self.process.pid, signal.SIGKILL) if _group_lives(self.process.pid) else None
        self.channel.close()
        self.drain.join(timeout=1)  # its last words may still be on their way
        words = self.words.decode(errors="replace").strip().split("\n")[-1][:200]
        last = f"; its last words: {words}" if words else ""
        if code == -signal.SIGKILL and _oom_kills() > self.oom_kills:
            return Failed("oom", f"{doing}: the kernel killed it because memory ran out{last}", dead=True)
        how = f"was killed by {_signal(-code)}" if code < 0 else f"exited with code {code}"
        return Failed("crash", f"{doing}: the process {how}{last}", dead=True)


class Copy:
    """The process of a forked worker, as :class:`subprocess.Popen` shows one; its parent waits for it on our behalf."""

    def __init__(self, template: Worker, pid: int, output: int):
        self.template, self.pid = template, pid
        self.stdout = os.fdopen(output, "rb", buffering=0)
        self.code: int | None = None

    def wait(self) -> int:
        if self.code is None:
            try:
                self.code = int(self.template.ask("reap", "waiting for a copy", pid=self.pid)["code"])
            except Failed:
                self.code = -signal.SIGKILL  # its parent is gone, and with it every copy
        return self.code


def _environment(conditions: Conditions, home: Home) -> dict[str, str]:
    path = [*home.path, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return conditions.environment() | {"PYTHONPATH": os.pathsep.join(path)}


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has none
        return f"signal {number}"


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True


def _oom_kills() -> int:
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)

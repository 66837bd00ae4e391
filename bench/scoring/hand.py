"""A thread's hold on one scoring process: a crash, a hang or too much memory costs the task in hand, nothing else."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Any

from bench.process import Conditions, Failed, Worker
from bench.scoring.task import Answer, Task

CONDITIONS = Conditions(threads=1, pinned=False)


class Hand:
    """One process at a time, kept from task to task and replaced with each implementation: libraries never mix."""

    def __init__(self, conditions: Conditions = CONDITIONS):
        self.conditions = conditions
        self.worker: Worker | None = None
        self.impl = ""
        self.closed = False

    def do(self, task: Task) -> Answer:
        """The answer of :func:`perform`, or {"status", "reason"} where there is none."""
        if self.worker is None or self.impl != task.impl:
            self.drop()
            self.worker, self.impl = Worker([], self.conditions, "bench.scoring.child"), task.impl
        if self.closed:
            self.drop()
            return {"status": "crash", "reason": "the run was interrupted"}
        try:
            return dict(self.worker.ask("score", f"scoring {task.clip['id']}", task=asdict(task)))
        except Failed as failure:
            if failure.dead:
                self.worker = None
            return {"status": failure.status, "reason": failure.reason}

    def close(self) -> None:
        """End the process for good; called from another thread, it ends what ``do`` is waiting for."""
        self.closed = True
        self.drop()

    def drop(self) -> None:
        worker, self.worker = self.worker, None
        if worker:
            worker.kill()


_mine = threading.local()
_all: list[Hand] = []


def do_here(task: dict[str, Any], conditions: dict[str, Any]) -> Answer:
    """``Hand.do`` in whatever thread this is, which keeps its process: what is sent to a cluster."""
    hand: Hand | None = getattr(_mine, "hand", None)
    if hand is None or hand.closed:
        _mine.hand = hand = Hand(Conditions(**conditions))
        _all.append(hand)
    return hand.do(Task(**task))


def close_here() -> None:
    """End the processes of all threads of this one: a run is over."""
    while _all:
        _all.pop().close()

"""Scoring on this machine: as many processes as there are processors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from queue import SimpleQueue
from typing import TypeVar

from bench.process import Conditions
from bench.scoring.hand import Hand
from bench.scoring.task import Answer, Task

Key = TypeVar("Key")


def answers(tasks: Iterator[tuple[Key, Task]], conditions: Conditions) -> Iterator[tuple[Key, Answer]]:
    """Each task's answer, as they come in. Tasks are drawn when there is room, so that memory does not grow."""
    slots = len(os.sched_getaffinity(0))
    hands = [Hand(conditions) for _ in range(slots)]
    free: SimpleQueue[Hand] = SimpleQueue()
    for hand in hands:
        free.put(hand)

    def do(task: Task) -> Answer:
        hand = free.get()
        try:
            return hand.do(task)
        finally:
            free.put(hand)

    with ThreadPoolExecutor(slots) as pool:
        running: dict[Future[Answer], Key] = {}
        try:
            while True:
                for key, task in islice(tasks, slots - len(running)):
                    running[pool.submit(do, task)] = key
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        finally:
            for hand in hands:
                hand.close()

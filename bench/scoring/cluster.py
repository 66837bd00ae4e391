"""Scoring on a Dask cluster that is there already. Timing never comes here.

What is sent is the name of a function of this package and plain values; each thread of a Dask worker keeps a scoring
process of its own, as on this machine, so that a codec that crashes costs its task and not the Dask worker. A Dask
worker that dies has its tasks done by another: the scheduler knows what it owed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from typing import Any, TypeVar

from bench.plan import Usage
from bench.process import Conditions
from bench.scoring.hand import close_here, do_here
from bench.scoring.task import Answer, Task

Key = TypeVar("Key")
PER_THREAD = 2  # tasks that wait beside each that is being done, so that no thread is idle
PATIENCE = 60.0  # s to wait for a scheduler, and for its first worker


def answers(tasks: Iterator[tuple[Key, Task]], conditions: Conditions, address: str) -> Iterator[tuple[Key, Answer]]:
    """Each task's answer, as they come in. Raises :class:`Usage` where there is no cluster at ``address``."""
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise Usage("--engine dask://... needs distributed: pip install 'audio-bench[distributed]'") from None
    with _client(distributed, address) as client:
        try:
            yield from _gathered(client, distributed.as_completed(loop=client.loop), tasks, asdict(conditions))
        finally:
            with suppress(Exception):  # workers that are gone have nothing left to end
                client.run(close_here)


def _gathered(
    client: Any, coming: Any, tasks: Iterator[tuple[Key, Task]], conditions: dict[str, Any]
) -> Iterator[tuple[Key, Answer]]:
    running: dict[Any, Key] = {}
    while True:
        room = PER_THREAD * max(1, sum(client.nthreads().values())) - len(running)
        for key, task in islice(tasks, max(0, room)):
            future = client.submit(do_here, asdict(task), conditions, pure=False)
            running[future] = key
            coming.add(future)
        if not running:
            return
        future = next(coming)
        yield running.pop(future), _answer(future)


def _client(distributed: Any, address: str) -> Any:
    try:
        client = distributed.Client(address.replace("dask://", "tcp://", 1), timeout=PATIENCE, set_as_default=False)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        why = str(error).split("\n")[0] or type(error).__name__
        raise Usage(
            f"no Dask cluster with a worker answers at {address} ({why}); start one, or --engine local"
        ) from None
    return client


def _answer(future: Any) -> Answer:
    """What came of it; a task that took several Dask workers along with it is a crash."""
    try:
        answer: Answer = future.result()
        return answer
    except Exception as error:
        return {"status": "crash", "reason": f"on the cluster: {type(error).__name__}: {error}".split("\n")[0][:300]}

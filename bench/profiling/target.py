"""The process that a profiler watches: makes one implementation, checks it, warms it up, then calls it over and over.

``python -m bench.profiling.target WISH`` writes ``facts.json`` beside the wish: calls and ms a call, or why not.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

from bench.core import Unsupported
from bench.measure import ranges
from bench.process import Conditions
from bench.profiling.wish import Wish
from bench.worker import Session

MOST_CALLS = 10_000  # a timeline of more ranges than this can hardly be read


def profiled_calls(
    run: Callable[..., Any], args: tuple[Any, ...], before: Callable[[], Any], wish: Wish, most: float
) -> int:
    """Call for about ``wish.seconds``, ``most`` times; how often. Samplers know what counts by this function's name."""
    sample = ranges.Range(wish.suite, wish.impl, wish.label, wish.op, "sample")
    calls, end = 0, perf_counter() + wish.seconds
    while not calls or (perf_counter() < end and calls < most):
        before()
        with sample:
            run(*args)
        calls += 1
    return calls


def facts(wish: Wish) -> dict[str, Any]:
    """Raises whatever the implementation raises."""
    from bench.profiling.tools import find

    session = Session(wish.suite, wish.impl, str(wish.path / ".scratch"))
    session.hello()
    case = {"suite": wish.suite, "params": wish.case, "device": wish.device, "threads": wish.threads,
            "seed": wish.seed, "corpus": wish.corpus}  # fmt: skip
    offered = session.open(case)["ops"]
    if wish.op not in offered:
        raise Unsupported(f"{wish.impl} offers no {wish.op}; it has: {', '.join(offered) or 'nothing for this case'}")
    found = session.ready(wish.op, slowdown=0.0, probe=False)
    if found["wrong"]:
        raise Unsupported(f"its answer is wrong, and what is wrong is not worth a profile: {found['wrong']}")
    run, args, _, _ = session.measured[wish.op]
    tool = find(wish.tool)
    bracket: AbstractContextManager[Any] = getattr(tool, "bracket", lambda _: nullcontext())(wish)
    most = getattr(tool, "most_calls", MOST_CALLS)
    if session.gpu:  # it is given its calls faster than it does them
        most = min(most, wish.seconds * 1e9 / found["call_ns"])
    with bracket:
        started = perf_counter()
        calls = profiled_calls(run, args, session.ops[wish.op].before or (lambda: None), wish, most)
        session.clocks[wish.op].wait()
        seconds = perf_counter() - started
    return {"calls": calls, "call_ms": 1000 * seconds / calls}


def main(path: str) -> int:
    wish = Wish.read(path)
    os.sched_setaffinity(0, Conditions(wish.threads).cpus())  # the profiler itself runs on any processor
    try:
        found = facts(wish)
    except Exception as error:
        found = {"reason": str(error) if isinstance(error, Unsupported) else f"{type(error).__name__}: {error}"}
    (wish.path / "facts.json").write_text(json.dumps(found))
    return "reason" in found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Implementations that tell under which conditions they run."""

import json
import os
import time

from bench import Unsupported, impl


@impl("toy")
def tells(case):
    names = ("OMP_NUM_THREADS", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
    facts = {n: os.environ.get(n) for n in names} | {"cpus": len(os.sched_getaffinity(0)), "threads": case.threads}
    raise Unsupported(json.dumps(facts))


@impl("toy", variants={"a": {"name": "a"}, "b": {"name": "b"}, "c": {"name": "c"}})
def logs(case, name):
    """Writes down when each call began and ended, on the clock that all processes share, and where it might run."""
    log = open(os.environ["BENCH_TEST_LOG"], "a", buffering=1)  # noqa: SIM115

    def run(x):
        began = time.perf_counter_ns()
        out = x + 1
        time.sleep(0.001)
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        log.write(f"{name}-{case.threads} {began} {time.perf_counter_ns()} {cpus}\n")
        return out

    return run


@impl("toy", variants={"small": {"megabytes": 8}, "large": {"megabytes": 64}})
def holds(case, megabytes):
    import numpy as np

    def run(x):
        np.ones(megabytes << 17)
        return x + 1

    return run

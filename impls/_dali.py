"""DALI's pipelines on the device that a case names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from nvidia.dali import Pipeline, fn
from nvidia.dali.tensors import TensorListCPU

from bench import Op, Unsupported


def pipeline(case: Any) -> Pipeline:
    """With no queue of calls made ahead, so that one call is one call."""
    number = None if case.device == "cpu" else int(case.device.partition(":")[2] or 0)
    return Pipeline(case.batch, case.threads, device_id=number, prefetch_queue_depth=1)


def rows(case: Any) -> Any:
    """The case's audio, in a pipeline: one sample a row; what follows works where it lies."""
    return fn.external_source(name="x", no_copy=True, device="cpu" if case.device == "cpu" else "gpu")


def op(case: Any, pipe: Pipeline, leave: Callable[[np.ndarray], np.ndarray]) -> Op:
    """One run of ``pipe``; ``leave`` brings its output, an array, into the suite's layout.

    On a GPU it works on streams of its own, which it does not tell, and the input is there before.
    """

    def run(x: Any) -> Any:
        return pipe.run(x=x)[0]

    if case.device == "cpu":
        return Op(run, list, lambda y: leave(y.as_array()).copy())
    try:
        pipe.build()
    except RuntimeError as error:  # it imports without a driver, and says so in many lines
        raise Unsupported("DALI sees no CUDA device") from error

    def upload(x: np.ndarray) -> Any:
        return TensorListCPU(np.ascontiguousarray(x))._as_gpu()

    return Op(run, upload, lambda y: leave(y.as_cpu().as_array()).copy(), stream=None)

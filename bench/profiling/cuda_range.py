"""What tells Nsight when to record: cuProfilerStart and cuProfilerStop of the driver, around the profiled calls."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def recorded() -> Iterator[None]:
    """Works with whatever framework made the context. Raises OSError where there is no driver."""
    driver = ctypes.CDLL("libcuda.so.1")
    driver.cuProfilerStart()
    try:
        yield
    finally:
        driver.cuCtxSynchronize()
        driver.cuProfilerStop()

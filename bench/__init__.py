"""Audio benchmarking and profiling: what the author of an implementation or of a suite imports, and `run`."""

from typing import TYPE_CHECKING, Any

from bench.codec import Codec
from bench.core import Case, Check, Curve, Op, Suite, Unsupported, Work
from bench.registry import impl
from bench.streaming import Stream

if TYPE_CHECKING:
    from bench.results import Results

__all__ = ["Case", "Check", "Codec", "Curve", "Op", "Results", "Stream", "Suite", "Unsupported", "Work", "impl", "run"]


def run(suite: str, **options: Any) -> "Results":
    """Measure a suite from Python or a notebook; the options are those of ``bench run``.

    >>> results = run("stft", impl="numpy", grid="quick", budget="0.1s", quiet=True)  # doctest: +SKIP
    >>> results.summary()  # doctest: +SKIP
    """
    from bench.api import run as run_suites

    return run_suites(suite, **options)


def __getattr__(name: str) -> Any:
    if name == "Results":  # pandas is only loaded when somebody asks for a table
        from bench.results import Results

        return Results
    raise AttributeError(f"module 'bench' has no attribute {name!r}")

"""Made-up runs that hold everything a report must cope with: ties, failures of every kind, and hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.results import Results, Row

HOSTILE = "<script>alert(1)</script>"
PIPES = "a|b*c_[x](y)`$\\z"
SIZES = (512, 1024, 2048, 4096)
SPEED = {
    "fast": 1.0,
    "fast:twin": 1.001,
    "scipy": 2.0,
    "numpy": 3.5,
    HOSTILE: 5.0,
    PIPES: 8.0,
    "shaky": 4.0,
    "liar": 0.1,
}
ERROR = {"scipy": 2e-7, "numpy": 0.0, "liar": 0.3}
EXPONENT = 1.5
DEAD = {
    "crash": "segmentation fault (signal 11)",
    "timeout": "no answer within 30 s",
    "oom": "killed for memory: asked 9 GB of 4 GB",
    "error": "ValueError: [red]odd[/red] \x1b[31m & <b>length</b>",
}


def environment() -> dict[str, Any]:
    bandwidth = [[1 << 15, 200.0, 100.0], [1 << 28, 25.0, 20.0]]
    limits = {"cpu": {"1": {"fma_gflops": 100.0, "isa": "avx2", "bandwidth": bandwidth}}}
    return {"cpu": {"model": f"Test CPU {HOSTILE}"}, "limits": limits}


def measured(impl: str, size: int, op: str = "forward", replicate: int = 0, **other: Any) -> Row:
    """10 rounds of 8 samples; the rounds' drift is shared by all rivals, as it is when they are interleaved."""
    # seeded by bytes, not hash(): the same numbers in every process
    own = np.random.default_rng([size, replicate, *f"{impl}/{op}".encode()])
    drift = np.random.default_rng([size, replicate]).normal(0, 0.03, 10)
    noise = 0.3 if impl == "shaky" else 0.001
    wobble = own.normal(0, noise, (10, 8)) + (own.normal(0, noise) if impl == "shaky" else 0)
    base = SPEED.get(impl, 3.0) * 1e5 * (size / 512) ** EXPONENT
    samples = (base * np.exp(drift[:, None] + wobble)).ravel()
    defaults: dict[str, Any] = {
        "status": {"shaky": "unstable", "liar": "wrong"}.get(impl, "ok"),
        "reason": {"shaky": f"interval ±{9 + replicate}% after 3 s, asked ±1%", "liar": "error 0.3 > 1e-5"}.get(
            impl, ""
        ),
        "corpus": HOSTILE,
        "error": ERROR.get(impl, 1e-6),
        "quality": {"error": ERROR.get(impl, 1e-6), "snr_db": 120.0 - SPEED.get(impl, 3.0)},
        "audio_seconds": 10.0,
    }
    return Row(
        run="run-1",
        suite="toy",
        impl=impl,
        case={"n_fft": size, "hop_length": size // 4, "center": True},
        op=op,
        replicate=replicate,
        version="1.2.3",
        samples_ns=samples.tolist(),
        rounds=[8] * 10,
        first_ns=base * 20,
        setup_ns=1e9,
        end_to_end_ns=[base * 1.3] * 5,
        memory_bytes=int(1e6 * size * SPEED.get(impl, 3.0) / 512),
        peak_rss_bytes=int(2e8),
        flops=size * 1e3,
        bytes=size * 4e2,
        **(defaults | other),
    )


def dead(status: str, size: int = 512, **other: Any) -> Row:
    defaults: dict[str, Any] = {
        "impl": f"does-{status}",
        "case": {"n_fft": size, "hop_length": size // 4, "center": True},
        "op": "forward",
        "reason": DEAD.get(status, ""),
        "corpus": HOSTILE,
    }
    return Row(run="run-1", suite="toy", status=status, **(defaults | other))


def absent(impl: str, reason: str = "needs gpu_lib: pip install 'audio-bench[gpu]'") -> Row:
    return dead("unavailable", impl=impl, reason=reason)


def full_rows() -> list[Row]:
    rows = [measured(i, s, o, r) for i in SPEED for s in SIZES for o in ("forward", "inverse") for r in range(3)]
    rows += [dead(status) for status in DEAD]
    return [*rows, absent("gpu-a"), absent("gpu-b"), absent("other", f"no wheel for this machine {HOSTILE}")]


@pytest.fixture(scope="session")
def full() -> Results:
    return Results(full_rows(), environment())


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """The makers of rows, for tests that need runs of their own."""
    return SimpleNamespace(
        measured=measured, dead=dead, absent=absent, rows=full_rows, environment=environment,
        HOSTILE=HOSTILE, PIPES=PIPES, SIZES=SIZES, DEAD=DEAD, EXPONENT=EXPONENT,
    )  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def no_ci() -> Iterator[None]:
    """Tests that run in CI must not write into the job's own page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        yield

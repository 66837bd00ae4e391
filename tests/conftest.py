"""What all tests share: the toy suite, and a run of it in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # others test beside this process: two threads each would wait for one another
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

settings.register_profile("suite", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("suite")

TOYS = Path(__file__).parent / "toys"
ROOT = Path(__file__).parent.parent
LONGEST = tuple(
    f"tests/{name}.py"
    for name in (
        "impls/test_conformance", "cuda/test_compile", "bench/test_readme", "csrc/test_library", "impls/test_load",
        "cuda/test_impls", "bench/test_cli", "impls/test_codec", "bench/report/test_codec_documents",
        "bench/scoring/test_cache", "csrc/test_resample", "bench/test_plugins", "cuda/test_output", "bench/test_asr",
        "impls/test_neural_variants", "impls/test_neural_weights", "impls/test_asr_models", "suites/test_load",
        "impls/test_codec_programs",
    )
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first: xdist hands out whole files, and a long one at the end is waited for."""
    place = {str(ROOT / name): number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(str(item.path), len(place)))


@pytest.fixture(scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is made once and kept, such as spoken sentences, is kept for all tests, of whichever process."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kept"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(autouse=True)
def _quiet_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, _cache: Path) -> None:
    """No test reads or writes the user's own settings, or what they keep."""
    monkeypatch.setenv("BENCH_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("BENCH_CACHE_DIR", str(_cache))


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The registry with the toy suite in it; the current folder is a fresh one."""
    from bench import registry

    monkeypatch.setenv("BENCH_PATH", str(TOYS))
    monkeypatch.chdir(tmp_path)
    registry.load.cache_clear()
    yield registry.load()
    registry.load.cache_clear()


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line as a user has it, with the toy suite, in a fresh folder."""

    def call(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "BENCH_PATH": str(TOYS), "COLUMNS": "100", **environment}
        command = [sys.executable, "-m", "bench", *args]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240, check=False)

    return call

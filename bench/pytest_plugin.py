"""The registry inside pytest-benchmark: ``pytest --benchmark-only --bench-suite stft``.

Loaded by every pytest run of an environment that has this package, so it imports nothing and does nothing until
``--bench-suite`` is given; then :mod:`bench.pytest_items` brings the items.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

ALONE = pytest.Config.ArgsSource.ARGS if hasattr(pytest.Config, "ArgsSource") else None


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("audio-bench", "measure audio-bench's registry with pytest-benchmark")

    def add(name: str, **settings: Any) -> None:
        group.addoption(f"--bench-{name}", **settings)

    add("suite", action="append", default=[], metavar="NAME[,NAME]", help="Suites to measure, such as stft.")
    add("impl", default="all", metavar="NAME[,NAME]", help="Implementations: all, names or globs.")
    add("exclude", default="", metavar="NAME[,NAME]", help="Names or globs to leave out.")
    add("grid", default="quick", metavar="NAME", help="Which cases: quick (default), default, full.")
    add("case", action="append", default=[], metavar="NAME=V[,V]", help="Values in place of the grid's.")
    add("op", default="", metavar="NAME[,NAME]", help="Operations (default: all).")
    add("threads", default=1, type=int, metavar="N", help="CPU threads an implementation may use (default: 1).")
    add("seed", default=0, type=int, metavar="N", help="Seed of every random draw.")
    add("corpus", default="builtin", metavar="NAME", help="A corpus's name, or a folder of audio.")


def pytest_configure(config: pytest.Config) -> None:
    """Wrong wishes end the run before anything is collected; without paths, only the suites are collected."""
    if not config.getoption("bench_suite"):
        return
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("--bench-suite needs pytest-benchmark: pip install pytest-benchmark")
    if config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        raise pytest.UsageError("--bench-suite measures one at a time; run it without -n")
    from bench.pytest_items import Wish

    try:
        config.stash[WISH] = Wish.of(config)
    except ValueError as error:  # Usage, UnknownName and CorpusError
        raise pytest.UsageError(str(error)) from None
    if config.args_source != ALONE:
        config.args = []


def pytest_unconfigure(config: pytest.Config) -> None:
    if wish := config.stash.get(WISH, None):
        wish.close()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """The suites stand beside the files that the session collects."""
    report = yield
    wish = collector.config.stash.get(WISH, None)
    if wish and isinstance(collector, pytest.Session) and report.outcome == "passed":
        report.result = [*report.result, *wish.collectors(collector)]
    return report


WISH: pytest.StashKey[Any] = pytest.StashKey()

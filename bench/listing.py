"""`bench list`: suites, implementations, devices; available, or why not."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bench.availability import probe
from bench.measure.gpu import Gpu, NoGpu
from bench.registry import load
from bench.results import read_rows


def listing(suite: str | None = None) -> list[dict[str, Any]]:
    """One entry an implementation: suite, impl, devices, available, reason, source; broken files included."""
    registry = load()
    suites = [registry.suite(suite).name] if suite else list(registry.suites)
    chosen = [i for i in registry.implementations if i.suite in suites]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("trying imports", total=None)
        missing = probe(chosen, lambda done, of: bar.update(task, completed=done, total=of))
    no_gpu = "" if all(i.devices == ("cpu",) for i in chosen) else why_no_gpu()
    proven = on_gpu(Path("results"))
    found = [
        {
            "suite": i.suite,
            "impl": i.name,
            "devices": list(i.devices),
            "available": not (reason := missing[i.requires] or ("" if "cpu" in i.devices else no_gpu)),
            "reason": reason,
            "source": i.source,
            "measured_on_gpu": (i.suite, i.name) in proven,
        }
        for i in chosen
    ]
    found += [
        {
            "suite": b.suite,
            "impl": b.name,
            "devices": [],
            "available": False,
            "reason": b.reason,
            "source": b.source,
            "measured_on_gpu": False,
        }
        for b in registry.broken
        if suite in (None, b.suite)
    ]
    return sorted(
        found, key=lambda line: (suites.index(line["suite"]) if line["suite"] in suites else len(suites), line["impl"])
    )


def why_no_gpu() -> str:
    """Why nothing can run on a GPU here; "" where there is one."""
    try:
        Gpu()
    except NoGpu as error:
        return str(error)
    return ""


def on_gpu(results: Path) -> set[tuple[str, str]]:
    """(suite, implementation) that some run directory below ``results`` shows to have run rightly on a GPU."""
    plans = (path for path in results.rglob("plan.json") if b'"device": "cuda' in path.read_bytes())
    folders = [path.parent for path in plans]
    begun = [path for folder in folders if (path := folder / "rows.jsonl").exists()]  # not killed before
    rows = (row for path in begun for row in read_rows(path))
    return {(row.suite, row.impl) for row in rows if row.status in ("ok", "unstable") and row.device != "cpu"}


def print_listing(found: list[dict[str, Any]]) -> None:
    registry, console = load(), Console(width=None if Console().is_terminal else 100, highlight=False)
    for name in dict.fromkeys(line["suite"] for line in found if line["suite"] in registry.suites):
        suite = registry.suites[name]
        console.print(Text(f"{name}: {suite.title}; operations: {', '.join(suite.ops)}"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("suite", "implementation", "devices", "available"):
        table.add_column(heading, no_wrap=heading != "available", overflow="fold")
    for line, following in zip_longest(found, found[1:]):
        state = Text("yes", style="green") if line["available"] else Text(f"no: {line['reason']}", style="yellow")
        if "cuda" in line["devices"] and not line["measured_on_gpu"]:
            state.append("; no run here shows it on a GPU yet")
        last = following is None or following["suite"] != line["suite"]
        table.add_row(line["suite"], line["impl"], " ".join(line["devices"]), state, end_section=last)
    console.print(table)

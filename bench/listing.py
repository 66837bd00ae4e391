"""`bench list`: suites, implementations, devices; available, or why not."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bench.availability import probe
from bench.registry import load


def listing(suite: str | None = None) -> list[dict[str, Any]]:
    """One entry an implementation: suite, impl, devices, available, reason, source; broken files included."""
    registry = load()
    suites = [registry.suite(suite).name] if suite else list(registry.suites)
    chosen = [i for i in registry.implementations if i.suite in suites]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("trying imports", total=None)
        missing = probe(chosen, lambda done, of: bar.update(task, completed=done, total=of))
    found = [
        {
            "suite": i.suite,
            "impl": i.name,
            "devices": list(i.devices),
            "available": not missing[i.requires],
            "reason": missing[i.requires],
            "source": i.source,
        }
        for i in chosen
    ]
    found += [
        {"suite": b.suite, "impl": b.name, "devices": [], "available": False, "reason": b.reason, "source": b.source}
        for b in registry.broken
        if suite in (None, b.suite)
    ]
    return sorted(
        found, key=lambda line: (suites.index(line["suite"]) if line["suite"] in suites else len(suites), line["impl"])
    )


def print_listing(found: list[dict[str, Any]]) -> None:
    registry, console = load(), Console(width=None if Console().is_terminal else 100, highlight=False)
    for name in dict.fromkeys(line["suite"] for line in found):
        suite = registry.suites.get(name)
        title = (
            f"{name}: {suite.title} (ops: {', '.join(suite.ops)})" if suite else f"{name or 'plug-ins'}: no such suite"
        )
        table = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("implementation", no_wrap=True)
        table.add_column("devices", no_wrap=True)
        table.add_column("available", overflow="fold")
        for line in (line for line in found if line["suite"] == name):
            state = Text("yes", style="green") if line["available"] else Text(f"no: {line['reason']}", style="yellow")
            table.add_row(line["impl"], " ".join(line["devices"]), state)
        console.print(table)

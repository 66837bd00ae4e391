"""`bench import`: results of other harnesses."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bench.verbs import SETTINGS, verb


@click.command("import", context_settings=SETTINGS)
@click.argument("sources", nargs=-1, required=True, metavar="FILE...")
@click.option("--suite", default="", help="Call the suite so, in place of what the file suggests.")
@click.option("--impl", default="", help="Call the implementation so.")
@click.option("--into", default="results", show_default=True, metavar="DIR", help="Folder of the run directories.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def import_(sources: tuple[str, ...], suite: str, impl: str, into: str, as_json: bool) -> None:
    """Make run directories of pytest-benchmark's, pyperf's and asv's JSON, one a file.

    FILE may be a folder, which is looked through. Report, compare and history take the runs like any other.

    \b
    bench import .benchmarks
    bench import old.json new.json --suite json --impl ours
    bench import .asv/results/my-machine
    """
    from bench.imports import bring

    told = []
    for run, foreign in bring([Path(s) for s in sources], Path(into), suite, impl):
        told.append({"run": str(run), "tool": foreign.tool, "rows": len(foreign.rows), "left_out": foreign.left_out})
        if not as_json:
            click.echo(f"{run}  {foreign.tool}, {len(foreign.rows)} rows")
            for line in foreign.left_out:
                click.echo(f"  left out: {line}")
    if as_json:
        click.echo(json.dumps(told, indent=1))

"""`bench count`: instructions and allocations beside the times of a run."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from bench.verbs import SETTINGS, verb


@click.command(context_settings=SETTINGS)
@click.argument("run", default="")
@click.option("--impl", default="", help="Names or globs, with commas between them [default: all of the run].")
@click.option("--op", default="", help="Operations [default: all].")
@click.option("--case", multiple=True, metavar="NAME=V[,V]", help="Only cases with these values.")
@click.option("--tool", default="", help="perf or callgrind [default: perf where the machine has it].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def count(run: str, impl: str, op: str, case: tuple[str, ...], tool: str, as_json: bool) -> None:
    """Count instructions and allocations of one call of what RUN measured [default: the latest].

    Both are the same on a quiet and on a busy machine; see docs/counting.md for what they leave out.

    \b
    bench count                          then: bench report, bench history --metric instructions
    bench count results/RUN --impl 'c*' --case n_fft=1024
    """
    from bench import counting
    from bench.core import label_of
    from bench.plan import parse_case
    from bench.registry import matches
    from bench.results import Row, latest
    from bench.runs import find_run

    impls, ops, values = impl.split(","), op.split(","), parse_case(case)

    def keep(row: Row) -> bool:
        cased = all(n in row.case and label_of({n: row.case[n]}).partition("=")[2] in v for n, v in values.items())
        return cased and (not op or row.op in ops) and (not impl or any(matches(row.impl, p) for p in impls))

    folder = find_run(run) if run else latest(Path("results"))
    shown = sys.stderr.isatty() and not as_json
    found = counting.count(folder, tool, keep, lambda c: click.echo(c.impl, err=True) if shown else None)
    if not found:
        raise ValueError(f"{folder} has no measured row that these options let through")
    told = "\n".join(counting.describe(c) for c in found)
    click.echo(json.dumps([asdict(c) for c in found], indent=1) if as_json else f"{told}\n\nby {found[0].counted_by}")

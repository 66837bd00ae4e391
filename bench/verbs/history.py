"""`bench history`: how runs went over time."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bench.verbs import SETTINGS, verb


@click.command(context_settings=SETTINGS)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--suite", default="", help="Names or globs, with commas between them.")
@click.option("--impl", default="", help="Names or globs.")
@click.option("--op", default="", help="Operations.")
@click.option("--case", multiple=True, metavar="NAME=V[,V]", help="Only cases with these values.")
@click.option("--machine", default="", help="Machines, as `bench env` names them.")
@click.option(
    "--metric",
    default="time",
    show_default=True,
    help="time, first, end-to-end, memory, rss, instructions, allocations, error.",
)
@click.option("--threshold", default="3%", show_default=True, help="Smaller changes are not told.")
@click.option("--last", default=0, type=click.IntRange(0), help="Only the newest so many runs of each [default: all].")
@click.option("--changed", is_flag=True, help="Only rows in which something changed.")
@click.option("--save", metavar="FILE", help="Keep the points in a .parquet or .duckdb file, with those it has.")
@click.option("-o", "--out", metavar="DIR", help="Where the page goes [default: reports/history].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def history(
    sources: tuple[str, ...], case: tuple[str, ...], metric: str, threshold: str, last: int, changed: bool,
    save: str | None, out: str | None, as_json: bool, **wanted: str,
) -> None:  # fmt: skip
    """How the runs in SOURCEs went over time, and where they changed.

    A source is a folder of runs [default: results], a run, or a file that --save made.

    \b
    bench history                                  every row of every run in results/
    bench history --suite stft --impl 'c*' --changed
    bench history results --save runs.parquet      then: bench history runs.parquet
    """
    from bench.history import archive, points, series
    from bench.plan import parse_case, parse_share
    from bench.report import history as shown

    known = archive.read(Path(save)) if save and Path(save).exists() else []
    folders = []
    for source in map(Path, sources or ("results",)):
        if archive.is_archive(source):
            known += archive.read(source)
        else:
            folders += points.runs_in(source)
    found = points.read(folders, known)
    if save:
        archive.write(Path(save), found)
    chosen = series.choose(found, wanted, parse_case(case))
    joined = series.join(chosen, metric, parse_share(threshold), last)
    told = [s for s in joined if s.moved or not changed]
    if as_json:
        click.echo(json.dumps([s.record() for s in told], indent=1))
    else:
        from rich.console import Console

        from bench.report.terminal import WIDTH

        console = Console(highlight=False)
        console = console if console.is_terminal else Console(highlight=False, width=WIDTH)
        console.print(shown.terminal(joined, changed))
    if told and (out or not as_json):
        path = shown.write(told, Path(out) if out else Path("reports/history"))
        click.echo(f"\npage: {path}") if not as_json else None

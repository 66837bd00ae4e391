"""`bench profile`: where does the time of one implementation go?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench import exits
from bench.verbs import SETTINGS, verb

if TYPE_CHECKING:
    from bench.profiling.wish import Profile, Wish


@click.command(context_settings=SETTINGS)
@click.argument("suite")
@click.option("--impl", required=True, help="One implementation, by its whole name.")
@click.option("--case", multiple=True, metavar="NAME=V", help="Values in place of the first case of the quick grid.")
@click.option("--op", default="", help="The operation [default: the suite's first].")
@click.option("--tool", default="", help="nsys, ncu, torch, perf or py-spy [default: nsys on a GPU, py-spy elsewhere].")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda[:N].")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="CPU threads.")
@click.option("--seconds", default="3s", show_default=True, help="How long it is called over and over.")
@click.option("--seed", default=0, show_default=True, help="Seed of every random draw.")
@click.option("--corpus", default="builtin", show_default=True, help="A corpus's name, or a folder of audio.")
@click.option(
    "--run", "run", metavar="RUN", help="Keep it beside this run [default: the latest that has this implementation]."
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
@verb
def profile(suite: str, as_json: bool, run: str | None, seconds: str, **options: Any) -> None:
    """Run one operation of SUITE under a profiler, and keep its rows and pictures beside the run.

    \b
    bench profile stft --impl numpy                       a flame graph of its Python
    bench profile stft --impl c --tool perf               the same of C and the kernel
    bench profile mel --impl torch --tool torch           operators, and a timeline
    bench profile stft --impl cuda --device cuda --tool nsys
    bench profile mel --impl cuda --device cuda --tool ncu --case preset=whisper80
    """
    from bench import plan
    from bench.profiling.run import choose, installed
    from bench.profiling.run import profile as record
    from bench.profiling.tools import Refused
    from bench.registry import load
    from bench.report.digits import slug

    wish = choose(load(), suite, seconds=plan.parse_seconds(seconds), **options)
    try:
        installed(wish)  # before a folder is made for it
        folder = _beside(run, wish) / "profiles" / slug(wish.tool, wish.suite, wish.impl, wish.op, wish.label)
        made = record(replace(wish, folder=str(folder)), _say if not as_json else lambda text: None)
    except Refused as refusal:
        click.echo(f"bench: {refusal}", err=True)
        sys.exit(exits.FAILED)
    click.echo(json.dumps(asdict(made), indent=1)) if as_json else _show(made)


def _beside(run: str | None, wish: Wish) -> Path:
    """The run that the profile is kept with: the one named, the latest that has this implementation, or a new one."""
    from bench import api, plan
    from bench.results import Results
    from bench.store import read_plan

    if run is not None:
        Results.load(Path(run))  # says what is wrong with it
        return Path(run)
    for file in sorted(Path("results").glob("*/plan.json"), key=lambda p: p.stat().st_mtime, reverse=True):
        try:
            items = read_plan(file).items
        except plan.Usage:  # of another version
            continue
        if any(i.suite == wish.suite and wish.impl in i.impls for i in items):
            return file.parent
    item = plan.Item(wish.suite, [wish.case], [wish.impl], [wish.op])
    store = api.start(plan.Plan([item], wish.device, (wish.threads,), wish.seed, wish.corpus))
    store.close()
    return store.folder


def _say(text: str) -> None:
    click.echo(f"profile: {text}", err=True)


def _show(made: Profile) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from bench.report.profile_table import HEADINGS, cells, columns, short, title

    console = Console(width=None if Console().is_terminal else 100, highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title(made), title_justify="left")
    table.add_column("where", no_wrap=True, overflow="ellipsis", max_width=44)
    names = columns(made.hot)
    for name in names:
        table.add_column(HEADINGS[name], justify="right", no_wrap=name not in ("grid", "block"))
    for hot in made.hot[:15]:
        table.add_row(short(hot.name, 44), *cells(hot, names))
    console.print(table)
    for note in made.notes:
        click.echo(f"note: {note}")
    click.echo("\n".join(str(made.wish.path / name) for name in made.files))

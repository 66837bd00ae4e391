"""`bench baseline`: names for runs, to compare with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bench.verbs import SETTINGS, verb

FOLDER = click.option("--results", default="results", show_default=True, metavar="DIR", help="The folder of runs.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings=SETTINGS)
def baseline() -> None:
    """Names for runs: bench baseline set main, then bench compare main NEW."""


@baseline.command("set")
@click.argument("name")
@click.argument("run", default="")
@FOLDER
@JSON
@verb
def baseline_set(name: str, run: str, results: str, as_json: bool) -> None:
    """Let NAME stand for RUN, a path or the id of a run [default: the latest].

    \b
    bench baseline set main
    bench baseline set v1.2 results/20260101-120000-stft-1a2b
    """
    from bench.baselines import give

    found = give(name, run, Path(results))
    click.echo(json.dumps({"name": name, "run": str(found)}) if as_json else f"{name} is {found}")


@baseline.command("list")
@FOLDER
@JSON
@verb
def baseline_list(results: str, as_json: bool) -> None:
    """The names, and the runs that they stand for."""
    from bench.baselines import baselines

    found = baselines(Path(results))
    lines = [f"{b['name']:<16}  {b['run']}{'' if b['there'] else '  (gone)'}" for b in found]
    none = "no run has a name yet; bench baseline set main names the latest"
    click.echo(json.dumps(found, indent=1) if as_json else "\n".join(lines) or none)


@baseline.command("remove")
@click.argument("name")
@FOLDER
@verb
def baseline_remove(name: str, results: str) -> None:
    """Forget a NAME; the run stays where it is."""
    from bench.baselines import forget

    forget(name, Path(results))
    click.echo(f"{name} is forgotten")

"""`bench compare`: two runs, two environments or two revisions -> a verdict a row, and an exit code for CI."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.verbs import SETTINGS, verb

if TYPE_CHECKING:
    from bench.compare.verdicts import Comparison

METRICS = click.Choice(["time", "memory", "counts", "quality", "all"])
ALLOW = click.Choice(["machine", "inputs", "threads", "allocator"])


@click.command(context_settings=SETTINGS)
@click.argument("targets", nargs=-1, required=True, metavar="BASE NEW | [BASE_ENV NEW_ENV] SUITE...")
@click.option("--metric", type=METRICS, default="all", show_default=True, help="What to compare.")
@click.option("--threshold", help="Change that matters, e.g. 3% [default: [tool.bench.gate], else 3%; in turn 1%].")
@click.option("--impl", default="all", show_default=True, help="all, names, or globs, with commas between them.")
@click.option("--case", multiple=True, metavar="NAME=V[,V]", help="Only these cases, or in turn, these values.")
@click.option("--allow", type=ALLOW, multiple=True, help="Compare two runs although this differs.")
@click.option("--interleave", is_flag=True, help="Measure BASE_ENV and NEW_ENV in turn: interpreters or checkouts.")
@click.option("--base-rev", metavar="REV", help="Measure this git revision and the present checkout in turn.")
@click.option("--exclude", default="", help="In turn: names or globs to leave out.")
@click.option("--grid", default="quick", show_default=True, help="In turn: which cases.")
@click.option("--op", default="", help="In turn: operations to measure [default: all].")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="In turn: CPU threads.")
@click.option("--seconds", default="10s", show_default=True, help="In turn: longest time for a row.")
@click.option("--out", metavar="DIR", help="In turn: run directory [default: results/<run-id>].")
@click.option("--inconclusive", type=click.Choice(["fail", "pass"]), help="Exit 3 or 0 when nobody can tell.")
@click.option("--markdown", metavar="FILE", help="Write a comment for a pull request.")
@click.option("--junit", metavar="FILE", help="Write JUnit XML.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def compare(targets: tuple[str, ...], as_json: bool, markdown: str | None, junit: str | None, **options: Any) -> None:
    """Is NEW slower than BASE? A verdict a row; exit code 0 no, 1 yes, 3 inconclusive, 4 something failed.

    \b
    bench compare main results/20260102-120000-stft-3c4d
    bench compare old.run new.run --metric time --threshold 5% --junit gate.xml
    bench compare --interleave .venv-old/bin/python .venv/bin/python stft mel
    bench compare --base-rev origin/main stft --impl numpy     (recommended in CI)
    """
    from bench.compare import render
    from bench.compare.plain import plain

    if options["base_rev"] == "":  # a variable of CI that is not set
        raise ValueError("--base-rev names no revision; give one, such as origin/main")
    found = _in_turn(targets, **options) if options["interleave"] or options["base_rev"] else _apart(targets, **options)
    click.echo(render.as_json(found) if as_json else plain(found))  # first: a file may not be writable
    if markdown:
        Path(markdown).write_text(render.markdown(found), encoding="utf-8")
    if junit:
        Path(junit).write_text(render.junit(found), encoding="utf-8")
    sys.exit(found.exit_code)


def _apart(targets: tuple[str, ...], **options: Any) -> Comparison:
    from bench.api import names
    from bench.compare.runs import compare as compare_runs
    from bench.plan import Usage, parse_case
    from bench.runs import find_run

    if len(targets) != 2:
        raise Usage(f"name two runs, BASE and NEW; these are {len(targets)} (two environments take --interleave)")
    base, new = (find_run(text) for text in targets)
    gate = _gate(options, together=False)
    case = parse_case(options["case"])
    return compare_runs(base, new, gate, options["metric"], options["allow"], names(options["impl"]), case)


def _in_turn(targets: tuple[str, ...], **options: Any) -> Comparison:
    from bench.api import names
    from bench.compare import homes, interleave
    from bench.compare.installed import stale
    from bench.compare.runs import compare_interleaved
    from bench.plan import Usage, parse_seconds
    from bench.progress import observer

    rev = options["base_rev"]
    if rev and options["interleave"]:
        raise Usage("--base-rev measures in turn by itself; leave out --interleave")
    if options["metric"] == "counts":
        raise Usage("counts need no turns: bench count RUN counts two runs, and bench compare BASE NEW compares them")
    if not rev and len(targets) < 3:
        raise Usage("--interleave takes BASE_ENV NEW_ENV SUITE..., such as .venv-old .venv stft")
    gate = _gate(options, together=True)
    suites = targets if rev else targets[2:]
    with homes.revision(rev, gate.build) if rev else nullcontext(homes.find(targets[0])) as base:
        folder = interleave.run(
            base,
            homes.here(gate.build) if rev else homes.find(targets[1]),
            suites,
            gate,
            metric=options["metric"],
            impl=names(options["impl"]),
            exclude=names(options["exclude"]),
            grid=options["grid"],
            case=options["case"],
            op=names(options["op"]),
            threads=options["threads"],
            seconds=parse_seconds(options["seconds"]),
            out=Path(options["out"]) if options["out"] else None,
            observer=observer(),
        )
    sides = (rev, "the present checkout") if rev else (targets[0], targets[1])
    notes = [note] if rev and (note := stale(Path.cwd())) else []
    return compare_interleaved(folder, gate, options["metric"], sides, notes)


def _gate(options: dict[str, Any], together: bool) -> Any:
    from dataclasses import replace

    from bench.compare.thresholds import read
    from bench.plan import parse_share

    override = parse_share(options["threshold"]) if options["threshold"] else None
    gate = read(Path.cwd(), override, together)
    wanted = options["inconclusive"]
    return replace(gate, entries={**gate.entries, "inconclusive": wanted}) if wanted else gate

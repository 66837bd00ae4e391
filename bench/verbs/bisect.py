"""`bench bisect`: the commit that slowed a row."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.verbs import SETTINGS, verb

if TYPE_CHECKING:
    from bench.compare.bisect import Step


@click.command(context_settings=SETTINGS)
@click.argument("suite")
@click.option("--good", required=True, metavar="REV", help="A revision that was fast.")
@click.option("--bad", default="HEAD", show_default=True, metavar="REV", help="A revision that is slow.")
@click.option("--impl", required=True, help="The implementation.")
@click.option("--case", multiple=True, metavar="NAME=V", help="Values in place of the quick grid's first case.")
@click.option("--op", default="", help="The operation [default: the suite's first].")
@click.option("--threshold", default="3%", show_default=True, help="BAD must be slower by more.")
@click.option("--seconds", default="20s", show_default=True, help="Measuring time for each step.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def bisect(
    suite: str,
    good: str,
    bad: str,
    impl: str,
    case: tuple[str, ...],
    op: str,
    threshold: str,
    seconds: str,
    as_json: bool,
) -> None:
    """Find the commit between GOOD and BAD that slowed one row of SUITE.

    Each step builds a revision in a worktree of its own and measures it in turn with GOOD.

    \b
    bench bisect stft --good v1.0 --bad HEAD --impl numpy --case n_fft=1024
    """
    from math import log1p

    from bench.compare import interleave
    from bench.compare.bisect import bisect as search
    from bench.compare.homes import revision
    from bench.compare.sequence import ratio_of
    from bench.compare.thresholds import read
    from bench.plan import parse_seconds, parse_share
    from bench.process import Home
    from bench.results import Results

    gate, time = read(Path.cwd(), together=True), parse_seconds(seconds)

    def measure(base: Home, new: Home) -> float:
        with tempfile.TemporaryDirectory() as scratch:
            one = interleave.first(suite, case, op)
            folder = interleave.run(
                base, new, [suite], gate, metric="time", impl=[impl], seconds=time, out=Path(scratch) / "run", **one
            )
            return ratio_of(Results.load(folder).rows, impl)

    def tell(step: Step) -> None:
        click.echo(f"{step.commit[:12]}  {step.ratio:.3f} x  {'slow' if step.slow else 'fast'}", err=as_json)

    found = search(good, bad, lambda rev: revision(rev, gate.build), measure, log1p(parse_share(threshold)), tell)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
    else:
        click.echo(f"{found.commit[:12]} is the first slow commit: {found.subject}")

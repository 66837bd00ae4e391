"""The command line: one short function a verb. Options become a plain call; nothing deeper sees them."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bench import exits
from bench.verbs import SETTINGS, Bench, say_what_can_be_said, verb
from bench.verbs.baseline import baseline
from bench.verbs.bisect import bisect
from bench.verbs.compare import compare
from bench.verbs.count import count
from bench.verbs.history import history
from bench.verbs.import_ import import_
from bench.verbs.profile import profile

if TYPE_CHECKING:
    from bench.results import Results


def _suites(_context: Any, _parameter: Any, incomplete: str) -> list[str]:
    from bench.registry import load

    return [name for name in load().suites if name.startswith(incomplete)]


def _impls(context: Any, _parameter: Any, incomplete: str) -> list[str]:
    from bench.registry import load

    # an option without its value ends click's parsing: the suites before it are still among the arguments
    given = (*context.params.get("suites", ()), *context.args)
    chosen = [suite for suite in load().suites if suite in given] or list(load().suites)
    names = {i.name for suite in chosen for i in load().of(suite)} | {"all"}
    *before, last = incomplete.split(",")
    return [",".join([*before, n]) for n in sorted(names) if n.startswith(last)]


@click.group(cls=Bench, context_settings=SETTINGS)
@click.version_option(package_name="audio-bench", prog_name="bench")
def main() -> None:
    """Measure audio software: throughput, latency, memory and quality, side by side.

    \b
    bench run stft --impl all            every STFT that this machine can run
    bench run mel --impl torch,librosa   two of them
    bench report                         tables, plots and a page for the latest run
    bench doctor                         is this machine fit to measure?
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill is an interrupt
    say_what_can_be_said()


main.add_command(baseline)
main.add_command(count)
main.add_command(history)
main.add_command(import_)
main.add_command(profile)
main.add_command(bisect)
main.add_command(compare)


@main.command("list", context_settings=SETTINGS)
@click.argument("suite", required=False, shell_complete=_suites)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def list_(suite: str | None, as_json: bool) -> None:
    """Suites, implementations, devices: available, or why not."""
    from bench.listing import listing, print_listing

    found = listing(suite)
    click.echo(json.dumps(found, indent=1)) if as_json else print_listing(found)


@main.command(context_settings=SETTINGS)
@click.argument("suites", nargs=-1, shell_complete=_suites)
@click.option(
    "--impl",
    default="all",
    show_default=True,
    help="all, names, or globs, with commas between them.",
    shell_complete=_impls,
)
@click.option("--exclude", default="", help="Names or globs to leave out.", shell_complete=_impls)
@click.option(
    "--grid",
    default="default",
    show_default=True,
    metavar="NAME",
    help="Which cases: quick, default, full, or another grid of the suite.",
)
@click.option(
    "--case", multiple=True, metavar="NAME=V[,V]", help="Values in place of the grid's, e.g. n_fft=1024,2048."
)
@click.option("--bitrate", default="", metavar="K[,K]", help="kbit/s, short for --case bitrate=K[,K].")
@click.option("--op", default="", help="Operations to measure, e.g. forward [default: all].")
@click.option(
    "--chain", multiple=True, metavar="STEP,STEP[,...]", help="(stream) Steps in turn, e.g. mel:c,codec:opus."
)
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda[:N].")
@click.option("--threads", default="1", show_default=True, help="CPU threads, e.g. 1,2.")
@click.option("--precision", default="2%", show_default=True, help="Stop when the median is known this well.")
@click.option(
    "--budget", default="1.25s", show_default=True, help="Sampling time of an operation, all replicates together."
)
@click.option(
    "--replicates", default=3, show_default=True, type=click.IntRange(1), help="Processes for each implementation."
)
@click.option(
    "--peak",
    is_flag=True,
    help="Measure the CPU's peak beside every turn, and if the core was whole: steadier shares of the limit.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of every random draw.")
@click.option("--corpus", default="builtin", show_default=True, help="A corpus's name, or a folder of audio.")
@click.option("--deadline", default="120s", show_default=True, help="Longest single step before a worker is stopped.")
@click.option("--memory-limit", help="Stop a worker that holds more, e.g. 4G.")
@click.option("--metrics", default="all", show_default=True, help="Quality of codecs: all, none, or names.")
@click.option("--asr", default="default", show_default=True, help="Recogniser for word error rates: a name, or none.")
@click.option("--clips", default=0, type=click.IntRange(0), help="Score at most so many clips [default: all].")
@click.option("--kind", default="", help="Score only the corpus's clips of this kind, e.g. speech.")
@click.option("--engine", default="local", show_default=True, help="Where to score: local or dask://HOST:PORT.")
@click.option("--weights", multiple=True, metavar="NAME=PATH", help="Trained weights: safetensors, or a cached hub id.")
@click.option("--resume", metavar="RUN", help="Go on with a run that was stopped.")
@click.option("--out", metavar="DIR", help="Run directory [default: results/<run-id>].")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--quiet", is_flag=True, help="No progress, no table.")
@verb
def run(suites: tuple[str, ...], as_json: bool, quiet: bool, **options: Any) -> None:
    """Measure every implementation of SUITES that this machine can run.

    \b
    bench run stft --impl all
    bench run mel resample --grid quick --threads 1,2
    bench run stft --case n_fft=1024 --case hop_length=160,256 --precision 0.5% --budget 10s
    bench run codec --impl all --bitrate 6,12,24 --corpus DIR
    bench run stream --chain mel:c,codec:opus --case frame_ms=20
    bench run --resume results/20260101-120000-stft-1a2b
    """
    from bench import api
    from bench.progress import observer
    from bench.scores import failed as failed_scores

    if not suites and not options["resume"]:
        raise ValueError("name a suite, such as stft; `bench list` shows them all")
    if options["resume"]:
        _only_resume()
    quiet = quiet or as_json
    options["threads"] = _whole_numbers(options["threads"])
    watcher = observer() if not quiet else None
    store = api.begin(suites, **options)
    try:
        api.execute(store, watcher)
    except KeyboardInterrupt:
        click.echo(
            f"bench: interrupted; {len(store.rows)} rows are kept; bench run --resume {store.folder} goes on", err=True
        )
        _show(store.results(), as_json, quiet)
        sys.exit(exits.INTERRUPTED)
    results = store.results()
    _show(results, as_json, quiet)
    sys.exit(exits.FAILED if results.failed() or any(failed_scores(store.folder)) else exits.FINE)


def _only_resume() -> None:
    """Whoever goes on with a run has its plan; what else is asked would be ignored."""
    context = click.get_current_context()
    given = [p for p in context.command.params if context.get_parameter_source(p.name) is ParameterSource.COMMANDLINE]
    told = [p.human_readable_name if p.name == "suites" else p.opts[0] for p in given]
    if more := [name for name in told if name not in ("--resume", "--json", "--quiet")]:
        raise ValueError(f"--resume goes on with a run as it was planned; leave out {' '.join(more)}, or start another")


def _whole_numbers(text: str) -> list[int]:
    try:
        numbers = [int(t) for t in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise ValueError(f"--threads takes whole numbers from 1, such as 1,2; this is {text!r}")
    return numbers


def _show(results: Results, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(results.to_json())
    elif not quiet and results.rows:
        from rich.console import Console

        from bench.report.terminal import plain, terminal
        from bench.scores import tally

        console = Console(highlight=False)
        console.print(terminal(results)) if console.is_terminal else click.echo(plain(results))
        scores = f"\nscores: {told}" if results.path and (told := tally(results.path)) else ""
        click.echo(f"\nrun: {results.path}{scores}\nreport: bench report {results.path}")


@main.command(context_settings=SETTINGS)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--format", "formats", default="md,html", show_default=True, help="md, html, csv, parquet, latex.")
@click.option("--anchor", default="", metavar="CODEC", help="Compare rate-distortion curves with this codec (BD-rate).")
@click.option("-o", "--out", metavar="DIR", help="Where to write [default: reports/<run-id>].")
@click.option("--json", "as_json", is_flag=True, help="Print the paths as JSON.")
@verb
def report(runs: tuple[str, ...], formats: str, anchor: str, out: str | None, as_json: bool) -> None:
    """Render runs (default: the latest) into tables, plots and a page; of codecs, also a page to listen to.

    In CI the tables are also appended to the job's summary ($GITHUB_STEP_SUMMARY).
    """
    from bench.report import write
    from bench.results import Results, latest
    from bench.store import writing

    folders = [Path(r) for r in runs] or [latest(Path("results"))]
    results = [Results.load(f) for f in folders]
    place = Path(out) if out else Path("reports") / folders[0].name
    with writing(place, "-o names another folder"):
        paths = write(results, formats.split(","), place, anchor)
    if not as_json:
        from bench.report.terminal import codecs

        click.echo(codecs(results, anchor), nl=False)
    click.echo(json.dumps([str(p) for p in paths]) if as_json else "\n".join(str(p) for p in paths))


@main.command(context_settings=SETTINGS)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def doctor(as_json: bool) -> None:
    """Is this machine fit to measure, and what is missing?"""
    from bench.checkup import print_checkup

    print_checkup(as_json)


@main.command(context_settings=SETTINGS)
@click.option("--json", "as_json", is_flag=True, help="Print the whole record as JSON.")
@verb
def env(as_json: bool) -> None:
    """The record of this machine that every run keeps."""
    from bench.environment import collect, describe

    record = collect()
    click.echo(
        json.dumps(record, indent=1, default=str) if as_json else "\n".join(f"{k:<24}{v}" for k, v in describe(record))
    )


@main.command(context_settings=SETTINGS)
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("degraded", type=click.Path(path_type=Path))
@click.option("--metric", multiple=True, metavar="NAME[,NAME]", help="e.g. pesq_wb,stoi [default: all].")
@click.option("--align/--no-align", default=True, show_default=True, help="Find the delay and take it out first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def score(reference: Path, degraded: Path, metric: tuple[str, ...], align: bool, as_json: bool) -> None:
    """Quality of DEGRADED against REFERENCE: two mono files of one sample rate.

    \b
    bench score clean.wav coded.wav
    bench score clean.wav coded.wav --metric pesq_wb,stoi --no-align --json
    """
    from bench.quality.pair import score_files

    names = [name for text in metric for name in text.split(",")]
    found = score_files(reference, degraded, names or None, align)
    click.echo(json.dumps(found.as_dict(), indent=1) if as_json else "\n".join(found.lines()))
    sys.exit(exits.FAILED if found.failed else exits.FINE)


@main.group(context_settings=SETTINGS)
def corpus() -> None:
    """Named sets of audio: the built-in one, and folders of yours."""


@corpus.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def corpus_list(as_json: bool) -> None:
    """The corpora that --corpus knows by name."""
    from bench.corpus import corpora

    found = corpora()
    click.echo(
        json.dumps(found, indent=1)
        if as_json
        else "\n".join("  ".join(str(v) for v in line.values()) for line in found)
    )


@corpus.command("add")
@click.argument("name")
@click.argument("folder")
@verb
def corpus_add(name: str, folder: str) -> None:
    """Give FOLDER (with or without a manifest.tsv) a NAME."""
    from bench.userdata import add

    add(name, folder)
    click.echo(f"{name} is {folder}; use it with --corpus {name}")


@corpus.command("info")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def corpus_info(name: str, as_json: bool) -> None:
    """Clips, seconds, rates, speakers and problems of a corpus or a folder."""
    from bench.corpus import info

    found = info(name)
    click.echo(json.dumps(found, indent=1) if as_json else "\n".join(f"{k:<16}{v}" for k, v in found.items()))


@corpus.command("check")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def corpus_check(name: str, as_json: bool) -> None:
    """Decode every file of a corpus or a folder, and list what is wrong with it."""
    from dataclasses import asdict

    from bench.corpus import check

    found = check(name)
    lines = "\n".join(str(problem) for problem in found) or "nothing is wrong"
    click.echo(json.dumps([asdict(p) for p in found], indent=1) if as_json else lines)


@corpus.command("remove")
@click.argument("name")
@verb
def corpus_remove(name: str) -> None:
    """Forget a NAME; the files stay where they are."""
    from bench.userdata import remove

    remove(name)
    click.echo(f"{name} is forgotten")


@main.command(context_settings=SETTINGS)
@click.argument("suite", default="stft", shell_complete=_suites)
@click.option("--impl", help="The implementation to run against itself [default: the steadiest near 5 ms].")
@click.option("--case", multiple=True, metavar="NAME=V[,V]", help="Values in place of the default grid's.")
@click.option(
    "--pairs", default=40, show_default=True, type=click.IntRange(2), help="A/A comparisons, and as many planted ones."
)
@click.option("--planted", default="3%", show_default=True, help="The slowdown to find.")
@click.option("--out", metavar="DIR", help="Keep the samples and the verdicts here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verb
def selftest(
    suite: str, impl: str | None, case: tuple[str, ...], pairs: int, planted: str, out: str | None, as_json: bool
) -> None:
    """How often does this harness, on this machine, cry wolf, and how often does it miss one?"""
    from bench.plan import parse_case, parse_share
    from bench.selftest import print_verdict, selftest

    found = selftest(suite, impl, pairs, parse_share(planted), Path(out) if out else None, parse_case(case))
    click.echo(json.dumps(found, indent=1)) if as_json else print_verdict(found)


@main.group(context_settings=SETTINGS)
def new() -> None:
    """Write the file to start from."""


@new.command("impl")
@click.argument("suite", shell_complete=_suites)
@click.argument("name")
@verb
def new_impl(suite: str, name: str) -> None:
    """impls/SUITE/NAME.py in the current folder, ready to measure: bench new impl stft mine"""
    from bench.scaffold import write_impl

    path = write_impl(suite, name, Path.cwd())
    click.echo(f"{path}\nnow: bench run {suite} --impl {name} --grid quick")


@main.command(context_settings=SETTINGS)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@verb
def completion(shell: str) -> None:
    """The script that completes names in your shell: eval "$(bench completion bash)" """
    from bench.completion import script

    click.echo(script(shell, main))

"""The command line as a user has it: help, typos, exit codes, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bench import plan
from bench.cli import main
from bench.results import Row
from bench.store import Store
from bench.verbs import verb

QUICK = ("--grid", "quick", "--budget", "0.05s", "--replicates", "1")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is not here")
def test_a_full_disk_is_told_as_such(capsys):
    @verb
    def write(to):
        with open(to, "wb", buffering=0) as file:
            file.write(b"x")

    with pytest.raises(SystemExit) as left:
        write("/dev/full")
    assert left.value.code == 5
    assert capsys.readouterr().err.strip() == "bench: the disk is full; make room, or name a place on another one"


def test_help_imports_nothing_heavy():
    """`bench --help` stays quick because it imports next to nothing: not numpy, not pandas, not torch."""
    program = """
import sys
from bench.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(sorted({"numpy", "pandas", "torch", "scipy", "matplotlib", "rich"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", [(), ("run",), ("report",), ("corpus",), ("new", "impl")])
def test_every_verb_has_help(bench, verb):
    done = bench(*verb, "--help")
    assert done.returncode == 0 and done.stdout.startswith("Usage: ")
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


MISTAKES = {
    "run toyy": "did you mean toy?",
    "run toy --impl godo": "did you mean good",
    "run toy --exclude godo": "did you mean good",
    "run toy --impl good --exclude good": "nothing is left to run",
    "run toy --case siz=3": "did you mean size?",
    "run toy --case size": "--case takes NAME=VALUE",
    "run toy --case size=,": "--case takes NAME=VALUE",
    "run toy --case size=x": "is not a whole number",
    "run toy --op ad": "did you mean add?",
    "run toy --budget 3x": "is not a time",
    "run toy --budget 0s": "is not a time",
    "run toy --precision many": "is not a share",
    "run toy --precision 2": "is not a share",
    "run toy --memory-limit lots": "is not a size",
    "run toy --threads 0": "whole numbers from 1",
    "run toy --threads two": "whole numbers from 1",
    "run toy --threads 4096": "more than the",
    "run toy --device gpu": "'gpu' is no device; write cpu, cuda",
    "run toy --device cuda:x": "'cuda:x' is no device",
    "run toy --seed=-1": "a seed is a whole number from 0",
    "run toy --seed 99999999999999999999": "a seed is a whole number from 0",
    "run stft --case seconds=inf": "'inf' is not a finite number",
    "run toy --grid huge": "toy has no grid 'huge'; there are: quick, default, full",
    "run toy --grid fulll": "did you mean full?",
    "run toy --corpus nope": "no corpus and no folder is called 'nope'",
    "run toy --impl good --device cuda": "nothing is left to run on cuda",
    "run": "name a suite",
    "run --resume run --budget 9s --quiet": "leave out --budget,",
    "run toy --resume run": "leave out SUITES,",
    "run --resume nowhere": "nowhere is not a run",
    "report nowhere": "nowhere is not a run",
    "report": "there is no run in results/ yet",
    "list toyy": "did you mean toy?",
    "new impl toyy x": "did you mean toy?",
    "corpus info nope": "no corpus and no folder is called 'nope'",
    "corpus add mine nowhere": "nowhere",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line_with_the_way_out(toys, line):
    done = CliRunner().invoke(main, line.split())
    assert done.exit_code == 2, done.output
    assert MISTAKES[line] in done.stderr
    assert done.stdout == "" and isinstance(done.exception, SystemExit)


def test_a_run_prints_json_and_keeps_its_rows(bench, tmp_path):
    done = bench("run", "toy", "--impl", "good", *QUICK, "--json", "--out", "mine")
    assert done.returncode == 0 and done.stderr == ""
    lines = json.loads(done.stdout)
    assert {(line["impl"], line["op"]) for line in lines} == {
        (i, o) for i in ("good", "good:twice") for o in ("add", "undo")
    }
    assert all(line["median_ms"] > 0 and line["case"] == {"size": 64} for line in lines)
    assert (tmp_path / "mine" / "rows.parquet").exists()


@pytest.mark.parametrize(("impls", "code"), [("good", 0), ("good,absent", 0), ("good,wrong", 4), ("segfaults", 4)])
def test_the_exit_code_tells_whether_an_implementation_failed(bench, impls, code):
    done = bench("run", "toy", "--impl", impls, *QUICK)
    assert done.returncode == code, done.stderr
    for name in impls.split(","):
        assert name in done.stdout


def test_who_asks_twice_is_measured_once(toys):
    wish = plan.make(toys, ["toy", "toy"], ["good", "good*"], op=["add", "add"], threads=(1, 2, 1))
    (item,) = wish.items
    assert (item.impls, item.ops, wish.threads) == (["good", "good:twice"], ["add"], (1, 2))


@pytest.mark.parametrize("place", ["file", "file/reports"])
def test_a_report_that_cannot_be_written_names_the_way_out(toys, tmp_path, place):
    (tmp_path / "file").touch()
    row = Row("run", "toy", "good", {"size": 64}, "add", samples_ns=[1e6] * 5, rounds=[1] * 5, audio_seconds=1.0)
    store = Store(tmp_path / "run", plan.Plan([]), {})
    store.append(row)
    store.close()
    done = CliRunner().invoke(main, ["report", "run", "-o", place])
    assert done.exit_code == 5 and done.stdout == ""
    assert f"cannot write into {place}: " in done.stderr and "; -o names another folder" in done.stderr
    (tmp_path / "run" / "counts.jsonl").mkdir()  # what cannot be read is not the report's folder's fault
    done = CliRunner().invoke(main, ["report", "run", "-o", "out"])
    assert done.exit_code == 5 and "counts.jsonl" in done.stderr and "-o" not in done.stderr


def test_quiet_says_nothing(bench):
    done = bench("run", "toy", "--impl", "good", *QUICK, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_values_of_the_command_line_take_the_place_of_the_grids(bench):
    done = bench("run", "toy", "--impl", "good", "--grid", "default", "--case", "size=32,128", "--case", "loud=on",
                 "--op", "undo", "--budget", "0.05s", "--replicates", "1", "--json")  # fmt: skip
    lines = json.loads(done.stdout)
    assert {(line["case"]["size"], line["case"]["loud"], line["op"]) for line in lines} == {
        (32, True, "undo"),
        (128, True, "undo"),
    }


def test_plain_lines_where_there_is_no_terminal(bench):
    done = bench("run", "toy", "--impl", "good,absent", *QUICK)
    assert "\x1b[" not in done.stdout + done.stderr
    assert "absent unavailable (toy)" in done.stderr
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8:strict"])
def test_an_output_that_is_not_utf8_costs_letters_and_no_table(toys, tmp_path, encoding):
    env = {**os.environ, "PYTHONIOENCODING": encoding}

    def bench(*args):
        command = [sys.executable, "-m", "bench", *args]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, timeout=240, check=False)

    done = bench("run", "toy", "--impl", "good,wrong", *QUICK, "--out", "run")
    assert done.returncode == 4 and b"codec" not in done.stderr and b"run: run" in done.stdout
    done = bench("history", "run")
    assert done.returncode == 0 and ("·".encode(encoding.partition(":")[0], "replace")) in done.stdout
    done = bench("report", "run", "-o", b"caf\xe9", "--format", "csv")
    byte = b"?" if encoding == "ascii" else b"\xe9"  # there click has a stream of its own
    assert (done.returncode, done.stdout) == (0, b"caf" + byte + b"/timings.csv\n")


def test_list_shows_what_is_missing_and_how_to_get_it(bench):
    listed = {line["impl"]: line for line in json.loads(bench("list", "toy", "--json").stdout)}
    assert listed["good"]["available"] and not listed["absent"]["available"]
    assert "pip install 'audio-bench[torch]'" in listed["absent"]["reason"]
    shown = bench("list", "toy").stdout
    assert "good:twice" in shown and all(len(line) <= 100 for line in shown.splitlines())


def test_the_record_and_the_doctor_are_json_too(bench):
    assert json.loads(bench("env", "--json").stdout)
    assert json.loads(bench("doctor", "--json").stdout)["findings"]
    assert bench("doctor").returncode == 0 and bench("env").returncode == 0


def test_corpora_are_added_listed_and_described(bench, tmp_path):
    import numpy as np
    import soundfile

    (tmp_path / "clips").mkdir()
    soundfile.write(tmp_path / "clips" / "a.wav", np.sin(np.arange(16000) / 10), 16000)
    assert bench("corpus", "add", "mine", "clips").returncode == 0
    listed = json.loads(bench("corpus", "list", "--json").stdout)
    assert {line["name"] for line in listed} == {"builtin", "matrix", "mine"}
    assert json.loads(bench("corpus", "info", "mine", "--json").stdout)["seconds"] == 1.0
    assert "mine" in bench("corpus", "list").stdout and "1.0" in bench("corpus", "info", "mine").stdout
    done = bench("run", "stft", "--impl", "numpy", "--corpus", "mine", *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    assert bench("corpus", "check", "mine").stdout == "nothing is wrong\n"
    assert bench("corpus", "remove", "mine").returncode == 0
    assert "mine" not in bench("corpus", "list").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(bench, shell):
    assert "_BENCH_COMPLETE" in bench("completion", shell).stdout
    done = bench("run", _BENCH_COMPLETE="bash_complete", COMP_WORDS="bench run to", COMP_CWORD="2")
    assert "toy" in done.stdout


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("stft --impl c,scipy : b", ["blocked"]),
        ("stft --impl = sci", ["scipy", "scipy:blocked", "scipy:short_time_fft"]),
        ("stft --impl pcm", []),  # a codec's
        ("codec --exclude pcm : 1", ["12bit", "16bit"]),
    ],
)
def test_bash_completes_names_of_the_suite_although_it_breaks_them_at_colons(tmp_path, words, answers):
    program = tmp_path / "bench"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m bench "$@"\n')
    program.chmod(0o755)
    typed = ["bench", "run", *words.split()]
    script = f"""{CliRunner().invoke(main, ["completion", "bash"]).output}
COMP_WORDBREAKS=$' \\t\\n"><=;|&(:'
COMP_WORDS=({" ".join(typed)})
COMP_CWORD={len(typed) - 1}
_bench_completion {program}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == answers, done.stderr


def test_python_runs_what_the_command_line_runs(toys, tmp_path):
    import bench

    results = bench.run("toy", impl="good", grid="quick", budget="0.05s", replicates=1, quiet=True)
    frame, summary = results.frame(), results.summary()
    assert len(frame) == len(summary) == 4 and set(summary.status) <= {"ok", "unstable"}
    again = bench.Results.load(results.path)
    assert again.rows == results.rows


@pytest.mark.parametrize(
    "verb",
    [("corpus", "list"), ("list", "toy"), ("completion", "bash"), ("--help",), ("run", "--help"), ("--version",)],
)
def test_a_reader_that_leaves_is_no_error(toys, verb):
    """``bench list | head``: silence, not "Broken pipe"."""
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "bench", *verb]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, timeout=240, check=False)
    os.close(writes)
    assert (done.returncode, done.stderr.strip()) == (141, "")

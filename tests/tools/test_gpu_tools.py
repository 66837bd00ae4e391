"""The tools for a lent GPU, without one: verdicts of the cross-check, and the script with commands that stand in."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("gpu_crosscheck", ROOT / "tools/gpu_crosscheck.py")
crosscheck = importlib.util.module_from_spec(spec)
spec.loader.exec_module(crosscheck)


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict", "status"),
    [
        (102_000, 100_000, "agreed", 0),
        (104_000, 100_000, "differs", 1),
        (96_000, 100_000, "differs", 1),
        (9_000, 5_000, "too short to judge", 3),
        (float("nan"), 100_000, "throttled", 3),
    ],
)
def test_three_percent_are_agreed(ours, theirs, verdict, status):
    lines = crosscheck.compare({"copy": lambda: None}, lambda run: ours, lambda run: theirs)
    assert [line["verdict"] for line in lines] == [verdict]
    assert crosscheck.status(lines) == status
    assert verdict in crosscheck.table(lines)


def test_a_throttled_turn_does_not_count():
    turns = iter([float("nan"), 100_000.0, 101_000.0])
    (line,) = crosscheck.compare({"copy": lambda: None}, lambda run: next(turns), lambda run: 100_000.0)
    assert (line["turns"], line["turns_throttled"], line["ours_ns"]) == (2, 1, 100_500.0)


FAKE = """#!/bin/bash
echo "${*//$'\\n'/ }" >>"$LOG"
echo "$PYTHONPATH" >"$LOG.path"
case "$1 $2 $3" in
    "-c "*) echo nvidia-h200 ;;
    "-m bench run")
        dir=; for a in "$@"; do [ "$dir" = next ] && dir=$a; [ "$a" = --out ] && dir=next; done
        [ "$dir" ] && mkdir -p "$dir" && touch "$dir/plan.json"
        [ "$4" = vq ] && [ ! -e "$LOG.again" ] && touch "$LOG.again" && exit 130
        [ "$4" = mel ] && exit 4
        exit 0 ;;
esac
exit 0
"""


def test_the_script_does_everything_once_and_goes_on_where_it_was_cut_short(tmp_path):
    python, log = tmp_path / "python", tmp_path / "log"
    python.write_text(FAKE)
    python.chmod(0o755)
    env = os.environ | {"PYTHON": str(python), "OUT": str(tmp_path / "out"), "LOG": str(log), "PYTHONPATH": "/wheels"}
    command = ["bash", str(ROOT / "tools/gpu.sh")]
    first = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (first.returncode, first.stdout.splitlines()[-1]) == (1, "not done: vq; call it again")
    assert "== mel: exit 4" in first.stdout  # somebody's wrong answer is a row, and no reason to measure again
    assert log.with_name("log.path").read_text() == f"{ROOT}:/wheels\n"  # what was brought along stays
    before = log.read_text().splitlines()
    results = tmp_path / "out/results/reference/nvidia-h200"
    assert f"-m bench report {results}/stft -o {tmp_path}/out/reports/reference/nvidia-h200/stft" in before
    second = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (second.returncode, second.stdout.splitlines()[-1]) == (0, "all done")
    again = log.read_text().splitlines()[len(before) :]
    assert [line for line in again if not line.startswith("-c")] == [
        f"-m bench run --resume {results}/vq",
        f"-m bench report {results}/vq -o {tmp_path}/out/reports/reference/nvidia-h200/vq",  # of all of it now
    ]


def test_one_file_is_brought_home_and_another_machine_goes_on_from_it(tmp_path):
    """The second machine has that file and nothing else of the first."""
    python, log, first, second = (tmp_path / name for name in ("python", "log", "first", "second"))
    python.write_text(FAKE)
    python.chmod(0o755)
    env = os.environ | {"PYTHON": str(python), "LOG": str(log)}
    command = ["bash", str(ROOT / "tools/gpu.sh")]
    done = subprocess.run(command, env=env | {"OUT": str(first)}, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1  # vq was interrupted
    assert sorted(path.name for path in first.iterdir()) == ["gpu.tar.gz", "reports", "results"]
    second.mkdir()
    (first / "gpu.tar.gz").rename(second / "gpu.tar.gz")
    (second / "results/reference").mkdir(parents=True)  # as in a checkout, of other machines
    before = len(log.read_text().splitlines())
    done = subprocess.run(command, env=env | {"OUT": str(second)}, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all done")
    results = second / "results/reference/nvidia-h200"
    assert [line for line in log.read_text().splitlines()[before:] if not line.startswith("-c")] == [
        f"-m bench run --resume {results}/vq",
        f"-m bench report {results}/vq -o {second}/reports/reference/nvidia-h200/vq",
    ]
    listed = subprocess.run(["tar", "-tzf", second / "gpu.tar.gz"], capture_output=True, text=True, check=True).stdout
    assert {"results/reference/nvidia-h200/vq/plan.json", "reports/reference/nvidia-h200/vq.txt"} <= set(listed.split())


@pytest.mark.parametrize(
    ("step", "code"), [("crosscheck", 1), ("crosscheck", 2), ("crosscheck", 3), ("conformance", 1)]
)
def test_a_fault_that_was_found_is_not_looked_for_again(tmp_path, step, code):
    """The clocks differ or cannot be compared here, or an implementation failed its examination: that is known then."""
    python, log = tmp_path / "python", tmp_path / "log"
    python.write_text(FAKE.replace("case", f'case "$*" in *{step}*) exit {code} ;; esac\ncase', 1))
    python.chmod(0o755)
    env = os.environ | {"PYTHON": str(python), "OUT": str(tmp_path / "out"), "LOG": str(log)}
    env["STEPS"] = step
    for _ in range(2):
        done = subprocess.run(
            ["bash", str(ROOT / "tools/gpu.sh")], env=env, capture_output=True, text=True, check=False, timeout=60
        )
    assert (done.returncode, done.stdout) == (0, "all done\n")
    assert len(re.findall("gpu_crosscheck.py|test_conformance.py", log.read_text())) == 1


def test_what_matters_most_comes_first_and_fits_into_one_call():
    text = (ROOT / "tools/gpu.sh").read_text()
    steps = re.findall(r"^ *(?:\[.* && )?step (\S+) (\d+)", text, re.MULTILINE)
    names, seconds = zip(*steps, strict=True)
    assert names[:4] == ("mel", "stft", "vq", "resample")
    assert sum(map(int, seconds[:4])) + 40 <= 60 * 9
    assert names[-2:] == ("conformance", '"report-$suite"')  # it may take all that is left; reports need no GPU


def test_without_a_gpu_it_says_so(tmp_path):
    env = os.environ | {"PYTHON": "false", "OUT": str(tmp_path / "out")}
    done = subprocess.run(
        ["bash", str(ROOT / "tools/gpu.sh")], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (2, "no NVIDIA GPU can be seen here\n")


def test_without_a_package_that_the_harness_needs_nothing_begins(tmp_path):
    python, log = tmp_path / "python", tmp_path / "log"
    lacks = "import[[:space:]]bench*) echo Traceback >&2; echo \"No module named 'soxr'\" >&2; exit 1 ;;\n"
    python.write_text(FAKE.replace('case "$1 $2 $3" in\n', f'case "$1 $2 $3" in\n    "-c "{lacks}'))
    python.chmod(0o755)
    env = os.environ | {"PYTHON": str(python), "OUT": str(tmp_path / "out"), "LOG": str(log)}
    done = subprocess.run(
        ["bash", str(ROOT / "tools/gpu.sh")], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (2, f"{python} cannot run bench: No module named 'soxr'\n")
    assert "bench run" not in log.read_text()


def test_a_gpu_that_cannot_be_opened_is_not_measured(tmp_path):
    """NVML shows it, CUDA does not: every row would be "unavailable", after minutes."""
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/bash\ncase "$2" in *pynvml*) echo nvidia-h200 ;; *) exec {sys.executable} "$@" ;; esac\n'
    )
    python.chmod(0o755)
    env = os.environ | {"PYTHON": str(python), "OUT": str(tmp_path / "out"), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        ["bash", str(ROOT / "tools/gpu.sh")], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{python} cannot run bench: bench.measure.gpu.NoGpu: ")
    assert not (tmp_path / "out").exists()


def test_no_step_begins_without_time(tmp_path):
    python, log = tmp_path / "python", tmp_path / "log"
    python.write_text(FAKE)
    python.chmod(0o755)
    env = os.environ | {"PYTHON": str(python), "OUT": str(tmp_path / "out"), "LOG": str(log), "MINUTES": "0"}
    done = subprocess.run(
        ["bash", str(ROOT / "tools/gpu.sh")], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1 and "== mel: no time left" in done.stdout
    assert "bench run" not in log.read_text()

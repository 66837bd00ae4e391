"""Command lines, and the reading of what the tools really write; the recorded outputs are theirs, shortened."""

import shutil
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.profiling import stacks, target
from bench.profiling.run import choose, profile
from bench.profiling.tools import NAMES, Refused, find, ncu, nsys, perf
from bench.profiling.wish import Wish

RECORDED = Path(__file__).parent / "recorded"


def wish(folder="x", tool="nsys", **more) -> Wish:
    return Wish("toy", "good", {"size": 64}, "add", tool, str(folder), **{"seconds": 0.3, **more})


def program(folder: Path, name: str, text: str) -> None:
    """A stand-in for a tool that is not on this machine."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_nsys_records_the_range_of_the_profilers_api_and_can_record_everything():
    command = nsys.command(["python", "x"], wish())
    assert command[1:4] == ["profile", "-t", "cuda,nvtx,osrt,cublas"]
    assert command[4:7] == ["--capture-range=cudaProfilerApi", "--capture-range-end=stop", "--force-overwrite=true"]
    assert command[7:] == ["-o", "x/nsys", "python", "x"]
    assert not any("capture-range" in word for word in nsys.command([], wish(), whole=True))


def test_nsys_rows_are_read_by_kernel_with_gaps_bandwidth_and_shape():
    hot = {h.name: h for h in nsys.hot(nsys.parse((RECORDED / "cuda_gpu_trace.csv").read_text()))}
    upload, saxpy = hot["[CUDA memcpy Host-to-Device]"], hot["saxpy(float, const float *, float *, unsigned long)"]
    assert sum(h.share for h in hot.values()) == pytest.approx(1)
    assert (upload.calls, upload.self_ms) == (2, pytest.approx((661398 + 660534) / 1e6))
    assert upload.more["gb_per_s"] == pytest.approx(6.337593)
    assert upload.more["gap_us"] == pytest.approx((1135375308 - 1134711990 - 661398) / 1e3)
    assert saxpy.calls == 2
    assert saxpy.more["mean_us"] == pytest.approx((7072 + 7128) / 2 / 1e3)
    first, second = 1136125733 - (1135375308 + 660534), 1136700775 - (1136151973 + 542802)
    assert saxpy.more["gap_us"] == pytest.approx((first + second) / 2 / 1e3)
    assert (saxpy.more["grid"], saxpy.more["block"], saxpy.more["registers"]) == ("4096x1x1", "256x1x1", 16)


@pytest.mark.parametrize("text", ["", "SKIPPED: nsys.sqlite does not contain CUDA trace data.\n"])
def test_nsys_without_kernels_has_no_rows(text):
    assert nsys.parse(text) == []


def test_ncu_counts_inside_the_range_of_a_sample_whose_name_is_escaped():
    command = ncu.command(["python"], wish(tool="ncu"))
    assert command[command.index("--nvtx-include") + 1] == r"bench@toy\/good\/size=64\/add\/sample/"
    assert command[command.index("--metrics") + 1].startswith("gpu__time_duration.sum,dram__bytes")
    assert command[command.index("--clock-control") + 1] == "none"  # its own default, base, locks the GPU's clocks
    assert command[-1] == "python"


def test_ncu_counters_become_columns_weighted_by_time():
    hot = {h.name: h for h in ncu.hot(ncu.parse((RECORDED / "ncu.csv").read_text()))}
    saxpy, fill = hot["saxpy(float, const float *)"], hot["fill"]
    assert (saxpy.calls, saxpy.self_ms, saxpy.share) == (2, pytest.approx(0.8), pytest.approx(0.8))
    assert saxpy.more["dram_gb_per_s"] == pytest.approx((1200 * 0.2 + 2000 * 0.6) / 0.8)
    assert saxpy.more["occupancy_percent"] == pytest.approx((80 * 0.2 + 40 * 0.6) / 0.8)
    assert "dram_percent" not in saxpy.more  # n/a is no number
    assert (fill.calls, fill.self_ms) == (1, pytest.approx(0.2))


def test_ncu_without_permission_says_what_to_do(tmp_path):
    (tmp_path / "ncu.csv").write_text("==ERROR== ERR_NVGPUCTRPERM - The user does not have permission\n")
    with pytest.raises(Refused, match="administrators"):
        ncu.read(wish(tmp_path, "ncu"), {"calls": 1, "call_ms": 1.0})


def test_perf_samples_become_stacks_from_the_first_call_below_python():
    text = """python
\t    7f10 rfft+0x1c (/usr/lib/libfft.so)
\t    7f11 forward+0x2 (/usr/lib/libfft.so)
\t    7f12 _PyEval_EvalFrameDefault+0x5e (/usr/lib/libpython3.11.so.1.0)
\t    7f13 Py_BytesMain+0x5e (/usr/lib/libpython3.11.so.1.0)

python
\t    7f11 forward+0x9 (/usr/lib/libfft.so)
\t    7f13 Py_BytesMain+0x5e (/usr/lib/libpython3.11.so.1.0)

"""
    found = perf.parse(text)
    below = "forward (libfft.so)"
    assert {stack[-2:]: n for stack, n in found.items() if len(stack) > 2} == {(below, "rfft (libfft.so)"): 1}
    assert sum(found.values()) == 2
    hot = {h.name: h for h in stacks.hottest(found, seconds=2.0)}
    assert hot[below].share == 0.5
    assert hot[below].more["with_callees_percent"] == 100
    assert hot["rfft (libfft.so)"].self_ms == 1000


def test_what_is_outside_the_calls_is_left_out():
    found = stacks.folded(
        "main (a.py:1);set_up (a.py:2) 7\nmain (a.py:1);profiled_calls (t.py:3);run (b.py:4);fft (c) 3\n"
    )
    assert stacks.inside(found, "profiled_calls") == {("run (b.py:4)", "fft (c)"): 3}
    assert stacks.folded(stacks.unfolded(found)) == found


def test_calls_of_a_gpu_count_when_they_are_done(monkeypatch, tmp_path):
    """The host launches in 1 ms what takes the device 10."""
    now, done = [0.0], [0.0]

    def launch():
        now[0] += 1e-3
        done[0] = max(done[0], now[0]) + 10e-3

    def wait():
        now[0] = max(now[0], done[0])

    op = SimpleNamespace(before=None)
    session = SimpleNamespace(
        hello=dict, open=lambda _: {"ops": ["add"]}, ready=lambda *_, **__: {"wrong": "", "call_ns": 10e6}, gpu="a GPU",
        measured={"add": (launch, (), 1, 0.0)}, clocks={"add": SimpleNamespace(wait=wait)}, ops={"add": op},
    )  # fmt: skip
    monkeypatch.setattr(target, "Session", lambda *_: session)
    monkeypatch.setattr(target, "perf_counter", lambda: now[0])
    monkeypatch.setattr(ncu, "bracket", lambda wish: nullcontext())
    found = target.facts(wish(tmp_path, "ncu", seconds=2.0))
    assert found == {"calls": 200, "call_ms": pytest.approx(10, rel=0.01)}


def test_every_tool_says_where_to_get_it():
    for name in NAMES:
        tool = find(name)
        assert tool.about and tool.remedy
    with pytest.raises(ValueError, match="did you mean nsys"):
        find("nsis")


@pytest.fixture
def without_tools(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("tool", ["nsys", "ncu", "perf", "py-spy"])
def test_a_tool_that_is_not_installed_is_refused_in_one_line(tool, without_tools, tmp_path):
    with pytest.raises(Refused, match=f"^{tool} is not installed; to get it: "):
        profile(wish(tmp_path / "p", tool))
    assert not (tmp_path / "p").exists()


NSYS = r"""
case "$1" in
stats) cat "$RECORDED/cuda_gpu_trace.csv"; exit 0 ;;
--version) echo "NVIDIA Nsight Systems version 2025.3.1"; exit 0 ;;
esac
whole=yes
for word; do
    case "$word" in --capture-range=*) whole=no ;; esac
done
while [ "$1" != -o ]; do shift; done
out=$2; shift 2
[ $whole = yes ] && touch "$out.nsys-rep"
exec "$@"
"""


def test_an_empty_range_is_recorded_again_whole_and_said(toys, tmp_path, monkeypatch):
    monkeypatch.setenv("RECORDED", str(RECORDED))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "nsys", NSYS)
    monkeypatch.setattr("bench.profiling.tools.nsys.which", lambda name: str(tmp_path / name))
    driver = tmp_path / "libcuda.so.1"
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler is here to build the driver's stand-in with")
    names = ("cuProfilerStart", "cuProfilerStop", "cuCtxSynchronize")
    text = "".join(f"int {name}(void) {{ return 0; }}" for name in names)
    subprocess.run([compiler, "-shared", "-x", "c", "-", "-o", driver], input=text, text=True, check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    made = profile(wish(tmp_path / "profile", "nsys"))
    assert "the whole process was recorded" in made.notes[0]
    assert made.version == "NVIDIA Nsight Systems version 2025.3.1"
    assert len(made.hot) == 3
    assert made.files == ["nsys.nsys-rep"]


def real(tool: str) -> None:
    if not find(tool).program(wish(tool=tool)):
        pytest.skip(f"{tool} is not installed here")


def test_py_spy_finds_the_busy_line(toys, tmp_path):
    real("py-spy")
    made = profile(wish(tmp_path / "p", "py-spy", seconds=2.0))
    assert made.hot[0].name.startswith("good.<locals>.run (good.py:")
    assert made.calls > 10_000  # of a microsecond, for all of the two seconds: samples need time
    assert "good.py" in (tmp_path / "p" / "flame.svg").read_text()
    assert sum(h.share for h in made.hot) == pytest.approx(1, abs=0.2)


def test_perf_sees_the_calls_only(toys, tmp_path):
    real("perf")
    try:
        made = profile(wish(tmp_path / "p", "perf"))
    except Refused as refusal:
        pytest.skip(str(refusal))
    assert made.hot
    assert not any("dlopen" in h.name or "PyImport" in h.name for h in made.hot)


def test_torch_sees_no_operator_of_numpy(toys, tmp_path):
    real("torch")
    with pytest.raises(Refused, match="saw none of its operators in good; --tool py-spy"):
        profile(wish(tmp_path / "p", "torch", seconds=0.02))


@pytest.mark.parametrize(
    ("impl", "op", "reason"),
    [("wrong", "add", "its answer is wrong"), ("raises", "add", "raises: "), ("good", "shout", "offers no shout")],
)
def test_what_fails_is_told_in_one_line(toys, tmp_path, impl, op, reason):
    real("torch")
    failing = Wish("toy", impl, {"size": 64}, op, "torch", str(tmp_path / "p"), seconds=0.02)
    with pytest.raises(Refused, match=reason) as caught:
        profile(failing)
    assert "\n" not in str(caught.value)


def test_a_choice_is_made_plain(toys):
    chosen = choose(toys, "toy", "good", ["size=256"], "", "", device="cpu")
    assert (chosen.case, chosen.op, chosen.tool) == ({"size": 256}, "add", "py-spy")
    with pytest.raises(ValueError, match="does not run on cuda; it runs on cpu"):
        choose(toys, "toy", "good", [], "", "", device="cuda")
    with pytest.raises(ValueError, match="did you mean good"):
        choose(toys, "toy", "goood", [], "", "")

"""The doctor: each ailment is made up, and must be found with a remedy; a healthy machine must be let go."""

import os
import subprocess
import sys
from collections import namedtuple
from types import SimpleNamespace

import pytest

from bench import doctor, hardware, software
from bench.checks import Finding, gpu, machine, state
from bench.core import Implementation
from bench.registry import Registry


def one(check, subject=None) -> Finding:
    """The finding of a check that makes one (or the one on ``subject``)."""
    [finding] = [f for f in check() if subject in (None, f.subject)]
    assert finding.sentence and "\n" not in finding.sentence
    assert bool(finding.remedy) == (finding.level != "ok"), "a remedy exactly where something is wrong"
    return finding


def returns(monkeypatch, module, **facts):
    for name, fact in facts.items():
        monkeypatch.setattr(module, name, lambda fact=fact: fact)


# --- all together ----------------------------------------------------------------------------------------------------


def test_examine_on_this_machine():
    findings = doctor.examine()
    subjects = (
        "other processes,load,noise,governor,turbo,heat,SMT,virtual machine,CPU quota,timer,"
        "allocator,swap,memory,disk,results"
    )
    assert set(subjects.split(",")) <= {f.subject for f in findings}
    for finding in findings:
        assert finding.level in ("ok", "warn", "bad") and finding.sentence
        assert bool(finding.remedy) == (finding.level != "ok")


def test_a_check_that_fails_becomes_a_warning():
    def strange_sensor():
        raise OSError("gone")

    def fine():
        yield Finding("fine", "ok", "all is well")

    failed, after = doctor.examine([strange_sensor, fine])
    assert (failed.subject, failed.level) == ("strange sensor", "warn") and "OSError: gone" in failed.sentence
    assert after.subject == "fine"


# --- the machine -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found, level",
    [(None, "ok"), (["performance"], "ok"), (["powersave"], "warn"), (["ondemand", "performance"], "warn")],
)
def test_governor(monkeypatch, found, level):
    returns(monkeypatch, hardware, governor=found)
    assert one(machine.governor).level == level


def test_turbo_and_its_switch(monkeypatch, tmp_path):
    monkeypatch.setattr(hardware, "ROOT", tmp_path)
    assert one(machine.turbo).level == "ok"
    for switch, on, off in (("cpufreq/boost", "1", "0"), ("intel_pstate/no_turbo", "0", "1")):
        path = tmp_path / "sys/devices/system/cpu" / switch
        path.parent.mkdir(parents=True)
        path.write_text(on)
        finding = one(machine.turbo)
        assert finding.level == "warn" and finding.remedy.startswith(f"echo {off} ") and finding.remedy.endswith(switch)
        path.write_text(off)
        assert one(machine.turbo).level == "ok"


@pytest.mark.parametrize(
    "throttled, celsius, level", [(None, 50, "ok"), (0, 50, "ok"), (3, 50, "warn"), (0, 90, "bad")]
)
def test_heat(monkeypatch, throttled, celsius, level):
    sensor = SimpleNamespace(label="core 0", current=celsius, high=85.0)
    returns(monkeypatch, hardware, throttled=throttled)
    returns(
        monkeypatch, machine, _temperatures={"coretemp": [sensor, SimpleNamespace(label="", current=99, high=None)]}
    )
    assert one(machine.heat).level == level


def test_battery(monkeypatch):
    for state_, found in (
        (None, 0),
        (SimpleNamespace(power_plugged=True), 0),
        (SimpleNamespace(power_plugged=False), 1),
    ):
        monkeypatch.setattr(machine.psutil, "sensors_battery", lambda s=state_: s, raising=False)
        assert len(list(machine.battery())) == found


@pytest.mark.parametrize("active, level", [(None, "ok"), (False, "ok"), (True, "warn")])
def test_sibling_threads(monkeypatch, active, level):
    returns(monkeypatch, hardware, smt=active)
    assert one(machine.sibling_threads).level == level


@pytest.mark.parametrize(
    "guest, stolen_since_start, stolen_now, level",
    [(False, 0, 0, "ok"), (True, 0, 0, "warn"), (True, 5, 0, "warn"), (True, 100, 0, "bad"), (True, 0, 10, "bad")],
)
def test_virtual_machine(monkeypatch, guest, stolen_since_start, stolen_now, level):
    later = {"total": 2060, "idle": 1000, "steal": stolen_since_start + stolen_now}
    readings = iter([{"total": 2000, "idle": 1000, "steal": stolen_since_start}, later])
    monkeypatch.setattr(hardware, "ticks", lambda: next(readings))
    monkeypatch.setattr(machine, "WATCH_SECONDS", 0)
    returns(monkeypatch, hardware, virtual={"machine": guest, "maker": "", "container": False})
    assert one(machine.virtual_machine).level == level


@pytest.mark.parametrize("cpus, throttled, level", [(None, 0, "ok"), (4.0, 0, "ok"), (1.5, 0, "bad"), (4.0, 9, "warn")])
def test_quota(monkeypatch, cpus, throttled, level):
    returns(monkeypatch, hardware, cgroup={"cpus": cpus, "memory": None, "throttled": throttled}, affinity=[0, 1, 2, 3])
    assert one(machine.quota).level == level


@pytest.mark.parametrize(
    "source, step, level", [("tsc", 30, "ok"), (None, 30, "ok"), ("hpet", 30, "warn"), ("tsc", 10**6, "warn")]
)
def test_timer(monkeypatch, source, step, level):
    returns(monkeypatch, hardware, clock_source=source)
    returns(monkeypatch, software, clock={"name": "c", "resolution_ns": 1.0, "step_ns": step})
    assert one(machine.timer).level == level


# --- its state -------------------------------------------------------------------------------------------------------


def test_a_busy_process_is_named(monkeypatch):
    monkeypatch.setattr(state, "WATCH_SECONDS", 1.0)  # long enough for it to get its turn on a crowded machine
    spinner = subprocess.Popen([sys.executable, "-c", "print(1, flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
    try:
        spinner.stdout.readline()
        before = state._processor_times()
        finding = one(state.busy_processes)
        after = state._processor_times()
        [key] = [key for key in after if key[0] == spinner.pid]
        assert after[key] > before[key], "its time is seen"
        assert finding.level in ("warn", "bad") and "use" in finding.sentence
    finally:
        spinner.kill()
        spinner.communicate()


def test_processes_that_sleep_are_let_be(monkeypatch):
    monkeypatch.setattr(state, "WATCH_SECONDS", 0.01)
    returns(monkeypatch, state, _processor_times={(1, "init"): 5.0})
    assert one(state.busy_processes).level == "ok"


@pytest.mark.parametrize("seconds, level", [(0.0001, "ok"), (0.2, "warn"), (0.9, "bad")])
def test_busy_shares(monkeypatch, seconds, level):
    """Two processes that, in one second, each take ``seconds`` of one of two processors."""
    readings = iter([{(1, "a"): 5.0, (2, "b"): 1.0}, {(1, "a"): 5 + seconds, (2, "b"): 1 + seconds, (3, "new"): 9.0}])
    moments = iter([100.0, 101.0])
    monkeypatch.setattr(state, "_processor_times", lambda: next(readings))
    monkeypatch.setattr(state, "time", SimpleNamespace(monotonic=lambda: next(moments), sleep=lambda s: None))
    returns(monkeypatch, hardware, affinity=[0, 1])
    finding = one(state.busy_processes)
    assert finding.level == level and ("a 20%" in finding.sentence) == (level == "warn")


@pytest.mark.parametrize("rates, level", [([12.6, 12.4, 12.5, 12.6], "ok"), ([12.6, 8.1, 7.9, 12.5], "warn")])
def test_a_core_that_somebody_else_has_a_part_of(monkeypatch, rates, level):
    returns(monkeypatch, machine, add_rates=rates)
    finding = one(machine.whole_core)
    assert finding.level == level and ("50% of 4 moments a core began 63%" in finding.sentence) == (level == "warn")


def test_whole_cores_take_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "audiokern", None)
    finding = one(machine.whole_core)
    assert finding.level == "ok" and "takes the C library" in finding.sentence


def test_additions_are_counted(monkeypatch):
    pytest.importorskip("audiokern", reason="the C library is not built")
    monkeypatch.setattr(machine, "MOMENTS", 2)
    rates = machine.add_rates()
    assert len(rates) == 2 and all(0.01 < rate < 100 for rate in rates), "1e9 a second, of one core"


@pytest.mark.parametrize("average, level", [(0.3, "ok"), (2.0, "warn"), (4.5, "bad")])
def test_load(monkeypatch, average, level):
    returns(monkeypatch, hardware, load=[average, 0, 0])
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert one(state.load).level == level


@pytest.mark.parametrize("width, level", [(0.01, "ok"), (0.08, "warn"), (0.5, "bad")])
def test_noise(monkeypatch, width, level):
    returns(monkeypatch, state, spread=(0.001, width))
    assert one(state.noise).level == level


def test_spread_sees_what_varies(monkeypatch):
    """Work whose every second repeat takes half as long again varies by 40% of its median."""
    durations = iter([0.001 * (1 + 0.5 * (k % 2)) for k in range(1000)])
    monkeypatch.setattr(state, "_spin", lambda count: next(durations))
    median, width = state.spread(spins=100)
    assert median == pytest.approx(0.0015) and width == pytest.approx(1 / 3)


def test_spread_of_real_work():
    median, width = state.spread(spins=20)
    assert median > 0 and width >= 0


@pytest.mark.parametrize(
    "swap_used, available, swap, memory",
    [(0, 20, "ok", "ok"), (1, 20, "warn", "ok"), (0, 3, "ok", "warn"), (0, 0.5, "ok", "bad")],
)
def test_memory(monkeypatch, swap_used, available, swap, memory):
    facts = {
        "total": 32 << 30,
        "available": int(available * 2**30),
        "swap_total": 2 << 30,
        "swap_used": swap_used << 30,
    }
    returns(monkeypatch, hardware, memory=facts)
    assert (one(state.memory, "swap").level, one(state.memory, "memory").level) == (swap, memory)


@pytest.mark.parametrize(
    "library, variables, level, word",
    [
        ("glibc 2.36", {}, "ok", "2.36"),
        ("glibc 2.36", {"MALLOC_ARENA_MAX": "1"}, "ok", "2.36"),
        ("", {}, "warn", "unknown"),
        ("glibc 2.36", {"LD_PRELOAD": "libjemalloc.so"}, "warn", "libjemalloc"),
        ("glibc 2.36", {"MALLOC_PERTURB_": "3"}, "bad", "MALLOC_PERTURB_"),
        ("glibc 2.36", {"PYTHONMALLOC": "debug"}, "bad", "PYTHONMALLOC"),
    ],
)
def test_allocator(monkeypatch, library, variables, level, word):
    returns(monkeypatch, software, allocator={"library": library, "variables": variables})
    finding = one(state.allocator)
    assert finding.level == level and word in finding.sentence


@pytest.mark.parametrize("free, level", [(50 << 30, "ok"), (1 << 30, "warn"), (1 << 20, "bad")])
def test_disk(monkeypatch, free, level):
    monkeypatch.setattr(state.shutil, "disk_usage", lambda path: namedtuple("Usage", "free")(free))
    assert one(state.disk).level == level


def test_results_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert one(state.results_folder).level == "ok", "it need not exist yet"
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    (tmp_path / "results").mkdir()
    assert one(state.results_folder).level == "ok"
    assert list((tmp_path / "results").iterdir()) == []


def test_results_folder_on_a_read_only_disk(monkeypatch, tmp_path):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(state.tempfile, "NamedTemporaryFile", refuse)
    finding = one(state.results_folder)
    assert finding.level == "bad" and "Read-only file system" in finding.sentence and "--out" in finding.remedy


HEALTHY = {
    "name": "X",
    "throttle": "0x0000000000000001",
    "temperature.gpu": "35",
    "utilization.gpu": "0",
    "memory.used": "4",
    "memory.total": "81559",
    "persistence_mode": "Enabled",
}


@pytest.mark.parametrize(
    "fact, level, word",
    [
        ({}, "ok", "idle"),
        ({"throttle": "[N/A]", "temperature.gpu": "[N/A]"}, "ok", "idle"),
        ({"throttle": "0x04"}, "warn", "power cap"),
        ({"throttle": "0x60"}, "bad", "heat"),
        ({"temperature.gpu": "90"}, "warn", "90 °C"),
        ({"utilization.gpu": "20"}, "warn", "20% busy"),
        ({"utilization.gpu": "99"}, "bad", "99% busy"),
        ({"memory.used": "40000"}, "warn", "49% of its memory"),
        ({"persistence_mode": "Disabled"}, "warn", "persistence"),
    ],
)
def test_gpu(monkeypatch, fact, level, word):
    returns(monkeypatch, hardware, gpus=[HEALTHY | fact])
    finding = one(gpu.gpus)
    assert (finding.subject, finding.level) == ("GPU 0", level) and word in finding.sentence


def test_no_gpu_is_no_ailment(monkeypatch):
    returns(monkeypatch, hardware, gpus=[])
    assert one(gpu.gpus).level == "ok"


# --- what is missing -------------------------------------------------------------------------------------------------


def implementation(name, requires, extra=""):
    return Implementation("s", name, lambda case: None, requires, extra)


def test_missing_extras_and_their_commands():
    here, gone = "json", "surely_no_such_module"
    registry = Registry(
        implementations=[
            implementation("plain", ()),
            implementation("has", (here,), "basic"),
            implementation("lacks", (here, gone), "shiny"),
            implementation("lacks:fast", (here, gone), "shiny"),
            implementation("alone", ("nor_this.either",)),
        ]
    )
    nameless, shiny = doctor.missing(registry)
    assert shiny == doctor.Missing("shiny", (gone,), ("s/lacks", "s/lacks:fast"), "pip install 'audio-bench[shiny]'")
    assert (nameless.extra, nameless.modules, nameless.implementations) == ("", ("nor_this.either",), ("s/alone",))
    assert "pip install" not in nameless.command


def test_what_helpers_import_is_missed_too(monkeypatch):
    monkeypatch.setattr(doctor, "present", lambda module: not module.startswith("cuda."))
    registry = Registry(implementations=[implementation("gpu", ("impls._cuda",), "cuda")])
    assert [m.modules for m in doctor.missing(registry)] == [("cuda.bindings", "cuda.core")]
    assert doctor.needed(["impls.codec._vo_amrwbenc"])[-1] == "impls.codec._library", "of helpers of helpers, too"


def test_modules_are_found_without_being_imported(tmp_path, monkeypatch):
    package = tmp_path / "heavy_package" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "heavy_package" / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "leaf.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert doctor.present("heavy_package") and doctor.present("heavy_package.inner.leaf")
    assert not doctor.present("heavy_package.other") and not doctor.present("heavy_package.inner.leaf.more")
    assert doctor.present("sys") and "heavy_package" not in sys.modules


def test_instructions_chosen_by_hand_are_told(monkeypatch):
    for name in state.STEERING:
        monkeypatch.delenv(name, raising=False)
    assert [f.level for f in state.instructions()] == ["ok"]
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    (found,) = state.instructions()
    assert found.level == "warn" and "OPENBLAS_CORETYPE=Haswell" in found.sentence
    assert found.remedy.startswith("unset OPENBLAS_CORETYPE")

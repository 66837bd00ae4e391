"""The environment record: facts from machines that the tests make up, and probes that fail."""

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from bench import environment, hardware, software
from bench.measure import limits

CPUS = "sys/devices/system/cpu"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Lay files below a root of our own: machine({"proc/cpuinfo": "..."})."""
    monkeypatch.setattr(hardware, "ROOT", tmp_path / "root")

    def lay(files):
        for name, content in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return lay


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Put a program of that name, and nothing else, on the path."""

    def install(script):
        tool = tmp_path / "bin" / "nvidia-smi"
        tool.parent.mkdir()
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tool.parent}:/bin:/usr/bin")

    return install


# --- the record ------------------------------------------------------------------------------------------------------


def test_every_probe_is_recorded_or_named_as_failed():
    record = environment.collect()
    assert set(record) == {"machine", "failed"} | (set(environment.PROBES) - set(record["failed"]))
    assert set(record["failed"]) <= {"gpus"}, "only a broken driver may fail here"
    assert json.loads(json.dumps(record)) == record


def test_a_probe_that_fails_takes_nothing_with_it(monkeypatch):
    def broken():
        raise OSError("the sensor fell off")

    monkeypatch.setitem(environment.PROBES, "memory", broken)
    record = environment.collect()
    assert record["failed"]["memory"] == "OSError: the sensor fell off"
    assert "memory" not in record and record["cpu"]["logical"] >= 1
    assert dict(environment.describe(record))["Not recorded"].startswith("memory (OSError")


def test_a_machine_without_proc_and_sys_still_has_a_record(machine):
    record = environment.collect()
    assert record["cpu"]["logical"] >= 1 and record["governor"] is None and record["caches"] == {}
    assert record["machine"].endswith("g")


def test_nobody_is_named(monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "annas-laptop")
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    record = environment.collect()
    text = json.dumps({name: value for name, value in record.items() if name != "packages"})
    assert "annas-laptop" not in text and "hunter2" not in text and str(Path.home()) + "/" not in text
    assert record["host"] == hardware.host()
    monkeypatch.setattr(platform, "node", lambda: "bens-laptop")
    assert record["host"] != hardware.host()


def test_description_of_this_machine():
    lines = dict(environment.describe(environment.collect()))
    assert {"Machine", "CPU", "Memory", "System", "Timer", "Versions", "Allocator"} <= set(lines)
    assert all(value and "\n" not in value for value in lines.values())
    assert f"Python {platform.python_version()}" in lines["Versions"]


@pytest.mark.parametrize("value", [None, {}, [], "text", 7])
def test_description_of_a_record_that_is_damaged(value):
    assert environment.describe({}) == []
    whole = environment.collect()
    for name in whole:
        lines = dict(environment.describe({**whole, name: value}))
        assert len(lines) >= 12, f"only what needs {name} is left out"


MODELS = [
    ("AMD EPYC", "26 2", 2, 23.5, "amd-epyc-f26m2-2c-24g"),
    ("Intel(R) Xeon(R) Platinum 8480+", "6 143", 112, 503.5, "intel-xeon-platinum-8480-112c-504g"),
    ("Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", "6 140", 8, 15.4, "intel-i7-1165g7-8c-16g"),
    (
        "AMD Ryzen 7 7840U w/ Radeon 780M Graphics",
        "25 116",
        16,
        30.7,
        "amd-ryzen-7-7840u-w-radeon-780m-graphics-16c-31g",
    ),
    (
        "AMD Ryzen Threadripper PRO 5995WX 64-Cores",
        "25 8",
        128,
        251,
        "amd-ryzen-threadripper-pro-5995wx-64-cores-128c-251g",
    ),
    ("0xd0c", "", 64, 124.1, "0xd0c-64c-125g"),
    ("", "", 4, 8, "unknown-4c-8g"),
]


@pytest.mark.parametrize("model, family, cores, gibibytes, expected", MODELS)
def test_machine_id(model, family, cores, gibibytes, expected):
    cpu = {"model": model, "family": family, "logical": cores}
    assert environment.machine_id({"cpu": cpu, "memory": {"total": int(gibibytes * 2**30)}}) == expected


def test_machine_id_tells_virtual_machines_of_one_name_apart():
    one, other = (
        environment.machine_id({"cpu": {"model": "AMD EPYC", "family": family, "logical": 2}})
        for family in ("25 1", "26 2")
    )
    assert one != other


def test_machine_id_of_nothing():
    assert environment.machine_id({}) == "unknown-0c-0g"


# --- hardware --------------------------------------------------------------------------------------------------------


def test_intel_and_arm_features(machine):
    machine({"proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu avx2 avx512f fma\n\nprocessor\t: 1\nflags\t: amx_tile\n"})
    assert hardware.features() == ["avx2", "fma", "avx512f"]
    machine({"proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd sve2 bf16\nCPU part\t: 0xd0c\n"})
    assert hardware.features() == ["asimd", "bf16", "sve2"]
    assert hardware.cpu()["model"] == "0xd0c"


def test_caches(machine):
    for number, facts in enumerate(
        [("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", "2M"), ("3", "Unified", "512")]
    ):
        machine(
            {
                f"{CPUS}/cpu0/cache/index{number}/{name}": fact
                for name, fact in zip(("level", "type", "size"), facts, strict=True)
            }
        )
    assert hardware.caches() == {"L1d": 49152, "L1i": 32768, "L2": 2 << 20, "L3": 512}
    assert limits.working_sets() == [256, 24576, 1 << 20, 256 << 20]


def test_caches_whose_size_nobody_tells(machine):
    machine({f"{CPUS}/cpu0/cache/index0/{name}": fact for name, fact in (("level", "1"), ("type", "Data"))})
    assert hardware.caches() == {} and limits.working_sets()[-1] == 256 << 20


def test_governors_without_repeats(machine):
    assert hardware.governor() is None
    for number, name in enumerate(["powersave", "performance", "powersave"]):
        machine({f"{CPUS}/cpu{number}/cpufreq/scaling_governor": f"{name}\n"})
    assert hardware.governor() == ["performance", "powersave"]


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("intel_pstate/no_turbo", "1", False),
        ("intel_pstate/no_turbo", "0", True),
        ("cpufreq/boost", "1", True),
        ("cpufreq/boost", "0", False),
        ("cpufreq/boost", "?", None),
    ],
)
def test_turbo(machine, name, value, expected):
    assert hardware.turbo() is None
    machine({f"{CPUS}/{name}": value})
    assert hardware.turbo() is expected


def test_smt_and_throttling_and_huge_pages(machine):
    assert (hardware.smt(), hardware.throttled(), hardware.huge_pages()) == (None, None, None)
    machine({f"{CPUS}/smt/active": "1\n", "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n"})
    machine({f"{CPUS}/cpu{n}/thermal_throttle/core_throttle_count": f"{n}\n" for n in (2, 3)})
    assert (hardware.smt(), hardware.throttled(), hardware.huge_pages()) == (True, 5, "madvise")


def test_frequency(machine):
    assert hardware.frequency() == {"now": None, "min": None, "max": None}
    machine({"proc/cpuinfo": "cpu MHz : 2596.1\n", f"{CPUS}/cpu0/cpufreq/cpuinfo_max_freq": "3500000\n"})
    assert hardware.frequency() == {"now": 2596.1, "min": None, "max": 3500.0}


def test_virtual_machines_and_containers(machine):
    assert hardware.virtual() == {"machine": False, "maker": "", "container": False}
    machine({"proc/cpuinfo": "flags : fpu hypervisor\n", "sys/class/dmi/id/sys_vendor": "QEMU\n", ".dockerenv": ""})
    assert hardware.virtual() == {"machine": True, "maker": "QEMU", "container": True}


GROUPS = {
    "none": ({}, None, None, 0),
    "v2, no limit": ({"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/b/cpu.max": "max 100000"}, None, None, 0),
    "v2": (
        {
            "proc/self/cgroup": "0::/a",
            "sys/fs/cgroup/a/cpu.max": "150000 100000",
            "sys/fs/cgroup/a/memory.max": "1048576",
            "sys/fs/cgroup/a/cpu.stat": "usage_usec 12\nnr_throttled 7",
        },
        1.5,
        1048576,
        7,
    ),
    "v2 in a container": ({"proc/self/cgroup": "0::/not/seen", "sys/fs/cgroup/cpu.max": "50000 100000"}, 0.5, None, 0),
    "v2, limits of the groups above": (
        {
            "proc/self/cgroup": "0::/a/b/c",
            "sys/fs/cgroup/a/cpu.max": "150000 100000",
            "sys/fs/cgroup/a/b/cpu.max": "300000 100000",
            "sys/fs/cgroup/a/b/c/cpu.max": "max 100000",
            "sys/fs/cgroup/a/b/memory.max": "4096",
            "sys/fs/cgroup/a/b/c/memory.max": "max",
        },
        1.5,
        4096,
        0,
    ),
    "v1, a quota of the group above": (
        {
            "proc/self/cgroup": "2:cpu,cpuacct:/a/b",
            "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "50000",
            "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us": "100000",
        },
        0.5,
        None,
        0,
    ),
    "v1": (
        {
            "proc/self/cgroup": "4:memory:/m\n2:cpu,cpuacct:/c:d\n0::/",
            "sys/fs/cgroup/cpu/c:d/cpu.cfs_quota_us": "200000",
            "sys/fs/cgroup/cpu/c:d/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/m/memory.limit_in_bytes": "4096",
        },
        2.0,
        4096,
        0,
    ),
    "v1, no limit": (
        {
            "proc/self/cgroup": "2:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        },
        None,
        None,
        0,
    ),
}


@pytest.mark.parametrize("files, cpus, memory, throttled", GROUPS.values(), ids=GROUPS)
def test_control_groups(machine, files, cpus, memory, throttled):
    machine(files)
    assert hardware.cgroup() == {"cpus": cpus, "memory": memory, "throttled": throttled}


def test_ticks(machine):
    machine({"proc/stat": "cpu  10 1 5 70 4 1 2 7 100 100\ncpu0 1 1 1\n"})
    assert hardware.ticks() == {"total": 100, "idle": 74, "steal": 7}


GPU_LINE = "NVIDIA X, 580.1, 81559, 4, 0, 35, 70.1, 700.0, 345, 1980, 2619, P0, Enabled, Disabled, 0x0000000000000001"


def test_no_gpu(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert hardware.gpus() == []


def test_gpus(nvidia_smi):
    nvidia_smi(f"echo '{GPU_LINE}'; echo '{GPU_LINE}'")
    first, second = hardware.gpus()
    assert first == second and (first["name"], first["memory.total"], first["throttle"]) == (
        "NVIDIA X",
        "81559",
        "0x0000000000000001",
    )
    assert dict(environment.describe({"gpus": [first]})) == {"GPU": "NVIDIA X, 81559 MiB, driver 580.1"}


def test_a_driver_that_knows_only_the_older_name_of_a_field(nvidia_smi):
    nvidia_smi(f"case \"$1\" in *event_reasons*) echo 'Field is not valid'; exit 2;; *) echo '{GPU_LINE}';; esac")
    assert hardware.gpus()[0]["throttle"] == "0x0000000000000001"


@pytest.mark.parametrize(
    "script", ["echo 'Failed to communicate with the driver'; exit 9", "echo 'one, two'", "exit 1"]
)
def test_a_broken_driver_is_recorded_as_such(nvidia_smi, script):
    nvidia_smi(script)
    record = environment.collect()
    assert "gpus" in record["failed"] and "gpus" not in record
    assert ("driver" in record["failed"]["gpus"]) == ("driver" in script)


def test_a_driver_that_hangs(nvidia_smi, monkeypatch):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    nvidia_smi("sleep 100")
    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(OSError, match="no answer within 20 s"):
        hardware.gpus()


# --- software --------------------------------------------------------------------------------------------------------


def test_only_variables_that_matter_are_recorded(monkeypatch):
    for name, value in {"OMP_NUM_THREADS": "3", "MALLOC_ARENA_MAX": "1", "MY_OMP_NUM_THREADS": "9"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LD_PRELOAD", "/home/anna/lib/libjemalloc.so.2:/opt/x.so")
    assert software.thread_variables()["OMP_NUM_THREADS"] == "3"
    assert "MY_OMP_NUM_THREADS" not in software.thread_variables()
    tuned = software.allocator()["variables"]
    assert tuned["MALLOC_ARENA_MAX"] == "1" and tuned["LD_PRELOAD"] == "libjemalloc.so.2 x.so"


def test_packages_and_blas():
    import numpy

    assert software.packages()["numpy"] == numpy.__version__
    assert list(software.packages()) == sorted(software.packages())
    assert all("/" not in library["file"] for library in software.blas())


def test_the_clock_moves():
    assert 0 < software.clock()["step_ns"] < 10**8


def git(folder, *arguments):
    identity = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b.c",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.hooksPath=/dev/null",
    ]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    (tmp_path / "repo" / "bench").mkdir(parents=True)
    (tmp_path / "repo" / "bench" / "__init__.py").write_text("")
    git(tmp_path / "repo", "init", "-q")
    git(tmp_path / "repo", "add", ".")
    git(tmp_path / "repo", "commit", "-q", "-m", "one")
    return tmp_path / "repo"


def test_the_commit_of_a_checkout(checkout, tmp_path, monkeypatch):
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))  # as in a hook of another repository
    clean = software.revision(checkout / "bench")
    assert len(clean["commit"]) == 40 and clean["dirty"] is False
    (checkout / "bench" / "__init__.py").write_text("changed = True\n")
    assert software.revision(checkout / "bench") == {**clean, "dirty": True}


def test_an_installed_copy_has_no_commit_even_inside_a_checkout(checkout, tmp_path):
    inside = checkout / ".venv" / "bench"
    outside = tmp_path / "elsewhere" / "bench"
    for copy in (inside, outside):
        shutil.copytree(checkout / "bench", copy)
        assert software.revision(copy)["commit"] == "" and software.revision(copy)["dirty"] is None


def test_no_git(checkout, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert software.revision(checkout / "bench")["commit"] == ""


def test_affinity_is_ours():
    assert hardware.affinity() == sorted(os.sched_getaffinity(0))

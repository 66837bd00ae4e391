"""What runs on this machine: system, Python, libraries, allocator, revision. One small function a fact."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

DISTRIBUTION = "audio-bench"

THREAD_NAMES = re.compile(r"(OMP|KMP|GOMP|OPENBLAS|MKL|BLIS|NUMEXPR|NUMBA|VECLIB)_[A-Z_]+|CUDA_VISIBLE_DEVICES")
ALLOCATOR_NAMES = re.compile(r"MALLOC_[A-Z_]+|GLIBC_TUNABLES|LD_PRELOAD|PYTHONMALLOC")
"""Environment variables that change how fast code runs; nothing else of the environment is recorded."""


def system() -> dict[str, str]:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    return {"name": name or platform.system(), "kernel": f"{platform.system()} {platform.release()}"}


def python() -> dict[str, Any]:
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "gil": bool(getattr(sys, "_is_gil_enabled", lambda: True)()),
        "optimize": sys.flags.optimize,
    }


def packages() -> dict[str, str]:
    """{name: version} of every distribution of this Python, names in lower case, sorted."""
    said = (d.metadata for d in metadata.distributions())  # parsed each time that it is asked for
    found = {(of["Name"] or "").lower(): of["Version"] for of in said}
    return {name: found[name] for name in sorted(found) if name}


def blas() -> list[dict[str, Any]]:
    """The BLAS and OpenMP libraries that are loaded, by threadpoolctl; file names without their folders."""
    import numpy.linalg  # noqa: F401  (its BLAS is loaded now)
    from threadpoolctl import threadpool_info

    keep = ("user_api", "internal_api", "version", "num_threads", "architecture", "threading_layer")
    return [
        {name: library[name] for name in keep if library.get(name) is not None}
        | {"file": os.path.basename(library.get("filepath", ""))}
        for library in threadpool_info()
    ]


def revision(folder: Path | None = None) -> dict[str, Any]:
    """The project's version, and its git commit where this file is part of a checkout (``dirty``: with changes).

    An installed copy has no commit, not even one that lies in a folder of somebody's repository.
    """
    here = folder or Path(__file__).resolve().parent
    try:
        version = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        version = ""
    found: dict[str, Any] = {"version": version, "commit": "", "dirty": None}
    if shutil.which("git") and _git(here, "ls-files", "--", "__init__.py"):
        found["commit"] = _git(here, "rev-parse", "HEAD")
        found["dirty"] = bool(_git(here, "status", "--porcelain", "--untracked-files=no", "--", ":/"))
    return found


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    done = subprocess.run(command, env=outside_hooks(), capture_output=True, text=True, timeout=10, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def outside_hooks() -> dict[str, str]:
    """The environment less what git tells its hooks: by their index, a new worktree would replace what is staged."""
    told = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in told}


def allocator() -> dict[str, Any]:
    """The C library and the variables that tune its allocator; folders in LD_PRELOAD are left out."""
    library, version = platform.libc_ver()
    tuned = _variables(ALLOCATOR_NAMES)
    if "LD_PRELOAD" in tuned:
        tuned["LD_PRELOAD"] = " ".join(os.path.basename(p) for p in re.split(r"[ :]+", tuned["LD_PRELOAD"]) if p)
    return {"library": f"{library} {version}".strip(), "variables": tuned}


def thread_variables() -> dict[str, str]:
    return _variables(THREAD_NAMES)


def _variables(names: re.Pattern[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in sorted(os.environ) if names.fullmatch(name)}


def clock() -> dict[str, Any]:
    """The clock of ``time.perf_counter_ns``: its name, stated resolution, and least step seen in 200 (ns)."""
    facts = time.get_clock_info("perf_counter")
    return {"name": facts.implementation, "resolution_ns": facts.resolution * 1e9, "step_ns": _least_step()}


def _least_step() -> int:
    steps = []
    for _ in range(200):
        start = now = time.perf_counter_ns()
        while now == start:
            now = time.perf_counter_ns()
        steps.append(now - start)
    return min(steps)

"""Is this machine fit to measure? Findings in sentences with remedies, and the extras that are missing.

A list of small checks (:mod:`bench.checks`), each of which may fail alone. Nothing is changed on the machine,
except that a file is made and removed to see whether results can be written. All of it takes about a second.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path

from bench import software
from bench.checks import Finding, gpu, machine, state
from bench.core import Implementation
from bench.registry import Registry


@dataclass(frozen=True)
class Missing:
    """An extra whose modules are absent: who would use them, and the command that brings them."""

    extra: str
    modules: tuple[str, ...]
    implementations: tuple[str, ...]
    command: str


Check = Callable[[], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    state.busy_processes,
    state.load,
    state.noise,
    machine.governor,
    machine.turbo,
    machine.heat,
    machine.battery,
    machine.sibling_threads,
    machine.whole_core,
    machine.virtual_machine,
    machine.quota,
    machine.timer,
    state.instructions,
    state.allocator,
    state.memory,
    state.disk,
    state.results_folder,
    gpu.gpus,
)


def examine(checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """All findings, in the order of the checks; a check that fails becomes a warning."""
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += check()
        except Exception as error:
            subject = check.__name__.replace("_", " ")
            sentence = f"could not be examined ({type(error).__name__}: {error})"
            findings.append(Finding(subject, "warn", sentence, "look at it by hand"))
    return findings


def missing(registry: Registry) -> list[Missing]:
    """What registered implementations require and this Python lacks, one entry an extra, without importing any of it.

    Modules of implementations that name no extra are listed under "", to be installed by name.
    """
    absent: dict[str, list[tuple[Implementation, str]]] = {}
    found: dict[str, bool] = {}
    for implementation in (i for i in registry.implementations if not i.home):
        for module in needed(implementation.requires):
            if not found.setdefault(module, present(module)):
                absent.setdefault(implementation.extra, []).append((implementation, module))
    return [
        Missing(
            extra,
            tuple(dict.fromkeys(module for _, module in lacking)),
            tuple(dict.fromkeys(f"{i.suite}/{i.name}" for i, _ in lacking)),
            install_command(extra) if extra else "install them as their projects say",
        )
        for extra, lacking in sorted(absent.items())
    ]


def install_command(extra: str) -> str:
    return f"pip install '{software.DISTRIBUTION}[{extra}]'"


def needed(modules: Iterable[str]) -> list[str]:
    """``modules`` and, of helpers of implementations, what their files import at once."""
    found, open_ = [], list(modules)
    while open_:
        module = open_.pop(0)
        if module not in found:
            found.append(module)
            open_ += _imports(module) if module.startswith("impls.") else []
    return found


def _imports(helper: str) -> list[str]:
    spec = _find(helper)
    try:
        body = ast.parse(Path(spec.origin).read_bytes()).body if spec and spec.origin else []
    except (OSError, SyntaxError):  # whoever imports it is told
        return []
    names = [name.name for part in body if isinstance(part, ast.Import) for name in part.names]
    names += [part.module for part in body if isinstance(part, ast.ImportFrom) and part.module and not part.level]
    return [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]


def present(module: str) -> bool:
    """Whether ``module`` (dots allowed) can be found; parents are looked into, not imported."""
    return _find(module) is not None


def _find(module: str) -> ModuleSpec | None:
    folders: list[str] | None = None
    name, spec = "", None
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = _spec(name, folders)
        if spec is None:
            return None
        folders = list(spec.submodule_search_locations or ())
    return spec


def _spec(name: str, folders: list[str] | None) -> ModuleSpec | None:
    """What the import system would find, through every finder: editable installs bring their own."""
    try:
        return next((spec for finder in sys.meta_path if (spec := finder.find_spec(name, folders))), None)
    except KeyError:  # a folder without __init__.py inside a package that is not imported
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [f"{folder}/{name.rpartition('.')[2]}" for folder in folders or ()]
        return spec

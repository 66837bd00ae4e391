"""Finds suites and implementations: the files of ``suites/`` and ``impls/``, and installed entry points.

Nothing heavy is imported here: an implementation's file imports its library inside the function, so that
finding everything costs milliseconds. A file that cannot be read becomes a :class:`Broken` row.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from bench.core import Broken, Implementation, Suite

MARK = "__bench_implementations__"
NETS = "nets"  # impls/nets/ holds architectures that implementations share: imported by them, never looked through


class UnknownName(ValueError):
    """A suite or implementation that nobody registered; the text suggests the nearest names."""


def impl(
    suite: str,
    *,
    name: str = "",
    requires: str | Sequence[str] = (),
    extra: str = "",
    devices: Sequence[str] = ("cpu",),
    variants: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register ``function(case, **variant)`` as an implementation of ``suite``.

    ``requires`` names the modules it imports, ``extra`` the extra of this distribution that brings them.
    ``variants`` maps a variant's name to the keyword arguments that make it; it is shown as ``name:variant``,
    and the empty name stands for the plain implementation.
    """
    needed = (requires,) if isinstance(requires, str) else tuple(requires)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        base = name or function.__name__
        made = [
            Implementation(
                suite,
                f"{base}:{label}" if label else base,
                function,
                needed,
                extra,
                tuple(devices),
                keywords,
                function.__code__.co_filename,
            )
            for label, keywords in (variants or {"": {}}).items()
        ]
        setattr(function, MARK, getattr(function, MARK, []) + made)
        return function

    return register


@dataclass
class Registry:
    suites: dict[str, Suite] = field(default_factory=dict)
    implementations: list[Implementation] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)

    def suite(self, name: str) -> Suite:
        if name not in self.suites:
            raise UnknownName(self._unread([name], "") or f"no suite is called {name!r}{nearest(name, self.suites)}")
        return self.suites[name]

    def of(self, suite: str) -> list[Implementation]:
        return [i for i in self.implementations if i.suite == suite]

    def find(self, suite: str, name: str) -> Implementation:
        for i in self.of(suite):
            if i.name == name:
                return i
        if composed := self._composed(suite, name):
            return composed
        near = nearest(name, [i.name for i in self.of(suite)])
        raise UnknownName(self._unread([suite], name) or f"{suite} has no implementation {name!r}{near}")

    def select(
        self, suites: Sequence[str], patterns: Sequence[str], exclude: Sequence[str] = ()
    ) -> dict[str, list[Implementation]]:
        """Each suite's implementations that match: ``all``, ``name`` with all its variants, ``name:variant``, globs.

        Raises :class:`UnknownName` for a pattern that matches nothing in any of the suites.
        """
        everything = [i for suite in suites for i in self.of(suite)]
        everything += [i for p in dict.fromkeys(patterns) for suite in suites if (i := self._composed(suite, p))]
        known = [i.name for i in everything]
        unread = [b.name for b in self.broken if b.suite in suites and b.name]  # can be left out, but not chosen
        for pattern, those in [*((p, known) for p in patterns), *((p, known + unread) for p in exclude)]:
            if not any(matches(name, pattern) for name in those):
                near = nearest(pattern, dict.fromkeys(known))
                none = f"{' and '.join(suites)} has no implementation {pattern!r}{near}"
                raise UnknownName(self._unread(suites, pattern) or none)
        chosen = [i for i in everything if any(matches(i.name, p) for p in patterns)]
        return {s: [i for i in chosen if i.suite == s and not any(matches(i.name, p) for p in exclude)] for s in suites}

    def damaged(self, suite: str, exclude: Sequence[str] = ()) -> list[Broken]:
        """What of a suite cannot be read, less what was left out by name."""
        return [b for b in self.broken if b.suite == suite and not any(matches(b.name, p) for p in exclude)]

    def _unread(self, suites: Sequence[str], pattern: str) -> str:
        """Why a file of that name cannot be read; "" where there is no such file. ``pattern`` is "" for a suite's."""
        for b in self.broken:
            named = b.name and matches(b.name, pattern.split(":")[0]) if pattern else not b.name
            if b.suite in suites and named:
                return f"{b.source} cannot be read: {b.reason}"
        return ""

    def _composed(self, suite: str, name: str) -> Implementation | None:
        made = self.suite(suite).compose(name, lambda part: self.find(suite, part))
        return made if made and made.name not in [i.name for i in self.of(suite)] else None

    def host(self) -> None:
        """Implementations of one suite take part in another that hosts it."""
        for suite in self.suites.values():
            for home in suite.hosts:
                guests = [replace(i, suite=suite.name, name=f"{home}:{i.name}", home=home) for i in self.of(home)]
                self.implementations += guests

    def add(self, objects: Mapping[str, Any], module: str, source: str) -> None:
        """Take in what a module (or one entry point) defines."""
        for thing in list(objects.values()):
            if (
                isinstance(thing, type)
                and issubclass(thing, Suite)
                and thing is not Suite
                and thing.__module__ == module
            ):
                self._add_suite(thing(), source)
            elif getattr(thing, "__module__", None) == module:
                for implementation in getattr(thing, MARK, ()):
                    self._add_implementation(implementation, source)

    def _add_suite(self, suite: Suite, source: str) -> None:
        if suite.name in self.suites:
            other = sys.modules[type(self.suites[suite.name]).__module__].__file__
            self.broken.append(
                Broken(suite.name, "", f"the suite {suite.name!r} is already defined by {other}", source)
            )
        else:
            self.suites[suite.name] = suite

    def _add_implementation(self, new: Implementation, source: str) -> None:
        same = [i for i in self.of(new.suite) if i.name == new.name]
        if same:
            reason = f"{new.name!r} is already defined by {same[0].source}; rename the function or pass name=..."
            self.broken.append(Broken(new.suite, new.name, reason, source))
        else:
            self.implementations.append(new)


def matches(name: str, pattern: str) -> bool:
    """``all``, the name, the name without its variant, or a glob."""
    return pattern == "all" or name == pattern or name.split(":")[0] == pattern or fnmatchcase(name, pattern)


def nearest(name: str, known: Any) -> str:
    """``; did you mean scipy?``, or ``; there are: ...`` where nothing resembles ``name``."""
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else f"; there are: {', '.join(known) or 'none'}"


def source_hash(implementation: Implementation) -> str:
    """Of an implementation's file, the helpers beside it and the shared networks: other code, another answer."""
    file = Path(implementation.source)
    helpers = [*file.parent.glob("_*.py"), *(file.parent.parent / NETS).glob("*.py")]
    files = [file, *sorted(helpers)] if file.is_file() else []
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()


def is_checkout(folder: Path) -> bool:
    """Does ``folder`` hold this project, with a harness of its own?"""
    return all((folder / "bench" / name).is_file() for name in ("registry.py", "worker.py"))


def roots() -> list[Path]:
    """Folders with ``impls/`` and ``suites/``: the distribution's, ``$BENCH_PATH``, and the current folder.

    Where the current folder is a checkout of this project it stands in for the distribution, whose copies of the same
    files would hide what was changed in it.
    """
    here, current = Path(__file__).resolve().parent, Path.cwd()
    own = here if (here / "suites").is_dir() else here.parent
    if is_checkout(current):
        own = current
    extra = [Path(p).resolve() for p in os.environ.get("BENCH_PATH", "").split(os.pathsep) if p]
    return list(dict.fromkeys([own, *extra, current]))


@cache
def load() -> Registry:
    registry = Registry()
    for root in roots():
        for kind in ("suites", "impls"):
            _package(kind, root / kind)
            for path in sorted((root / kind).glob("*.py" if kind == "suites" else "*/*.py")):
                if not path.name.startswith("_") and path.parent.name != NETS:
                    _load_file(registry, kind, root, path)
    for group in ("bench.suites", "bench.impls"):
        for point in sorted(entry_points(group=group), key=lambda p: p.name):
            _load_entry_point(registry, point)
    known = registry.suites
    for i in [i for i in registry.implementations if i.suite not in known]:
        registry.implementations.remove(i)
        registry.broken.append(
            Broken(i.suite, i.name, f"no suite is called {i.suite!r}{nearest(i.suite, known)}", i.source)
        )
    registry.host()
    return registry


def _package(kind: str, folder: Path) -> None:
    """Make ``impls`` and ``suites`` importable, so that files of one folder may share a helper."""
    package = sys.modules.setdefault(kind, types.ModuleType(kind))
    path = package.__dict__.setdefault("__path__", [])
    if folder.is_dir() and str(folder) not in path:
        path.append(str(folder))


def _load_file(registry: Registry, kind: str, root: Path, path: Path) -> None:
    module_name = ".".join(path.relative_to(root).with_suffix("").parts)
    if module_name in sys.modules and sys.modules[module_name].__file__ != str(path):
        module_name += f"@{root}"  # the same file name under another root is another module
    suite = path.parent.name if kind == "impls" else path.stem
    try:
        spec = importlib.util.spec_from_file_location(module_name, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
        registry.add(vars(module), module_name, str(path))
    except (Exception, SystemExit) as error:
        sys.modules.pop(module_name, None)
        name = path.stem if kind == "impls" else ""
        registry.broken.append(Broken(suite, name, f"{type(error).__name__}: {error}", str(path)))


def _load_entry_point(registry: Registry, point: Any) -> None:
    try:
        thing = point.load()
        is_module = isinstance(thing, types.ModuleType)
        objects = vars(thing) if is_module else {point.name: thing}
        registry.add(objects, thing.__name__ if is_module else thing.__module__, f"entry point {point.value}")
    except (Exception, SystemExit) as error:
        registry.broken.append(Broken("", point.name, f"{type(error).__name__}: {error}", f"entry point {point.value}"))

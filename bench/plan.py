"""From what was asked to a list of work. Pure: reads the registry, touches no file and starts nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any

from bench.core import Case, Suite
from bench.registry import Registry

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class Usage(ValueError):
    """A wrong command line; the text says how to right it."""


@dataclass(frozen=True)
class Item:
    """All cases of one suite, and the rivals that are interleaved in each of them."""

    suite: str
    cases: list[dict[str, Any]]
    impls: list[str]
    ops: list[str]


@dataclass(frozen=True)
class Plan:
    """What a run will do; written to ``plan.json``, so that a killed run can be resumed.

    ``budget_s`` is the time for sampling one operation of one implementation in one case, over all
    replicates; ``precision`` the relative half width of the median's interval at which it stops earlier
    (0: never); ``turn_s`` the length of one interleaved round.
    """

    items: list[Item]
    device: str = "cpu"
    threads: tuple[int, ...] = (1,)
    seed: int = 0
    corpus: str = "builtin"
    precision: float = 0.02
    budget_s: float = 1.25
    replicates: int = 3
    turn_s: float = 0.025
    deadline_s: float = 120.0
    memory_limit: int | None = None
    exclude: tuple[str, ...] = ()  # patterns of what was left out, of files that cannot be read, too
    metrics: tuple[str, ...] = ()  # of quality, computed on every clip of the corpus where a suite is scored
    asr: str = "none"  # the recogniser whose word error rates are counted
    clips: int = 0  # at most so many of the corpus are scored, evenly over it; 0: all
    kind: str = ""  # only these are scored, e.g. speech; "": all
    engine: str = "local"  # where scores are computed: here, or dask://HOST:PORT
    weights: Mapping[str, Mapping[str, str]] | None = None  # of implementations: see bench.weights
    slowdowns: Mapping[str, float] | None = None  # planted by the self-test: label of an implementation -> share
    homes: Mapping[str, Mapping[str, Any]] | None = None  # of a comparison: side (`impl@side`) -> process.Home
    peak: bool = False  # the processor's peak rate of multiply-adds, measured ahead of every turn
    extras: bool = True  # end-to-end time and memory, in a pass of their own after the sampling
    copies: bool = False  # workers are forks of a template that has imported (see bench.nursery)
    ahead: bool = False  # of ordinary programs (process.ahead), where that is permitted

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        items = [Item(**i) for i in data["items"]]
        lists = {name: tuple(data[name]) for name in ("threads", "exclude", "metrics") if name in data}
        return cls(**{**data, "items": items, **lists})

    @property
    def turns(self) -> int:
        """Rounds in one process, at most."""
        return max(5, round(self.budget_s / self.replicates / self.turn_s))


def make(
    registry: Registry,
    suites: Sequence[str],
    impl: Sequence[str] = ("all",),
    exclude: Sequence[str] = (),
    grid: str = "default",
    case: Mapping[str, Sequence[str]] | None = None,
    op: Sequence[str] = (),
    **settings: Any,
) -> Plan:
    """Raises :class:`Usage` or :class:`bench.registry.UnknownName` with a suggestion."""
    device = parse_device(settings.get("device", "cpu"))
    if not 0 <= settings.get("seed", 0) < 2**63:
        raise Usage(f"a seed is a whole number from 0 to 2^63 - 1; this is {settings['seed']}")
    suites = list(dict.fromkeys(suites))  # whoever asks twice wants it once
    if "threads" in settings:
        settings["threads"] = tuple(dict.fromkeys(settings["threads"]))
    found = [registry.suite(name) for name in suites]
    chosen = registry.select(suites, impl, exclude)
    items = [
        Item(
            suite.name,
            cases(suite, grid, case or {}, device),
            [i.name for i in chosen[suite.name] if device.split(":")[0] in i.devices],
            ops(suite, op),
        )
        for suite in found
    ]
    if not any(i.impls for i in items):
        raise Usage(f"nothing is left to run on {device}: see `bench list {' '.join(suites)}`, --impl and --exclude")
    return Plan(items, exclude=tuple(exclude), **settings)


def ops(suite: Suite, wanted: Sequence[str]) -> list[str]:
    """The suite's operations, or those of them that are wanted."""
    for name in wanted:
        if name not in suite.ops:
            near = get_close_matches(name, suite.ops, n=1)
            raise Usage(
                f"{suite.name} has no operation {name!r}; "
                + (f"did you mean {near[0]}?" if near else f"there are: {', '.join(suite.ops)}")
            )
    return [name for name in suite.ops if not wanted or name in wanted]


def cases(suite: Suite, grid: str, overrides: Mapping[str, Sequence[str]], device: str = "cpu") -> list[dict[str, Any]]:
    """The grid's settings, with the values of ``overrides`` in place of the grid's."""
    if grid not in suite.grids:
        near = get_close_matches(grid, suite.grids, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(suite.grids)}"
        raise Usage(f"{suite.name} has no grid {grid!r}; {hint}")
    settings = suite.expand(grid)
    names = list(settings[0])
    for name in overrides:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
            raise Usage(f"the cases of {suite.name} have no {name!r}; {hint}")
    blocks = [{k: overridden(overrides.get(k), v) for k, v in setting.items()} for setting in settings]
    found = [dict(p) for p in suite.expand(blocks) if suite.valid(Case(suite.name, p, device))]
    if not found:
        raise Usage(f"no case of {suite.name} is left: the values of --case do not go together")
    return found


def overridden(texts: Sequence[str] | None, like: Any) -> list[Any]:
    """Values of the command line in the type of the grid's own."""
    return [like] if texts is None else [parse_value(t, like) for t in texts]


def parse_value(text: str, like: Any) -> Any:
    if isinstance(like, bool):
        known = {
            "on": True,
            "true": True,
            "yes": True,
            "1": True,
            "off": False,
            "false": False,
            "no": False,
            "0": False,
        }
        if text.lower() not in known:
            raise Usage(f"{text!r} is neither on nor off")
        return known[text.lower()]
    try:
        value = type(like)(text)
    except ValueError:
        kind = "a whole number" if isinstance(like, int) else "a number"
        raise Usage(f"{text!r} is not {kind}") from None
    if isinstance(value, float) and not isfinite(value):
        raise Usage(f"{text!r} is not a finite number")
    return value


def parse_case(texts: Sequence[str]) -> dict[str, list[str]]:
    """``n_fft=1024,2048`` (several times) -> {"n_fft": ["1024", "2048"]}."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not name or not all(values.split(",")):
            raise Usage(f"--case takes NAME=VALUE[,VALUE...], such as n_fft=1024,2048; this is {text!r}")
        found.setdefault(name, []).extend(values.split(","))
    return found


def parse_device(text: str) -> str:
    """``cpu``, ``cuda`` or ``cuda:1``."""
    if not re.fullmatch(r"cpu|cuda(:[0-9]+)?", text):
        raise Usage(f"{text!r} is no device; write cpu, cuda, or cuda:1 for the second GPU")
    return text


def parse_engine(text: str) -> str:
    """``local``, or the address of a Dask scheduler: ``dask://HOST:PORT``."""
    if text != "local" and not re.fullmatch(r"dask://[^\s/]+:[0-9]+", text):
        raise Usage(f"{text!r} is no engine; write local, or the address of a Dask scheduler: dask://HOST:PORT")
    return text


def parse_seconds(text: str) -> float:
    """``30s``, ``500ms``, ``2m`` or a bare number of seconds."""
    match = re.fullmatch(r"([0-9.]+)\s*([a-z]*)", text.strip().lower())
    unit = match and (match[2] or "s")
    if not match or unit not in UNITS or not _number(match[1]) or float(match[1]) <= 0:
        raise Usage(f"{text!r} is not a time; write 30s, 500ms or 2m")
    return float(match[1]) * UNITS[unit]


def parse_share(text: str) -> float:
    """``1%`` or ``0.01``."""
    number = text.strip().removesuffix("%")
    whole = 100 if text.strip().endswith("%") else 1  # a bare 3 is hardly meant as 300%
    if not _number(number) or not 0 <= float(number) < whole:
        raise Usage(f"{text!r} is not a share; write 1% or 0.01")
    return float(number) / whole


def parse_size(text: str) -> int:
    """``2G``, ``500M`` or bytes."""
    match = re.fullmatch(r"([0-9.]+)\s*([kmgt]?)b?", text.strip().lower())
    if not match or not _number(match[1]) or float(match[1]) <= 0:
        raise Usage(f"{text!r} is not a size; write 2G or 500M")
    return int(float(match[1]) * SIZES[match[2]])


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

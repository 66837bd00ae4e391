"""The vocabulary of the harness: Case, Op, Work, Check, Suite. Nothing here measures or imports a rival."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # an author's `import bench` and `bench --help` stay quick
    import numpy as np

Params = Mapping[str, Any]
Grid = Sequence[Mapping[str, Sequence[Any]]]

STATUSES = {
    "ok": "measured, and the answer is within the suite's tolerance",
    "unavailable": "cannot run here; the reason says what to install or what is missing",
    "wrong": "ran, but the answer is outside the suite's tolerance; never ranked",
    "error": "raised an exception",
    "crash": "the process died (segmentation fault, abort, killed)",
    "timeout": "did not finish within its deadline",
    "oom": "ran out of memory",
    "unstable": "measured, but its interval did not reach the asked precision within the budget",
}

UNWRITTEN = "unwritten"
"""What a worker answers where the run's folder takes no more: no row's status, for no implementation failed."""


class Unsupported(Exception):
    """Raised by an implementation that cannot do a case here; the text becomes the row's reason."""


@dataclass(frozen=True)
class Case:
    """One setting of one suite. ``case.n_fft`` reads ``params["n_fft"]``.

    ``threads`` is the number of CPU threads the implementation may use, ``seed`` fixes every random draw,
    ``corpus`` names the audio (see :mod:`bench.corpus`), ``weights`` is the file of trained weights that the user gave
    for the implementation that the case is made for ("": none).
    """

    suite: str
    params: Params
    device: str = "cpu"
    threads: int = 1
    seed: int = 0
    corpus: str = "builtin"
    weights: str = ""

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["params"][name]
        except KeyError:
            known = ", ".join(self.__dict__.get("params", ()))
            raise AttributeError(f"a {self.__dict__.get('suite')} case has no {name!r}; it has {known}") from None

    @property
    def label(self) -> str:
        """``n_fft=400 hop_length=160``: the parameters, in the suite's order."""
        return label_of(self.params)


def label_of(params: Params) -> str:
    """``n_fft=400 center=on``: parameters as one text, in their order."""
    return " ".join(f"{name}={_short(value)}" for name, value in params.items())


def _short(value: Any) -> str:
    return (
        ("on" if value else "off")
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


ROUNDING = {"float32": 0.0, "float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Unit roundoff: half the distance of 1 to the next number (IEEE 754-2019, table 3.5; bfloat16 has 8 digits)."""


def written_as(impl: str) -> str:
    """The 16-bit format that an implementation's variant is named for, such as ``cuda:float16``; "" where none is. A
    suite whose ``kind`` is this ranks each format by itself: who writes half as many bytes is no rival."""
    variant = impl.rpartition(":")[2]
    return variant if ROUNDING.get(variant) else ""


def identity(*args: Any) -> Any:
    return args[0] if len(args) == 1 else args


@dataclass(frozen=True)
class Op:
    """What an implementation hands over for one operation.

    ``prepare(*args)`` turns the suite's host arrays into whatever ``run`` takes (a tuple becomes several
    arguments), ``run`` is the timed closure, ``finish`` turns its result into host arrays in the suite's
    convention. prepare + run + finish together are timed as "end to end".

    ``frame_seconds`` (s) says that a call handles one frame of a stream: then a sample is one call, however short,
    and a call that lasts longer than the frame has missed its deadline. ``paced``: the frames arrive one every
    ``frame_seconds``, and no call begins before its own is there.

    ``before()``, where there is one, is called ahead of each sample and not timed, such as to empty a cache: then, too,
    a sample is one call.

    ``stream``: on a GPU, the raw CUstream on which ``run`` works, or what tells it (0: the legacy default stream); None
    where it is not told, and time is then the host's. ``allocated`` gives the peak of its framework's own allocator
    since it was last asked, in bytes.

    ``precision``: what results are rounded to, where that is coarser than the suite asks ("float16", "bfloat16");
    ``finish`` widens them. Errors up to that format's :data:`ROUNDING` are right then.

    ``least``: samples that a row needs at least, over all replicates, whatever the budget. ``probe`` gives figures of
    ``quality`` that only the maker of the op can find; it is asked once, outside of the timing.
    """

    run: Callable[..., Any]
    prepare: Callable[..., Any] = identity
    finish: Callable[[Any], Any] = identity
    frame_seconds: float = 0.0
    before: Callable[[], None] | None = None
    paced: bool = False
    least: int = 0
    probe: Callable[[], Mapping[str, float]] | None = None
    stream: Callable[[], int] | int | None = 0
    allocated: Callable[[], int] | None = None
    precision: str = "float32"

    def call(self, args: tuple[Any, ...]) -> Any:
        """Host arrays in, host arrays out."""
        return self.finish(self.run(*self.native(args)))

    def native(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """``prepare``'s result as the argument tuple of ``run``."""
        prepared = self.prepare(*args)
        return prepared if isinstance(prepared, tuple) else (prepared,)


@dataclass(frozen=True)
class Work:
    """The least that any implementation must do: floating-point operations, and bytes to and from memory."""

    flops: float
    bytes: float


@dataclass(frozen=True)
class Check:
    """A verdict on one answer: named figures, and why it is wrong (empty when it is right)."""

    metrics: dict[str, float] = field(default_factory=dict)
    wrong: str = ""


@dataclass(frozen=True)
class Curve:
    """Quality over rate, for a suite whose cases differ in both. It does not depend on who computes it.

    ``op`` is the operation whose figures tell ``rates`` (each has its picture, the first tells points apart) and
    ``quality`` (more is better). Cases that agree in the parameters ``lines`` lie on one line. ``also``: further
    figures for the table.
    """

    op: str
    rates: tuple[str, ...]
    quality: str
    lines: tuple[str, ...]
    also: tuple[str, ...] = ()


class Suite:
    """The contract of one task. A suite is one file that defines a subclass and nothing else.

    Class attributes: ``name``; ``title`` (one line, states the conventions); ``ops`` (names in order);
    ``grids`` ({"quick" | "default" | "full": list of {param: [values]} blocks, each expanded as a product}; a suite may
    have more);
    ``error`` (the metric of ``check`` that tables and plots show as "error"); ``quality_axis`` (where rivals
    differ in quality, the figure of ``quality`` that speed is plotted against; more is better); ``scaling`` (the
    parameter of cases over which speed is drawn, such as the number of workers); ``curve`` (where cases
    differ in rate and quality, what the report draws of them); ``scored`` (True where implementations are codecs, whose
    round trips over a corpus are scored after the timing); ``hosts`` (suites whose implementations take part here too,
    as ``suite:implementation``; ``adopt`` is given what they return); ``starter`` (where implementations return
    something else than ops: the body of a small one, of which `bench new` makes a file with all that it needs of
    :mod:`bench` imported).
    """

    name: str = ""
    title: str = ""
    ops: tuple[str, ...] = ()
    grids: Mapping[str, Grid] = {}
    error: str = "error"
    quality_axis: str = ""
    scaling: str = ""
    curve: Curve | None = None
    scored: bool = False
    hosts: tuple[str, ...] = ()
    starter: str = ""

    def kind(self, impl: str) -> str:
        """What an implementation does, where those of a suite do different things: only those of a kind are ranked."""
        return ""

    def compose(self, name: str, find: Callable[[str], Implementation]) -> Implementation | None:
        """The implementation that a name stands for which nobody registered, made of others; None where it is not."""
        return None

    def adopt(self, made: Any, case: Case) -> Mapping[str, Any]:
        """What an implementation returned, as {op: Op or callable}. A bare callable or Op stands for the first op.

        A suite whose implementations return something else, such as a :class:`bench.Codec`, makes ops of it here.
        """
        return made if isinstance(made, Mapping) else {self.ops[0]: made}

    def audio(self, case: Case) -> np.ndarray:
        """The signal of a case: float32, batch x samples, deterministic from ``case.seed``."""
        raise NotImplementedError

    def inputs(self, case: Case, audio: np.ndarray) -> dict[str, tuple[Any, ...]]:
        """{op: host arguments, all NumPy arrays}. A decoder's input is the reference encoder's output.

        An op that makes no sense for the case is left out.
        """
        raise NotImplementedError

    def reference(self, case: Case, op: str, args: tuple[Any, ...]) -> np.ndarray | None:
        """The float64 answer from the definition, independent of every rival; None when ``check`` needs none."""
        raise NotImplementedError

    def check(self, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None) -> Check:
        raise NotImplementedError

    def judge(
        self, made: Op, case: Case, op: str, args: tuple[Any, ...], out: Any, reference: np.ndarray | None
    ) -> Check:
        """``check``, and its verdict "wrong" withdrawn where the error, which must be a relative one, is no more than
        what rounding to the precision that ``made`` has stated may do."""
        found = self.check(case, op, args, out, reference)
        within = found.metrics.get(self.error, inf) <= ROUNDING[made.precision]
        return Check(found.metrics) if found.wrong and within else found

    def quality(self, case: Case, op: str, call: Callable[..., Any]) -> dict[str, float]:
        """Figures that need inputs of the suite's own choosing, such as probe tones.

        ``call(*args)`` runs prepare, run and finish; the arguments keep the shapes and dtypes of ``inputs``.
        """
        return {}

    def work(self, case: Case, op: str) -> Work:
        raise NotImplementedError

    def audio_seconds(self, case: Case) -> float:
        """Seconds of audio that one call handles, over the whole batch: throughput is this over the time."""
        raise NotImplementedError

    def valid(self, case: Case) -> bool:
        """False for combinations of the grid that make no sense; they are left out of the plan."""
        return True

    def expand(self, grid: str | Grid) -> list[Params]:
        """All parameter settings of a named grid (or of explicit blocks), in order, without repeats."""
        blocks = self.grids[grid] if isinstance(grid, str) else grid
        seen: dict[tuple[tuple[str, Any], ...], Params] = {}
        for block in blocks:
            for values in product(*block.values()):
                params = dict(zip(block, values, strict=True))
                seen.setdefault(tuple(params.items()), params)
        return list(seen.values())


@dataclass(frozen=True)
class Implementation:
    """A registered implementation: ``make(case, **variant)`` returns a callable, an Op or {op name: either}."""

    suite: str
    name: str
    make: Callable[..., Any]
    requires: tuple[str, ...] = ()
    extra: str = ""
    devices: tuple[str, ...] = ("cpu",)
    variant: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    home: str = ""  # the suite that it is registered in, where another hosts it

    def ops(self, case: Case, suite: Suite) -> dict[str, Op]:
        """Make it for a case, as ops; the suite says how (:meth:`Suite.adopt`)."""
        made = suite.adopt(self.make(case, **self.variant), case)
        if unknown := set(made) - set(suite.ops):
            raise ValueError(f"{self.name} offers {sorted(unknown)}; the suite {suite.name} has {list(suite.ops)}")
        return {op: made[op] if isinstance(made[op], Op) else Op(made[op]) for op in suite.ops if op in made}


@dataclass(frozen=True)
class Broken:
    """A file or entry point that could not be read: shown as a row, never a crash."""

    suite: str
    name: str
    reason: str
    source: str

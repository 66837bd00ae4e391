"""Two runs that are on disk, or one that was interleaved, compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from statistics import median

from bench import counts
from bench.compare import pairs
from bench.compare.measures import METRICS
from bench.compare.thresholds import Gate
from bench.compare.verdicts import Beside, Comparison, Verdict, judge
from bench.core import label_of
from bench.plan import Usage, overridden
from bench.registry import load, matches, nearest
from bench.report.apart import told
from bench.results import Results, Row, text_only
from bench.scores import Score, read_scores

FEW = 5  # rows below which a common shift says nothing


def compare(
    base: Path,
    new: Path,
    gate: Gate,
    metric: str = "all",
    allow: Collection[str] = (),
    impl: Sequence[str] = (),
    case: dict[str, list[str]] | None = None,
) -> Comparison:
    """Raises :class:`bench.plan.Usage` where the two may not be compared, or nothing is left to compare."""
    one, other = (Results.load(folder) for folder in (base, new))
    pairs.check(one, other, allow)
    _known(impl, [*one.rows, *other.rows])
    rows = [_chosen(r.rows, impl, case or {}) for r in (one, other)]
    found = pairs.match(rows[0], rows[1], "threads" in allow)
    if not found:
        raise Usage(f"no row of {base} or {new} is left; --impl and --case chose none")
    if not any(pair.base and pair.new for pair in found):
        raise Usage(f"no row is of both {base} and {new}, so nothing can be compared; run the same suite and cases")
    if metric == "counts" and not (counts.read(base) and counts.read(new)):
        raise Usage(f"{base} and {new} have not both been counted; bench count RUN does it")
    beside = (_beside(base, impl), _beside(new, impl))
    verdicts = judge(found, METRICS if metric == "all" else (metric,), gate, load().suites, beside)
    if not verdicts and metric == "counts":
        _one_counter(base, new, *beside)
    if not verdicts and metric != "all":
        raise Usage(f"no row of {base} and {new} has both figures of {metric}, so nothing can be compared")
    here, there = base.absolute(), new.absolute()
    names = text_only(told(here, [there])), text_only(told(there, [here]))
    return Comparison(*names, False, verdicts, _notes(verdicts), gate.inconclusive)


def compare_interleaved(
    run: Path, gate: Gate, metric: str, names: tuple[str, str], notes: Sequence[str] = ()
) -> Comparison:
    """The verdicts of a run of ``bench compare --interleave``, from its rows."""
    rows = Results.load(run).rows
    found = pairs.match(*pairs.sides(rows))
    verdicts = judge(found, METRICS if metric == "all" else (metric,), gate, load().suites)
    return Comparison(*names, True, verdicts, list(notes), gate.inconclusive)


def _known(patterns: Sequence[str], rows: Sequence[Row]) -> None:
    """Raises :class:`Usage` for a pattern that no row's implementation has."""
    names = dict.fromkeys(r.impl for r in rows)
    for pattern in patterns:
        if names and not any(matches(name, pattern) for name in names):
            raise Usage(f"no row is of {pattern!r}{nearest(pattern, names)}")


def _chosen(rows: Sequence[Row], impl: Sequence[str], case: dict[str, list[str]]) -> list[Row]:
    return [
        r
        for r in rows
        if (not impl or any(matches(r.impl, p) for p in impl))
        and all(name in r.case and r.case[name] in overridden(texts, r.case[name]) for name, texts in case.items())
    ]


def _beside(folder: Path, impl: Sequence[str]) -> Beside:
    found: dict[tuple[str, str, str], list[Score]] = {}
    for score in read_scores(folder):
        if score.status == "ok" and (not impl or any(matches(score.impl, p) for p in impl)):
            found.setdefault((score.suite, score.impl, label_of(score.case)), []).append(score)
    return Beside(found, counts.by_row(folder))


def _one_counter(base: Path, new: Path, *beside: Beside) -> None:
    """Raises :class:`Usage` where no counter has counted both runs."""
    one, other = ({found["counted_by"] for found in side.counts.values()} for side in beside)
    if one and other and not one & other:
        tools = [" and ".join(sorted(names)) for names in (one, other)]
        raise Usage(
            f"{base} was counted by {tools[0]} and {new} by {tools[1]}, whose figures are not alike; "
            "bench count RUN, for both on one machine, counts them by one"
        )


def _notes(verdicts: Sequence[Verdict]) -> list[str]:
    """Where nearly all rows moved together, the machine is the likelier reason."""
    changes = [v.change for v in verdicts if v.metric == "time" and v.change is not None and v.threshold is not None]
    if len(changes) < FEW or abs(median(changes)) < 0.01:
        return []
    alike = sum((c > 0) == (median(changes) > 0) for c in changes)
    if alike < 0.9 * len(changes):
        return []
    return [
        f"{alike} of {len(changes)} rows moved in the same direction, by {median(changes):+.1%} in the middle: "
        "that may be the machine and not the code; bench compare --interleave cancels it"
    ]

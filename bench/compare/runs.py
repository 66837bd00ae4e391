"""Two runs that are on disk, or one that was interleaved, compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import median

from bench.compare import pairs
from bench.compare.measures import METRICS
from bench.compare.thresholds import Gate
from bench.compare.verdicts import Comparison, Scored, Verdict, judge
from bench.core import label_of
from bench.plan import Usage, overridden
from bench.registry import load
from bench.results import Results, Row
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
    rows = [_chosen(r.rows, impl, case or {}) for r in (one, other)]
    found = pairs.match(rows[0], rows[1], "threads" in allow)
    if not found:
        raise Usage(f"no row of {base} or {new} is left; --impl and --case chose none")
    scored = (_scored(base, impl), _scored(new, impl))
    verdicts = judge(found, METRICS if metric == "all" else (metric,), gate, load().suites, scored)
    return Comparison(base.name, new.name, False, verdicts, _notes(verdicts), gate.inconclusive)


def compare_interleaved(run: Path, gate: Gate, metric: str, names: tuple[str, str]) -> Comparison:
    """The verdicts of a run of ``bench compare --interleave``, from its rows."""
    rows = Results.load(run).rows
    found = pairs.match(*pairs.sides(rows))
    verdicts = judge(found, METRICS if metric == "all" else (metric,), gate, load().suites)
    return Comparison(*names, True, verdicts, [], gate.inconclusive)


def _chosen(rows: Sequence[Row], impl: Sequence[str], case: dict[str, list[str]]) -> list[Row]:
    return [
        r
        for r in rows
        if (not impl or any(p == "all" or fnmatchcase(r.impl, p) or r.impl.split(":")[0] == p for p in impl))
        and all(name in r.case and r.case[name] in overridden(texts, r.case[name]) for name, texts in case.items())
    ]


def _scored(folder: Path, impl: Sequence[str]) -> Scored:
    found: dict[tuple[str, str, str], list[Score]] = {}
    for score in read_scores(folder):
        if score.status == "ok" and (not impl or any(fnmatchcase(score.impl, p) for p in impl)):
            found.setdefault((score.suite, score.impl, label_of(score.case)), []).append(score)
    return found


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

"""Runs that are called alike, told apart: a run is called after its folder, and `--out` calls many of them `mel`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench.results import Results
from bench.scores import Score, read_scores


def apart(results: Sequence[Results]) -> list[Results]:
    """Each run once, and no two of one name: those of one name are called by as much of their paths as differs."""
    once = list({_place(result) or n: result for n, result in enumerate(results)}.values())
    holders: dict[str, list[Results]] = {}
    for result in once:
        for name in {row.run for row in result.rows}:
            holders.setdefault(name, []).append(result)
    return [_renamed(result, holders) for result in once]


def scores(result: Results) -> Iterator[Score]:
    """The scores beside a run's rows, under the run's name there; none where the rows are of no folder."""
    names = {row.run for row in result.rows}
    found = read_scores(result.path) if result.path else iter(())
    yield from (replace(score, run=next(iter(names))) for score in found) if len(names) == 1 else found


def _place(result: Results) -> Path | None:
    return result.path.resolve() if result.path else None


def _renamed(result: Results, holders: dict[str, list[Results]]) -> Results:
    """``result``, with the names that others have as well lengthened."""
    alone = len({row.run for row in result.rows}) == 1
    names = {}
    for name, several in holders.items():
        if len(several) > 1 and result in several and (path := _place(result)):
            others = [other for one in several if one is not result and (other := _place(one))]
            names[name] = told(path, others) + ("" if alone else f" {name}")
    if not names:
        return result
    return Results([replace(r, run=names.get(r.run, r.run)) for r in result.rows], result.environment, result.path)


def told(path: Path, others: Sequence[Path]) -> str:
    """The last parts of a whole path, as many as no other one ends in: ``epyc/mel``."""
    parts, others = path.parts, [other for other in others if other != path]
    least = next(n for n in range(1, len(parts) + 1) if all(other.parts[-n:] != parts[-n:] for other in others))
    return "/".join(parts[-least:])

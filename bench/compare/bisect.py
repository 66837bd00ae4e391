"""Which commit slowed a row: git's bisection, each step measured in turn with the good revision."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.compare.homes import commit_of, git
from bench.plan import Usage
from bench.process import Home

Measure = Callable[[Home, Home], float]  # (good's home, another's) -> log ratio of their times
Homes = Callable[[str], AbstractContextManager[Home]]  # of a revision


@dataclass(frozen=True)
class Step:
    commit: str
    ratio: float  # over the good revision's time
    slow: bool


@dataclass(frozen=True)
class Found:
    """The first commit that is slow, its subject, and every step that was measured, BAD first."""

    commit: str
    subject: str
    steps: list[Step]


def bisect(
    good: str,
    bad: str,
    home: Homes,
    measure: Measure,
    threshold: float,
    tell: Callable[[Step], None] = lambda step: None,
    folder: Path | None = None,
) -> Found:
    """Halve the commits between ``good`` and ``bad`` (along first parents) until one is left.

    A commit is slow when it is nearer to BAD's time than to GOOD's, on a log scale: halfway between is the best
    place to cut, however large the slowdown is. Raises :class:`Usage` where BAD is not slower than GOOD by more than
    ``threshold`` (a log ratio), no path leads from one to the other, or a commit cannot be measured.
    """
    commits = _between(good, bad, folder)
    with home(good) as base:

        def step(commit: str, cut: float) -> Step:
            try:
                with home(commit) as other:
                    ratio = measure(base, other)
            except Usage as error:
                raise Usage(f"at {commit[:12]}: {error}") from None
            made = Step(commit, math.exp(ratio), ratio > cut)
            tell(made)
            return made

        steps = [step(commits[-1], threshold)]
        if not steps[0].slow:
            raise Usage(
                f"{bad} takes {steps[0].ratio:.3f} times as long as {good}: that is not slower by more than "
                f"{math.expm1(threshold):.1%}, so there is nothing to find; --threshold takes a smaller one"
            )
        cut = math.log(steps[0].ratio) / 2
        low, high = -1, len(commits) - 1  # commits[low] is fast (-1: good itself), commits[high] is slow
        while high - low > 1:
            middle = (low + high) // 2
            steps.append(step(commits[middle], cut))
            low, high = (low, middle) if steps[-1].slow else (middle, high)
    return Found(commits[high], git("log", "-1", "--format=%s", commits[high], folder=folder), steps)


def _between(good: str, bad: str, folder: Path | None) -> list[str]:
    """Commits after ``good`` up to ``bad``, oldest first."""
    for rev in (good, bad):
        commit_of(rev, folder)
    git("merge-base", "--is-ancestor", good, bad, folder=folder, why=f"{good} is no ancestor of {bad}")
    found = git("rev-list", "--reverse", "--first-parent", f"{good}..{bad}", folder=folder).split()
    if not found:
        raise Usage(f"there is no commit between {good} and {bad}")
    return found

"""Sampled call stacks in the folded form of Brendan Gregg's flame graphs: ``outer;inner count`` lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench.profiling.wish import Hot

Stacks = Counter[tuple[str, ...]]


def folded(text: str) -> Stacks:
    """Folded lines, as py-spy writes them, as a counter of stacks, the outermost call first."""
    found: Stacks = Counter()
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        if frames and count.isdigit():
            found[tuple(frames.split(";"))] += int(count)
    return found


def unfolded(stacks: Stacks) -> str:
    return "".join(f"{';'.join(stack)} {count}\n" for stack, count in sorted(stacks.items()))


def inside(stacks: Stacks, function: str) -> Stacks:
    """Only the stacks that go through ``function``, from what it called on."""
    found: Stacks = Counter()
    for stack, count in stacks.items():
        at = next((n for n, frame in enumerate(stack) if frame.startswith(f"{function} ")), None)
        if at is not None and stack[at + 1 :]:
            found[stack[at + 1 :]] += count
    return found


def hottest(stacks: Stacks, seconds: float, most: int = 30) -> list[Hot]:
    """The functions in which the samples were taken; ``with_callees_percent``: those in what they call, too."""
    total = sum(stacks.values())
    own, whole = Counter[str](), Counter[str]()
    for stack, count in stacks.items():
        own[stack[-1]] += count
        for frame in dict.fromkeys(stack):
            whole[frame] += count
    return [
        Hot(
            name,
            count / total,
            1000 * seconds * count / total,
            None,
            {"with_callees_percent": 100 * whole[name] / total},
        )
        for name, count in own.most_common(most)
    ]


def tree(stacks: Stacks) -> Node:
    """All stacks as one tree; the root holds every sample."""
    root = Node("all")
    for stack, count in stacks.items():
        root.add(stack, count)
    return root


class Node:
    """A frame of a flame graph: its samples, those of its callees included."""

    def __init__(self, name: str):
        self.name, self.count, self.callees = name, 0, dict[str, Node]()

    def add(self, stack: Iterable[str], count: int) -> None:
        self.count += count
        node = self
        for frame in stack:
            node = node.callees.setdefault(frame, Node(frame))
            node.count += count

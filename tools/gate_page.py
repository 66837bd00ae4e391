"""The page of tools/gate.py: shares with their intervals, and the ratios behind them as compact JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gate_pairs import METHOD, PLANTED, SECONDS, THRESHOLD
from rival_rules import RULES
from scipy.stats import binomtest
from scipy.stats import t as student

from bench.compare.decide import RATE, evidence
from bench.compare.effect import ROBUST, of_units
from bench.compare.sequence import LOOKS
from bench.environment import collect, describe
from bench.nursery import COPIES

GATE = "this gate"
DRAWS = 3000
GOALS = {"same": 0.01, "2%": 0.95, "3%": 0.99, "10%": 0.999}  # at most; at least
TITLES = {"computing": "Bound by computing", "memory": "Bound by memory", "short": "Short"}
LOADS = {
    "none": "At rest",
    "busy": "With one busy process on every processor",
}


def write(lines: Sequence[dict[str, Any]], folder: Path) -> None:
    (folder / "gate.md").write_text(page(lines))
    (folder / "gate.json").write_text(_compact(lines))


def page(lines: Sequence[dict[str, Any]]) -> str:
    looks = ", ".join(f"{n} ({w:g})" for n, w in LOOKS.items())
    before, now = ([x for x in lines if x["method"] == n] for n in (METHOD - 1, METHOD))
    parts = [
        "# How far the gate can be trusted",
        "Made by `tools/gate.py` (`make gate`), from the pairs in gate.json. STFT kernels of about 5 ms, one bound by "
        "computing, one by memory, and a short one of 0.2 ms in the caches, four cases each. They are run as `bench "
        "compare --base-rev` runs them: the last revision, built anew, and the present checkout, whose code is the "
        "same, so that any call is a false alarm; and with a busy wait of 2%, 3% or 10% of each call's own time behind "
        'it, where "slower" is a hit. Every pair is judged as a run of one row: '
        f"threshold {THRESHOLD:.0%}, looks after {looks} pairs of processes (with the share of the error that each "
        f"spends) and when {SECONDS:g} s are over.",
        "Intervals are Clopper-Pearson's, 95%. The other rules judged the same samples, all of a row's processes "
        "pooled: interleaved, and ahead of other programs. Left alone they see worse. Drawn: what the gate says of "
        f"{DRAWS} rows put together from pairs of processes of identical rows, with the slowdown added, for those that "
        "were planted are few; what the processes of one row have in common it cannot show.",
        "Processes are copies of one that has imported, so that more of them fit into ten seconds. Which side is "
        "opened first alternates: see `in_turn` in bench/runner.py for what it is worth.",
        _together(now),
        *[_section(title, [x for x in now if x["load"] == load]) for load, title in LOADS.items()],
        *([_earlier(before)] if before else []),
        "## The machine",
        "\n".join(f"- {name}: {value}" for name, value in describe(collect())),
    ]
    return "\n\n".join(p for p in parts if p) + "\n"


def _section(title: str, lines: list[dict[str, Any]]) -> str:
    if not lines:
        return f"## {title}\n\nNot measured yet."
    low, load, high = np.percentile([x["loadavg"] for x in lines], [0, 50, 100])
    ahead = sum(x["ahead"] for x in lines)
    parts = [
        f"## {title}",
        f"{len(lines)} pairs; load average {load:.1f} in the middle, {low:.1f} to {high:.1f} (this "
        f"run's own is 1 to 2). In {ahead} of them "
        "the processes went ahead of other programs (SCHED_FIFO), as they do where that is permitted.",
    ]
    for name, chosen in _by_kernel(lines).items():
        parts += [f"### {TITLES[name]}", _table(chosen, drawn=True), _against_goals(chosen), _facts(chosen)]
    return "\n\n".join(parts)


def _by_kernel(lines: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [x for x in lines if x["kernel"] == name] for name in sorted({x["kernel"] for x in lines})}


def _together(lines: list[dict[str, Any]]) -> str:
    """What this gate said of each kernel; slowdowns of kernels in unequal numbers have no common rate."""
    rows = [f"| all | {_share(_of(lines, 0.0), GATE)} |" + " |" * (len(PLANTED) - 1)]
    for name, chosen in _by_kernel(lines).items():
        cells = [_share(_of(chosen, share), GATE) for share in PLANTED.values()]
        rows.append("| " + " | ".join([TITLES[name].lower(), *cells]) + " |")
    return (
        "## At rest and busy together\n\n"
        "The goals are for a kernel of 5 ms whose processes are alike, the first one. It got most of the slowdowns. "
        "Where memory makes processes differ by 3 to 4%, ten seconds are too short for 2%.\n\n"
        + "\n".join([*_head("this gate"), *rows, _goals()])
    )


def _earlier(lines: list[dict[str, Any]]) -> str:
    """Pairs that were measured with more in common between processes, as this page had them before."""
    return (
        "## Before\n\n"
        "Measured when ten pairs shared their templates; but for the last 192 a worker drew one distance for all that "
        "it allocated, so that some arrays lay to one another alike in every process of an installation. At rest and "
        "busy together.\n\n" + _table(lines)
    )


def _table(lines: list[dict[str, Any]], drawn: bool = False) -> str:
    rows = _head("rule")
    for rule in (GATE, *RULES):
        cells = [_share(_of(lines, share), rule) for share in PLANTED.values()]
        rows.append("| " + " | ".join([rule, *cells]) + " |")
        if rule == GATE and drawn:
            rows.append("| " + " | ".join([f"{GATE}, drawn", "–", *_drawn(_of(lines, 0.0))]) + " |")
    return "\n".join([*rows, _goals()])


def _head(first: str) -> list[str]:
    head = [first, "false alarms", *(f"{n} found" for n in list(PLANTED)[1:])]
    return ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]


def _goals() -> str:
    goals = [f"*at {'most' if name == 'same' else 'least'} {100 * goal:g}%*" for name, goal in GOALS.items()]
    return "| *goal* | " + " | ".join(goals) + " |"


def _share(lines: list[dict[str, Any]], rule: str) -> str:
    if not lines:
        return "–"
    hits = sum(_calls(x, rule) for x in lines)
    low, high = binomtest(hits, len(lines)).proportion_ci(0.95, "exact")
    return f"{hits} of {len(lines)}: {hits / len(lines):.1%} [{low:.1%}, {high:.1%}]"


def _drawn(same: list[dict[str, Any]]) -> list[str]:
    """How often rows of pairs of processes drawn from the identical ones are found, with a slowdown added to each.

    A row has as many pairs as its seconds allow, of its own kernel and case. What many rows of a slowdown would show
    beyond those that were planted; it cannot show what a template's pairs have in common.
    """
    if not same:
        return ["–"] * (len(PLANTED) - 1)
    pools: dict[tuple[Any, ...], list[float]] = {}
    for line in same:
        pools.setdefault((line["load"], line["kernel"], line["n_fft"]), []).extend(line["logs"])
    rng, cells = np.random.default_rng(0), []
    for share in list(PLANTED.values())[1:]:
        hits = 0
        for n in range(DRAWS):
            line = same[n % len(same)]
            pairs = min(max(LOOKS), int(SECONDS * line["pairs"] / line["seconds"]))
            logs = rng.choice(pools[line["load"], line["kernel"], line["n_fft"]], pairs) + np.log1p(share)
            hits += _slower(logs)
        cells.append(f"{hits / DRAWS:.1%} of {DRAWS}")
    return cells


def _slower(logs: Any) -> bool:
    """`decide` of one row that goes on until it is decided or its time is up."""
    sizes = {n: weight for n, weight in LOOKS.items() if n <= len(logs)}
    if len(logs) not in sizes:
        sizes[len(logs)] = 1 - sum(sizes.values())
    seen = []
    for n, weight in sizes.items():
        seen.append((of_units(logs[:n]), weight))
        row = evidence(seen, THRESHOLD)
        if row.more <= RATE / 2 and row.effect.value > THRESHOLD:
            return True
        if row.less <= RATE / 2 and row.effect.value < -THRESHOLD:
            return False
        if row.low >= -THRESHOLD and row.high <= THRESHOLD:
            return False
    return False


def _calls(line: dict[str, Any], rule: str) -> bool:
    if rule == GATE:
        return line["verdict"] == "more" if line["planted"] else line["verdict"] in ("more", "less")
    return rule in line["rivals"]


def _against_goals(lines: list[dict[str, Any]]) -> str:
    """Goal by goal: met, missed and by how much, or not shown by so few pairs."""
    said = []
    for name, goal in GOALS.items():
        chosen = _of(lines, PLANTED[name])
        if not chosen:
            continue
        hits, n, most = sum(_calls(x, GATE) for x in chosen), len(chosen), name == "same"
        low, high = binomtest(hits, n).proportion_ci(0.95, "exact")
        what = "false alarms" if most else f"{name} found"
        if hits / n > goal if most else hits / n < goal:
            verdict = f"missed by {abs(hits / n - goal):.1%}"
        else:
            shown = high <= goal if most else low >= goal
            verdict = "met" if shown else f"met as far as {n} pairs can tell"
        said.append(f"{what}: {verdict}")
    return "Against the goals: " + "; ".join(said) + "."


def _pairs_for(planted: float, power: float, spread: float) -> int:
    """Pairs of processes that find a slowdown so often: the last look's share of 0.5%, Student's t, normal noise."""
    sizes = np.arange(5, 2000)
    reach = student.isf(RATE / 2 * list(LOOKS.values())[-1], sizes - 2) + student.isf(1 - power, sizes - 2)
    enough = reach * spread / np.sqrt(sizes) <= np.log1p(planted)
    return int(sizes[np.argmax(enough)])


def _facts(lines: list[dict[str, Any]]) -> str:
    same = _of(lines, 0.0)
    logs = np.array([v for x in same for v in x["logs"]])
    open_ = {name: sum(x["verdict"] == "open" for x in _of(lines, share)) for name, share in PLANTED.items()}
    settled = sum(x["verdict"] == "same" for x in same)
    wrong = sum(x["verdict"] == "less" for x in lines if x["planted"])
    seconds = [x["seconds"] for x in lines]
    spread = 1.4826 * np.median(np.abs(logs - np.median(logs))) if len(logs) else np.nan
    return (
        f"{settled} of {len(same)} identical pairs were called the same; inconclusive: "
        + ", ".join(f"{n} of {len(_of(lines, PLANTED[name]))} ({name})" for name, n in open_.items())
        + f"; {wrong} slowdowns were called faster. One pair of processes: the log ratio of identical ones has a "
        f"standard deviation of {logs.std():.2%} ({spread:.2%} from the median absolute deviation). A call took "
        f"{np.median([x['call_ms'] for x in lines]):.1f} ms; a row {np.median(seconds):.1f} s in the middle, "
        f"{np.max(seconds):.1f} s at most, {np.median([x['pairs'] for x in lines]):.0f} pairs of processes. With such "
        f"noise, 2% are found in 95 of 100 rows by {_pairs_for(0.02, 0.95, spread)} pairs, 3% in 99 of 100 by "
        f"{_pairs_for(0.03, 0.99, spread)}: what is missed is inconclusive, because its time was up. "
        + _fair(same)
        + _alike(same)
    )


def _fair(lines: list[dict[str, Any]]) -> str:
    """Are base and new treated alike? The mean of identical rows, and how their Student's t spread."""
    effects = [of_units(x["logs"]) for x in lines if len(x["logs"]) > ROBUST]
    if len(effects) < 10:
        return ""
    values = np.array([e.value for e in effects])
    spread = np.sqrt(np.mean([(e.value / e.error) ** 2 for e in effects]))
    due = np.sqrt(np.mean([e.freedom / (e.freedom - 2) for e in effects]))
    return (
        f"The mean of identical rows is {values.mean():+.3%} ± {values.std(ddof=1) / np.sqrt(len(values)):.3%} "
        f"(standard error): 0 says that the sides are treated alike. Their t statistics spread {spread:.2f} around 0, "
        f"where {due:.2f} is due. "
    )


def _alike(lines: list[dict[str, Any]]) -> str:
    """Does it matter that processes are copies of a template? The intraclass correlation of pairs that share one.

    From the mean squares between and within (Shrout & Fleiss, Psychol. Bull. 86, 1979, case 1), around the known mean
    of 0, of whole groups, outliers drawn in to three scaled median absolute deviations.
    """
    groups = [x["logs"][n : n + COPIES] for x in lines for n in range(0, len(x["logs"]) - COPIES + 1, COPIES)]
    if len(groups) < 10:
        return ""
    logs = np.array(groups)
    reach = 3 * 1.4826 * np.median(np.abs(logs))
    logs = np.clip(logs, -reach, reach)

    def correlation(some: Any) -> float:
        between, within = COPIES * np.mean(some.mean(axis=1) ** 2), np.mean(some.var(axis=1, ddof=1))
        return float((between - within) / (between + (COPIES - 1) * within))

    rng = np.random.default_rng(0)
    draws = [correlation(logs[rng.integers(0, len(logs), len(logs))]) for _ in range(1000)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return (
        f"{COPIES} pairs share their templates: the intraclass correlation of identical ones is "
        f"{correlation(logs):.2f} [{low:.2f}, {high:.2f}]; 0 says that what a template draws does not matter."
    )


def _of(lines: Sequence[dict[str, Any]], planted: float) -> list[dict[str, Any]]:
    return [x for x in lines if x["planted"] == planted]


def _compact(lines: Sequence[dict[str, Any]]) -> str:
    """One line a pair: the facts, the verdict, and the log ratio of every pair of processes."""
    facts = ("method", "load", "kernel", "n_fft", "planted")
    kept = (*facts, "verdict", "ratio", "seconds", "loadavg", "rivals", "logs")
    rows = [json.dumps([x[k] for k in kept], separators=(",", ":")) for x in lines]
    return json.dumps({"columns": kept})[:-1] + ',\n"pairs": [\n' + ",\n".join(rows) + "\n]}\n"

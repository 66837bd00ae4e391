"""The page of tools/gate.py: shares with their intervals, and the ratios behind them as compact JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gate_pairs import PLANTED, SECONDS, THRESHOLD
from rival_rules import RULES
from scipy.stats import binomtest

from bench.compare.sequence import LOOKS
from bench.environment import collect, describe

GATE = "this gate"
TARGETS = {"same": "at most 1%", "2%": "at least 95%", "3%": "at least 99%", "10%": "at least 99.9%"}
LOADS = {
    "none": "At rest",
    "busy": "With one busy process on every processor",
    "ambient": "On a machine that others used meanwhile",
}


def write(lines: Sequence[dict[str, Any]], folder: Path) -> None:
    (folder / "gate.md").write_text(page(lines))
    (folder / "gate.json").write_text(_compact(lines))


def page(lines: Sequence[dict[str, Any]]) -> str:
    looks = ", ".join(f"{n} ({w:g})" for n, w in LOOKS.items())
    parts = [
        "# How far the gate can be trusted",
        "Made by `tools/gate.py` (`make gate`), from the pairs in gate.json. STFT kernels of about 5 ms, one "
        "bound by computing, one by memory, four cases each, run as `bench compare --interleave` runs them: against "
        "themselves, where any call is a false alarm, and against themselves with a busy wait of 2%, 3% or 10% of "
        'each call\'s own time behind it, where "slower" is a hit. Every pair is judged as a run of one row: '
        f"threshold {THRESHOLD:.0%}, looks after {looks} pairs of processes (with the share of the error that each "
        f"spends) and when {SECONDS:g} s are over.",
        "Intervals are Clopper-Pearson's, 95%. The other rules judged the same samples, all of a row's processes "
        "pooled: interleaved, and ahead of other programs. Left alone they see worse.",
        *[_section(title, [x for x in lines if x["load"] == load]) for load, title in LOADS.items()],
        "## The machine",
        "\n".join(f"- {name}: {value}" for name, value in describe(collect())),
    ]
    return "\n\n".join(p for p in parts if p) + "\n"


def _section(title: str, lines: list[dict[str, Any]]) -> str:
    if not lines:
        return f"## {title}\n\nNot measured yet."
    load = np.median([x["loadavg"] for x in lines])
    parts = [f"## {title}", f"{len(lines)} pairs; load average {load:.1f} in the middle (this run's own is about 1)."]
    kernels = {"all": lines} | {k: [x for x in lines if x["kernel"] == k] for k in sorted({x["kernel"] for x in lines})}
    for name, chosen in kernels.items():
        parts += [f"### {'Both kernels' if name == 'all' else f'Bound by {name}'}", _table(chosen)]
        parts.append(_facts(chosen))
    return "\n\n".join(parts)


def _table(lines: list[dict[str, Any]]) -> str:
    head = ["rule", "false alarms", *(f"{n} found" for n in list(PLANTED)[1:])]
    rows = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    for rule in (GATE, *RULES):
        cells = [_share(_of(lines, share), rule) for share in PLANTED.values()]
        rows.append("| " + " | ".join([rule, *cells]) + " |")
    rows.append("| *target* | " + " | ".join(f"*{t}*" for t in TARGETS.values()) + " |")
    return "\n".join(rows)


def _share(lines: list[dict[str, Any]], rule: str) -> str:
    if not lines:
        return "–"
    hits = sum(_calls(x, rule) for x in lines)
    low, high = binomtest(hits, len(lines)).proportion_ci(0.95, "exact")
    return f"{hits} of {len(lines)}: {hits / len(lines):.1%} [{low:.1%}, {high:.1%}]"


def _calls(line: dict[str, Any], rule: str) -> bool:
    if rule == GATE:
        return line["verdict"] == "more" if line["planted"] else line["verdict"] in ("more", "less")
    return rule in line["rivals"]


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
        f"{np.max(seconds):.1f} s at most, {np.median([x['pairs'] for x in lines]):.0f} pairs of processes."
    )


def _of(lines: Sequence[dict[str, Any]], planted: float) -> list[dict[str, Any]]:
    return [x for x in lines if x["planted"] == planted]


def _compact(lines: Sequence[dict[str, Any]]) -> str:
    """One line a pair: the facts, the verdict, and the log ratio of every pair of processes."""
    kept = ("load", "kernel", "n_fft", "planted", "verdict", "ratio", "seconds", "loadavg", "rivals", "logs")
    rows = [json.dumps([x[k] for k in kept], separators=(",", ":")) for x in lines]
    return json.dumps({"columns": kept})[:-1] + ',\n"pairs": [\n' + ",\n".join(rows) + "\n]}\n"

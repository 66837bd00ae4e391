"""reports/reference/loading.md: what is said about loading audio, beside what `bench run load` measured.

usage: python tools/loading.py RUN... > reports/reference/loading.md
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.report.digits import significant
from bench.results import Results

NOTES = Path("reports/reference/loading-notes.md")
ISSUE = "often said; no published measurement of audio was found"
HF_TAR = "Hugging Face Hub documentation, WebDataset"
HF_ARROW = "Hugging Face datasets documentation"
EPOCH_10 = {"seconds": 10.0, "chunk": 1.0, "batch": 16, "features": "waveform", "cache": "warm"}


@dataclass(frozen=True)
class Claim:
    """``one`` is said to be faster than ``other``; the cases that may decide are those that hold ``case``."""

    said: str
    source: str
    one: str
    other: str
    case: Mapping[str, Any]
    op: str = "epoch"


WAV = EPOCH_10 | {"format": "wav", "workers": 2}
FLAC = EPOCH_10 | {"format": "flac", "workers": 2}
WHOLE = {"seconds": 10.0, "chunk": 0.0, "sample_rate": 16000, "cache": "warm"}
BIG = "DALI gives 10-100x for data loading"
TAR = "tar shards are orders of magnitude faster than separate files"
FFCV = "FFCV is the fastest way to load, for audio, too"
BENCHMARKS = "posts and benchmarks of audio readers, each of another version"

CLAIMS = [
    *(Claim(BIG, ISSUE, "dali", other, case) for case in (WAV, FLAC) for other in ("dataloader", "dataloader:librosa")),
    Claim(BIG, ISSUE, "dali", "c", WAV),
    *(Claim(FFCV, "its benchmarks are of images", "ffcv", other, WAV) for other in ("dataloader", "dali", "c")),
    Claim("FFCV's quasi-random order costs no speed", "FFCV, of slow disks", "ffcv:quasi_random", "ffcv", WAV),
    *(Claim(TAR, HF_TAR, "webdataset", "dataloader", WAV | {"cache": cache}) for cache in ("warm", "cold")),
    Claim("Arrow is read without a copy, and so is fast", HF_ARROW, "datasets", "dataloader", WAV),
    Claim("reading a part beats decoding the whole", ISSUE, "dataloader", "dataloader:librosa", FLAC),
    *(
        Claim(
            f"{one} is faster than {other} for {format}", BENCHMARKS, one, other, WHOLE | {"format": format}, "decode"
        )
        for one, other, format in (
            ("scipy", "soundfile", "wav"),
            ("soundfile", "librosa", "wav"),
            ("soundfile", "torchaudio", "flac"),
            ("torchcodec", "librosa", "mp3"),
            ("av", "soundfile", "mp3"),
            ("c", "scipy", "wav"),
        )
    ),
]


def find(summary: pd.DataFrame, impl: str, claim: Claim) -> Mapping[str, Any] | None:
    """The line of an implementation that the claim is about."""
    for line in summary[(summary.impl == impl) & (summary.op == claim.op)].to_dict("records"):
        if all(line["case"].get(k) == v for k, v in claim.case.items()):
            return line
    return None


def verdict(claim: Claim, summaries: list[pd.DataFrame]) -> str:
    """One row: what is said, and the ratio here with the range that both intervals allow, out of the first run that has
    both."""
    pairs = [(find(s, claim.one, claim), find(s, claim.other, claim)) for s in summaries]
    one, other = max(pairs, key=lambda pair: sum(line is not None and usable(line) for line in pair))
    shown = {k: claim.case[k] for k in ("format", "workers", "cache") if k in claim.case}
    where = ", ".join(f"{k} {v}" for k, v in shown.items())
    who = f"{claim.one} : {claim.other}"
    for name, line in ((claim.one, one), (claim.other, other)):
        if line is None or not usable(line):
            why = f"{name}: {line['reason'] if line else 'not measured'}"
            return f"| {claim.said} | {who} | {where} | {why} | {claim.source} |"
    assert one and other
    ratio = other["median_ms"] / one["median_ms"]
    low, high = other["low_ms"] / one["high_ms"], other["high_ms"] / one["low_ms"]
    return f"| {claim.said} | {who} | {where} | {ratio:.2f} [{low:.2f}, {high:.2f}] | {claim.source} |"


def usable(line: Mapping[str, Any] | None) -> bool:
    return line is not None and line["status"] in ("ok", "unstable")


FIGURES: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "files/s": lambda line: line["case"]["files"] / (line["median_ms"] / 1e3),
    "audio s/s": lambda line: line["x_realtime"],
    "first batch, ms": lambda line: line["quality"].get("first_batch_ms"),
    "p99 between batches, ms": lambda line: line["quality"].get("batch_p99_ms"),
    "CPU s an epoch": lambda line: line["quality"].get("cpu_seconds"),
    "memory of all processes, MB": lambda line: line["peak_rss_mb"],
    "on disk, MB": lambda line: line["quality"].get("disk_mb"),
    "built in, s": lambda line: line["quality"].get("build_seconds"),
    "stalls at 2 ms a step, %": lambda line: _percent(line["quality"].get("stall_2ms")),
    "at 10 ms": lambda line: _percent(line["quality"].get("stall_10ms")),
    "at 50 ms": lambda line: _percent(line["quality"].get("stall_50ms")),
    "shuffling": lambda line: line["quality"].get("shuffling"),
}


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def table(lines: list[Mapping[str, Any]]) -> str:
    """Every figure of the loaders of one case, fastest first; what could not be measured says why."""
    head = ["loader", *FIGURES]
    rows = [head, [":--", *["--:"] * len(FIGURES)]]
    for line in sorted(filter(usable, lines), key=lambda x: x["median_ms"]):
        rows.append([line["impl"], *(significant(f(line)) for f in FIGURES.values())])
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    failed = [f"- {line['impl']}: *{line['status']}*, {line['reason']}" for line in lines if not usable(line)]
    return text + ("\n\n" + "\n".join(failed) if failed else "")


def main(runs: list[str]) -> None:
    results = [Results.load(run) for run in runs]
    summaries = [r.summary().query("suite == 'load'") for r in results]
    print("# Loading audio: what is said, and what is measured here\n")
    print(
        "Made by `tools/loading.py` from runs of `bench run load`. A ratio is the speed of the first over that of the\n"
        "second, both measured side by side in one run; in brackets what their 95% intervals allow.\n"
    )
    print("| said | speed of | on | measured | source |\n| :-- | :-- | :-- | --: | :-- |")
    for claim in CLAIMS:
        print(verdict(claim, summaries))
    if NOTES.exists():
        print(f"\n{NOTES.read_text().strip()}")
    for run, summary in zip(runs, summaries, strict=True):
        for label, group in summary[summary.op == "epoch"].groupby("label", sort=False):
            print(f"\n## An epoch: {label}\n\n{table(group.to_dict('records'))}\n\nRun: `{Path(run).name}`.")
    environment = results[0].environment
    print(f"\nMachine: {environment.get('machine', 'not recorded')}.")


if __name__ == "__main__":
    main(sys.argv[1:])

"""`bench doctor` on a terminal: findings, and what is missing."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bench.doctor import examine, missing
from bench.registry import load

MARKS = {"ok": ("ok", "green"), "warn": ("warn", "yellow"), "bad": ("BAD", "bold red")}


def print_checkup(as_json: bool) -> None:
    findings, absent, broken = examine(), missing(load()), load().broken
    if as_json:
        parts = {
            "findings": [asdict(f) for f in findings],
            "missing": [asdict(m) for m in absent],
            "broken": [asdict(b) for b in broken],
        }
        print(json.dumps(parts, indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        mark, style = MARKS[finding.level]
        console.print(Text(f"{mark:<5}", style=style), Text(f"{finding.subject}: {finding.sentence}"), sep="")
        if finding.remedy and finding.level != "ok":
            console.print(Text(f"     -> {finding.remedy}"))
    for extra in absent:
        names = ", ".join(extra.implementations)
        console.print(Text("miss ", style="yellow"), Text(f"{names}: {extra.command}"), sep="")
    for file in broken:
        console.print(Text("BAD  ", style="bold red"), Text(f"{file.source}: {file.reason}"), sep="")

"""Every codec of the registry: round trips, bitrates, delays, streaming, damage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bench.registry import load

ROOT = Path(__file__).resolve().parents[2]
EXAMINER = Path(__file__).with_name("codec_examiner.py")
NAMES = [i.name for i in load().of("codec") if i.extra != "neural"]
"""Networks are tested small, in test_neural.py."""

VARIABLE = ("aac", "flac", "opus", "opus:audio", "opus:c0", "opus:c5", "opus:lowdelay", "vorbis")
"""Their payload follows the sound, or no bitrate at all: they are held to one on real speech only, or to none."""

LATE = {"amrwb": 15, "sbc": -5}
"""Samples by which a codec is later than declared: AMR-WB's filters between 16 and 12.8 kHz; a generous formula."""


@cache
def examined(*options: str) -> dict[str, list[dict[str, Any]]]:
    """{codec: what the examiner found}. A codec that takes its process down says so; the next ones go on."""
    waiting, found = list(NAMES), {}
    while waiting:
        child = subprocess.run(
            [sys.executable, "-P", "-W", "error::RuntimeWarning", str(EXAMINER), *options, *waiting],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
        for line in lines:
            if "name" in line:
                found.setdefault(line["name"], []).append(line)
        finished = [line["done"] for line in lines if "done" in line]
        waiting = [name for name in waiting if name not in finished]
        if waiting:
            end = f"its process ended with {child.returncode} after {lines[-1:]}: {child.stderr[-500:]}"
            found.setdefault(waiting[0], []).append({"setting": None, "problems": [end]})
            waiting = waiting[1:]
    return found


def measured(name: str) -> list[dict[str, Any]]:
    """What was measured of a codec, one entry a setting; the test is skipped where it cannot run here."""
    entries = [entry for entry in examined()[name] if "nominal" in entry]
    if not entries:
        pytest.skip("; ".join(dict.fromkeys(entry.get("skipped", "see the round trips") for entry in examined()[name])))
    return entries


@pytest.mark.parametrize("name", NAMES)
def test_round_trips(name: str) -> None:
    entries = examined()[name]
    if all("skipped" in entry for entry in entries):
        pytest.skip(entries[0]["skipped"])
    assert {str(entry["setting"]): entry["problems"] for entry in entries if entry.get("problems")} == {}


@pytest.mark.parametrize("name", NAMES)
def test_damaged_packets_end_in_an_exception_or_in_sound(name: str) -> None:
    entries = examined("--damage")[name]
    if all("skipped" in entry for entry in entries):
        pytest.skip(entries[0]["skipped"])
    assert {str(entry["setting"]): entry["problems"] for entry in entries if entry.get("problems")} == {}


@pytest.mark.parametrize("name", NAMES)
def test_payload_is_within_a_tenth_of_nominal(name: str) -> None:
    for entry in measured(name):
        if name not in VARIABLE:
            assert entry["payload"] == pytest.approx(entry["nominal"], rel=0.1)
        if entry["container"] is not None:
            assert entry["container"] > entry["payload"]


@pytest.mark.parametrize("name", NAMES)
def test_delay_is_the_declared_one(name: str) -> None:
    for entry in measured(name):
        if entry["delay"] is None:
            assert entry["lag"] == 0
            continue
        late = LATE.get(name, 0)
        tolerance = 0.005 * entry["rate"] if name == "codec2" else 6 * entry["rate"] / 48000
        assert entry["lag"] == pytest.approx(entry["delay"] - entry["frame"] + late, abs=tolerance)


@pytest.mark.parametrize("name", [n for n in NAMES if n in ("flac", "pcm:16bit")])
def test_lossless_is_exact(name: str) -> None:
    assert all(entry["exact"] for entry in measured(name))


DAMAGED = """
from dataclasses import replace
import os
from bench import impl

@impl("codec", requires="soundfile", variants={how: {"how": how} for how in ("refused", "crash", "hang", "odd")})
def damaged(case, how):
    import numpy as np
    from bench.registry import load
    good = load().find("codec", "flac").make(case)
    decode = {
        "refused": lambda packets: good.decode([packet[:100] for packet in packets]),
        "crash": lambda packets: os.abort(),
        "hang": lambda packets: good.decode(packets) if __import__("time").sleep(3600) else None,
        "odd": lambda packets: good.decode(packets) * np.float32("nan"),
    }[how]
    return replace(good, decode=decode)
"""


def test_a_damaged_packet_costs_one_row(bench: Any, tmp_path: Path) -> None:
    """Refused, fatal, endless or turned into nonsense: one row says so, and the neighbour is measured."""
    (tmp_path / "impls" / "codec").mkdir(parents=True)
    (tmp_path / "impls" / "codec" / "damaged.py").write_text(DAMAGED)
    ran = bench(
        *("run", "codec", "--impl", "damaged,flac", "--op", "decode", "--case", "seconds=0.5", "--metrics", "none"),
        *("--grid", "quick", "--budget", "0.05s", "--replicates", "1", "--deadline", "20s", "--out", "out", "--quiet"),
    )
    assert ran.returncode == 4, ran.stdout + ran.stderr
    rows = [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()]
    ended = {row["impl"]: (row["status"], row["reason"]) for row in rows if row["op"] in ("decode", "")}
    assert ended["damaged:refused"][0] == "error" and "LibsndfileError" in ended["damaged:refused"][1]
    assert ended["damaged:crash"][0] == "crash"
    assert ended["damaged:hang"][0] == "timeout"
    assert ended["damaged:odd"][0] == "wrong" and "NaN" in ended["damaged:odd"][1]
    assert ended["flac"][0] in ("ok", "unstable")

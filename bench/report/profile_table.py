"""A profile as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.profiling.wish import Hot, Profile
from bench.report.digits import significant

HEADINGS = {
    "share": "share, %",
    "self_ms": "own time, ms",
    "calls": "calls",
    "with_callees_percent": "with callees, %",
    "mean_us": "mean, us",
    "gap_us": "gap before, us",
    "gb_per_s": "GB/s",
    "dram_gb_per_s": "DRAM, GB/s",
    "dram_percent": "DRAM, %",
    "sm_percent": "SM, %",
    "occupancy_percent": "occupancy, %",
    "registers": "registers",
    "grid": "grid",
    "block": "block",
}
"""Columns in their order; only those that a tool fills are shown."""


def columns(hot: Sequence[Hot]) -> list[str]:
    known = {name for h in hot for name in h.more} | {"share", "self_ms"}
    known |= {"calls"} if any(h.calls is not None for h in hot) else set()
    return [name for name in HEADINGS if name in known]


def cells(hot: Hot, names: Sequence[str]) -> list[str]:
    values: Mapping[str, float | str | None] = {
        "share": 100 * hot.share,
        "self_ms": hot.self_ms,
        "calls": hot.calls,
        **hot.more,
    }
    return [v if isinstance(v, str) else significant(v) for v in (values.get(name) for name in names)]


def title(profile: Profile) -> str:
    wish = profile.wish
    return (
        f"{wish.suite} {wish.impl} {wish.op} ({wish.label}) under {wish.tool}: {profile.calls} calls of "
        f"{significant(profile.call_ms)} ms"
    )


def short(name: str, most: int = 60) -> str:
    """A kernel's or function's name within a column: its end is cut, and shown to be."""
    return name if len(name) <= most else f"{name[: most - 1]}…"

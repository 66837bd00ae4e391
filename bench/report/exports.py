"""A report's numbers for programs and papers, as CSV or Parquet: one table a file, the same names in both.

``timings``: a line of ``Results.summary()`` each, with run and corpus. ``quality``: a codec at a bitrate in one metric.
``clips``: one clip of it. Only tables that have lines are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.report.codec_tables import At, Condition, Entry, Place, Ranking
from bench.report.contents import Contents
from bench.report.lines import Line

IDENTITY = ("run", "corpus", "suite", "label", "op", "impl", "device", "threads", "status", "version")


def write(contents: Contents, folder: Path, kind: str) -> list[Path]:
    """``kind`` is "csv" or "parquet"; the paths of what was written."""
    written = []
    for name, frame in frames(contents).items():
        path = folder / f"{name}.{kind}"
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path, index=False)
        written.append(path)
    return written


def frames(contents: Contents) -> dict[str, pd.DataFrame]:
    """The tables by name."""
    made = {
        "timings": [_timing(line) for line in contents.lines],
        "quality": [record for c in contents.codecs for record in _quality(c)],
        "clips": [record for c in contents.codecs for record in _clips(c)],
    }
    return {name: _frame(records) for name, records in made.items() if records}


def _frame(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A column in which nothing is known is a column of numbers all the same, as it is where something is."""
    frame = pd.DataFrame(records)
    for name in frame.columns[frame.isna().all()]:
        frame[name] = frame[name].astype(float)
    return frame


def _timing(line: Line) -> dict[str, Any]:
    nested = {"case": json.dumps(line.case), "quality": json.dumps(line.quality)}
    return {name: getattr(line, name) for name in IDENTITY} | line.values | nested


def _places(condition: Condition) -> Iterator[tuple[At, Ranking, Place]]:
    return ((at, r, p) for at in condition.bitrates for r in at.rankings for p in r.places)


def _who(condition: Condition, entry: Entry) -> dict[str, Any]:
    return {
        "run": condition.run, "corpus": condition.corpus, "kind": condition.kind, "condition": condition.label,
        "asked_kbps": entry.asked,
        "impl": entry.impl, "version": entry.version,
    }  # fmt: skip


def _quality(condition: Condition) -> Iterator[dict[str, Any]]:
    for _, ranking, place in _places(condition):
        entry, mean = place.entry, place.mean
        yield _who(condition, entry) | {
            "metric": ranking.metric.name, "unit": ranking.metric.unit, "better": ranking.metric.better,
            "mean": mean.value, "low": mean.low, "high": mean.high, "n": mean.n, "failed": mean.failed,
            "baseline": mean.baseline, "rank": place.rank, "tied": place.tied, "not_ranked": place.why,
            "payload_kbps": entry.payload, "nominal_kbps": entry.nominal, "container_kbps": entry.container,
            "delay_declared_ms": entry.delay_declared, "delay_measured_ms": entry.delay_measured,
            "encode_x_realtime": entry.speed("encode", "x_realtime"),
            "decode_x_realtime": entry.speed("decode", "x_realtime"),
            "frame_p50_ms": entry.speed("stream", "median_ms"), "frame_p99_ms": entry.speed("stream", "p99_ms"),
            "frame_max_ms": entry.speed("stream", "max_ms"),
            "deadline_misses": entry.speed("stream", "deadline_misses"), "model_bytes": entry.model_bytes,
            "parameters": entry.parameters, "macs_per_second": entry.macs_per_second,
            "failures": json.dumps({reason: list(clips) for reason, clips in mean.failures.items()}),
        }  # fmt: skip


def _clips(condition: Condition) -> Iterator[dict[str, Any]]:
    for _, ranking, place in _places(condition):
        who = _who(condition, place.entry) | {"metric": ranking.metric.name}
        yield from (who | {"clip": clip, "value": value, "failure": ""} for clip, value in place.mean.clips.items())
        for reason, clips in place.mean.failures.items():
            yield from (who | {"clip": clip, "value": None, "failure": reason} for clip in clips)

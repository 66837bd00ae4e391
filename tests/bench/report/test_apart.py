"""Runs of one name in several folders, as `--out mel` makes them on every machine, are never taken for one."""

from __future__ import annotations

from dataclasses import replace

import codec_runs
import pytest

from bench.report import contents, listen
from bench.results import Results


@pytest.fixture
def two(tmp_path):
    """A day on which the codec was good, and one on which it was slower and sounded worse."""
    made = []
    for day, factor in (("monday", 1.0), ("tuesday", 2.0)):
        rows = [codec_runs.timing("wave:good", 6.0, "encode", n) for n in range(2)]
        rows = [replace(row, samples_ns=[factor * ns for ns in row.samples_ns]) for row in rows]
        clips = [codec_runs.untouched(n) for n in range(2)]
        scored = [codec_runs.score("wave:good" if factor == 1 else "wave:plain", 6.0, n) for n in range(2)]
        clips += [replace(score, impl="wave:good") for score in scored]
        made.append(codec_runs.write(tmp_path / day / "out", clips, rows))
    return made


def test_rows_scores_and_audio_stay_with_their_run(two):
    said = contents.gather(two)
    assert [run.name for run in said.runs] == ["monday/out", "tuesday/out"]
    (table,) = said.sections[0].tables
    assert [(p.rank, p.line.run) for p in table.places] == [(1, "monday/out"), (2, "tuesday/out")]
    assert "run" in [column.name for column in table.columns]
    alone = [contents.gather(run).codecs[0].bitrates[0].entries[0] for run in two]
    assert [c.name.rpartition(", ")[2] for c in said.codecs] == ["monday/out", "tuesday/out"]
    beside = [condition.bitrates[0].entries[0] for condition in said.codecs]
    assert [e.means["pesq_wb"].value for e in beside] == [e.means["pesq_wb"].value for e in alone]
    assert [e.speed("encode", "median_ms") for e in beside] == [e.speed("encode", "median_ms") for e in alone]


def test_each_run_is_heard(two):
    from bench.report.apart import apart

    page = listen.build(apart(two))
    assert page.runs == ["monday/out", "tuesday/out"]
    titles = [f"{run} · {clip}" for clip in ("clip-00", "clip-01") for run in page.runs]
    assert sorted(c["title"].partition(" · speaker")[0] for c in page.clips) == sorted(titles)
    assert all(c["about"].startswith(c["title"].partition(" · ")[0]) for c in page.clips)


def test_one_run_named_twice_is_one(two):
    again = Results.load(two[0].path)
    said = contents.gather([two[0], again])
    assert [run.name for run in said.runs] == ["run-1"]
    assert [e.clips for e in said.codecs[0].bitrates[0].entries] == [2]

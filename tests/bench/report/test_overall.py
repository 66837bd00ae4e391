"""Standings over several cases."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import pytest

from bench.report import contents
from bench.results import Results


def overall(rows):
    return contents.gather(Results(rows)).sections[0].overall


def rows_of(made, impl, sizes, **other):
    return [made.measured(impl, s, replicate=r, **other) for s in sizes for r in range(3)]


def test_speed_is_the_geometric_mean_relative_to_the_best(full):
    section = contents.gather(full).sections[0]
    relative = []
    for table in section.tables:
        medians = {p.line.impl: p.line["median_ms"] for p in table.places if p.rank}
        relative.append(min(medians.values()) / medians["numpy"])
    numpy = next(s for s in section.overall.standings if s.contestant.impl == "numpy")
    assert numpy.speed == pytest.approx(prod(relative) ** (1 / 4))
    assert numpy.worst == pytest.approx(min(relative))
    assert numpy.firsts == 0
    assert (section.overall.used, section.overall.total) == (4, 4)


def test_twice_and_eight_times_as_slow_is_a_quarter_of_the_speed(made):
    fast = rows_of(made, "fast", [512, 1024])
    times = {512: 2, 1024: 8}
    slow = [replace(r, impl="slow", samples_ns=[times[r.case["n_fft"]] * s for s in r.samples_ns]) for r in fast]
    standings = {s.contestant.impl: s for s in overall([*fast, *slow]).standings}
    assert (standings["slow"].speed, standings["slow"].worst) == (pytest.approx(1 / 4), pytest.approx(1 / 8))


def test_twins_share_the_first_rank(full):
    standings = contents.gather(full).sections[0].overall.standings
    assert [(s.contestant.impl, s.rank, s.tied) for s in standings[:3]] == [
        ("fast", 1, True), ("fast:twin", 1, True), ("scipy", 3, False),
    ]  # fmt: skip


def test_only_cases_that_all_measured_count_and_who_measured_few_is_left_out(made):
    rows = [*rows_of(made, "numpy", made.SIZES), *rows_of(made, "scipy", made.SIZES[:3]), *rows_of(made, "fast", [512])]
    found = overall(rows)
    assert (found.used, found.total) == (3, 4)
    assert [s.contestant.impl for s in found.standings] == ["scipy", "numpy"]
    assert {c.impl: n for c, n in found.left_out.items()} == {"fast": 1}
    assert found.standings[1].firsts == 0  # fast is in the case of 512, scipy in the others


def test_one_case_or_one_contestant_has_no_standings(made):
    assert overall([*rows_of(made, "numpy", [512]), *rows_of(made, "scipy", [512])]) is None
    assert overall(rows_of(made, "numpy", made.SIZES)) is None


def test_threads_are_contestants_of_their_own(made):
    rows = [*rows_of(made, "numpy", [512, 1024]), *rows_of(made, "numpy", [512, 1024], threads=2)]
    found = overall(rows)
    assert found.identity == ["threads"]
    assert sorted(s.contestant.threads for s in found.standings) == [1, 2]


def test_the_headline_names_the_fastest_and_the_distance(full, made):
    said = contents.headline(contents.gather(full).sections[0])
    assert (
        said
        == "fast, fast:twin are fastest, and cannot be told apart, over 4 cases; 2.00 times as fast as the next, scipy."
    )
    alone = contents.headline(contents.gather(Results(rows_of(made, "numpy", [512]))).sections[0])
    assert alone == "numpy is fastest on n_fft=512 hop_length=128 center=on (nothing to compare it with)."
    nobody = contents.headline(contents.gather(Results(rows_of(made, "liar", [512]))).sections[0])
    assert nobody == "No implementation gave a right answer in time."


def test_the_headline_tells_contestants_of_one_name_apart(made):
    rows = [*rows_of(made, "numpy", [512, 1024]), *rows_of(made, "numpy", [512, 1024], threads=2)]
    section = contents.gather(Results(rows)).sections[0]
    assert contents.headline(section).startswith("numpy ×")

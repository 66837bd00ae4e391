"""The numbers of a table against numbers computed here, from the samples, in another way."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from bench import stats
from bench.report import contents, lines, ranking, tables
from bench.results import Results


def table_of(rows, **more):
    return tables.table(lines.read([Results(rows, more.pop("environment", None))]), **more)


def places(table):
    return {p.line.impl: p for p in table.places}


def texts(table, impl):
    """{column name: text} of one implementation's cells."""
    place = places(table)[impl]
    return {c.name: cell.text for c, cell in zip(table.columns, table.cells(place), strict=True)}


def three(made, impl, size=512, **other):
    return [made.measured(impl, size, replicate=r, **other) for r in range(3)]


def by_hand(rows):
    """Median over replicates of the median over rounds of 8 samples, ns, without NumPy."""
    rounds = [[r.samples_ns[i : i + 8] for i in range(0, 80, 8)] for r in rows]
    return statistics.median(statistics.median(statistics.median(s) for s in one) for one in rounds)


def test_cells_are_what_the_samples_say(made):
    rows = three(made, "numpy")
    shown = texts(table_of(rows, environment=made.environment()), "numpy")
    median = by_hand(rows)
    everything = sorted(s for r in rows for s in r.samples_ns)
    quantiles = statistics.quantiles(everything, n=100, method="inclusive")
    assert shown["median_ms"].split(" ")[0] == f"{median / 1e3:.0f}"
    assert shown["x_realtime"] == f"{round(10e9 / median, -2):,.0f}"
    assert shown["p95_ms"] == f"{quantiles[94] / 1e3:.0f}"
    assert shown["p99_ms"] == f"{quantiles[98] / 1e3:.0f}"
    assert shown["first_ms"] == "7,000"
    assert shown["end_to_end_ms"] == "455"
    assert shown["memory_mb"] == "3.50"
    assert shown["error"] == "0"
    least_us = max(512e3 / 100e3, 512 * 4e2 / 20e3)  # 100 Gflop/s; 205 kB do not fit the small cache: 20 GB/s
    assert float(shown["limit_percent"]) == pytest.approx(100 * least_us / (median / 1e3), rel=0.02)


def test_the_interval_is_the_hierarchical_bootstrap_of_bench_stats(made):
    rows = three(made, "numpy")
    interval = stats.median_interval([stats.round_medians(r.samples_ns, r.rounds) for r in rows])
    expected = [f"{v / 1e3:.0f}" for v in (interval.value, interval.low, interval.high)]
    assert texts(table_of(rows), "numpy")["median_ms"] == "{} [{}, {}]".format(*expected)


def test_ranks_follow_the_medians(full):
    table = contents.gather(full).sections[0].tables[0]
    ranked = [(p.line.impl, p.rank) for p in table.places if p.rank and p.line.impl != "shaky"]
    assert [name for name, _ in ranked[:4]] == ["fast", "fast:twin", "scipy", "numpy"]
    assert [rank for _, rank in ranked[:3]] == [1, 1, 3]
    medians = [p.line["median_ms"] for p in table.places if p.rank]
    assert medians == sorted(medians)


def test_what_cannot_be_told_from_the_best_shares_its_rank(full):
    table = contents.gather(full).sections[0].tables[0]
    best, twin, third = (places(table)[n] for n in ("fast", "fast:twin", "scipy"))
    keys = sorted(best.line.rounds)
    paired = stats.ratio_interval([best.line.rounds[k] for k in keys], [twin.line.rounds[k] for k in keys])
    assert not stats.different(paired)
    assert [(p.rank, p.tied) for p in (best, twin, third)] == [(1, True), (1, True), (3, False)]
    assert tables.remark(twin) == "tied with the best"


def test_pairing_tells_apart_what_the_bare_intervals_cannot(made):
    """The rivals drift together by 3% from round to round, so a difference of 2% shows only in paired ratios."""
    fast = three(made, "fast")
    slower = [replace(r, impl="slower", samples_ns=[1.02 * s for s in r.samples_ns]) for r in fast]
    found = places(table_of([*fast, *slower]))
    assert found["slower"].line["low_ms"] < found["fast"].line["high_ms"]  # the intervals overlap
    assert (found["fast"].rank, found["slower"].rank, found["fast"].tied) == (1, 2, False)
    elsewhere = [replace(r, run="another") for r in slower]  # not interleaved: nothing to pair
    said = contents.gather([Results(fast), Results(elsewhere)])
    assert [(p.line.impl, p.rank) for p in said.sections[0].tables[0].places] == [("fast", 1), ("slower", 1)]


def test_a_wrong_answer_is_never_ranked_however_fast(full):
    for section in contents.gather(full).sections:
        for table in section.tables:
            liar = places(table)["liar"]
            assert liar.line["median_ms"] < min(p.line["median_ms"] for p in table.places if p.rank)
            assert (liar.rank, tables.remark(liar), tables.rank_text(liar)) == (None, "wrong", "–")
            shown = texts(table, "liar")
            assert shown["error"] == "0.30" and {v for k, v in shown.items() if k != "error"} == {"–"}
        assert all(s.contestant.impl != "liar" for s in section.overall.standings)


@pytest.mark.parametrize("status", ["wrong", "error", "crash", "timeout", "oom"])
def test_one_bad_replicate_takes_the_rank_away(made, status):
    rows = [*three(made, "fast"), *three(made, "scipy")]
    rows.append(made.measured("fast", 512, replicate=3, status=status, reason="no"))
    found = places(table_of(rows))
    assert found["fast"].rank is None and found["scipy"].rank == 1


def test_unstable_is_ranked_and_says_so(made):
    rows = [*three(made, "numpy"), *three(made, "fast", status="unstable", reason="restless")]
    found = places(table_of(rows))
    assert (found["fast"].rank, tables.remark(found["fast"])) == (1, "unstable")


def test_the_best_of_each_column_is_marked_among_the_ranked_only(made):
    rows = [*three(made, "fast", error=1e-6), *three(made, "numpy", error=1e-8), *three(made, "liar", error=0.0)]
    table = table_of(rows)
    best = {c.name: [p.line.impl for p in table.places if table.cells(p)[i].best] for i, c in enumerate(table.columns)}
    assert best["median_ms"] == best["p95_ms"] == best["memory_mb"] == ["fast"]
    assert best["error"] == ["numpy"]


def test_columns_that_tell_lines_apart_appear_only_where_they_differ(made):
    rows = three(made, "fast")
    assert next(c.name for c in table_of(rows).columns) == "x_realtime"
    several = [*rows, *three(made, "fast", threads=2)]
    table = table_of(several)
    assert [c.name for c in table.columns][:2] == ["threads", "x_realtime"]
    assert [cell.text for cell in table.cells(table.places[0])][:1] in (["1"], ["2"])
    assert len(table.places) == 2


def test_the_suites_own_axis_of_quality_is_a_column(made):
    table = table_of(three(made, "fast"), axis="snr_db")
    assert texts(table, "fast")["quality"] == "119"
    assert "quality" not in texts(table_of(three(made, "fast"), axis="unheard_of"), "fast")


def test_the_unit_follows_the_times(made):
    rows = three(made, "fast")
    slow = [replace(r, samples_ns=[s * 1e5 for s in r.samples_ns]) for r in rows]
    assert (table_of(rows).unit.name, table_of(slow).unit.name) == ("µs", "s")


def test_runs_are_never_pooled_and_get_a_column(made):
    first = three(made, "fast")
    second = [replace(r, run="run-2", samples_ns=[2 * s for s in r.samples_ns]) for r in first]
    said = contents.gather([Results(first), Results(second)])
    (table,) = said.sections[0].tables
    assert [(p.line.run, p.rank) for p in table.places] == [("run-1", 1), ("run-2", 2)]
    assert "run" in [c.name for c in table.columns]
    assert table.places[1].line["median_ms"] == pytest.approx(2 * table.places[0].line["median_ms"])
    assert any("never pooled" in note for note in said.notes)


def test_two_corpora_are_two_tables(made):
    rows = [*three(made, "fast", corpus="a"), *three(made, "numpy", corpus="b")]
    sections = contents.gather(Results(rows)).sections
    assert [(s.corpus, [p.line.impl for t in s.tables for p in t.places]) for s in sections] == [
        ("a", ["fast"]),
        ("b", ["numpy"]),
    ]


def test_where_quality_differs_the_choice_is_those_that_none_outruns_at_their_quality(made):
    quality = {"fast": 10.0, "scipy": 90.0, "numpy": 50.0, made.PIPES: 120.0}
    rows = [row for impl, snr in quality.items() for row in three(made, impl, quality={"snr_db": snr})]
    table = table_of(rows, axis="snr_db")
    assert [line.impl for line in tables.front(table)] == ["fast", "scipy", made.PIPES]  # numpy: slower and worse
    assert tables.like_for_like(table).startswith(
        "Quality differs: for their snr_db, none is faster than fast (10.0), "
    )
    even = [row for impl in quality for row in three(made, impl, quality={"snr_db": 90.0})]
    alike = table_of(even, axis="snr_db")
    assert tables.like_for_like(alike) == tables.like_for_like(table_of(rows)) == ""


def test_longer_frames_are_ranked_by_what_a_second_costs(made):
    """A codec with frames of 20 ms beats one with frames of 10 ms, although each of its calls takes longer."""
    fast, slow = "numpy", "scipy"
    rows = three(made, fast, audio_seconds=0.020) + three(made, slow, audio_seconds=0.010)
    assert by_hand(rows[:3]) > by_hand(rows[3:])
    table = table_of(rows)
    assert [p.line.impl for p in table.places] == [fast, slow]
    seen = {i: places(table)[i].line.number("x_realtime") for i in (fast, slow)}
    assert seen[fast] > seen[slow], "the order of the column that readers compare"
    assert tables.caption(table)[1] == "0.0100 to 0.0200 s of audio a call"
    found = ranking.ratio(places(table)[fast].line, places(table)[slow].line)
    assert found.value == pytest.approx(seen[fast] / seen[slow], rel=0.01)


def test_what_all_cases_have_in_common_is_told_once_and_one_case_is_told_whole(made):
    rows = [*three(made, "numpy", 512), *three(made, "numpy", 1024)]
    (section,) = contents.gather(Results(rows)).sections
    assert [tables.caption(t)[0] for t in section.tables] == ["n_fft=512 hop_length=128", "n_fft=1024 hop_length=256"]
    assert section.throughout == "throughout: center=on" and section.about.endswith(" · throughout: center=on")
    assert len({t.key for t in section.tables}) == 2, "links name the whole case"
    (alone,) = contents.gather(Results(rows[:3])).sections
    assert tables.caption(alone.tables[0])[0] == "n_fft=512 hop_length=128 center=on" and alone.throughout == ""
    apart = [replace(row, case={**row.case, "hop_length": 256}) for row in rows]
    (section,) = contents.gather(Results(apart)).sections
    assert [t.short for t in section.tables] == ["n_fft=512", "n_fft=1024"]
    assert section.throughout == "throughout: hop_length=256 center=on"

"""The report on the C kernels, from rows made up so that every answer is known beforehand."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.results import Results, Row

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
import cpu_kernels  # noqa: E402
import kernel_machines  # noqa: E402
from cpu_kernels import Runs, main, render  # noqa: E402
from kernel_goals import GOALS, Goal  # noqa: E402

CASE = {"preset": "power400", "batch": 1, "seconds": 60.0}
LIMITS = {
    threads: {"fma_gflops": gflops, "isa": "avx512", "bandwidth": [[1 << 20, 90.0, 60.0], [1 << 28, 40.0, 30.0]]}
    for threads, gflops in (("1", 100.0), ("2", 190.0))
}


def rows(
    impl: str, ms: float, threads: int = 1, run: str = "mel", case: dict[str, Any] = CASE, **more: Any
) -> list[Row]:
    """Three replicates of eight rounds; a drift of the machine that all share, and 0.1% of noise of their own."""
    made = []
    for replicate in range(3):
        drift = 1 + 0.3 * np.sin(np.arange(8) + replicate)
        noise = np.random.default_rng([replicate, threads, *impl.encode()]).normal(1, 1e-3, 8)
        fields = {"status": "ok", "version": "1.0", "flops": 5e7, "bytes": 1e6, "audio_seconds": 60.0} | more
        samples = list(1e6 * ms * drift * noise)
        made.append(
            Row(
                run,
                "mel",
                impl,
                case,
                "mel",
                "cpu",
                threads,
                replicate=replicate,
                samples_ns=samples,
                rounds=[1] * 8,
                **fields,
            )
        )
    return made


def results(*several: list[Row]) -> Results:
    return Results([row for one in several for row in one], {"limits": {"cpu": LIMITS}, "machine": "toy-1c-1g"})


def goal(rival: str = "torch", least: float | None = 9, aim: float | None = 14, **more: Any) -> Goal:
    return Goal("power-mel", "mel", "mel", rival, least, aim, **more)


def only(runs: Runs, wanted: Goal) -> cpu_kernels.Finding:
    (found,) = runs.findings(wanted)
    return found


def test_the_factor_is_paired_and_its_interval_narrow() -> None:
    """A drift of 30% falls on both; the factor's interval is some thousandths wide all the same."""
    found = only(Runs([results(rows("c", 1.0), rows("torch", 10.0))]), goal())
    assert found.found.value == pytest.approx(10, rel=2e-3)
    assert found.found.low < 10.02 and found.found.high > 9.98
    assert found.found.relative_half_width < 0.005
    assert found.reused is None and found.avx2 is None and found.avx2_verdict == "–"


@pytest.mark.parametrize(
    ("rival_ms", "verdict"),
    [(5.0, "**missed**"), (10.0, "met"), (20.0, "met, and the aim")],
)
def test_verdicts(rival_ms: float, verdict: str) -> None:
    found = only(Runs([results(rows("c", 1.0), rows("torch", rival_ms))]), goal())
    assert found.verdict == verdict
    unsure = replace(found, found=replace(found.found, low=8.0, value=9.5))
    assert unsure.verdict == "met, but the interval reaches below"


def test_half_of_the_factor_is_asked_of_avx2_and_reused_outputs_stand_beside() -> None:
    made = results(rows("c", 1.0), rows("c:reused", 0.8), rows("c:avx2", 2.0), rows("torch", 10.0), rows("ipp", 3.0))
    found = only(Runs([made]), goal())
    assert found.reused and found.reused.value == pytest.approx(12.5, rel=2e-3)
    assert found.avx2 and found.avx2.value == pytest.approx(5, rel=2e-3)
    assert found.avx2_verdict == "met"
    assert only(Runs([made]), goal("ipp", 4, None)).avx2_verdict == "**missed**"


def test_reused_outputs_meet_the_rivals_reused_outputs_where_there_are_some() -> None:
    made = results(rows("c", 1.0), rows("c:reused", 0.8), rows("ipp", 3.0), rows("ipp:reused", 2.0))
    found = only(Runs([made]), goal("ipp"))
    assert found.found.value == pytest.approx(3, rel=2e-3)
    assert found.reused and found.reused.value == pytest.approx(2.5, rel=2e-3)


def test_a_share_is_operations_over_time_over_the_peak() -> None:
    """5e7 operations in 1 ms are 50 GFLOP/s, half of the peak; by another count, 20%."""
    runs = Runs([results(rows("c", 1.0))])
    assert only(runs, goal("", 0.3, 0.5)).found.value == pytest.approx(0.5, rel=0.15)  # the drift moves the median
    counted = only(runs, goal("", 0.3, 0.5, flops=lambda case: 2e7))
    assert counted.found.value == pytest.approx(0.4 * only(runs, goal("", 0.3, 0.5)).found.value)
    assert counted.found.low < counted.found.value < counted.found.high
    assert Runs([Results(runs.results[0].rows, {})]).findings(goal("")) == []  # the peak is not known


def test_a_share_of_a_peak_that_was_measured_beside_ignores_the_drift() -> None:
    """5e7 operations in 1 ms are 50 GFLOP/s, half of the peak, which falls whenever the time rises."""
    alone = only(Runs([results(rows("c", 1.0))]), goal(""))
    beside = [replace(r, peak_gflops=[1e8 / ns for ns in r.samples_ns]) for r in rows("c", 1.0)]
    found = only(Runs([results(beside)]), goal(""))
    assert found.found.value == pytest.approx(0.5) and found.found.relative_half_width < 1e-6
    assert alone.found.relative_half_width > 0.01


def test_shares_are_of_rounds_that_had_the_whole_core() -> None:
    """In five of eight rounds somebody else has a part of it: fewer additions, and all takes half as long again."""
    shared = [True, True, False, True, False, False, True, True]

    def rounds(adds: Sequence[float]) -> list[Row]:
        return [
            replace(
                r,
                samples_ns=[ns * (1.5 if less else 1) for ns, less in zip(r.samples_ns, shared, strict=True)],
                peak_gflops=[1e8 / ns for ns in r.samples_ns],
                peak_gadds=list(adds),
            )
            for r in rows("c", 1.0)
        ]

    some = only(Runs([results(rounds([8.0 if less else 12.6 for less in shared]))]), goal(""))
    assert some.found.value == pytest.approx(0.5) and some.remark == " (38% of rounds; all: 33%)"
    assert only(Runs([results(rounds([12.4] * 8))]), goal("")).remark == ""
    elsewhere = [replace(r, impl="torch", peak_gadds=[16.0] * 8) for r in rounds([12.6] * 8)]
    none = only(Runs([results(rounds([12.6] * 8), elsewhere)]), goal(""))
    assert none.found.value == pytest.approx(1 / 3) and none.remark == " (0% of rounds; all: 33%)"  # nothing to go by


def test_two_threads_against_one_and_against_a_library_of_another_run() -> None:
    alone = results(rows("c", 1.0, run="threads"), rows("c", 0.5, 2, run="threads"))
    runs = Runs([alone, results(rows("c", 1.0), rows("torch", 10.0), rows("c:reused", 0.8))])
    assert only(runs, goal("", 0.3, 0.5)).reused is not None  # the run with more rivals comes first
    found = only(runs, goal("c", 1.85, 1.95, threads=2))
    assert found.found.value == pytest.approx(2, rel=2e-3) and found.reused is None
    assert only(runs, goal("torch", 18, None, threads=2)).found.value == pytest.approx(20, rel=2e-3)


def test_two_threads_are_held_against_one_thread_on_each_processor_in_turn() -> None:
    """The second processor has half the speed of the first: two threads are 1.5 times the first, twice their mean."""
    one = [replace(r, samples_ns=[ns * (1 + n % 2) for n, ns in enumerate(r.samples_ns)]) for r in rows("c", 1.0)]
    one = [replace(r, peak_gflops=[100.0] * 8) for r in one]
    two = [replace(r, peak_gflops=[180.0] * 8) for r in rows("c", 1 / 1.5, 2)]
    runs = Runs([results(one, list(reversed(two)))])
    assert only(runs, goal("c", 1.85, threads=2)).found.value == pytest.approx(2, rel=0.03)
    assert only(runs, goal("c", None, threads=2, registers=True)).found.value == pytest.approx(1.8)
    assert Runs([results(rows("c", 1.0), rows("c", 0.5, 2))]).findings(goal("c", threads=2, registers=True)) == []


def test_rounds_in_which_the_machine_gave_two_threads_one_core_do_not_count() -> None:
    """In three of eight rounds two threads are no faster than one, and neither are multiply-adds in registers."""
    shared = [True, False, False, False, True, True, False, False]
    one = [replace(r, peak_gflops=[100.0] * 8) for r in rows("c", 1.0)]
    two = [
        replace(
            r,
            samples_ns=[ns * (2 if one_core else 1) for ns, one_core in zip(r.samples_ns, shared, strict=True)],
            peak_gflops=[102.0 if one_core else 190.0 for one_core in shared],
        )
        for r in rows("c", 0.5, 2)
    ]
    found = only(Runs([results(one, two)]), goal("c", 1.85, threads=2))
    assert found.found.value == pytest.approx(2, rel=0.01) and found.verdict == "met"
    assert found.remark == " (50% of rounds; all: 1.73×)"  # pairs of rounds, for the one thread's two processors
    never = [replace(r, peak_gflops=[102.0] * 8) for r in two]
    found = only(Runs([results(one, never)]), goal("c", 1.85, threads=2))
    assert found.missed and found.remark == " (0% of rounds; all: 1.73×)"  # nothing to go by: all of them count


def test_half_is_asked_of_a_machine_with_avx2_only() -> None:
    limits = {threads: {**limit, "isa": "avx2"} for threads, limit in LIMITS.items()}
    made = results(rows("c", 1.0), rows("torch", 5.0), rows("c", 0.6, 2))
    runs = Runs([Results(made.rows, {"limits": {"cpu": limits}, "machine": "old-1c-1g"})])
    assert only(runs, goal()).verdict == "met" and Runs([made]).findings(goal())[0].missed
    assert only(runs, goal("c", 1.85, threads=2)).missed, "not of threads"
    assert "half is asked" in render(runs, [goal()]) and "half is asked" not in render(Runs([made]), [goal()])


def test_machines_stand_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, ms in (("one", 10.0), ("two", 5.0)):
        run = tmp_path / name / "mel"
        run.mkdir(parents=True)
        lines = [json.dumps(vars(r)) for r in [*rows("c", 1.0), *rows("torch", ms)]]
        (run / "rows.jsonl").write_text("\n".join(lines) + "\n")
        limits = {threads: {**limit, "isa": "avx2" if name == "two" else "avx512"} for threads, limit in LIMITS.items()}
        (run / "environment.json").write_text(json.dumps({"machine": name, "limits": {"cpu": limits}}))
    misses, page = tmp_path / "misses.md", tmp_path / "kernels.md"
    misses.write_text("Because of the **caches**.\n")
    folders = [str(tmp_path / "one"), str(tmp_path / "two")]
    assert kernel_machines.main([*folders, "--misses", str(misses), "-o", str(page)]) == 0
    written = page.read_text()
    assert "## Misses, explained\n\nBecause of the **caches**." in written
    assert "| work | against | least | aim | one | two |" in written and "](kernels/two.md)" in written
    (line,) = [n for n in written.splitlines() if n.startswith("| power-mel | torch |")]
    assert "10.0×" in line and line.count("met") == 2 and line.endswith("met ½ |")
    assert "machine: two" not in (tmp_path / "kernels" / "one.md").read_text()
    assert kernel_machines.main([str(tmp_path / "nowhere"), "--misses", str(misses), "-o", str(page)]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_one_thread_is_compared_within_a_run_only() -> None:
    assert Runs([results(rows("c", 1.0, run="a")), results(rows("torch", 10.0, run="b"))]).findings(goal()) == []


def test_wrong_answers_count_for_nothing() -> None:
    wrong = rows("torch", 10.0, status="wrong", reason="off by one")
    assert Runs([results(rows("c", 1.0), wrong)]).findings(goal()) == []


def test_the_report_shows_the_worst_case_every_case_and_what_is_missing() -> None:
    long = {**CASE, "preset": "power2048"}
    gone = [replace(r, status="unavailable", reason="no wheel", samples_ns=[], rounds=[]) for r in rows("ipp", 1.0)]
    worth = {"error": 2e-7, "quality": {"snr_db": 131.24}}
    made = results(
        rows("c", 1.0), rows("torch", 10.0, **worth), rows("c", 1.0, case=long), rows("torch", 5.0, case=long), gone[:1]
    )
    page = render(Runs([made]), [goal(), goal("ipp", 2, None), goal("", 0.3, 0.5)])
    summary, every = page.split("## Every case")
    assert "1 of 2 goals are met, 1 missed" in summary
    (line,) = [n for n in summary.splitlines() if n.startswith("| power-mel | torch |")]
    assert "| 2 | 5.00× (" in line and "**missed**" in line and "| 9.00× | 14.0× |" in line
    assert "- power-mel against ipp (ipp: no wheel)" in summary
    assert every.count("| torch | preset=power") == 2 and "10.0× (" in every
    assert "| mel | mel | torch | 2.0e-07 | 131.2 | – | – |" in page
    assert "toy-1c-1g" in page and "1 thread: 100 GFLOP/s" in page and "2 threads: 190 GFLOP/s" in page
    tables = [n for n in page.splitlines() if n.startswith("|")]
    assert {n.count("|") for n in tables} == {12, 11, 8}  # no row has more cells than its heading


def test_the_command_writes_a_file_and_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, page = tmp_path / "run", tmp_path / "page.md"
    run.mkdir()
    lines = [json.dumps(vars(r)) for r in [*rows("c", 1.0), *rows("torch", 10.0)]]
    (run / "rows.jsonl").write_text("\n".join(lines) + "\n")
    assert main([str(run), "-o", str(page)]) == 0
    assert "| power-mel | torch | 1 |" in page.read_text()
    assert main([str(tmp_path / "nowhere"), "-o", str(page)]) == 2
    assert "nowhere is not a run" in capsys.readouterr().err


def test_every_goal_names_what_the_registry_has() -> None:
    from bench.registry import load

    known = {(i.suite, i.name) for i in load().implementations}
    for wanted in GOALS:
        suite = load().suite(wanted.suite)
        assert wanted.op in suite.ops
        assert any(wanted.of(dict(params)) for params in suite.expand("kernels")), wanted
        for name in filter(None, (wanted.ours, wanted.rival)):
            assert (wanted.suite, name) in known, wanted

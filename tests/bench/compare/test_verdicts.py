"""Verdicts and exit codes from runs on disk: every word once, directions, refusals, thresholds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from made_rows import failed, rows, run

from bench.cli import main
from bench.compare.runs import compare, compare_interleaved
from bench.compare.thresholds import Gate, read
from bench.compare.verdicts import Comparison
from bench.plan import Usage

QUIET = {"replicates": 6, "spread": 0.0005}


PLAIN = Gate()


def verdicts(tmp_path, base, new, gate=PLAIN, metric="time", **options) -> Comparison:
    return compare(run(tmp_path / "base", base), run(tmp_path / "new", new), gate, metric, **options)


def words(found: Comparison) -> dict[str, str]:
    return {v.metric or v.impl: v.verdict for v in found.verdicts}


@pytest.mark.parametrize(
    "ms, word, code",
    [(5.0, "same", 0), (5.5, "slower", 1), (4.5, "faster", 0)],
)
def test_time_falls_or_rises(toys, tmp_path, ms, word, code):
    found = verdicts(tmp_path, rows(**QUIET), rows(ms=ms, seed=1, **QUIET))
    assert words(found) == {"time": word} and found.exit_code == code
    (v,) = found.verdicts
    assert v.change == pytest.approx(ms / 5 - 1, abs=0.002)
    assert (v.base, v.new, v.unit) == (pytest.approx(5, rel=0.002), pytest.approx(ms, rel=0.002), "ms")


def test_a_burst_of_other_work_in_one_round_is_no_change(toys, tmp_path):
    """A tenth of the samples of every process took ten times as long: nearly twice the mean, and no other median."""
    base, new = rows(**QUIET), rows(seed=1, **QUIET)
    for row in new:
        row.samples_ns[:3] = [10 * v for v in row.samples_ns[:3]]
    assert words(verdicts(tmp_path, base, new)) == {"time": "same"}


def test_what_is_a_change_alone_may_be_chance_among_thirty_rows(toys, tmp_path):
    """The chance is 2 in 1000: too much for one of thirty rows, of which the others did not change."""
    moved = [rows("moved", ms, replicates=6, spread=0.03, seed=seed) for ms, seed in ((5.0, 0), (5.3, 3))]
    others = [[r for i in range(29) for r in rows(f"o{i}", seed=i + side, **QUIET)] for side in (0, 50)]
    alone = compare(*(run(tmp_path / f"a{i}", m) for i, m in enumerate(moved)), PLAIN, "time")
    among = verdicts(tmp_path, *(m + o for m, o in zip(moved, others, strict=True)))
    (one,), (other,) = ([v for v in found.verdicts if v.impl == "moved"] for found in (alone, among))
    assert one.chance == other.chance == pytest.approx(0.002, rel=0.1)
    assert (one.verdict, other.verdict) == ("slower", "inconclusive")


def test_too_noisy_is_inconclusive_and_says_what_would_help(toys, tmp_path):
    found = verdicts(tmp_path, rows(spread=0.1), rows(spread=0.1, seed=1))
    (v,) = found.verdicts
    assert v.verdict == "inconclusive" and v.more_processes and str(v.more_processes) in v.reason
    assert found.exit_code == 3


def test_inconclusive_passes_when_asked(toys, tmp_path):
    gate = Gate({"inconclusive": "pass"})
    assert verdicts(tmp_path, rows(spread=0.1), rows(spread=0.1, seed=1), gate).exit_code == 0


def test_new_gone_and_wrong_are_told(toys, tmp_path):
    found = verdicts(tmp_path, [*rows("old"), *rows("bad")], [*rows("young"), *failed("bad")])
    assert words(found) == {"old": "gone", "young": "new", "bad": "wrong"}
    assert found.exit_code == 4


def test_what_was_never_available_is_nobodys_business(toys, tmp_path):
    never = failed("never", "unavailable", "pip install it")
    found = verdicts(tmp_path, [*rows(**QUIET), *never], [*rows(seed=1, **QUIET), *never])
    assert words(found) == {"time": "same"}


@pytest.mark.parametrize("status", ["wrong", "error", "crash", "timeout", "oom"])
def test_a_failure_in_one_process_of_many_is_wrong(toys, tmp_path, status):
    found = verdicts(tmp_path, rows(), [*rows(), *failed(status=status, reason="so it is", replicate=3)])
    assert words(found) == {"mine": "wrong"} and "so it is" in found.verdicts[0].reason and found.exit_code == 4


def test_memory_and_error_are_better_when_lower(toys, tmp_path):
    new = rows(seed=1, memory=80_000_000, error=1e-8, quality={"error": 1e-8}, **QUIET)
    found = verdicts(tmp_path, rows(**QUIET), new, metric="all")
    assert words(found) == {"time": "same", "memory": "worse", "error": "better"} and found.exit_code == 1


@pytest.mark.parametrize(
    "base, new, word",
    [(1_000_000, 1_200_000, "worse"), (1_200_000, 1_000_000, "better"), (4096, 6144, "same"), (0, 0, "same")],
)
def test_of_little_memory_a_page_does_not_count_and_a_fifth_of_a_megabyte_does(toys, tmp_path, base, new, word):
    found = verdicts(tmp_path, *(rows(memory=m, **QUIET) for m in (base, new)), metric="memory")
    assert words(found) == {"memory": word} and found.exit_code == (word == "worse")
    assert (found.verdicts[0].base, found.verdicts[0].unit) == (base / 1e6, "MB")


def test_a_metric_whose_direction_nobody_knows_is_not_judged(toys, tmp_path):
    figures = {"quality": {"gain": 1.0, "stoi": 0.9}}
    new = rows(**{**QUIET, "quality": {"gain": 2.0, "stoi": 0.8}})
    found = verdicts(tmp_path, rows(**QUIET, **figures), new, metric="quality")
    assert words(found)["stoi"] == "worse" and "gain" not in words(found)


def test_an_error_under_the_suites_own_name_is_judged_once(tmp_path):
    """The suite asr calls its error wer: 4% more edits are within an error's threshold, and no loss of quality."""
    base, new = (rows(suite="asr", error=wer, quality={"wer": wer}, **QUIET) for wer in (0.25, 0.26))
    assert words(verdicts(tmp_path, base, new, metric="quality")) == {"error": "same"}


def test_who_was_exact_and_is_no_longer_is_worse(tmp_path):
    base, new = (rows(suite="stft", error=e, quality={}, **QUIET) for e in (0.0, 1e-9))
    assert words(verdicts(tmp_path, base, new, metric="quality")) == {"error": "worse"}


def test_of_the_figure_that_speed_is_weighed_against_more_is_better(tmp_path):
    base, new = (rows(suite="resample", quality={"snr_db": snr}, **QUIET) for snr in (120.0, 60.0))
    assert words(verdicts(tmp_path, base, new, metric="quality"))["snr_db"] == "worse"


def test_a_figure_that_neither_has_does_not_pass(toys, tmp_path):
    with pytest.raises(Usage, match="both figures of memory"):
        verdicts(tmp_path, rows(memory=None), rows(memory=None), metric="memory")


def test_one_process_leaves_the_ends_unknown(toys, tmp_path):
    found = verdicts(tmp_path, rows(replicates=1), rows(replicates=1))
    assert found.verdicts[0].to_json()["high"] is None and found.verdicts[0].low == -1.0


def test_counts_of_the_same_tool_are_compared_exactly(toys, tmp_path):
    counted = {"counted_by": "callgrind 3.19.0", "instructions": 1_000_000, "allocations": 0}
    row = {"suite": "toy", "impl": "mine", "case": {"size": 64}, "op": "add"}
    folders = [run(tmp_path / side, rows(seed=i, **QUIET)) for i, side in enumerate(("base", "new"))]
    with pytest.raises(Usage, match="bench count"):
        compare(*folders, Gate(), "counts")
    for now, words_of in (
        ({"instructions": 1_020_000}, {"instructions": "worse", "allocations": "same"}),
        ({"instructions": 1_001_000, "allocations": 3}, {"instructions": "same", "allocations": "worse"}),
        ({"instructions": 900_000}, {"instructions": "better", "allocations": "same"}),
    ):
        for folder, found in zip(folders, (counted, counted | now), strict=True):
            (folder / "counts.jsonl").write_text(json.dumps(row | found) + "\n")
        assert words(compare(*folders, Gate(), "counts")) == words_of
    (folders[1] / "counts.jsonl").write_text(json.dumps(row | counted | {"counted_by": "perf"}) + "\n")
    assert words(compare(*folders, Gate(), "all")) == {"time": "same", "memory": "same", "error": "same"}
    with pytest.raises(Usage, match=r"base was counted by callgrind 3.19.0 and .*new by perf, whose figures are not"):
        compare(*folders, Gate(), "counts")


def test_codec_scores_are_paired_by_clip(toys, tmp_path):
    found = scored(tmp_path, [0.05] * 12)
    assert words(found) == {"stoi": "worse", "pesq_wb": "same", "error": "same"}


def test_a_score_matters_by_its_share_of_the_metrics_range(toys, tmp_path):
    """STOI goes from -1 to 1: 1% of that is 0.02."""
    found = scored(tmp_path, [0.015] * 12)
    (stoi,) = (v for v in found.verdicts if v.metric == "stoi")
    assert stoi.verdict == "same" and stoi.change == pytest.approx(-0.0075)


def test_many_clips_of_few_speakers_tell_no_more_than_the_speakers(toys, tmp_path):
    """One of two speakers fares worse on all of her 20 clips: over clips that would be certain."""
    found = scored(tmp_path, [0.2, 0.001] * 20, speakers=2)
    assert words(found)["stoi"] == "inconclusive"


def scored(tmp_path: Path, drops: list[float], speakers: int = 6) -> Comparison:
    """Of two runs whose clips differ in STOI by ``drops``."""
    base, new = (run(tmp_path / side, rows(**QUIET)) for side in ("base", "new"))
    for folder, share in ((base, 0), (new, 1)):
        clips = [
            {"run": "r", "suite": "codec", "impl": "c", "case": {"bitrate": 6}, "clip": str(i)}
            | {"speaker": str(i % speakers), "values": {"stoi": 0.8 + 0.001 * i - share * drop, "pesq_wb": 2 + 0.1 * i}}
            for i, drop in enumerate(drops)
        ]
        (folder / "scores.jsonl").write_text("".join(json.dumps(c) + "\n" for c in clips))
    return compare(base, new, Gate(), "quality")


@pytest.mark.parametrize(
    "what, changes",
    [
        ("inputs", {"seed": 7}),
        ("inputs", {"corpus": "another"}),
        ("inputs", {"audio_seconds": 2.0}),
        ("threads", {"threads": 2}),
        ("allocator", {"allocator": "mmap_threshold=2"}),
    ],
)
def test_unlike_runs_are_refused_unless_allowed(toys, tmp_path, what, changes):
    base, new = run(tmp_path / "b", rows(**QUIET)), run(tmp_path / "n", rows(**QUIET))
    lines = [json.loads(line) | changes for line in (new / "rows.jsonl").read_text().splitlines()]
    (new / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(Usage, match=f"--allow {what}"):
        compare(base, new, Gate(), "time")
    assert words(compare(base, new, Gate(), "time", allow=[what])) == {"time": "same"}


def test_thread_counts_are_never_pooled(toys, tmp_path):
    both = [*rows(threads=1, **QUIET), *rows(ms=2.5, threads=2, **QUIET)]
    found = verdicts(tmp_path, both, both, allow=["threads"])
    assert [(v.threads, v.verdict) for v in found.verdicts] == [(1, "same"), (2, "same")]


@pytest.mark.parametrize("other", [{"op": "undo"}, {"case": {"size": 128}}, {"suite": "tones"}, {"device": "cuda"}])
def test_what_is_another_measurement_is_never_pooled(toys, tmp_path, other):
    """Half as long, and twice as slow in NEW; the one beside it is as it was."""
    base = [*rows(**QUIET), *rows(ms=2.5, **QUIET, **other)]
    new = [*rows(**QUIET), *rows(ms=5.0, **QUIET, **other)]
    assert sorted(v.verdict for v in verdicts(tmp_path, base, new).verdicts) == ["same", "slower"]


def test_runs_of_one_name_are_called_by_as_much_as_tells_them_apart(toys, tmp_path, monkeypatch):
    monday, tuesday = (run(tmp_path / day / "mel", rows(**QUIET)) for day in ("monday", "tuesday"))
    monkeypatch.chdir(tuesday)
    for base, names in ((monday, ("monday/mel", "tuesday/mel")), (tuesday, ("mel", "mel"))):
        found = compare(base, Path("."), Gate(), "time")
        assert (found.base, found.new) == names


def test_the_verdict_is_told_where_a_file_cannot_be_written(toys, tmp_path):
    folders = [str(run(tmp_path / side, rows(**QUIET))) for side in ("b", "n")]
    done = CliRunner().invoke(main, ["compare", *folders, "--markdown", str(tmp_path / "nowhere" / "x.md")])
    assert "b -> n: 3 same" in done.output and "nowhere" in done.output and done.exit_code == 2


def test_other_gpus_of_one_machine_are_refused_unless_allowed(toys, tmp_path):
    sides = {}
    for side, gpu in (("b", "NVIDIA H200"), ("n", "NVIDIA A10"), ("again", "NVIDIA A10")):
        sides[side] = run(tmp_path / side, rows(device="cuda", **QUIET))
        record = {"machine": "a", "limits": {"cpu": {"1": {}}, "cuda": {"1": {"name": gpu}}}}
        (sides[side] / "environment.json").write_text(json.dumps(record))
    with pytest.raises(Usage, match=r"different machines: NVIDIA H200 and NVIDIA A10.*--allow machine"):
        compare(sides["b"], sides["n"], PLAIN, "time")
    assert words(compare(sides["b"], sides["n"], PLAIN, "time", allow=["machine"])) == {"time": "same"}
    assert words(compare(sides["n"], sides["again"], PLAIN, "time")) == {"time": "same"}


def test_other_machines_are_refused_unless_allowed(toys, tmp_path):
    base, new = run(tmp_path / "b", rows(**QUIET), "a"), run(tmp_path / "n", rows(**QUIET), "b")
    with pytest.raises(Usage, match="different machines: a and b"):
        compare(base, new, Gate(), "time")
    assert compare(base, new, Gate(), "time", allow=["machine"]).exit_code == 0


def test_cases_and_implementations_are_chosen(toys, tmp_path):
    content = [*rows("one"), *rows("two"), *rows("one", case={"size": 128})]
    found = verdicts(tmp_path, content, content, impl=["one"], case={"size": ["128"]})
    assert [(v.impl, v.label) for v in found.verdicts] == [("one", "size=128")]
    with pytest.raises(Usage, match="chose none"):
        compare(tmp_path / "base", tmp_path / "new", Gate(), "time", case={"size": ["3"]})
    with pytest.raises(Usage, match="no row is of 'tow'; did you mean two"):
        compare(tmp_path / "base", tmp_path / "new", Gate(), "time", impl=["tow"])


def test_runs_with_nothing_in_common_do_not_pass(toys, tmp_path):
    with pytest.raises(Usage, match="nothing can be compared"):
        verdicts(tmp_path, rows("old"), [*rows("young"), *rows("old", case={"size": 128}), *rows("old", device="cuda")])


def test_the_machine_is_suspected_when_everything_moved(toys, tmp_path):
    base = [r for i in range(6) for r in rows(f"i{i}", seed=i, **QUIET)]
    new = [r for i in range(6) for r in rows(f"i{i}", ms=5.2, seed=9 + i, **QUIET)]
    assert any("may be the machine" in note for note in verdicts(tmp_path, base, new).notes)
    mixed = [r for i in range(6) for r in rows(f"i{i}", ms=5.2 if i < 4 else 4.8, seed=9 + i, **QUIET)]
    assert compare(tmp_path / "base", run(tmp_path / "mixed", mixed), PLAIN, "time").notes == []


def test_an_interleaved_run_is_paired_round_by_round(toys, tmp_path):
    """Both sides of a process pair share a level that moves by a tenth: the ratio does not."""
    base = rows("mine@base", replicates=9, spread=0.1)
    new = [vars(r) | {"impl": "mine@new", "samples_ns": [1.03 * v for v in r.samples_ns]} for r in base]
    folder = run(tmp_path / "both", [*base, *(type(base[0])(**r) for r in new)])
    found = compare_interleaved(folder, Gate(together=True), "time", ("old", "young"))
    assert words(found) == {"time": "slower"} and found.verdicts[0].change == pytest.approx(0.03, abs=1e-6)
    assert (found.base, found.new) == ("old", "young")
    lost = run(
        tmp_path / "lost", [*base[1:], *(type(base[0])(**r) for r in new)]
    )  # what ran beside nothing is left out
    (v,) = compare_interleaved(lost, Gate(together=True), "time", ("old", "young")).verdicts
    assert v.verdict == "slower" and v.change == pytest.approx(0.03, abs=1e-6)


def test_the_nearest_threshold_counts(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.bench.gate]\ntime = "2%"\ninconclusive = "pass"\n'
        '[tool.bench.gate.stft]\ntime = 0.04\n[tool.bench.gate.stft."numpy*"]\nmemory = "20%"\ntime = "7%"\n'
        '[tool.bench.gate.stft."numpy:plain"]\ntime = "1%"\n'
    )
    (tmp_path / "deep").mkdir()
    gate = read(tmp_path / "deep")
    assert gate.threshold("mel", "any", "time") == 0.02 and gate.threshold("stft", "c", "time") == 0.04
    assert gate.threshold("stft", "numpy:blocked", "time") == 0.07
    assert gate.threshold("stft", "numpy:plain", "time") == 0.01
    assert gate.threshold("stft", "numpy:blocked", "memory") == 0.2 and gate.threshold("stft", "c", "memory") == 0.05
    assert gate.inconclusive == "pass" and read(tmp_path, 0.5).threshold("stft", "numpy", "time") == 0.5


@pytest.mark.parametrize(
    "text, says",
    [('tme = "2%"', "did you mean time"), ('inconclusive = "maybe"', "fail or pass"), ("[", "cannot be read")],
)
def test_a_setting_that_is_none_is_told(tmp_path, text, says):
    (tmp_path / "pyproject.toml").write_text(f"[tool.bench.gate]\n{text}\n")
    with pytest.raises(Usage, match=says):
        read(tmp_path)


@pytest.mark.parametrize(
    "content, says",
    [(b'[tool.bench]\ngate = "5%"', "gate is no table but '5%'"), (b"[tool]\nbench = 1", "bench"), (b"\xff", "read")],
)
def test_a_gate_that_is_no_table_is_told_and_no_regression(tmp_path, content, says):
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(Usage, match=f"pyproject.toml.* {says}"):
        read(tmp_path)

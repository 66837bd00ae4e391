"""What a report reads from a codec run: bitrates, windows, ranks, ties, failures, error rates."""

from __future__ import annotations

from dataclasses import replace

import codec_runs
import numpy as np
import pytest

from bench.quality.summary import summarise
from bench.report import codec_cells as cells
from bench.report import codec_scores, contents, deltas
from bench.results import Results


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    return contents.gather(codec_runs.write(tmp_path_factory.mktemp("codec") / "run", heard=0), anchor="wave:plain")


@pytest.fixture(scope="module")
def condition(said):
    (found,) = said.codecs
    return found


@pytest.fixture
def gather(tmp_path):
    def made(*scores):
        return contents.gather(codec_runs.write(tmp_path / "run", list(scores), [], heard=0)).codecs

    return made


def at(condition, asked):
    return next(b for b in condition.bitrates if b.asked == asked)


def entry(condition, impl, asked=6.0):
    return next(e for e in at(condition, asked).entries if e.impl == impl)


def places(condition, metric, asked=6.0):
    return {p.entry.impl: p for p in at(condition, asked).ranking(metric).places}


def test_bitrates_in_order_and_every_codec_at_each(condition):
    assert [b.asked for b in condition.bitrates] == list(codec_runs.BITRATES)
    assert {e.impl for e in at(condition, 6.0).entries} == {*codec_runs.codecs(), "broken"}


def test_payload_is_all_bits_over_all_seconds(gather):
    short = codec_runs.score("wave:good", 12.0, 0, seconds=1.0, payload_bps=20_000.0)
    long = codec_runs.score("wave:good", 12.0, 1, seconds=9.0, payload_bps=10_000.0, container_bps=None)
    (found,) = gather(short, long)
    assert entry(found, "wave:good", 12.0).payload == pytest.approx(11.0)  # not 15, the mean of the two
    assert entry(found, "wave:good", 12.0).container == pytest.approx(short.container_bps / 1000)


def test_outside_the_window_is_shown_and_never_ranked(condition):
    ranked = places(condition, "pesq_wb")
    assert ranked["fixed"].rank is None and ranked["fixed"].why == "outside"
    assert ranked["fixed"].mean.value > ranked["wave:good"].mean.value  # it would have won
    assert cells.remark(entry(condition, "fixed")) == "outside, +967%"
    assert entry(condition, "vocoder", 3.0).aside == "" and entry(condition, "vocoder", 6.0).aside == "outside"


@pytest.mark.parametrize(("payload", "aside"), [(10.8, ""), (13.2, ""), (10.79, "outside"), (13.21, "outside")])
def test_the_window_is_a_tenth_either_way(gather, payload, aside):
    scores = [codec_runs.score("wave:good", 12.0, clip, payload_bps=1000 * payload) for clip in range(3)]
    assert entry(gather(*scores)[0], "wave:good", 12.0).aside == aside


def test_a_bitrate_of_zero_as_old_runs_have_is_outside(gather):
    found = gather(*(codec_runs.score("fixed", 0.0, clip, nominal_bps=64000) for clip in range(3)))
    assert cells.remark(entry(found[0], "fixed", 0.0)) == "outside, +inf%"


def test_random_weights_and_ceilings_stay_out_of_rankings_and_curves(said, condition):
    for impl, why in (("dreamer", "random weights"), ("passthrough:8k", "ceiling"), ("passthrough:16k", "ceiling")):
        assert all(
            r.places[[p.entry.impl for p in r.places].index(impl)].rank is None for r in at(condition, 6.0).rankings
        )
        assert entry(condition, impl).aside == why
        assert impl not in condition.codecs
    assert {e.impl for e in condition.ceilings} == {"passthrough:8k", "passthrough:16k"}
    assert not {line.impl for line in said.anchored[0].lines} & {"dreamer", "passthrough:8k"}


def test_a_parametric_codec_is_not_ranked_by_visqol_alone(condition):
    assert places(condition, "pesq_wb", 3.0)["vocoder"].rank is not None
    place = places(condition, "visqol_speech", 3.0)["vocoder"]
    assert place.rank is None and "parametric" in place.why
    assert "ViSQOL alone" in at(condition, 3.0).ranking("visqol_speech").metric.caution


def test_ranks_follow_the_direction_of_the_metric(condition):
    for metric, sign in (("pesq_wb", -1), ("lsd", 1), ("wer", 1)):
        ranked = [p for p in at(condition, 6.0).ranking(metric).places if p.rank and not p.tied]
        values = [sign * p.mean.value for p in ranked]
        assert len(values) >= 2 and values == sorted(values)


def test_a_metric_that_nobody_knows_is_shown_and_not_ranked(gather):
    scores = [codec_runs.score("wave:good", 12.0, clip, values={"gone": 1.0, "stoi": 0.9}) for clip in range(3)]
    (found,) = gather(*scores)
    assert [p.rank for p in at(found, 12.0).ranking("gone").places] == [None]
    assert [p.rank for p in at(found, 12.0).ranking("stoi").places] == [1]


def test_means_intervals_and_failures_are_those_of_the_summary(condition):
    place = places(condition, "pesq_wb")["wave:plain"]
    values = [codec_runs.score("wave:plain", 6.0, clip).values.get("pesq_wb") for clip in range(codec_runs.CLIPS)]
    expected = summarise(values, [codec_runs.speaker(clip) for clip in range(codec_runs.CLIPS)])
    assert (place.mean.value, place.mean.low, place.mean.high) == (expected.mean, expected.low, expected.high)
    assert (place.mean.n, place.mean.failed) == (10, 2)
    assert place.mean.failures == {codec_runs.SILENT: ["clip-03", "clip-04"]}
    assert ("wave:plain", "pesq_wb", codec_runs.SILENT, ["clip-03", "clip-04"]) in cells.failures(at(condition, 6.0))


def test_a_codec_that_failed_everywhere_is_listed_with_its_reason(condition):
    broken = entry(condition, "broken")
    assert broken.aside == "no score" and broken.means == {} and broken.payload is None
    assert list(broken.failures) == ["crash: segmentation fault (signal 11)"]
    assert len(broken.failures["crash: segmentation fault (signal 11)"]) == codec_runs.CLIPS


def test_ties_are_of_differences_clip_by_clip_not_of_intervals(gather):
    """Clips that differ far more than the codecs do: their intervals overlap, their differences are sure."""

    def scored(impl, clip, value):
        return codec_runs.score(impl, 12.0, clip, values={"stoi": value}, failures={}, wer={})

    rng = np.random.default_rng(0)
    base, noise = rng.uniform(0.3, 0.9, 24), rng.normal(0, 0.01, 24)
    scores = [scored("best", clip, base[clip]) for clip in range(24)]
    scores += [scored("same", clip, base[clip] - 0.0001 + noise[clip] - noise.mean()) for clip in range(24)]
    scores += [scored("worse", clip, base[clip] - 0.02 + noise[clip]) for clip in range(24)]
    (found,) = gather(*scores)
    ranked = places(found, "stoi", 12.0)
    assert {impl: (p.rank, p.tied) for impl, p in ranked.items()} == {
        "best": (1, True), "same": (1, True), "worse": (3, False),
    }  # fmt: skip
    assert ranked["worse"].mean.high > ranked["best"].mean.low
    assert cells.headline(at(found, 12.0), found.headline).endswith("are best, and cannot be told apart, of 3 by stoi.")


def test_word_errors_are_pooled_and_stand_beside_those_of_the_untouched_audio(gather):
    def counts(errors, words):
        return {"substitutions": errors, "deletions": 0, "insertions": 0, "words": words}

    scores = [codec_runs.untouched(0, wer=counts(1, 30)), codec_runs.untouched(1, wer=counts(1, 10))]
    scores += [codec_runs.untouched(2, wer=counts(9, 10))]  # a clip that no codec was scored on
    scores += [
        codec_runs.score("wave:good", 6.0, 0, wer=counts(3, 30)),
        codec_runs.score("wave:good", 6.0, 1, wer=counts(7, 10)),
    ]
    (found,) = gather(*scores)
    mean = places(found, "wer")["wave:good"].mean
    assert mean.value == pytest.approx(100 * 10 / 40)  # not 40%, the mean of 10% and 70%
    assert mean.baseline == pytest.approx(100 * 2 / 40)
    assert mean.low <= mean.value <= mean.high and mean.n == 2
    assert cells.baselines(at(found, 6.0)) == "Untouched audio, by the same recogniser: wer 5.00%."


def test_the_interval_of_a_pooled_rate_is_that_of_the_mean_when_all_clips_are_alike():
    rng = np.random.default_rng(1)
    edits = {f"clip-{n}": (int(rng.integers(0, 6)), 10) for n in range(40)}
    speakers = {clip: f"s{n % 8}" for n, clip in enumerate(edits)}
    expected = summarise([100 * e / w for e, w in edits.values()], list(speakers.values()))
    assert codec_scores.pooled_interval(edits, speakers) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_the_interval_of_a_pooled_rate_is_that_of_the_delta_method_when_clips_are_many():
    """Cochran, Sampling Techniques, 1977, section 6.4: the variance of a ratio of sums, by its residuals."""
    rng = np.random.default_rng(2)
    words = rng.integers(2, 40, 500)
    errors = rng.binomial(words, rng.beta(2, 8, 500))
    edits = {f"clip-{n}": (int(e), int(w)) for n, (e, w) in enumerate(zip(errors, words, strict=True))}
    low, high = codec_scores.pooled_interval(edits, {})
    rate = errors.sum() / words.sum()
    deviation = np.sqrt(np.sum((errors - rate * words) ** 2)) / words.sum()
    assert (high - low) / 2 == pytest.approx(100 * 1.96 * deviation, rel=0.08)
    assert (high + low) / 2 == pytest.approx(100 * rate, abs=100 * 0.3 * deviation)


def test_speed_delay_and_memory_come_from_the_right_rows(condition):
    good, plain = entry(condition, "wave:good", 6.0), entry(condition, "wave:plain", 6.0)
    assert good.speed("encode", "x_realtime") == pytest.approx(40, rel=0.02)
    assert plain.speed("encode", "x_realtime") == pytest.approx(300, rel=0.02)
    assert good.speed("decode", "x_realtime") == pytest.approx(120, rel=0.02)
    assert good.speed("reverse", "x_realtime") is None
    assert (good.delay_declared, good.delay_measured, good.delay) == (25.0, 35.5, 35.5)


def test_few_or_unnamed_speakers_are_said(gather):
    (few,) = gather(*(codec_runs.score("wave:good", 6.0, c, speaker=f"s{c % 2}") for c in range(6)))
    assert "With 2 speakers" in few.notes[0] and cells.scored(few) == "6 clips of 2 speakers"
    (unnamed,) = gather(*(codec_runs.score("wave:good", 6.0, c, speaker="") for c in range(6)))
    assert "names no speakers" in unnamed.notes[0] and cells.scored(unnamed) == "6 clips"


def test_music_is_headed_by_a_metric_for_music(gather):
    values = {"pesq_wb": 3.0, "visqol_audio": 4.0, "si_sdr": 10.0}
    (found,) = gather(*(codec_runs.score("wave:good", 64.0, c, kind="music", values=values) for c in range(3)))
    assert found.headline.name == "visqol_audio" and "pesq_wb" not in [m.name for m in found.shown]


def test_kinds_of_sound_are_never_averaged_together(gather):
    scores = [codec_runs.score("wave:good", 6.0, c, kind="noise" if c % 2 else "speech") for c in range(6)]
    speech, noise = gather(*scores)
    assert (speech.kind, noise.kind) == ("speech", "noise")
    values = [s.values["pesq_wb"] for s in scores]
    assert places(speech, "pesq_wb")["wave:good"].mean.value == pytest.approx(np.mean(values[::2]))
    assert places(noise, "pesq_wb")["wave:good"].mean.value == pytest.approx(np.mean(values[1::2]))


def test_failures_that_befell_many_are_one_line(gather):
    (found,) = gather(*(codec_runs.score(f"c{n}", 6.0, c, failures={"lsd": "why"}) for n in range(5) for c in range(2)))
    assert cells.grouped_failures(at(found, 6.0)) == ["lsd: why (5 codecs, 2 clips each)"]


def test_an_anchor_without_a_curve_is_said_once(gather):
    (found,) = gather(*(codec_runs.score(i, 6.0, c) for i in ("wave:good", "wave:plain") for c in range(3)))
    (anchored,) = deltas.against_anchor([found], "wave:good")
    assert cells.refused(anchored.of(found.headline)) == (
        "No BD-rate: the anchor has 1 different bitrate, and a curve needs 4."
    )


def test_conditions_and_runs_are_never_pooled(gather):
    narrow = codec_runs.score("wave:good", 6.0, 0)
    wide = replace(narrow, case={**narrow.case, "sample_rate": 48000})
    other = replace(narrow, run="run-2")
    assert [(c.run, c.label) for c in gather(narrow, wide, other)] == [
        ("run-1", "sample_rate=16000 channels=1"),
        ("run-1", "sample_rate=48000 channels=1"),
        ("run-2", "sample_rate=16000 channels=1"),
    ]


def test_a_run_without_scores_has_no_codec_section(full):
    assert contents.gather(full).codecs == []
    assert contents.gather(Results(codec_runs.rows()[:2])).codecs == []


def test_the_anchor_is_compared_metric_by_metric(said, condition):
    (found,) = said.anchored
    by_name = {line.impl: line for line in found.of(next(m for m in condition.metrics if m.name == "pesq_wb"))}
    assert by_name["wave:good"].rate.value < 0 < by_name["wave:good"].quality.value
    assert by_name["vocoder"].rate.reason == "it has 1 different bitrate, and a curve needs 4"
    lower = {line.impl: line for line in found.of(next(m for m in condition.metrics if m.name == "lsd"))}
    assert lower["wave:good"].rate.value < 0 < lower["wave:good"].quality.value  # less distortion, and it is better


def test_an_unknown_anchor_is_refused_with_a_suggestion(condition):
    with pytest.raises(ValueError, match=r"no codec of this run is called 'wave:god', .* did you mean wave:good"):
        deltas.against_anchor([condition], "wave:god")

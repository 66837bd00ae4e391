"""What is written of each clip, and what a fault costs: one line."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from desks import CASE, CLIPS, corpus, scored, timed

from bench.scores import ORIGINAL, SCORE_COLUMNS, frame
from bench.scoring.agenda import AUDIO_BYTES, FLAC_SHARE, Target, chosen, kept


def test_every_clip_has_a_line_with_figures_that_can_be_computed_by_hand(toys, tmp_path):
    audio = corpus(tmp_path / "audio")
    found = scored(toys, timed(tmp_path / "run", ["toy"], audio, metrics=("snr", "si_sdr")))
    lines = {s.clip: s for s in found if s.impl == "toy"}
    assert set(lines) == set(CLIPS) and all(s.status == "ok" and s.corpus == str(audio) for s in lines.values())
    for name, line in lines.items():
        x, _ = soundfile.read(audio / f"{name}.wav")
        error = np.clip(np.rint(x * 128), -128, 127) / 128 - x
        assert line.values["snr"] == pytest.approx(10 * np.log10(np.sum(x**2) / np.sum(error**2)), abs=0.01)
        assert line.values["si_sdr_raw"] < 0 < line.values["si_sdr"], "40 samples late is another waveform"
        packets = -(-(len(x) + 40) // 160)
        assert line.payload_bps == pytest.approx(packets * 160 * 8 / CLIPS[name])
        assert line.container_bps == pytest.approx(packets * 161 * 8 / CLIPS[name])
        assert (line.nominal_bps, line.model_bytes, line.rate) == (128000, 7, 16000)
        assert (line.delay_samples, line.delay_seconds, line.delay_from) == (40, 0.0025, "measured")
        assert line.case == {k: v for k, v in CASE.items() if k != "seconds"} and line.seconds == CLIPS[name]
        assert line.speaker and line.version == np.__version__ and line.algorithmic_delay_ms == 12.5


def test_the_table_has_a_column_a_metric_and_marks_what_is_outside_of_the_window(toys, tmp_path):
    audio = corpus(tmp_path / "audio")
    cases = [CASE, {**CASE, "bitrate": 100.0}]
    store = timed(tmp_path / "run", ["toy"], audio, cases=cases)
    scored(toys, store)
    table = frame(store.folder)
    codec = table[table.impl == "toy"]
    assert set(SCORE_COLUMNS) - {"values", "wer"} <= set(table.columns) and codec.snr.notna().all()
    assert {b: set(g.in_window) for b, g in codec.groupby("bitrate")} == {100.0: {False}, 128.0: {True}}
    wide = frame(store.folder, window=0.5)
    assert wide[wide.impl == "toy"].in_window.all()


FAULTS = {
    "raises": ("error", "no such luck"),
    "dies": ("crash", "SIGSEGV"),
    "hangs": ("timeout", "longer than 10 s"),
    "hoards": ("oom", "--memory-limit"),
    "wide": ("error", "(2, 11"),
    "nan": ("error", "holds NaN"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_one_line(toys, tmp_path, fault):
    more = {"deadline_s": 10.0} if fault == "hangs" else {"memory_limit": 600_000_000} if fault == "hoards" else {}
    store = timed(tmp_path / "run", [f"toy:{fault}", "toy"], corpus(tmp_path / "audio"), **more)
    found = [s for s in scored(toys, store) if s.impl != ORIGINAL]
    assert len(found) == 2 * len(CLIPS)
    (bad,) = [s for s in found if s.status != "ok"]
    assert (bad.impl, bad.clip, bad.values) == (f"toy:{fault}", "b", {})
    assert bad.status == FAULTS[fault][0] and FAULTS[fault][1] in bad.reason and "\n" not in bad.reason


def test_stereo_asked_of_a_mono_codec_is_unavailable_and_of_another_is_scored(toys, tmp_path):
    wide = {**CASE, "channels": 2}
    impls = ["toy", "passthrough:16k"]
    store = timed(tmp_path / "run", impls, corpus(tmp_path / "audio"), cases=[wide], lag=0.0, metrics=("si_sdr",))
    found = [s for s in scored(toys, store) if s.impl != ORIGINAL]
    assert {(s.impl, s.status) for s in found} == {("toy", "unavailable"), ("passthrough:16k", "ok")}
    reasons = {s.failures.get("si_sdr", "") for s in found if s.status == "ok"}
    assert len(reasons) == 1 and "infinite" in reasons.pop(), (
        "the same on both sides: a failure that says so, never a figure"
    )


def test_words_are_counted_beside_those_of_the_untouched_audio(toys, tmp_path):
    pytest.importorskip("jiwer")
    store = timed(tmp_path / "run", ["toy"], corpus(tmp_path / "audio"), asr="toy_ear")
    found = {(s.impl, s.clip): s for s in scored(toys, store)}
    assert {k[1] for k in found if k[0] == ORIGINAL} == set(CLIPS), "all are short enough to be kept"
    for impl in (ORIGINAL, "toy"):
        said = found[impl, "a"]
        assert said.heard == "loud ships" and said.wer["words"] == 2 and said.wer["substitutions"] == 0
        assert found[impl, "b"].wer["substitutions"] == 1, "it is as loud as the other"
        assert found[impl, "c"].wer == {} and found[impl, "c"].asr == "", "nothing is said there"
    assert found[ORIGINAL, "a"].values == {} and "bitrate" not in found[ORIGINAL, "a"].case


def test_a_recogniser_that_fails_costs_the_word_error_rate_alone(toys, tmp_path):
    store = timed(tmp_path / "run", ["toy"], corpus(tmp_path / "audio"), asr="toy_deaf")
    found = {s.clip: s for s in scored(toys, store) if s.impl == "toy"}
    assert found["a"].failures == {"wer": "wax in the ear"} and found["a"].values and found["a"].wer == {}
    assert found["c"].failures == {}


def test_the_audio_that_is_kept_is_aligned_and_can_be_played(toys, tmp_path):
    audio = corpus(tmp_path / "audio")
    store = timed(tmp_path / "run", ["toy"], audio)
    for line in scored(toys, store):
        heard, rate = soundfile.read(store.folder / line.audio)
        x, _ = soundfile.read(audio / f"{line.clip}.wav")
        assert rate == 16000 and np.abs(heard - x).max() <= (0 if line.impl == ORIGINAL else 1 / 256)
    assert {p.suffix for p in (store.folder / "audio").rglob("*") if p.is_file()} == {".flac"}


@pytest.mark.parametrize("codecs", [1, 10, 200])
def test_what_is_kept_fits_on_a_page_and_is_of_different_speakers(codecs):
    from bench.corpus import Clip

    clips = [Clip(f"{n}", None, kind="speech", seconds=2.0 + n % 7, speaker=f"s{n % 4}") for n in range(40)]
    targets = [Target("codec", f"i{n}", {"sample_rate": 16000, "channels": 1}) for n in range(codecs)]
    found = kept(clips, targets)
    each = [min(seconds, clips[int(name)].seconds) for name, seconds in found.items()]
    assert 1 <= len(found) <= 6 and sum(each) * codecs * 32000 * FLAC_SHARE <= AUDIO_BYTES
    assert len({clips[int(name)].speaker for name in found}) == min(4, len(found))


def test_clips_are_chosen_by_kind_and_evenly():
    from bench.corpus import Clip

    clips = [Clip(f"{n}", None, kind="speech" if n % 2 else "music") for n in range(20)]
    assert [c.id for c in chosen(clips, "speech", 5)] == ["1", "5", "9", "13", "17"]
    assert chosen(clips, "", 0) == clips and len(chosen(clips, "", 100)) == 20

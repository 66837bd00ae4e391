"""The page to listen to, as a file: which recordings are in it, what is said of the others, and its size."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import asdict
from html import unescape

import codec_runs
import numpy as np
import pytest
import soundfile

from bench.report import listen
from bench.results import Results


def scores(clips, impls=("wave:good", "fixed"), bitrates=(6.0, 12.0)):
    made = [codec_runs.untouched(clip) for clip in range(clips)]
    return made + [codec_runs.score(i, b, clip) for i in impls for b in bitrates for clip in range(clips)]


@pytest.fixture
def write(tmp_path):
    def made(some, heard):
        return codec_runs.write(tmp_path / "run", some, [], heard)

    return made


def test_every_recording_is_in_the_page_bit_for_bit(write):
    run = write(scores(1), 1)
    page = listen.build([run])
    (clip,) = page.clips
    kept = [json.loads(line) for line in (run.path / "scores.jsonl").read_text().splitlines()]
    found = {("original", None): clip["original"]["sound"]}
    found |= {(o["name"], b["title"]): o["sound"] for b in clip["bitrates"] for o in b["outputs"]}
    assert len(found) == len(kept) == 5
    for score in kept:
        bitrate = f"{score['case']['bitrate']:g} kbit/s" if "bitrate" in score["case"] else None
        inside = base64.b64decode(page.sounds[found[score["impl"], bitrate]])
        decoded, rate = soundfile.read(io.BytesIO(inside), dtype="int16")
        assert inside[:4] == b"fLaC" and rate == codec_runs.RATE
        np.testing.assert_array_equal(decoded, soundfile.read(run.path / score["audio"], dtype="int16")[0])


def test_the_same_audio_is_kept_once(write):
    run = write(scores(1, impls=("passthrough:8k", "passthrough:16k")), 1)  # made runs pass the original through
    assert len(listen.build([run]).sounds) == 1


def test_clips_are_taken_in_turn_of_speakers_while_they_fit(write):
    run = write(scores(8, bitrates=(6.0,)), 8)
    names = [clip["id"] for clip in listen.build([run]).clips]
    assert names == [f"clip-{n:02d}" for n in range(8)]  # six speakers, then the first two again
    whole = len(listen.render(listen.build([run])))
    limit = listen.BESIDES + (whole - listen.BESIDES) // 2
    page = listen.build([run], limit)
    taken = [clip["id"] for clip in page.clips]
    assert 1 <= len(taken) < 8 and len(listen.render(page)) <= limit
    assert [said[: said.index(" s,") + 2] for said in page.left_out] == [
        f"{n} is left out: 3 recordings of 4.0 s" for n in names if n not in taken
    ]


def test_a_page_stays_below_20_megabytes(write):
    """Noise does not compress: six seconds of it and its outputs are more than a page may hold."""
    some = scores(10, impls=[f"codec-{n}" for n in range(3)], bitrates=(6.0,))
    run = write(some, 0)
    (run.path / "audio").mkdir()
    rng = np.random.default_rng(0)
    for n in range(6):
        audio = rng.uniform(-0.9, 0.9, 6 * 24000).astype(np.float32)
        soundfile.write(run.path / f"audio/{n}.flac", audio, 24000, subtype="PCM_16")
    lines = [json.dumps({**asdict(s), "audio": f"audio/{i % 6}.flac"}) for i, s in enumerate(some)]
    (run.path / "scores.jsonl").write_text("\n".join(lines) + "\n")
    for limit in (3_000_000, 1_500_000):  # one clip of four recordings takes 1.5 MB: in the second, it must be cut
        page = listen.build([Results.load(run.path)], limit)
        assert len(listen.render(page).encode()) < limit
        assert page.clips
        assert ("clip-00 is cut after 3 s." in page.left_out) == (limit == 1_500_000)
    (written,) = listen.write([Results.load(run.path)], run.path)
    assert written.stat().st_size < 20_000_000


def test_a_long_clip_is_cut_and_that_is_said(write):
    long = [codec_runs.untouched(0, seconds=20.0), codec_runs.score("wave:good", 6.0, 0, seconds=20.0)]
    page = listen.build([write(long, 1)])
    assert page.left_out == ["clip-00 is cut after 12 s."]
    assert soundfile.info(io.BytesIO(base64.b64decode(page.sounds[0]))).duration == 12.0


def test_what_cannot_be_heard_is_named_with_its_reason(write):
    some = [*scores(1), codec_runs.score("broken", 6.0, 0, status="crash", reason="segmentation fault", values={})]
    (six, twelve) = listen.build([write(some, 1)]).clips[0]["bitrates"]
    assert six["missing"] == "Not to be heard here: broken (segmentation fault)." and twelve["missing"] == ""


def test_a_file_that_is_gone_costs_its_clip_and_nothing_else(write):
    run = write(scores(2), 2)
    next(run.path.glob("audio/clip-00-*")).unlink()
    page = listen.build([run])
    assert [clip["id"] for clip in page.clips] == ["clip-01"] and "clip-00: its audio cannot be read" in page.left_out[
        0
    ]


def test_scores_of_the_clip_and_failures_are_beside_it(write):
    some = [codec_runs.untouched(3), codec_runs.score("wave:plain", 6.0, 3)]
    page = listen.build([write(some, 4)])
    (output,) = page.clips[0]["bitrates"][0]["outputs"]
    assert output["failures"] == {"pesq_wb": codec_runs.SILENT} and "pesq_wb" not in output["scores"]
    assert output["scores"]["estoi"] == f"{some[1].values['estoi']:.3f}"
    assert output["scores"]["wer"] == f"{100 * some[1].wer['substitutions'] / 5:.0f}"
    assert {m.name for m in page.metrics} >= {"pesq_wb", "estoi", "wer"}


def test_no_audio_no_page(write, tmp_path):
    assert listen.write([write(scores(1), 0)], tmp_path) == []
    assert listen.build([Results([])]) is None


def test_the_page_holds_no_foreign_markup_and_asks_for_nothing(write):
    run = write(scores(1, impls=(codec_runs.HOSTILE, "</script><b>")), 1)
    text = listen.render(listen.build([run]))
    assert "<script>alert" not in text and "</script><b>" not in text
    assert not re.findall(r"\b(?:src|href)=|url\(|@import|https?://(?!www\.w3\.org)", unescape(text))
    assert "default-src 'none'" in text

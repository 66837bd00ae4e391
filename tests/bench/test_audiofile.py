"""Bad audio files: each is left out, counted and explained in one line; whole ones are not taken for bad."""

import os

import numpy as np
import pytest
import soundfile
from audio_files import RATE, refusal, tone, write

from bench import corpus, signals
from bench.corpus import CorpusWarning


def nan(path):
    x = tone()
    x[4000] = np.nan
    write(path, x)


def inf(path):
    x = tone()
    x[4000] = -np.inf
    write(path, x)


def truncated(path):
    write(path)
    path.write_bytes(path.read_bytes()[:20000])


def truncated_flac(path):
    write(path.with_suffix(".flac"), signals.noise(RATE, RATE), subtype="PCM_16")
    path.write_bytes(path.with_suffix(".flac").read_bytes()[:9000])
    path.with_suffix(".flac").unlink()


BAD = {
    "nan": (nan, "holds NaN or Inf at 0.250 s"),
    "inf": (inf, "holds NaN or Inf at 0.250 s"),
    "zero bytes": (lambda p: p.write_bytes(b""), "is empty (0 bytes)"),
    "zero length": (lambda p: write(p, np.empty(0, np.float32)), "has a header but no samples"),
    "truncated": (truncated, "is truncated"),
    "truncated flac": (truncated_flac, "is truncated or damaged"),
    "not audio": (lambda p: p.write_text("Dear diary, " * 50), "is not audio that libsndfile reads"),
    "dangling link": (lambda p: p.symlink_to("nowhere.wav"), "does not exist"),
    "link to itself": (lambda p: p.symlink_to(p.name), "link"),
    "link that leaves": (lambda p: p.symlink_to("/etc/hostname"), "link that leaves the folder"),
    "pipe": (os.mkfifo, "is not a regular file"),
}


@pytest.mark.parametrize("make, reason", BAD.values(), ids=BAD)
def test_a_bad_file_is_left_out_counted_and_explained(folder, make, reason):
    make(folder / "bad.wav")
    good = write(folder / "good.wav")
    with pytest.warns(CorpusWarning, match="1 of 2 files left out, such as bad.wav") as caught:
        x = corpus.clip(str(folder), 3, RATE)[0]
    assert reason in str(caught[0].message)
    assert np.array_equal(np.sort(x[:RATE]), np.sort(soundfile.read(good, dtype="float32")[0])), "only the good file"
    [problem] = [p for p in corpus.check(str(folder)) if not p.used]
    assert problem.name == "bad.wav" and reason in problem.reason and problem.remedy


@pytest.mark.parametrize("make, reason", BAD.values(), ids=BAD)
def test_when_no_good_file_is_left_the_corpus_is_refused(folder, make, reason):
    make(folder / "bad.wav")
    assert reason in refusal(corpus.clip, str(folder), 1, RATE)


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3", "aiff", "au", "caf", "w64", "rf64"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_every_format_tells_whole_from_truncated(folder, extension, share):
    path = folder / f"x.{extension}"
    soundfile.write(path, signals.noise(3 * RATE, RATE), RATE, format=extension.upper())
    assert corpus.check(str(folder)) == []
    whole = path.read_bytes()
    (folder / f"y.{extension}").write_bytes(whole[: int(share * len(whole))])
    assert [p.name for p in corpus.check(str(folder))] == [f"y.{extension}"]


def test_sizes_that_a_pipe_left_unknown_are_no_truncation(folder):
    path = write(folder / "piped.wav", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert corpus.check(str(folder)) == []


def test_an_mp3_without_a_stated_length_is_whole(folder):
    path = folder / "x.mp3"
    soundfile.write(path, signals.noise(2 * RATE, RATE), RATE, format="MP3")
    data = path.read_bytes()
    assert b"Info" in data[:200] or b"Xing" in data[:200]
    path.write_bytes(data[data.index(data[:2], 4) :])  # from the second frame on
    assert corpus.check(str(folder)) == []
    assert corpus.clip(str(folder), 3, RATE).std() > 0.01


def test_a_flac_that_a_pipe_left_without_its_length(folder):
    path = write(folder / "x.flac", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # STREAMINFO: 36 bits of total samples end 18 bytes into the block, which starts at byte 8
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert "does not state its length" in refusal(corpus.info, str(folder))


def test_a_file_that_breaks_half_way_adds_nothing(folder):
    """What was decoded before the break is taken back, so that a result never ends in the middle of a bad file."""
    x = tone(20)
    x[-1] = np.nan
    write(folder / "a.wav", x)
    write(folder / "b.wav", np.full(RATE, 0.125, np.float32))
    with pytest.warns(CorpusWarning):
        assert (corpus.clip(str(folder), 30, RATE) == 0.125).all()


def test_unreadable_file(folder):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    write(folder / "a.wav").chmod(0)
    assert "change its permissions" in refusal(corpus.clip, str(folder), 1, RATE)

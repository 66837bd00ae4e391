"""Corpora: what is read, what is refused, and that every refusal says why in one line."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench import corpus, signals
from bench.corpus import Corpus, CorpusError, CorpusWarning

RATE = 16000


@pytest.fixture(autouse=True)
def own_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "audio"
    made.mkdir()
    return made


def tone(seconds=1.0, rate=RATE, hz=440.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path: Path, samples=None, rate=RATE, subtype="FLOAT"):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(rate=rate) if samples is None else samples, rate, subtype=subtype)
    return path


def manifest(folder: Path, *lines: str, header="id\tpath"):
    (folder / "manifest.tsv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def refusal(action, *args) -> str:
    """The one line that a refused request gives."""
    with pytest.raises(CorpusError) as caught:
        action(*args)
    text = str(caught.value)
    assert "\n" not in text and ";" in text, f"one line with a way out after a semicolon, not {text!r}"
    return text


# --- clip ------------------------------------------------------------------------------------------------------------


def test_clip_of_the_builtin_corpus_is_rows_of_one_stream():
    x = corpus.clip("builtin", 0.5, RATE, batch=3, seed=2)
    assert x.shape == (3, 8000) and x.dtype == np.float32
    assert np.array_equal(x.ravel(), signals.stream(24000, RATE, 2))


NOTHING = [(0, RATE, 1), (-1, RATE, 1), (1, 0, 1), (1, RATE, 0), (1e-9, RATE, 1), (1, -RATE, 1)]


@pytest.mark.parametrize("seconds, rate, batch", [*NOTHING, (float("nan"), RATE, 1), (float("inf"), RATE, 1)])
def test_clip_refuses_to_make_nothing(seconds, rate, batch):
    assert "ask for at least one sample" in refusal(corpus.clip, "builtin", seconds, rate, batch)


def test_clip_of_a_folder_keeps_the_samples_and_loops(folder):
    a, b = tone(0.4, hz=300), tone(0.6, hz=500)
    write(folder / "a.wav", a)
    write(folder / "b.wav", b)
    x = corpus.clip(str(folder), 2.5, RATE, seed=1)[0]
    assert x.shape == (40000,) and x.dtype == np.float32
    assert np.array_equal(x[:RATE], x[RATE : 2 * RATE]), "one second of audio, so a loop of one second"
    assert np.array_equal(np.sort(x[:RATE]), np.sort(np.concatenate([a, b])))


def test_the_seed_chooses_the_place_and_nothing_else_does(folder):
    write(folder / "long.wav", np.linspace(-0.9, 0.9, 10 * RATE, dtype=np.float32))
    first, again, other = (corpus.clip(str(folder), 0.1, RATE, seed=s)[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rows_of_a_batch_follow_each_other(folder):
    write(folder / "long.wav", np.linspace(-0.9, 0.9, 10 * RATE, dtype=np.float32))
    rows = corpus.clip(str(folder), 0.1, RATE, batch=3, seed=1)
    assert np.array_equal(rows.ravel(), corpus.clip(str(folder), 0.3, RATE, seed=1)[0])


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_another_rate_is_resampled(folder, rate):
    write(folder / "tone.wav", tone(8, rate, 1000), rate)
    x = corpus.clip(str(folder), 2, RATE, seed=3)[0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    assert hz[spectrum.argmax()] == pytest.approx(1000, abs=1)
    assert spectrum[np.abs(hz - 1000) > 20].sum() < 1e-4 * spectrum.sum()


def test_downsampling_removes_what_the_new_rate_cannot_carry(folder):
    write(folder / "tone.wav", tone(8, 48000, 12000), 48000)
    x = corpus.clip(str(folder), 2, RATE, seed=3)[0]
    assert np.percentile(np.abs(x), 95) < 1e-6, "silence but where the file ends and begins anew"


def test_a_stereo_file_is_mixed_down_and_said_so(folder):
    write(folder / "wide.wav", np.stack([tone(), np.zeros(RATE, np.float32)], axis=1))
    with pytest.warns(CorpusWarning, match="1 files with more than one channel were mixed down"):
        x = corpus.clip(str(folder), 1, RATE)[0]
    assert np.abs(x).max() == pytest.approx(0.25, rel=1e-3)
    assert "2 channels" in str(corpus.check(str(folder))[0]) and corpus.check(str(folder))[0].used


def test_subnormals_become_zeros(folder):
    write(folder / "faint.wav", np.full(RATE, 1e-40, np.float32))
    assert not corpus.clip(str(folder), 0.5, RATE).any()


def test_a_single_file_is_a_corpus(folder):
    path = write(folder / "one.flac", subtype="PCM_16")
    assert corpus.clip(str(path), 0.5, RATE).shape == (1, 8000)
    assert corpus.info(str(path))["clips"] == 1


# --- bad files -------------------------------------------------------------------------------------------------------


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


# --- folders and manifests -------------------------------------------------------------------------------------------


def test_a_missing_folder_gets_a_suggestion(tmp_path, folder):
    assert "did you mean audio?" in refusal(corpus.clip, str(tmp_path / "audoi"), 1, RATE)
    assert "did you mean builtin?" in refusal(corpus.clip, "bultin", 1, RATE)


@pytest.mark.parametrize("name", ["", "  ", "a" * 5000, "~nobody-of-this-name/x", "nul\0"])
def test_names_that_cannot_be_paths(name):
    assert refusal(corpus.info, name)


def test_an_empty_folder(folder):
    (folder / "notes.txt").write_text("nothing to hear")
    assert "holds no audio" in refusal(corpus.clip, str(folder), 1, RATE)


def test_a_folder_without_a_manifest_takes_its_kinds_from_its_folders(folder):
    write(folder / "speech" / "a.wav")
    write(folder / "speech" / "a.flac", rate=8000, subtype="PCM_16")
    write(folder / "b.wav")
    assert [(c.id, c.kind, c.sample_rate, c.seconds) for c in Corpus.open(str(folder)).clips] == [
        ("b", "", 16000, 1.0),
        ("speech/a.flac", "speech", 8000, 1.0),
        ("speech/a.wav", "speech", 16000, 1.0),
    ]


def test_a_manifest_orders_names_and_describes(folder):
    write(folder / "x.wav")
    write(folder / "y.wav")
    write(folder / "unlisted.wav")
    header = "id\tpath\tspeaker\ttranscript\tkind\tlicence"
    manifest(folder, 'two\ty.wav\tanna\tshe said "so"\tspeech\tCC0', "one\tx.wav", "", header=header)
    two, one = Corpus.open(str(folder)).clips
    assert (two.id, two.speaker, two.transcript, two.kind) == ("two", "anna", 'she said "so"', "speech")
    assert (two.sample_rate, two.seconds, two.more) == (16000, 1.0, {"licence": "CC0"})
    assert (one.id, one.speaker) == ("one", "")


def test_a_manifest_with_windows_line_ends_and_a_byte_order_mark(folder):
    write(folder / "x.wav")
    (folder / "manifest.tsv").write_bytes(b"\xef\xbb\xbfid\tpath\tspeaker\r\none\tx.wav\tanna\r\n")
    assert Corpus.open(str(folder)).clips[0].speaker == "anna"


def test_a_missing_file_of_a_manifest_is_left_out(folder):
    write(folder / "x.wav")
    manifest(folder, "a\tx.wav\t16000\t1", "b\tgone.wav\t16000\t1", header="id\tpath\tsample_rate\tseconds")
    with pytest.warns(CorpusWarning, match="1 of 2 files left out, such as gone.wav: does not exist"):
        corpus.clip(str(folder), 1, RATE)


def test_false_figures_of_a_manifest_are_found_and_not_believed(folder):
    write(folder / "x.wav", tone(1, 8000), 8000)
    manifest(folder, "a\tx.wav\t16000\t5", header="id\tpath\tsample_rate\tseconds")
    reasons = [p.reason for p in corpus.check(str(folder))]
    assert reasons == ["has 8000 Hz, the manifest says 16000", "lasts 1.000 s, the manifest says 5"]
    x = corpus.clip(str(folder), 0.25, 8000, seed=1)[0]
    assert np.isin(x, tone(1, 8000)).all(), "the file's own rate is used: nothing was resampled"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.wav",
        "/etc/passwd",
        "a/../../secret.wav",
        "..",
        "C:\\secret.wav",
        "\\\\host\\secret.wav",
        "a\\..\\..\\secret.wav",
        "link.wav",
        "away/secret.wav",
        "nul\0.wav",
    ],
)
def test_a_manifest_path_cannot_leave_its_folder(folder, path):
    write(folder.parent / "secret.wav")
    write(folder / "x.wav")
    (folder / "link.wav").symlink_to("../secret.wav")
    (folder / "away").symlink_to("..")
    manifest(folder, "fine\tx.wav", f"evil\t{path}")
    text = refusal(corpus.clip, str(folder), 1, RATE)
    assert "line 3" in text and "leaves the folder" in text


def test_links_inside_the_folder_are_fine(folder):
    write(folder / "objects" / "x.wav")
    (folder / "link.wav").symlink_to("objects/x.wav")
    manifest(folder, "a\tlink.wav")
    assert corpus.info(str(folder))["clips"] == 1


MANIFESTS = {
    "no path column": ("id\tfile\n1\tx.wav\n", "has no column path (it has: id, file)"),
    "commas": ("id,path\n1,x.wav\n", "has no column id or path"),
    "empty": ("", "has no column id or path (it has: nothing)"),
    "header only": ("id\tpath\n", "lists no clips"),
    "column twice": ("id\tpath\tid\n1\tx.wav\t2\n", "has the column 'id' twice"),
    "too many columns": ("id\tpath\n1\tx.wav\textra\n", "line 2 has 3 columns, the first line 2"),
    "no id": ("id\tpath\n\tx.wav\n", "line 2 has no id"),
    "no path": ("path\tid\n\tone\n", "line 2 has no path"),
    "duplicate id": ("id\tpath\n1\tx.wav\n2\tx.wav\n1\tx.wav\n", "line 4: the id '1' is taken by line 2"),
    "rate in words": ("id\tpath\tsample_rate\n1\tx.wav\t16k\n", "line 2: sample_rate is '16k'"),
    "half a hertz": ("id\tpath\tsample_rate\n1\tx.wav\t0.5\n", "line 2: sample_rate is '0.5'"),
    "endless": ("id\tpath\tseconds\n1\tx.wav\tinf\n", "line 2: seconds is 'inf'"),
    "negative": ("id\tpath\tseconds\n1\tx.wav\t-1\n", "line 2: seconds is '-1'"),
}


@pytest.mark.parametrize("text, reason", MANIFESTS.values(), ids=MANIFESTS)
def test_a_bad_manifest_is_refused_by_line(folder, text, reason):
    write(folder / "x.wav")
    (folder / "manifest.tsv").write_text(text)
    assert reason in refusal(corpus.info, str(folder))


def test_a_manifest_that_is_not_utf8(folder):
    write(folder / "x.wav")
    (folder / "manifest.tsv").write_bytes(b"id\tpath\tspeaker\n1\tx.wav\tJos\xe9\n")
    assert "line 2 is not UTF-8; save the file as UTF-8" in refusal(corpus.info, str(folder))


def test_a_file_name_of_any_bytes_can_be_shown(folder):
    path = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.wav"))
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    write(folder / "x.wav")
    info = corpus.info(str(folder))
    assert "\n".join(info["problems"]).encode("utf-8")


# --- names -----------------------------------------------------------------------------------------------------------


def test_add_names_a_folder_for_good(folder, tmp_path):
    write(folder / "x.wav")
    assert corpus.add("mine", str(folder)) == {"name": "mine", "folder": str(folder)}
    assert corpus.corpora() == [{"name": "builtin", "folder": ""}, {"name": "mine", "folder": str(folder)}]
    assert corpus.clip("mine", 0.5, RATE).shape == (1, 8000)
    assert corpus.add("mine", str(folder))["name"] == "mine", "saying it again is fine"
    corpus.remove("mine")
    assert [c["name"] for c in corpus.corpora()] == ["builtin"]


@pytest.mark.parametrize("name", ["builtin", "", "../up", "a b", "a/b", "-x"])
def test_bad_names_are_refused(folder, name):
    write(folder / "x.wav")
    assert "cannot be called" in refusal(corpus.add, name, str(folder))


def test_a_taken_name_is_refused_unless_replaced(folder, tmp_path):
    write(folder / "x.wav")
    write(tmp_path / "other" / "x.wav")
    corpus.add("mine", str(folder))
    assert f"already names {folder}" in refusal(corpus.add, "mine", str(tmp_path / "other"))
    corpus.add("mine", str(tmp_path / "other"), replace=True)
    assert corpus.info("mine")["folder"] == str(tmp_path / "other")


def test_a_folder_without_audio_is_not_registered(folder):
    assert "holds no audio" in refusal(corpus.add, "mine", str(folder))
    assert "no folder is called" in refusal(corpus.add, "mine", str(folder / "gone"))
    assert len(corpus.corpora()) == 1


def test_typos_and_vanished_folders(folder):
    write(folder / "x.wav")
    corpus.add("speech", str(folder))
    assert "did you mean speech?" in refusal(corpus.info, "speach")
    assert "did you mean speech?" in refusal(corpus.remove, "speach")
    (folder / "x.wav").unlink()
    folder.rmdir()
    assert "bring it back or register it anew" in refusal(corpus.info, "speech")


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', b"\xff"])
def test_a_damaged_registry_says_so_and_builtin_works_on(tmp_path, text):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "corpora.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert "repair it or delete it" in refusal(corpus.corpora)
    assert corpus.clip("builtin", 0.1, RATE).shape == (1, 1600)


def test_a_configuration_folder_that_cannot_be_written(folder, tmp_path):
    write(folder / "x.wav")
    (tmp_path / "config").write_text("a file stands where the folder should be")
    assert "cannot be" in refusal(corpus.add, "mine", str(folder))


# --- info and iteration ----------------------------------------------------------------------------------------------


def test_info_counts(folder):
    write(folder / "speech" / "a.wav")
    write(folder / "speech" / "b.wav", rate=8000)
    write(folder / "c.wav", tone(2))
    (folder / "d.wav").write_bytes(b"")
    info = corpus.info(str(folder))
    assert (info["clips"], info["seconds"], info["speakers"]) == (3, 4.0, 0)
    assert info["sample_rates"] == {8000: 1, 16000: 2} and info["kinds"] == {"speech": 2, "unnamed": 1}
    assert info["problems"] == ["d.wav: is empty (0 bytes); fetch it again or take it out"]


def test_the_fingerprint_follows_the_files(folder):
    write(folder / "a.wav")
    before = corpus.info(str(folder))["fingerprint"]
    assert before == corpus.info(str(folder))["fingerprint"]
    write(folder / "a.wav", tone(2))
    assert before != corpus.info(str(folder))["fingerprint"]


def test_the_builtin_corpus_has_speakers_and_kinds():
    info = corpus.info("builtin")
    assert info["kinds"] == {"music": 2, "noise": 2, "speech": 4} and info["speakers"] == 4
    assert info["problems"] == [] and corpus.check("builtin") == []


def test_read_and_blocks_agree(folder):
    write(folder / "a.wav", tone(3))
    for opened in (Corpus.open(str(folder)), Corpus.open("builtin")):
        clip = opened.clips[0]
        whole = opened.read(clip)
        assert whole.dtype == np.float32 and len(whole) == round(clip.seconds * clip.sample_rate)
        assert np.array_equal(opened.read(clip, 100, 50), whole[100:150])
        parts = list(opened.blocks(clip, 0.25))
        assert np.array_equal(np.concatenate(parts), whole)
        assert {len(p) for p in parts} == {clip.sample_rate // 4}
        resampled = np.concatenate(list(opened.blocks(clip, 0.25, sample_rate=8000)))
        assert len(resampled) == round(clip.seconds * 8000)


@pytest.mark.parametrize("start, frames", [(-1, 5), (0, 10**9), (10**9, None), (10, -5)])
def test_reading_beyond_the_ends_is_refused(folder, start, frames):
    write(folder / "a.wav")
    for opened in (Corpus.open(str(folder)), Corpus.open("builtin")):
        assert "ask for fewer" in refusal(opened.read, opened.clips[0], start, frames)


MEASURE = """
import resource, sys
from bench.corpus import Corpus, clip
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
minute, hour = sys.argv[1:]
def stream(path):
    opened = Corpus.open(path)
    return sum(len(b) for b in opened.blocks(opened.clips[0], 1.0, sample_rate=8000)) + clip(path, 1, 8000).size
stream(minute)
before = peak()
samples = stream(hour)
print(samples, peak() - before)
"""


def test_an_hour_streams_in_the_memory_of_a_minute(tmp_path):
    """The peak of the process (MiB) after a minute, then how much an hour adds. The hour decoded is 220 MiB."""
    for name, seconds in (("minute", 60), ("hour", 3600)):
        path = write(tmp_path / name / "long.wav", tone(0.1), subtype="PCM_16")
        size = 2 * seconds * RATE
        with open(path, "r+b") as file:
            file.seek(4)
            file.write((size + 36).to_bytes(4, "little"))
            file.seek(40)
            file.write(size.to_bytes(4, "little"))
            file.truncate(size + 44)  # a hole: silence that takes no disk
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "minute"), str(tmp_path / "hour")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    samples, grown = (float(figure) for figure in done.stdout.split())
    assert samples == 3601 * 8000
    assert grown < 16


# --- a real corpus, where one is at hand -----------------------------------------------------------------------------


@pytest.fixture
def real():
    if not (path := os.environ.get("BENCH_TEST_CORPUS")):
        pytest.skip("BENCH_TEST_CORPUS names no folder of real audio")
    return path


def test_a_real_corpus_is_sound(real):
    info = corpus.info(real)
    assert info["clips"] > 0 and info["problems"] == []
    assert [str(p) for p in corpus.check(real) if not p.used] == []


@pytest.mark.parametrize("rate", [16000, 24000, 44100])
def test_a_real_corpus_fills_a_batch(real, rate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)  # stereo files are part of it
        x = corpus.clip(real, 7.5, rate, batch=4, seed=11)
    assert x.shape == (4, round(7.5 * rate)) and np.isfinite(x).all()
    assert (x.std(axis=1) > 1e-4).all()


def test_the_examples_of_the_documentation_run():
    """Every Python block of docs/corpora.md that needs no folder of the reader's."""
    page = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8")
    examples = [part.split("```")[0] for part in page.split("```python\n")[1:]]
    for example in examples:
        names: dict[str, object] = {}
        exec(example.replace('"speech")', '"builtin")'), names)
        if "audio" in names:
            assert names["audio"].shape == (4, 32000) and names["samples"].shape == (48000,)
    assert len(examples) == 2

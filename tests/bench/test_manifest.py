"""Manifests: what they describe, and that a bad one is refused by its line."""

import numpy as np
import pytest
from audio_files import RATE, manifest, refusal, tone, write

from bench import corpus
from bench.corpus import Corpus, CorpusWarning


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

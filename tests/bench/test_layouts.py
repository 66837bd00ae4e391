"""Folders as they are on disk: which layout is recognised, what is read, and one clear line for each thing amiss."""

import os
from pathlib import Path

import pytest
from audio_files import refusal, write

from bench import corpus
from bench.corpus import Corpus

# Plain files


def test_a_folder_without_a_manifest_takes_its_kinds_from_its_folders(folder):
    write(folder / "speech" / "a.wav")
    write(folder / "speech" / "a.flac", rate=8000, subtype="PCM_16")
    write(folder / "b.wav")
    assert [(c.id, c.kind, c.sample_rate, c.seconds) for c in Corpus.open(str(folder)).clips] == [
        ("b", "", 16000, 1.0),
        ("speech/a.flac", "speech", 8000, 1.0),
        ("speech/a.wav", "speech", 16000, 1.0),
    ]


def test_a_file_name_of_any_bytes_can_be_shown(folder):
    path = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.wav"))
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    write(folder / "x.wav")
    info = corpus.info(str(folder))
    assert "\n".join(info["problems"]).encode("utf-8")
    (folder / "x.wav").rename(path)
    assert corpus.info(str(folder))["clips"] == 1 and not corpus.check(str(folder)), "and be read"


def test_linked_folders_are_not_followed_and_that_is_told(folder, tmp_path):
    write(folder / "a.wav")
    write(tmp_path / "elsewhere" / "b.wav")
    (folder / "round").symlink_to(".")
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    info = corpus.info(str(folder))
    assert info["clips"] == 1 and [text.partition(" ")[0] for text in info["problems"]] == ["more:", "round:"]
    assert all("is a link to a folder, and is not followed; copy" in text for text in info["problems"])


# LibriSpeech


def librispeech(folder):
    """Two speakers, three clips; their layout is that of openslr.org/12."""
    for name in ("test-clean/19/198/19-198-0000", "test-clean/19/198/19-198-0001", "test-clean/26/495/26-495-0000"):
        write(folder / f"{name}.flac", subtype="PCM_16")
    text(folder / "test-clean/19/198/19-198.trans.txt", "19-198-0000 NORTHANGER ABBEY", "19-198-0001 THIS LITTLE WORK")
    text(folder / "test-clean/26/495/26-495.trans.txt", "26-495-0000 HE WAS THERE")
    text(folder / "SPEAKERS.TXT", ";ID|SEX|SUBSET|MINUTES|NAME")


def text(path: Path, *lines, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))


def said(folder):
    return {clip.id: (clip.speaker, clip.transcript) for clip in Corpus.open(str(folder)).clips}


@pytest.mark.parametrize("below", [".", "test-clean", "test-clean/19", "test-clean/19/198"])
def test_librispeech_is_read_from_any_of_its_folders(folder, below):
    librispeech(folder / "LibriSpeech")
    found = said(folder / "LibriSpeech" / below)
    assert found["19-198-0000"] == ("19", "NORTHANGER ABBEY") and found["19-198-0001"] == ("19", "THIS LITTLE WORK")
    assert len(found) == (3 if below in (".", "test-clean") else 2)
    info = corpus.info(str(folder / "LibriSpeech" / below))
    assert info["layout"] == "LibriSpeech" and info["problems"] == [] and info["kinds"] == {"speech": len(found)}
    assert info["transcripts"] == len(found)


# LJSpeech


def ljspeech(folder, *lines, encoding="utf-8"):
    for number in (1, 2):
        write(folder / "wavs" / f"LJ001-000{number}.wav", rate=22050)
    lines = lines or ("LJ001-0001|Chapter 1|Chapter one", 'LJ001-0002|He said "no|He said "no')
    text(folder / "metadata.csv", *lines, encoding=encoding)


def test_ljspeech_takes_the_normalised_transcript_and_no_quotation_marks_for_quotes(folder):
    ljspeech(folder)
    assert said(folder) == {"LJ001-0001": ("LJ", "Chapter one"), "LJ001-0002": ("LJ", 'He said "no')}
    info = corpus.info(str(folder))
    assert (info["layout"], info["speakers"], info["sample_rates"]) == ("LJSpeech", 1, {22050: 2})


def test_another_reader_in_the_layout_of_ljspeech_has_no_name(folder):
    write(folder / "wavs" / "x1.wav")
    text(folder / "metadata.csv", "x1|good day")
    assert said(folder) == {"x1": ("", "good day")}


# VCTK


def vctk(folder, root="wav48", ending=".wav", info="ID  AGE  GENDER  ACCENTS  REGION"):
    for speaker in ("p225", "p376"):
        write(folder / root / speaker / f"{speaker}_001{ending}", rate=48000, subtype="PCM_16")
        text(folder / "txt" / speaker / f"{speaker}_001.txt", "Please call Stella.", "")
    text(folder / "speaker-info.txt", info, "225  23  F    English    Southern  England", "p376  22  M    Indian")


def test_vctk_as_first_released(folder):
    vctk(folder)
    first, second = Corpus.open(str(folder)).clips
    assert (first.id, first.speaker, first.transcript) == ("p225_001", "p225", "Please call Stella.")
    assert first.more == {"age": "23", "gender": "F", "accent": "English", "region": "Southern England"}
    assert second.more == {"age": "22", "gender": "M", "accent": "Indian", "region": ""}
    assert corpus.info(str(folder))["layout"] == "VCTK" and corpus.info(str(folder))["problems"] == []


def test_vctk_of_release_092_is_its_first_microphone(folder):
    vctk(folder, "wav48_silence_trimmed", "_mic1.flac", "ID  AGE  GENDER  ACCENTS  REGION COMMENTS")
    write(folder / "wav48_silence_trimmed" / "p225" / "p225_001_mic2.flac", rate=48000, subtype="PCM_16")
    with open(folder / "speaker-info.txt", "a") as file:
        file.write("(nothing but a remark)\n")
        file.write("p280  25  F  Unknown  France (mic2 files unavailable)\n")
    assert said(folder) == {
        "p225_001_mic1": ("p225", "Please call Stella."),
        "p376_001_mic1": ("p376", "Please call Stella."),
    }
    assert corpus.info(str(folder))["problems"] == []


# Which layout it is


def test_a_manifest_overrules_every_layout(folder):
    librispeech(folder)
    text(folder / "manifest.tsv", "id\tpath", "one\ttest-clean/26/495/26-495-0000.flac")
    assert list(said(folder)) == ["one"] and corpus.info(str(folder))["layout"] == "manifest"


@pytest.mark.parametrize("stray", ["metadata.csv", "txt/a.txt", "notes/trans.txt"])
def test_what_only_resembles_a_layout_is_plain_files(folder, stray):
    write(folder / "a.wav")
    text(folder / stray, "a|b")
    assert corpus.info(str(folder))["layout"] == "files"


def test_what_is_no_folder_says_what_it_is(folder):
    path = write(folder / "a.wav")
    assert corpus.info(str(path))["layout"] == "one file" and corpus.info("builtin")["layout"] == "made"


# Damage: each is one line that names the place and the way out


def no_transcript_libri(folder):
    librispeech(folder)
    write(folder / "test-clean/19/198/19-198-0002.flac", subtype="PCM_16")


def orphan_libri(folder):
    librispeech(folder)
    (folder / "test-clean/19/198/19-198-0001.flac").unlink()


def no_words_libri(folder):
    librispeech(folder)
    text(folder / "test-clean/26/495/26-495.trans.txt", "26-495-0000")


def twice_libri(folder):
    librispeech(folder)
    text(folder / "test-clean/26/495/26-495.trans.txt", "26-495-0000 HE WAS THERE", "26-495-0000 HE WAS NOT")


def no_transcript_lj(folder):
    ljspeech(folder, "LJ001-0001|Chapter one")


def orphan_lj(folder):
    ljspeech(folder)
    (folder / "wavs" / "LJ001-0001.wav").unlink()


def escaping_lj(folder):
    write(folder.parent / "secret.wav")
    ljspeech(folder, "LJ001-0001|one", "LJ001-0002|two", "../../secret|three")


def no_transcript_vctk(folder):
    vctk(folder)
    (folder / "txt/p225/p225_001.txt").unlink()


def orphan_vctk(folder):
    vctk(folder)
    text(folder / "txt/p225/p225_002.txt", "Ask her to bring these things.")


def odd_encoding_vctk(folder):
    vctk(folder)
    text(folder / "txt/p225/p225_001.txt", "A caf\xe9.", encoding="latin-1")


def empty_vctk(folder):
    vctk(folder)
    text(folder / "txt/p225/p225_001.txt", "")


def damaged_audio(folder):
    librispeech(folder)
    (folder / "test-clean/26/495/26-495-0000.flac").write_bytes(b"")


def same_name(folder):
    vctk(folder)
    write(folder / "wav48" / "p225" / "p225_001.flac", rate=48000, subtype="PCM_16")


DAMAGED = {
    no_transcript_libri: "test-clean/19/198/19-198-0002.flac: has no transcript; mend the text",
    orphan_libri: "19-198.trans.txt, line 2: has the transcript of 19-198-0001, which has no audio; bring",
    no_words_libri: "26-495-0000.flac: has no words in test-clean/26/495/26-495.trans.txt, line 1; mend the text",
    twice_libri: "26-495.trans.txt, line 2: repeats the transcript of 26-495-0000, which",
    no_transcript_lj: "wavs/LJ001-0002.wav: has no transcript; mend the text",
    orphan_lj: "metadata.csv, line 1: has the transcript of LJ001-0001, which has no audio",
    escaping_lj: "metadata.csv, line 3: has the transcript of secret, which has no audio",
    no_transcript_vctk: "wav48/p225/p225_001.wav: has no transcript; mend the text",
    orphan_vctk: "txt/p225/p225_002.txt: has the transcript of p225_002, which has no audio",
    odd_encoding_vctk: "p225_001.wav: has no words in txt/p225/p225_001.txt (line 1 is not UTF-8); mend the text",
    empty_vctk: "p225_001.wav: has no words in txt/p225/p225_001.txt; mend the text",
    damaged_audio: "test-clean/26/495/26-495-0000.flac: is empty (0 bytes)",
}


@pytest.mark.parametrize("damage, line", DAMAGED.items(), ids=[damage.__name__ for damage in DAMAGED])
def test_damage_is_one_line_with_a_way_out_and_the_rest_is_used(folder, damage, line):
    damage(folder)
    [problem] = Corpus.open(str(folder)).problems
    assert line in str(problem) and "\n" not in str(problem)
    assert [clip.transcript for clip in Corpus.open(str(folder)).clips if clip.transcript]


def test_a_clip_without_words_is_audio_all_the_same(folder, recwarn):
    no_transcript_lj(folder)
    assert corpus.clip(str(folder), 3, 16000).shape == (1, 48000)
    assert len(Corpus.open(str(folder)).clips) == 2 and not recwarn.list


def test_a_chapter_that_is_not_utf8_costs_its_own_words(folder):
    librispeech(folder)
    text(folder / "test-clean/19/198/19-198.trans.txt", "19-198-0000 CAF\xc9", encoding="latin-1")
    listing, *clips = [str(problem) for problem in Corpus.open(str(folder)).problems]
    assert listing == "test-clean/19/198/19-198.trans.txt: line 1 is not UTF-8; save the file as UTF-8"
    assert len(clips) == 2 and all("has no transcript" in line for line in clips)
    assert said(folder)["26-495-0000"] == ("26", "HE WAS THERE")


def test_metadata_that_is_not_utf8_is_refused(folder):
    ljspeech(folder, "LJ001-0001|fine", "LJ001-0002|caf\xe9", encoding="latin-1")
    assert "metadata.csv: line 2 is not UTF-8; save the file as UTF-8" in refusal(corpus.info, str(folder))


def test_two_files_of_one_name_are_one_clip(folder):
    same_name(folder)
    lines = [str(problem) for problem in Corpus.open(str(folder)).problems]
    assert any(
        "p225_001.wav: has the name of wav48/p225/p225_001.flac; take one of the two out" in line for line in lines
    )
    assert len({clip.id for clip in Corpus.open(str(folder)).clips}) == len(Corpus.open(str(folder)).clips) == 2


def test_speakers_that_cannot_be_read_cost_their_descriptions_only(folder):
    vctk(folder)
    text(folder / "speaker-info.txt", "225  23  F  Espa\xf1ol", encoding="latin-1")
    [problem] = Corpus.open(str(folder)).problems
    assert str(problem) == "speaker-info.txt: line 1 is not UTF-8; save the file as UTF-8" and problem.used
    assert {clip.more == {} for clip in Corpus.open(str(folder)).clips} == {True}


def test_a_layout_without_any_usable_audio_is_refused(folder):
    text(folder / "metadata.csv", "LJ001-0001|one")
    (folder / "wavs").mkdir()
    assert "has the transcript of LJ001-0001, which has no audio" in refusal(corpus.info, str(folder))

"""Names of corpora: registered, mistyped, taken, damaged."""

import pwd

import pytest
from audio_files import RATE, refusal, write

from bench import corpus, userdata


@pytest.fixture(autouse=True)
def own_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CONFIG_DIR", str(tmp_path / "config"))


def test_a_missing_folder_gets_a_suggestion(tmp_path, folder):
    assert "did you mean audio?" in refusal(corpus.clip, str(tmp_path / "audoi"), 1, RATE)
    assert "did you mean builtin?" in refusal(corpus.clip, "bultin", 1, RATE)


@pytest.mark.parametrize("name", ["", "  ", "a" * 5000, "~nobody-of-this-name/x", "nul\0"])
def test_names_that_cannot_be_paths(name):
    assert refusal(corpus.info, name)


def test_an_empty_folder(folder):
    (folder / "notes.txt").write_text("nothing to hear")
    assert "holds no audio" in refusal(corpus.clip, str(folder), 1, RATE)


def test_add_names_a_folder_for_good(folder, tmp_path):
    write(folder / "x.wav")
    assert corpus.add("mine", str(folder)) == {"name": "mine", "folder": str(folder)}
    made = [{"name": "builtin", "folder": ""}, {"name": "matrix", "folder": ""}]
    assert corpus.corpora() == [*made, {"name": "mine", "folder": str(folder)}]
    assert corpus.clip("mine", 0.5, RATE).shape == (1, 8000)
    assert corpus.add("mine", str(folder))["name"] == "mine", "saying it again is fine"
    corpus.remove("mine")
    assert [c["name"] for c in corpus.corpora()] == ["builtin", "matrix"]


@pytest.mark.parametrize("name", ["builtin", "matrix", "", "../up", "a b", "a/b", "-x"])
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
    assert len(corpus.corpora()) == 2


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


def test_a_registry_that_may_not_be_read_and_a_user_without_a_home(tmp_path, monkeypatch):
    (tmp_path / "config").write_text("a file stands where the folder should be")
    assert "set BENCH_CONFIG_DIR to a folder of yours" in refusal(corpus.corpora)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "BENCH_CONFIG_DIR", "BENCH_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)

    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert "set HOME, or BENCH_CONFIG_DIR" in refusal(userdata.registered)
    assert "set HOME, or BENCH_CACHE_DIR" in refusal(userdata.cache_dir)


def test_a_configuration_folder_that_cannot_be_written(folder, tmp_path):
    write(folder / "x.wav")
    (tmp_path / "config").write_text("a file stands where the folder should be")
    assert "cannot be" in refusal(corpus.add, "mine", str(folder))

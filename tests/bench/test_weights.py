"""--weights: what is found, what is refused before anything is measured, what is recorded."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from bench import api
from bench.weights import BadWeights, named, of, unchanged


def safetensors(path, names=("w",)):
    """A file of zeros, written by hand: 8 bytes of length, a JSON header, the tensors."""
    header = {name: {"dtype": "F32", "shape": [2], "data_offsets": [8 * n, 8 * n + 8]} for n, name in enumerate(names)}
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8 * len(names)))
    return path


@pytest.fixture
def file(tmp_path):
    return safetensors(tmp_path / "model.safetensors")


def test_a_file_or_its_folder_with_its_hash(file):
    whole = hashlib.sha256(file.read_bytes()).hexdigest()
    for place in (file, file.parent):
        assert named([f"good={place}"], ["good:v1", "other"]) == {"good": {"path": str(file), "sha256": whole}}
    found = named([f"good={file}", f"good:v1={file}"], ["good:v1", "good"])
    assert of(found, "good:v1")["path"] == str(file) == of(found, "good:v2")["path"] == of(found, "good@2")["path"]
    assert of(found, "other") == {} == of(None, "good")


def test_a_hub_id_is_what_the_cache_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BadWeights, match=r"downloads nothing: hf download org/model model.safetensors"):
        named(["good=org/model"], ["good"])
    cached = safetensors(tmp_path / "models--org--model" / "snapshots" / "abc" / "model.safetensors")
    assert named(["good=org/model"], ["good"])["good"]["path"] == str(cached)


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"])
def test_a_hub_id_is_found_where_the_hubs_own_library_keeps_it(variable, tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub")
    places = ("HF_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
    env = {k: v for k, v in os.environ.items() if k not in places} | {"HOME": str(tmp_path), variable: "~/elsewhere"}
    if variable == "XDG_CACHE_HOME":
        env[variable] = str(tmp_path / "elsewhere")
    program = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    hub = Path(done.stdout.strip())
    cached = safetensors(hub / "models--org--model" / "snapshots" / "abc" / "model.safetensors")
    for name in (*places, "HOME"):
        monkeypatch.setenv(name, env[name]) if name in env else monkeypatch.delenv(name, raising=False)
    assert named(["good=org/model"], ["good"])["good"]["path"] == str(cached)


def test_where_no_home_is_known_weights_are_refused_in_one_line(tmp_path, monkeypatch):
    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "HF_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadWeights, match="not in the Hugging Face cache of this machine"):
        named(["good=org/model"], ["good"])
    with pytest.raises(BadWeights, match="~/model does not exist; name a safetensors file"):
        named(["good=~/model"], ["good"])
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    safetensors(tmp_path / "models--org--model" / "snapshots" / "abc" / "model.safetensors")
    assert named(["good=org/model"], ["good"])


def bad(tmp_path):
    whole = safetensors(tmp_path / "whole.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-3])
    (tmp_path / "short.safetensors").write_bytes(whole[:5])
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04" + bytes(100))
    (tmp_path / "model.bin").write_bytes(whole)
    (tmp_path / "empty").mkdir()


REFUSED = {
    "good=cut.safetensors": "was cut: ",
    "good=short.safetensors": "is not a safetensors file",
    "good=pickle.safetensors": "is not a safetensors file, and nothing else is read",
    "good=model.bin": "is not a safetensors file, and nothing else is read; convert it",
    "good=gone.safetensors": "does not exist; name a safetensors file",
    "good=empty": "holds no safetensors file; name the file itself",
    "good": "--weights takes NAME=PATH or NAME=HUB-ID",
    "god=whole.safetensors": "nothing of that name is measured in this run; did you mean good?",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_in_one_line(text, tmp_path, monkeypatch):
    bad(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadWeights) as found:
        named([text], ["good"])
    assert REFUSED[text] in str(found.value) and "\n" not in str(found.value)


def test_weights_that_changed_since_the_run_began(file):
    weights = named([f"good={file}"], ["good"])
    unchanged(weights)
    safetensors(file, ("w", "v"))
    with pytest.raises(BadWeights, match="changed since the run began; start another run"):
        unchanged(weights)


def test_a_run_keeps_the_hash_in_its_plan_and_rows(toys, file, tmp_path):
    options = {"impl": "good", "grid": "quick", "budget": 0.05, "replicates": 1, "quiet": True, "metrics": "none"}
    found = api.run("toy", weights=f"good={file}", out=tmp_path / "run", **options)
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    assert {row.weights for row in found.rows} == {sha}
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["weights"]["good"]["sha256"] == sha

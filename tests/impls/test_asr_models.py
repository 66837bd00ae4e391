"""Recognisers with weights of the user's own: the plumbing, with random weights, and every way not to have any.

Nothing is claimed about how well they hear.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from bench.asr import recogniser
from bench.core import Unsupported
from bench.registry import load

SOUND = np.random.default_rng(0).standard_normal(16000).astype(np.float32) / 10
NAMES = ("whisper", "faster_whisper", "wav2vec2")
LIBRARY = {"whisper": "transformers", "faster_whisper": "faster_whisper", "wav2vec2": "torchaudio"}


def neighbour(name: str) -> ModuleType:
    """A module beside this file."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Where the weights are is read anew."""
    for name in NAMES:
        monkeypatch.delenv(f"BENCH_{name.upper()}", raising=False)
        sys.modules.pop(f"impls.asr._{name}", None)
    recogniser.cache_clear()
    yield
    recogniser.cache_clear()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """A folder for each name, of those whose libraries are here."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("tiny")
    for name in NAMES:
        if importlib.util.find_spec(LIBRARY[name]):
            getattr(neighbour("tiny_models"), name)(folder / name)
    return folder


@pytest.fixture
def weights(tiny, monkeypatch):
    for name in NAMES:
        monkeypatch.setenv(f"BENCH_{name.upper()}", str(tiny / name))


@pytest.mark.parametrize("name", NAMES)
def test_they_keep_the_contract_of_their_suite(weights, name):
    """Text without marks, the same twice, whatever the sound: the examiner of all implementations says so."""
    pytest.importorskip("espeakng_loader")
    pytest.importorskip(LIBRARY[name])
    found = neighbour("examiner").examine(load().suite("asr"), load().find("asr", name))
    assert found["problems"] == [] and found["answers"] and not found["skipped"]


@pytest.mark.parametrize("name", NAMES)
def test_text_and_what_it_depends_on(weights, tiny, name):
    pytest.importorskip(LIBRARY[name])
    listen = recogniser(name)
    assert listen(SOUND).replace(" ", "").isalpha()
    before = listen.identity
    assert before.startswith(name) and str(tiny) in before
    [path] = [p for p in (tiny / name).iterdir() if p.name in ("model.safetensors", "model.bin")]
    path.write_bytes(path.read_bytes())  # other weights, for all that a cache can know
    assert listen.identity == before, "what is loaded is what is named"
    recogniser.cache_clear()
    assert recogniser(name).identity != before


@pytest.mark.parametrize("name", ["whisper", "faster_whisper"])
def test_more_than_whisper_takes_in_one_piece_is_heard_too(weights, name):
    pytest.importorskip(LIBRARY[name])
    assert recogniser(name)(np.tile(SOUND, 35)).replace(" ", "").isalpha()


def test_a_pickle_is_not_read(tiny, tmp_path, monkeypatch):
    """The same model with its weights as a pickle, as old models come: it would run whatever its author put in."""
    pytest.importorskip("torchaudio")
    import torch
    from safetensors.torch import load_file

    for path in (tiny / "wav2vec2").iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    torch.save(load_file(tiny / "wav2vec2" / "model.safetensors"), tmp_path / "pytorch_model.bin")
    monkeypatch.setenv("BENCH_WAV2VEC2", str(tmp_path))
    text = refusal("wav2vec2")
    assert "no model with weights in safetensors" in text and "convert it to one" in text


def test_a_model_that_the_hub_cache_lacks_says_how_to_fetch_it(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_WHISPER", "someone/unknown")
    assert "fetch it with 'hf download someone/unknown'" in refusal("whisper")


def test_a_folder_that_would_send_the_library_to_the_network_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_FASTER_WHISPER", str(tmp_path))
    assert "has no model.bin" in refusal("faster_whisper")
    (tmp_path / "model.bin").write_bytes(b"")
    assert "has no tokenizer.json; make the folder with ct2-transformers-converter" in refusal("faster_whisper")


def test_damaged_weights_are_one_line(tmp_path, monkeypatch):
    pytest.importorskip("faster_whisper")
    monkeypatch.setenv("BENCH_FASTER_WHISPER", str(tmp_path))
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    assert "cannot be loaded" in refusal("faster_whisper")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("", "BENCH_WHISPER is not set; set it to a folder with a model"),
        ("/nowhere/whisper", "BENCH_WHISPER=/nowhere/whisper is not a folder"),
    ],
)
def test_without_weights_it_says_what_to_do(place, why, monkeypatch):
    monkeypatch.setenv("BENCH_WHISPER", place)
    text = refusal("whisper")
    assert why in text and "pip install" not in text


def refusal(name: str) -> str:
    with pytest.raises(Unsupported) as caught:
        recogniser(name)(SOUND)
    assert "\n" not in str(caught.value)
    return str(caught.value)

"""Weights of the user's own, in tiny networks: loaded whole or refused in one line; from --weights to a rank."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from bench import Unsupported, api
from bench.corpus import Corpus
from bench.report.codec_tables import RANDOM
from bench.signals import stream

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("safetensors")

import tiny_codecs as tiny
import torch
from safetensors.torch import save_file


def model(**changes):
    from transformers import EncodecConfig, EncodecModel

    torch.manual_seed(5)
    made = EncodecModel(EncodecConfig(**tiny.ENCODEC | changes))
    for name, buffer in made.named_buffers():
        if name.endswith("codebook.embed"):
            buffer.normal_()
    return made


def saved(path, made, change=dict):
    save_file(change({name: tensor.contiguous().clone() for name, tensor in made.state_dict().items()}), path)
    return str(path)


def with_weights(place):
    return tiny.network("encodec", replace(tiny.case(), weights=place))


@pytest.fixture(scope="module")
def trained():
    return model()


def test_the_network_is_that_of_the_file(trained, tmp_path):
    net = with_weights(saved(tmp_path / "model.safetensors", trained))
    assert not net.random_weights
    x = torch.from_numpy(stream(9600, 24000, 3))[None, None]
    with torch.inference_mode():
        assert (net.codes(x.numpy()) == trained.eval().encode(x, bandwidth=1.2).audio_codes[0].numpy()).all()
    # the names that weight norm had before PyTorch 2, as in the files on the hub
    old = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}

    def older(state):
        return {key.replace(new, name): t for key, t in state.items() for new, name in old.items() if new in key} | {
            key: t for key, t in state.items() if "parametrizations" not in key
        }

    again = with_weights(saved(tmp_path / "older.safetensors", trained, older))
    assert (again.codes(x.numpy()) == net.codes(x.numpy())).all()


def test_mimi_by_the_names_of_its_published_file(tmp_path):
    """kyutai/mimi is flat: encoder.layers, encoder_transformer, downsample, quantizer."""
    from transformers import MimiConfig, MimiModel

    from impls.codec._mimi import FLAT

    torch.manual_seed(1)
    made = MimiModel(MimiConfig(**tiny.MIMI)).eval()
    for name, buffer in made.named_buffers():
        if name.endswith("embed_sum"):
            buffer.normal_(std=0.01)

    def flat(state):
        back = {new: old for old, new in FLAT.items()}
        return {
            next((o + k.removeprefix(n) for n, o in back.items() if k.startswith(n)), k): t for k, t in state.items()
        }

    place = saved(tmp_path / "model.safetensors", made, flat)
    net = tiny.network("mimi", replace(tiny.case(0.15), weights=place))
    x = torch.from_numpy(stream(9600, 24000, 3))[None, None]
    with torch.inference_mode():
        assert (net.codes(x.numpy()) == made.encode(x, num_quantizers=3).audio_codes.numpy()).all()


def lacking(state):
    return {name: tensor for name, tensor in state.items() if not name.endswith("layers.0.conv.bias")}


CASES = {
    "missing": (
        {},
        lacking,
        r"of another architecture: 2 missing \(decoder.layers.0.conv.bias\); name weights of this",
    ),
    "unexpected": ({}, lambda s: s | {"surplus": torch.zeros(1)}, r"1 unexpected \(surplus\)"),
    "kind": (
        {},
        lambda s: {name: tensor.to(torch.int8) for name, tensor in s.items()},
        r"holds decoder.layers.0.conv.bias as int8, without a scale; name weights in floating point",
    ),
    "shape": ({"num_filters": 4}, dict, r"of another shape \(decoder.layers.0.conv.bias \(64,\), not \(32,\)\)"),
}


@pytest.mark.parametrize("what", CASES)
def test_another_architecture_is_refused(what, trained, tmp_path):
    changes, change, said = CASES[what]
    place = saved(tmp_path / "model.safetensors", model(**changes) if changes else trained, change)
    with pytest.raises(Unsupported, match=said) as found:
        with_weights(place)
    assert "\n" not in str(found.value)


def test_a_file_that_is_gone_cut_or_for_another_rate(trained, tmp_path):
    with pytest.raises(Unsupported, match="is not there any more; --weights names the file again"):
        with_weights(str(tmp_path / "gone.safetensors"))
    place = saved(tmp_path / "model.safetensors", trained)
    (tmp_path / "config.json").write_text(json.dumps({"sampling_rate": 48000}))
    with pytest.raises(Unsupported, match="is for 48000 Hz and this codec works at 24000 Hz; name weights for 24000"):
        with_weights(place)
    (tmp_path / "config.json").unlink()
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:-100])
    with pytest.raises(Unsupported, match="is no whole safetensors file"):
        with_weights(place)


ENCODEC = """
from bench import impl

@impl("codec", requires="torch", variants={"trained": {}, "misfit": {"num_filters": 4}})
def tiny(case, **changes):
    import tiny_codecs
    from impls.codec._encodec import PUBLISHED_24, network
    from impls.codec._neural import codec

    return codec(case, network(case, PUBLISHED_24, **tiny_codecs.ENCODEC | changes))
"""
GAIN = """
from bench import Codec, impl

@impl("codec", requires="safetensors", variants={"trained": {}, "seeded": {}, "misfit": {}})
def gain(case):
    import numpy as np
    from safetensors.numpy import load_file
    from bench import Unsupported

    weights = load_file(case.weights) if case.weights else {"gain": np.float32([0.1])}
    if "gain" not in weights:
        raise Unsupported(f"{case.weights} is of another architecture: 1 missing (gain)")
    encode = lambda x: [part.astype(np.float16).tobytes() for part in np.split(x[0], range(480, x.shape[1], 480))]
    decode = lambda packets: np.frombuffer(b"".join(packets), np.float16).astype(np.float32)[None] * weights["gain"]
    return Codec(24000, encode, decode, 384000, 480, 480, parameters=1, random_weights=not case.weights)
"""


def plugin(folder, name, text):
    from bench import registry

    (folder / "impls" / "codec").mkdir(parents=True)
    (folder / "impls" / "codec" / f"{name}.py").write_text(text)
    registry.load.cache_clear()


def test_a_worker_and_the_scoring_take_a_tiny_encodec_s_weights(trained, toys, tmp_path):
    """What both processes of a run do, in this one: made with the weights, checked, scored."""
    from bench.core import Unsupported as Refused
    from bench.scoring.task import Task, perform
    from bench.worker import Session

    plugin(tmp_path, "tiny", ENCODEC)
    place = saved(tmp_path / "model.safetensors", trained)
    params = {"bitrate": 1.2, "sample_rate": 24000, "channels": 1, "seconds": 0.5}
    session = Session("codec", "tiny:trained", str(tmp_path / "scratch"))
    case = {"suite": "codec", "params": params, "weights": place}
    assert "decode" in session.open(dict(case))["ops"]
    found = session.ready("decode", 0.0, False)
    assert not found["wrong"] and found["quality"]["random_weights"] == 0 and found["quality"]["parameters"] > 1000
    clip = asdict(Corpus.open("builtin").clips[0]) | {"path": ""}
    heard = perform(Task("codec", "tiny:trained", params, 0, "", clip, ("si_sdr",), "", "", 0, 0.0, place))
    assert heard["facts"]["random_weights"] == 0 and np.isfinite(heard["values"]["si_sdr"])
    with pytest.raises(Refused, match="of another architecture"):
        Session("codec", "tiny:misfit", str(tmp_path / "scratch")).open(dict(case))


def test_from_weights_to_a_rank(toys, tmp_path):
    """One run: with the user's weights a codec is ranked, without it is set aside, with others it is refused."""
    from safetensors.numpy import save_file as save_arrays

    from bench.report import codec_scores, lines

    plugin(tmp_path, "gain", GAIN)
    places = [tmp_path / "fits.safetensors", tmp_path / "other.safetensors"]
    for place, name in zip(places, ("gain", "surplus"), strict=True):
        save_arrays({name: np.float32([0.9])}, place)
    results = api.run(
        "codec", impl="gain", op="decode", bitrate=384, case=["sample_rate=24000", "seconds=0.5"], replicates=1,
        budget=0.05, grid="quick", metrics="si_sdr", asr="none", kind="speech", clips=1, quiet=True,
        out=tmp_path / "run", weights=[f"gain:trained={places[0]}", f"gain:misfit={places[1]}"],
    )  # fmt: skip
    refused = next(row for row in results.rows if row.impl == "gain:misfit")
    assert refused.status == "unavailable" and "of another architecture" in refused.reason
    shas = {row.impl: row.weights for row in results.rows}
    assert shas["gain:trained"] == hashlib.sha256(places[0].read_bytes()).hexdigest() and not shas["gain:seeded"]
    table = results.scores().set_index("impl")
    assert list(table.loc[["gain:trained", "gain:seeded"], "random_weights"]) == [False, True]
    assert table.loc["gain:trained", "weights"] == shas["gain:trained"] and table.loc["gain:seeded", "parameters"] == 1
    (condition,) = codec_scores.gather([results], lines.read([results]), lambda suite: "passthrough")
    aside = {entry.impl: entry.aside for entry in condition.bitrates[0].entries}
    assert aside == {"gain:trained": "", "gain:seeded": RANDOM}
    ranks = {place.entry.impl: place.rank for place in condition.bitrates[0].rankings[0].places}
    assert ranks == {"gain:trained": 1, "gain:seeded": None}

"""Weights of the user's own, in tiny networks: loaded whole or refused in one line; from --weights to a rank."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bench import Unsupported, api
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


PLUGIN = """
from bench import impl

@impl("codec", requires="torch", variants={"trained": {}, "seeded": {}, "misfit": {"num_filters": 4}})
def tiny(case, **changes):
    import sys
    sys.path.insert(0, HERE)
    import tiny_codecs
    from impls.codec._encodec import PUBLISHED_24, network
    from impls.codec._neural import codec

    return codec(case, network(case, PUBLISHED_24, **tiny_codecs.ENCODEC | changes))
"""


def test_from_weights_to_a_rank(trained, toys, tmp_path, monkeypatch):
    """One run: with the user's weights a codec is scored and ranked, without it says so, with others it is refused."""
    from bench import registry
    from bench.report import codec_scores, lines

    (tmp_path / "impls" / "codec").mkdir(parents=True)
    here = repr(str(tiny.__file__).rsplit("/", 1)[0])
    (tmp_path / "impls" / "codec" / "tiny.py").write_text(PLUGIN.replace("HERE", here))
    registry.load.cache_clear()
    place = saved(tmp_path / "model.safetensors", trained)
    results = api.run(
        "codec", impl="tiny", op="decode", bitrate=1.2, case=["sample_rate=24000", "seconds=0.5"], replicates=1,
        budget=0.05, grid="quick", metrics="si_sdr", asr="none", kind="speech", clips=1, quiet=True,
        out=tmp_path / "run",
        weights=[f"tiny:trained={place}", f"tiny:misfit={place}"],
    )  # fmt: skip
    refused = next(row for row in results.rows if row.impl == "tiny:misfit")
    assert refused.status == "unavailable" and "of another architecture" in refused.reason
    shas = {row.impl: row.weights for row in results.rows}
    assert len(shas["tiny:trained"]) == 64 and not shas["tiny:seeded"]
    table = results.scores().set_index("impl")
    assert list(table.loc[["tiny:trained", "tiny:seeded"], "random_weights"]) == [False, True]
    assert table.loc["tiny:trained", "weights"] == shas["tiny:trained"]
    assert (
        table.loc["tiny:trained", "payload_bps"] == pytest.approx(1200, rel=0.02)
        and table.parameters["tiny:seeded"] > 0
    )
    assert np.isfinite(table.loc["tiny:trained", "si_sdr"])
    (condition,) = codec_scores.gather([results], lines.read([results]), lambda suite: "passthrough")
    aside = {entry.impl: entry.aside for entry in condition.bitrates[0].entries}
    assert aside == {"tiny:trained": "", "tiny:seeded": RANDOM}
    ranks = {place.entry.impl: place.rank for place in condition.bitrates[0].rankings[0].places}
    assert ranks == {"tiny:trained": 1, "tiny:seeded": None}

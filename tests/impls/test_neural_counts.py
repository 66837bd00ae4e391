"""Parameters and multiplications of the neural codecs, against what was published and what paper says."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers.models.mimi.modeling_mimi", exc_type=(ImportError, OSError))

import torch


def test_macs_by_hand():
    """Two convolutions and an LSTM whose multiplications can be counted on paper."""
    from impls.codec._counting import macs_per_second
    from impls.codec._neural import Network

    class Recurrent(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(3, 3, 2)

        def forward(self, x):
            return self.lstm(x.permute(2, 0, 1))[0].permute(1, 2, 0)

    encoder = torch.nn.Sequential(torch.nn.Conv1d(1, 3, 4, stride=4), Recurrent())
    decoder = torch.nn.ConvTranspose1d(3, 1, 4, stride=4)
    net = Network(encoder, decoder, lambda x: x.long(), lambda x: x.float(), 400, 4, [2] * 3)
    assert macs_per_second(net) == 100 * (3 * 4 + 2 * 4 * 3 * (3 + 3) + 3 * 4)


def test_macs_of_attention_and_of_distances_by_hand():
    """Two products of 100 x 100 vectors of 3, on the CPU too, and 100 distances to each of 16 codewords of 3."""
    from impls.codec._counting import macs_per_second
    from impls.codec._neural import Network

    class Attention(torch.nn.Module):
        def forward(self, x):
            x = x.transpose(1, 2)[:, None]
            return torch.nn.functional.scaled_dot_product_attention(x, x, x)[:, 0].transpose(1, 2)

    encoder = torch.nn.Sequential(torch.nn.Conv1d(1, 3, 4, stride=4), Attention())
    decoder, book = torch.nn.ConvTranspose1d(3, 1, 4, stride=4), torch.zeros(1, 16, 3)

    def quantize(x):
        return torch.cdist(x.transpose(1, 2), book).argmin(-1)[:, None]

    net = Network(encoder, decoder, quantize, lambda codes: book[0, codes[:, 0]].transpose(1, 2), 400, 4, [16])
    assert macs_per_second(net) == 100 * (3 * 4 + 2 * 100 * 3 + 16 * 3 + 3 * 4)


@pytest.fixture
def products():
    """``products(module)``: a list to which every convolution and LSTM in it adds its products while it runs."""
    hooks = []

    def of(*modules):
        made = []

        def add(part, given, answer):
            x = given[0]
            if isinstance(part, torch.nn.LSTM):
                weights = sum(w.numel() for name, w in part.named_parameters() if name.startswith("weight"))
                made.append(x.numel() // x.shape[-1] * weights)
            elif part.transposed:  # each input sample goes to so many outputs
                made.append(x.numel() * part.out_channels // part.groups * part.kernel_size[0])
            else:
                made.append(answer.numel() * part.in_channels // part.groups * part.kernel_size[0])

        kinds = (torch.nn.Conv1d, torch.nn.ConvTranspose1d, torch.nn.LSTM)
        parts = {id(m): m for module in modules for m in module.modules() if isinstance(m, kinds)}
        hooks.extend(part.register_forward_hook(add) for part in parts.values())
        return made

    yield of
    for hook in hooks:
        hook.remove()


def test_macs_of_snac_are_those_of_the_package(products):
    """Its noise included, whose weights add a seventh to what the decoder of the published size multiplies."""
    pytest.importorskip("snac")
    import tiny_codecs as tiny

    from impls.codec import _counting, _snac

    theirs = _snac.SNAC(**_snac.PUBLISHED[24] | tiny.SNAC).eval()
    run = products(theirs)
    with torch.inference_mode():
        theirs.decode(theirs.encode(torch.zeros(1, 1, 12 * 2048)))  # 12 frames of the coarsest codebook
    distances = 12 * (1 + 2 + 4) * 16 * 8  # to 16 codewords of 8
    assert _counting.macs_per_second(tiny.network("snac")) == (sum(run) + distances) * 24000 / (12 * 2048)


def test_macs_of_overlapping_segments_are_those_of_all_of_them(products):
    """20 segments of EnCodec at 48 kHz are 19 strides and one segment of sound; what they share is computed twice."""
    import tiny_codecs as tiny

    from impls.codec._segments import segmented

    net = tiny.network("encodec48")
    codec = segmented(tiny.case(2.4, 2), net, 48000, 480)
    x = tiny.sound(codec, (20 * 47520 + 480) / 48000)
    run = products(net.encoder, net.decoder)
    codec.decode(packets := codec.encode(x))
    assert len(packets) == 20
    distances = 20 * 150 * 4 * 16 * 8  # of 150 frames, each of 4 codebooks of 16 codewords of 8
    assert codec.macs == pytest.approx((sum(run) + distances) / (20 * 47520 / 48000))


PUBLISHED = {
    "encodec": (14.85e6, 32 * 1024 * 128),
    "mimi": (79.3e6, 32 * 2048 * 256),
    "dac16": (74.2e6, 0),
    "dac24": (74.7e6, 0),
    "dac44": (76.6e6, 0),
    "snac": (19.8e6, 0),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers_of_parameters(name):
    """Counted on the meta device: nothing is computed, no memory is taken."""
    from transformers import DacConfig, DacModel, EncodecConfig, EncodecModel, MimiConfig, MimiModel

    from impls.codec import _dac, _encodec, _mimi

    if name == "snac":
        pytest.importorskip("snac")
        from impls.codec import _snac
    with torch.device("meta"):
        if name == "encodec":
            model = EncodecModel(EncodecConfig(**_encodec.PUBLISHED_24))
        elif name == "snac":
            model = _snac.SNAC(**_snac.PUBLISHED[24])
        elif name == "mimi":
            model = MimiModel(MimiConfig(**_mimi.PUBLISHED))
        else:
            model = DacModel(DacConfig(**_dac.PUBLISHED[int(name[3:])]))
            model.apply_weight_norm()
    parameters, codebooks = PUBLISHED[name]
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(parameters, abs=0.06e6)
    sizes = {"embed": 0, "embed_sum": 0}
    for key, tensor in model.named_buffers():
        if (last := key.rsplit(".", 1)[-1]) in sizes:
            sizes[last] += tensor.numel()
    assert sum(sizes.values()) == codebooks

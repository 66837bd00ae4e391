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

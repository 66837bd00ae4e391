"""transformers' quantizers with what was fitted in them: (encode, decode) on tensors."""

import torch
from transformers import DacConfig, EncodecConfig, MimiConfig, Wav2Vec2Config
from transformers.models.dac.modeling_dac import DacResidualVectorQuantizer
from transformers.models.encodec.modeling_encodec import EncodecResidualVectorQuantizer
from transformers.models.mimi.modeling_mimi import MimiSplitResidualVectorQuantizer
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2GumbelVectorQuantizer

from bench import Unsupported


def residual(case, arrays):
    """EnCodec's: vectors (1, dim, count), indices (stages, 1, count)."""
    ratio = case.stages * case.size.bit_length() * 0.075 * 16  # a bandwidth at which there are enough quantizers
    config = EncodecConfig(codebook_size=case.size, codebook_dim=case.dim, target_bandwidths=[ratio])
    quantizer = EncodecResidualVectorQuantizer(config).eval()
    quantizer.layers = quantizer.layers[: case.stages]
    quantizer.num_quantizers = case.stages
    for layer, book in zip(quantizer.layers, arrays["books"], strict=True):
        layer.codebook.embed = book
    return lambda x: quantizer.encode(x)[:, 0], lambda i: quantizer.decode(i[:, None])


def split(case, arrays):
    """Mimi's, with its projections."""
    if case.size & (case.size - 1):
        raise Unsupported(f"codebooks of a power of two only, not of {case.size}")
    inner = {"codebook_dim": case.dim // 2, "vector_quantization_hidden_dimension": case.dim // 2}
    config = MimiConfig(hidden_size=case.dim, codebook_size=case.size, num_quantizers=case.stages, **inner)
    quantizer, books = MimiSplitResidualVectorQuantizer(config).eval(), iter(arrays["books"])
    parts = quantizer.semantic_residual_vector_quantizer, quantizer.acoustic_residual_vector_quantizer
    for part, down, up in zip(parts, arrays["down"], arrays["up"], strict=True):
        part.input_proj.weight.data = down.T[:, :, None].contiguous()
        part.output_proj.weight.data = up.T[:, :, None].contiguous()
        for layer in part.layers:
            layer.codebook.embed_sum = next(books)
    return lambda x: quantizer.encode(x)[:, 0], lambda i: quantizer.decode(i[None])


def factorized(case, arrays):
    """DAC's, with its projections; encoding sums the codewords too."""
    config = DacConfig(n_codebooks=case.stages, codebook_size=case.size, codebook_dim=arrays["books"].shape[2])
    config.hidden_size = case.dim
    quantizer = DacResidualVectorQuantizer(config).eval()
    for stage, layer in enumerate(quantizer.quantizers):
        layer.codebook.weight.data = arrays["books"][stage]
        for linear, name in ((layer.in_proj, "down"), (layer.out_proj, "up")):
            linear.weight.data = arrays[name][stage].T[:, :, None].contiguous()
            linear.bias.data = arrays[f"{name}_bias"][stage]
    return lambda x: quantizer(x)[1][0], lambda i: quantizer.from_codes(i[None])[0]


def gumbel(case, arrays):
    """wav2vec 2.0's. It gives codewords, and no indices: these are found again afterwards, untimed. No decoder."""
    groups = {"num_codevector_groups": case.stages, "num_codevectors_per_group": case.size}
    config = Wav2Vec2Config(conv_dim=(case.dim,) * 7, codevector_dim=case.dim // 2, **groups)
    quantizer, books = Wav2Vec2GumbelVectorQuantizer(config).eval(), arrays["books"]
    quantizer.weight_proj.weight.data = arrays["weight"].T.contiguous()
    quantizer.weight_proj.bias.data = arrays["bias"]
    quantizer.codevectors.data = books.reshape(1, case.stages * case.size, -1)
    return lambda x: quantizer(x.mT)[0], None


def indices_of(codewords, books):
    """Which codewords (stages, size, width) these (1, count, stages * width) are, to the last bit."""
    parts = codewords[0].view(len(codewords[0]), len(books), -1).transpose(0, 1)
    same = [(part[:, None] == book).all(2) for part, book in zip(parts, books, strict=True)]
    return torch.stack(same).int().argmax(2)


def refuse(case, arrays):
    raise Unsupported(f"transformers has no module for {case.quantizer} alone")


KINDS = dict.fromkeys(("kmeans", "residual", "hubert"), residual)
KINDS |= {"split": split, "factorized": factorized, "gumbel": gumbel}

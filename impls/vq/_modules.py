"""vector-quantize-pytorch's quantizers with what was fitted in them: (encode, decode) on tensors (1, count, ...)."""

import torch
import vector_quantize_pytorch as library

from bench import Unsupported


def residual(case, arrays):
    """``ResidualVQ`` as a codec calls it: it sums the codewords too."""
    return _residual(arrays["books"])


def _residual(books):
    stages, size, dim = books.shape
    quantizer = library.ResidualVQ(dim=dim, num_quantizers=stages, codebook_size=size).eval()
    for layer, book in zip(quantizer.layers, books, strict=True):
        layer._codebook.embed.copy_(book)
    return lambda x: quantizer(x)[1], quantizer.get_output_from_indices


def split(case, arrays):
    """Two ``ResidualVQ``, and the projections before and after them."""
    down, up, books = arrays["down"], arrays["up"], arrays["books"]
    (first, back), (rest, back_rest) = _residual(books[:1]), _residual(books[1:])
    return (
        lambda x: torch.cat([first(x @ down[0]), rest(x @ down[1])], dim=2),
        lambda indices: back(indices[..., :1]) @ up[0] + back_rest(indices[..., 1:]) @ up[1],
    )


def product(case, arrays):
    """``VectorQuantize`` with as many heads as parts, each with its codebook, after the rotation."""
    down, books = arrays["down"], arrays["books"]
    stages, size, width = books.shape
    heads = {"heads": stages, "separate_codebook_per_head": stages > 1}
    quantizer = library.VectorQuantize(dim=case.dim, codebook_dim=width, codebook_size=size, **heads).eval()
    quantizer._codebook.embed.copy_(books)
    return _one(case, lambda x: quantizer(x @ down)[1], lambda i: quantizer.get_output_from_indices(i) @ down.T)


def lookup_free(case, arrays):
    """``FSQ``, and ``LFQ``, spherical for BSQ, with its linear maps before and after."""
    if case.quantizer == "fsq":
        levels = [len(arrays["values"])] * len(arrays["weights"])
        quantizer, scale = library.FSQ(levels, dim=case.dim, num_codebooks=case.stages).eval(), 1
    else:
        spherical = case.quantizer == "bsq"
        sizes = {"dim": case.dim, "codebook_size": case.size, "num_codebooks": case.stages}
        quantizer = library.LFQ(**sizes, spherical=spherical, has_projections=True).eval()
        scale = case.stages**-0.5 if spherical else 1  # its sphere is one a token, BSQ's is one of all bits
    for name, weight, bias in (
        ("project_in", arrays["down"].T, arrays["down_bias"]),
        ("project_out", scale * arrays["up"].T, arrays["up_bias"]),
    ):
        linear = torch.nn.Linear(*weight.shape[::-1])  # FSQ has none where all tokens are as wide as a vector
        linear.weight.data, linear.bias.data = weight.contiguous(), bias
        setattr(quantizer, name, linear)
    return _one(case, lambda x: quantizer(x)[1], quantizer.indices_to_codes)


def _one(case, encode, decode):
    """A single token has no axis of its own there."""
    if case.stages > 1:
        return encode, decode
    return lambda x: encode(x)[..., None], lambda indices: decode(indices[..., 0])


def refuse(case, arrays):
    kept = "; its cosine codebooks hold unit vectors, these have lengths" if case.quantizer == "factorized" else ""
    raise Unsupported(f"vector-quantize-pytorch has no such quantizer{kept}")


KINDS = dict.fromkeys(("kmeans", "residual", "hubert"), residual) | {"split": split, "product": product}
KINDS |= dict.fromkeys(("fsq", "lfq", "bsq"), lookup_free)

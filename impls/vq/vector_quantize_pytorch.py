from bench import Op, impl


@impl("vq", name="vector-quantize-pytorch", requires="vector_quantize_pytorch", extra="vq")
def vector_quantize_pytorch(case):
    """``ResidualVQ`` as a codec calls it: it sums the codewords too."""
    import torch
    from vector_quantize_pytorch import ResidualVQ

    from suites.vq import codebooks

    quantizer = ResidualVQ(dim=case.dim, num_quantizers=case.stages, codebook_size=case.size).eval()
    for layer, book in zip(quantizer.layers, codebooks(case), strict=True):
        layer._codebook.embed.copy_(torch.from_numpy(book))
    inference = torch.inference_mode()
    return {
        "encode": Op(
            inference(lambda x: quantizer(x)[1]), lambda x: torch.from_numpy(x)[None], lambda found: found[0].T.numpy()
        ),
        "decode": Op(
            inference(quantizer.get_output_from_indices),
            lambda indices: torch.from_numpy(indices).long().T[None],
            lambda x: x[0].numpy(),
        ),
    }

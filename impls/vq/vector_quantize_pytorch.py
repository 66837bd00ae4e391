from bench import Op, impl


@impl("vq", name="vector-quantize-pytorch", requires="vector_quantize_pytorch", extra="vq")
def vector_quantize_pytorch(case):
    """Its modules, not training, as a network calls them."""
    import torch

    from impls.vq._modules import KINDS, refuse
    from suites.vq import fitted

    arrays = {name: torch.from_numpy(a) for name, a in fitted(case).items()}
    encode, decode = map(torch.inference_mode(), KINDS.get(case.quantizer, refuse)(case, arrays))
    return {
        "encode": Op(encode, lambda x: torch.from_numpy(x)[None], lambda found: found[0].T.numpy()),
        "decode": Op(decode, lambda i: torch.from_numpy(i).long().T[None], lambda x: x[0].numpy()),
    }

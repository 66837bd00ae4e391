from bench import Op, impl


@impl("vq", requires=("transformers", "torch"), extra="vq")
def transformers(case):
    """The quantizers of EnCodec, Mimi, DAC and wav2vec 2.0, not training, on the layout that they take."""
    import torch

    from impls.vq._transformers import KINDS, indices_of, refuse
    from suites.vq import fitted

    arrays = {name: torch.from_numpy(a) for name, a in fitted(case).items()}
    encode, decode = KINDS.get(case.quantizer, refuse)(case, arrays)
    finish = (lambda out: out.numpy()) if decode else lambda out: indices_of(out, arrays["books"]).numpy()
    inference = torch.inference_mode()
    made = {"encode": Op(inference(encode), lambda x: torch.from_numpy(x).T[None].contiguous(), finish)}
    if decode:
        made["decode"] = Op(inference(decode), lambda i: torch.from_numpy(i).long(), lambda x: x[0].T.numpy())
    return made

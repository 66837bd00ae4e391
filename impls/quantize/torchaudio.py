from bench import Unsupported, impl


@impl("quantize", requires="torchaudio", extra="torch", devices=("cpu", "cuda"))
def torchaudio(case):
    import torch
    from torchaudio.functional import mu_law_decoding, mu_law_encoding

    from impls._torch import op

    if case.format != "mulaw":
        raise Unsupported("torchaudio quantizes to mu-law only")
    return {
        "encode": op(case, lambda x: mu_law_encoding(x, 256), leave=torch.Tensor.byte),
        "decode": op(case, lambda codes: mu_law_decoding(codes, 256)),
    }

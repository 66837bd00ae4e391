from bench import Op, Unsupported, impl


@impl("quantize", requires="torchaudio", extra="torch")
def torchaudio(case):
    import torch
    from torchaudio.functional import mu_law_decoding, mu_law_encoding

    if case.format != "mulaw":
        raise Unsupported("torchaudio quantizes to mu-law only")
    return {
        "encode": Op(lambda x: mu_law_encoding(x, 256), torch.from_numpy, lambda codes: codes.byte().numpy()),
        "decode": Op(lambda codes: mu_law_decoding(codes, 256), torch.from_numpy, torch.Tensor.numpy),
    }

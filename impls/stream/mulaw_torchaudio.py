from bench import Stream, impl


@impl("stream", name="mulaw:torchaudio", requires="torchaudio", extra="torch")
def mulaw_torchaudio(case):
    """Companding on 256 levels and back."""
    import torch
    from torchaudio.functional import mu_law_decoding, mu_law_encoding

    from bench.codec import Pipe

    decode = lambda codes: mu_law_decoding(codes, 256).numpy()
    pipe = Pipe(lambda x: mu_law_encoding(torch.from_numpy(x), 256), decode)
    return Stream(case.sample_rate, lambda: pipe, pipe, declared=1)

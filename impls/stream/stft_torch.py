from bench import impl


@impl("stream", name="stft:torch", requires="torch", extra="torch")
def stft_torch(case):
    import torch

    from impls.stream._frames import analysis, sizes

    size, hop = sizes(case)
    window = torch.hann_window(size)
    run = lambda x: torch.stft(torch.from_numpy(x), size, hop, window=window, center=False, return_complex=True)
    return analysis(case, lambda x: run(x).mT.numpy(), tolerance=1e-6)

from bench import Op, impl


@impl("stft", requires="torch", extra="torch")
def torch(case):
    import torch

    from suites.stft import samples

    n, hop, window = case.n_fft, case.hop_length, torch.hann_window(case.n_fft)
    settings = {"n_fft": n, "hop_length": hop, "window": window, "center": case.center}

    def forward(x):
        return torch.stft(x, pad_mode="reflect", return_complex=True, **settings)

    def inverse(spectrum):
        return torch.istft(spectrum, length=samples(case), **settings)

    ops = {"forward": Op(forward, torch.from_numpy, lambda s: s.mT.numpy())}
    if case.center:  # torch.istft refuses a Hann window without padding: its first sample is zero
        ops["inverse"] = Op(inverse, lambda s: torch.from_numpy(s).mT, lambda x: x.numpy())
    return ops

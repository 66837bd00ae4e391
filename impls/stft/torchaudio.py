from bench import Op, impl


@impl("stft", requires="torchaudio", extra="torch")
def torchaudio(case):
    import torch
    from torchaudio.transforms import InverseSpectrogram, Spectrogram

    from suites.stft import samples

    settings = {"n_fft": case.n_fft, "hop_length": case.hop_length, "center": case.center, "pad_mode": "reflect"}
    forward, inverse = Spectrogram(power=None, **settings), InverseSpectrogram(**settings)
    ops = {"forward": Op(forward, torch.from_numpy, lambda s: s.mT.numpy())}
    if case.center:  # torch.istft refuses a Hann window without padding: its first sample is zero
        ops["inverse"] = Op(lambda s: inverse(s, samples(case)), lambda s: torch.from_numpy(s).mT, lambda x: x.numpy())
    return ops

from bench import impl


@impl("stft", requires="torchaudio", extra="torch", devices=("cpu", "cuda"))
def torchaudio(case):
    from torchaudio.transforms import InverseSpectrogram, Spectrogram

    from impls._torch import device, op
    from suites.stft import samples

    settings = {"n_fft": case.n_fft, "hop_length": case.hop_length, "center": case.center, "pad_mode": "reflect"}
    forward = Spectrogram(power=None, **settings).to(device(case))
    inverse = InverseSpectrogram(**settings).to(device(case))
    ops = {"forward": op(case, forward, leave=lambda s: s.mT)}
    if case.center:  # torch.istft refuses a Hann window without padding: its first sample is zero
        ops["inverse"] = op(case, lambda s: inverse(s, samples(case)), enter=lambda s: s.mT)
    return ops

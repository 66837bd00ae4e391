from bench import Op, Unsupported, impl


@impl("mel", requires="torch", extra="torch")
def torch(case):
    import torch

    from suites.mel import PRESETS, dct, filterbank, frames

    if case.preset == "kaldi":
        raise Unsupported("torch has no Kaldi front end; see torchaudio:kaldi")
    p, taper = PRESETS[case.preset], torch.hann_window(PRESETS[case.preset].n_fft)
    bank, cosines = (torch.from_numpy(a.T).float().contiguous() for a in (filterbank(p), dct(p.n_mels)))

    def mel(x):
        stft = torch.stft(x, p.n_fft, p.hop_length, window=taper, pad_mode="reflect", return_complex=True)
        stft = stft[..., : frames(case)].mT
        return (stft.abs() if p.power == 1 else stft.real.square() + stft.imag.square()) @ bank

    def log_mel(x):
        decades = mel(x).clamp_(p.floor).log10_()
        return torch.maximum(decades, decades.amax((1, 2), keepdim=True) - p.decades).mul_(p.gain).add_(p.offset)

    ops = {"mel": mel, "log_mel": log_mel, "mfcc": lambda x: log_mel(x) @ cosines}
    return {op: Op(run, torch.from_numpy, lambda y: y.numpy()) for op, run in ops.items()}

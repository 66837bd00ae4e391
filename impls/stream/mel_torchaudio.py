from bench import impl


@impl("stream", name="mel:torchaudio", requires="torchaudio", extra="torch")
def mel_torchaudio(case):
    """log10 of 80 bands of power; the transform keeps no state, the samples between pieces are kept for it."""
    import torch
    from torchaudio.transforms import MelSpectrogram

    from impls.stream._frames import analysis, sizes

    size, hop = sizes(case)
    bands = {"n_mels": 80, "f_max": 8000.0, "norm": "slaney", "mel_scale": "slaney"}
    made = MelSpectrogram(case.sample_rate, n_fft=size, hop_length=hop, center=False, **bands)
    run = lambda x: made(torch.from_numpy(x)).clamp_(1e-10).log10_().mT.numpy()
    return analysis(case, run, tolerance=1e-6)

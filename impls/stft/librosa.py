from bench import Op, impl


@impl("stft", requires="librosa", extra="dsp")
def librosa(case):
    import librosa

    from suites.stft import inverse_length

    settings = {"n_fft": case.n_fft, "hop_length": case.hop_length, "window": "hann", "center": case.center}

    def forward(x):
        return librosa.stft(x, pad_mode="reflect", **settings)

    def inverse(spectrum):
        return librosa.istft(spectrum, length=inverse_length(case), **settings)

    return {
        "forward": Op(forward, finish=lambda s: s.swapaxes(1, 2)),
        "inverse": Op(inverse, lambda s: s.swapaxes(1, 2)),
    }

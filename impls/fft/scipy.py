from bench import impl


@impl("fft", requires="scipy")
def scipy(case):
    from scipy.fft import irfft, rfft

    return {
        "forward": lambda x: rfft(x, workers=case.threads),
        "inverse": lambda s: irfft(s, case.n, workers=case.threads),
    }

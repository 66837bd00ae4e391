from bench import impl


@impl("stream", name="stft:c", requires="audiokern")
def stft_c(case):
    """This project's own."""
    import audiokern.stft as ak
    import numpy as np

    from impls.stream._frames import analysis, sizes
    from suites.stft import hann

    size, hop = sizes(case)
    config = ak.Config(size, hop, hann(size).astype(np.float32), center=False)
    return analysis(case, ak.Stft(config, threads=case.threads), tolerance=1e-6)
